"""The routes of live delivery: the socket, events, the list of what can be followed, and of who follows."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.websockets import WebSocket

from csp_gateway.server.web.live.clients import mount_clients
from csp_gateway.server.web.live.events import mount_events
from csp_gateway.server.web.live.hub import Hub
from csp_gateway.server.web.live.session import Rules, Session

__all__ = ["mount_stream"]


def mount_stream(router: APIRouter, hub: Hub, rules: Rules, prefix: str) -> None:
    """Serve ``WS <prefix>``, ``GET <prefix>`` and ``GET <prefix>/<channel>``; and ``/clients``, once a router."""

    async def stream(socket: WebSocket) -> None:
        await Session(hub, rules, socket).run()

    async def listed() -> list[str]:
        """What can be followed, over the socket and as events: channels, of a basket each key too, and the heartbeat,
        which is last."""
        names = []
        for field in rules.channels:
            shape = hub.served[field]
            names += [field, *(f"{field}/{spelled}" for spelled in shape.keys if shape.container is not None)]
        return [*sorted(names), "heartbeat"]

    router.add_api_websocket_route(prefix, stream)
    router.add_api_route(f"{prefix}/", listed, methods=["GET"], include_in_schema=False)
    router.add_api_route(
        prefix,
        listed,
        methods=["GET"],
        tags=["Streaming"],
        summary="Channels to follow",
        operation_id=f"list{prefix.replace('/', '_')}",
    )
    mount_events(router, hub, rules.channels, prefix, rules.beat_seconds)
    if not any(getattr(route, "path", None) == f"{router.prefix}/clients" for route in router.routes):
        mount_clients(router, hub)
