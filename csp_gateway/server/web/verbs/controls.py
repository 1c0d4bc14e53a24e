"""GET and POST controls: whether the gateway lives, how it is doing, and its end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from typing import Any, Protocol

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, Request
from fastapi.responses import Response

from csp_gateway.errors import ConfigError, GatewayException, did_you_mean
from csp_gateway.server.channels import Answer, GatewayChannels
from csp_gateway.server.structs import Controls
from csp_gateway.server.web.deadline import waiting_for
from csp_gateway.server.web.problem import REQUEST_TIMEOUT, RefusedRequest
from csp_gateway.server.web.reply import invalid, written
from csp_gateway.server.web.verbs.awaited import is_there
from csp_gateway.server.web.verbs.figures import Figures
from csp_gateway.server.web.verbs.mount import OVER
from csp_gateway.server.web.verbs.parameters import refuse_unknown
from csp_gateway.server.web.verbs.shape import Detail

__all__ = ["CHANNEL", "CONTROLS", "Stoppable", "mount_control"]

_log = logging.getLogger("csp_gateway.web")

CHANNEL = "controls"
"""The channel on which the engine is asked whether it lives."""

_THE_ENGINE = f"the engine to answer on channel {CHANNEL!r}"

CONTROLS = ("heartbeat", "shutdown", "stats")
_NO_BODY = "Nothing is read from a body here: send none"

_PATIENCE = 5.0
"""Seconds in which an engine that lives answers."""
_BRIEF = 1.0
"""Seconds that figures wait for the engine's; they are wanted most of all when it does not answer."""


class Stoppable(Protocol):
    """What can be asked and ended: a gateway."""

    @property
    def channels(self) -> GatewayChannels:
        """Its channels, wired and running."""

    def stop(self) -> Any:
        """End it, and wait for the end."""


class _Pulse:
    """Sends one control through the channel and back, however many ask meanwhile."""

    def __init__(self, gateway: Stoppable, name: str) -> None:
        self._gateway = gateway
        self._name = name
        self._beat: tuple[Controls, Answer] | None = None

    def beat(self) -> tuple[Controls, Answer]:
        """What is on its way, and what is known once it has arrived. It left after whoever asks now has asked before,
        or has not arrived yet: either way the engine lives after this call.

        Raises:
            NotRunningError: the engine has ended, or is about to.
        """
        if self._beat is None or self._beat[1].done():
            outside, control = self._gateway.channels.outside, Controls(name=self._name)
            outside.send(CHANNEL, control)
            self._beat = control, outside.last(CHANNEL)
        return self._beat


def mount_control(
    router: APIRouter, gateway: Stoppable, name: str, web: Callable[[], Mapping[str, Any]] = dict
) -> None:
    """Serve one of ``CONTROLS`` at ``/<name>``.

    Args:
        web: what the web side tells of itself, for ``stats``.

    Raises:
        ConfigError: there is no such control, or the engine cannot be asked over the channel ``controls``.
    """
    if name not in CONTROLS:
        raise ConfigError(f"there is no control {name!r}; {did_you_mean(name, CONTROLS)}")
    if name == "shutdown":
        _mount(router, name, "POST", _shutdown(gateway), "End the gateway: it answers, and then it stops.", {})
        return
    channels = gateway.channels
    if CHANNEL not in channels.sendable():
        raise ConfigError(
            f"control {name!r} asks the engine over a channel {CHANNEL!r} that can be sent to, and there is none: add "
            f"MountControls() to the modules"
        )
    channels.outside.history(CHANNEL)  # which says what to do if there is none
    if name == "heartbeat":
        late = f"The engine gave no answer within {_PATIENCE:g} s"
        description = f"Ask the engine for a sign of life, through the channel `{CHANNEL}` and back."
        _mount(router, name, "GET", _heartbeat(gateway), description, {503: OVER[503], 504: late})
    else:
        description = (
            "How the process is doing: `data` has the figures, `data_str` the same as JSON text. `csp-now` is the "
            f"engine's time, null if it gave no answer within {_BRIEF:g} s; `status` says so then, and else `ok`."
        )
        _mount(router, name, "GET", _stats(gateway, web), description, OVER)


def _mount(
    router: APIRouter,
    name: str,
    method: str,
    answer: Callable[[Request], Awaitable[Controls]],
    description: str,
    refusals: dict[int, str],
) -> None:
    async def control(request: Request) -> Response:
        refuse_unknown(request, ())
        body = (await request.body()).strip()
        if body not in (b"", b"null"):
            return invalid([{"type": "no_body", "loc": ("body",), "msg": _NO_BODY, "input": body}])
        return Response(written([await answer(request)]), 200, {"cache-control": "no-store"}, "application/json")

    router.add_api_route(
        f"/{name}",
        control,
        methods=[method],
        response_model=list[Controls],
        responses={status: {"model": Detail, "description": when} for status, when in refusals.items()},
        summary=name.capitalize(),
        description=description,
        operation_id=f"controls_{name}",
        openapi_extra={"type_": f"{Controls.__module__}.{Controls.__qualname__}"},
    )


def _heartbeat(gateway: Stoppable) -> Callable[[Request], Awaitable[Controls]]:
    pulse = _Pulse(gateway, "heartbeat")

    async def heartbeat(request: Request) -> Controls:
        control, seen = pulse.beat()
        waiting_for(request, _THE_ENGINE)
        if not await is_there(seen, _PATIENCE):
            raise RefusedRequest(
                REQUEST_TIMEOUT,
                f"{request.method} {request.url.path} waited {_PATIENCE:g} s for {_THE_ENGINE}: a node is busy, or "
                f"more ticks come than it can take",
            )
        seen.result()
        return control.model_copy(update={"status": "ok"})

    return heartbeat


def _stats(gateway: Stoppable, web: Callable[[], Mapping[str, Any]]) -> Callable[[Request], Awaitable[Controls]]:
    pulse, figures = _Pulse(gateway, "stats"), Figures()

    async def stats(request: Request) -> Controls:
        control, seen = pulse.beat()
        waiting_for(request, _THE_ENGINE)
        channels = gateway.channels
        told = await is_there(seen, _BRIEF)
        if told:
            seen.result()
        waiting_for(request, "the figures of the process")
        asked = channels.outside.queries.ask(lambda: {**figures.read(), "channels": channels.statistics()})
        await is_there(asked, None)
        data = asked.result()
        data["max_threads"] = int(current_default_thread_limiter().total_tokens)
        data["web"] = dict(web())
        data["csp-now"] = _engine_time(channels) if told else None
        status = "ok" if told else f"the engine did not answer within {_BRIEF:g} s"
        answer: Controls = control.model_copy(update={"status": status, "data": data})
        answer.update_str()
        return answer

    return stats


def _engine_time(channels: GatewayChannels) -> str | None:
    ticks = channels.outside.history(CHANNEL).since(limit=1).ticks
    return ticks[-1].time.replace(tzinfo=UTC).isoformat() if ticks else None


def _shutdown(gateway: Stoppable) -> Callable[[Request], Awaitable[Controls]]:
    asked = threading.Event()

    def stop() -> None:
        try:
            gateway.stop()
        except GatewayException as error:
            _log.error("the gateway, which was ended over REST, did not come to a good end: %s", error)

    async def shutdown(_: Request) -> Controls:
        if not asked.is_set():
            asked.set()
            _log.warning("the end of the gateway was asked for over REST")
            # On a thread of its own: the server waits for this answer before it ends.
            threading.Thread(target=stop, name="controls-shutdown", daemon=True).start()
        return Controls(name="shutdown", status="ok")

    return shutdown
