"""GET clients: who follows what, and how far behind; DELETE sends one away."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, Literal

import orjson
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from csp_gateway.server.web.live.client import Client
from csp_gateway.server.web.live.hub import Hub
from csp_gateway.server.web.live.subscription import Subscription
from csp_gateway.server.web.problem import documented
from csp_gateway.server.web.verbs import refuse_unknown
from csp_gateway.wire.closing import Closing
from csp_gateway.wire.commands import Policy

__all__ = ["ClientTold", "Followed", "mount_clients"]

_NOBODY = documented({404: "No such client is here"})


class Followed(BaseModel):
    """A channel that a client follows, how, and what it has been told."""

    channel: str
    keys: list[str] | None = Field(default=None, description="Of a basket, those that are wanted; null for all.")
    positions: bool = Field(description="Whether messages say where they are.")
    fields: list[str] | None = Field(default=None, description="The fields that are wanted; null for all.")
    where: Any = Field(default=None, description="Which records are wanted; null for all.")
    min_interval: float = Field(description="Seconds between messages.")
    latest_by: str | None = Field(default=None, description="The field that tells records apart.")
    format: Literal["json", "msgpack"]
    policy: Policy = Field(description="What becomes of ticks that are not read in time.")
    told: int = Field(description="Messages that it was told, beside what it wanted first.")
    skipped: int = Field(description="Ticks and records that newer ones replaced.")
    dropped: int = Field(description="Ticks that were lost to it.")
    lag: int = Field(description="Ticks of the channel that it has not been told.")
    alone: bool = Field(description="Whether it has a pace or wishes of its own, and is told by itself.")


class ClientTold(BaseModel):
    """Who follows channels, and how it is getting on."""

    id: str
    kind: Literal["websocket", "events"]
    address: str = Field(description="Host and port; of a proxy, if one is in between.")
    agent: str = Field(description="What it says of itself: `User-Agent`.")
    came: datetime = Field(description="When it connected.")
    waiting_bytes: int = Field(description="Bytes written for it that are not sent yet.")
    full: bool = Field(description="Whether so many are waiting that nothing more is written.")
    heartbeats: bool = Field(description="Whether it wants them.")
    subscriptions: list[Followed]


def mount_clients(router: APIRouter, hub: Hub) -> None:
    """Serve ``GET /clients``, and ``GET`` and ``DELETE /clients/<id>``."""

    async def clients(request: Request) -> list[ClientTold]:
        """Who follows channels now, whoever has come first at the top."""
        refuse_unknown(request, ())
        return [_told(hub, client) for client in hub.clients.values()]

    async def client(request: Request, id: str) -> ClientTold:
        """One of them."""
        refuse_unknown(request, ())
        return _told(hub, _found(hub, id))

    async def remove(request: Request, id: str) -> Response:
        """End a connection, with a code that says not to come back."""
        refuse_unknown(request, ())
        _found(hub, id).end(Closing.REMOVED, "removed by who runs the gateway: do not come back")
        return Response(status_code=204)

    tags: list[str | Enum] = ["Streaming"]
    router.add_api_route(
        "/clients", clients, methods=["GET"], tags=tags, summary="Who follows channels", operation_id="list_clients"
    )
    router.add_api_route(
        "/clients/{id}",
        client,
        methods=["GET"],
        tags=tags,
        summary="One client",
        operation_id="get_client",
        responses=_NOBODY,
    )
    router.add_api_route(
        "/clients/{id}",
        remove,
        methods=["DELETE"],
        tags=tags,
        status_code=204,
        response_class=Response,
        summary="Send a client away",
        operation_id="remove_client",
        responses=_NOBODY,
    )


def _found(hub: Hub, id: str) -> Client:
    client = hub.clients.get(id)
    if client is None:
        raise HTTPException(404, f"no client {id[:80]!r} is here: it has left, or never came; GET clients lists them")
    return client


def _told(hub: Hub, client: Client) -> ClientTold:
    return ClientTold(
        id=client.id,
        kind=client.visitor.kind,  # type: ignore[arg-type]  # pydantic holds it against the two there are
        address=client.visitor.address,
        agent=client.visitor.agent,
        came=client.came,
        waiting_bytes=client.line.waiting(),
        full=client.line.full,
        heartbeats=client in hub.heartbeats,
        subscriptions=[_followed(hub, name, each) for name, each in client.subscriptions.items()],
    )


def _followed(hub: Hub, channel: str, subscription: Subscription) -> Followed:
    feed, options = hub.feed(channel), subscription.options
    said = options.said
    wanted = options.keys
    keys = None if wanted is None else [spelled for spelled, key in feed.shape.keys.items() if key in wanted]
    reached = feed.next if subscription.together else subscription.cursor
    return Followed(
        channel=channel,
        keys=keys,
        positions=said.positions,
        fields=said.fields,
        where=orjson.loads(said.where) if said.where else None,
        min_interval=said.min_interval,
        latest_by=said.latest_by,
        format=said.format,  # type: ignore[arg-type]  # as above
        policy=options.policy,
        told=feed.sent_to(subscription),
        skipped=subscription.skipped,
        dropped=subscription.dropped,
        lag=max(0, feed.history.next - reached),
        alone=not subscription.together,
    )
