"""Health over HTTP: ``/livez`` and ``/readyz`` before all else, and 503 for all else until there is an application."""

from asyncio import shield, wrap_future
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.types import ASGIApp, Receive, Scope, Send

from csp_gateway.errors import NotRunningError
from csp_gateway.server.web.at_once import AtOnce, ask_at_once
from csp_gateway.server.web.problem import PROBLEMS, ProblemReply

__all__ = ["Condition", "Entrance", "Health", "mount_health"]

_TRY_AGAIN_LATER = 1013
_STARTING = "the gateway is starting"


@dataclass(frozen=True, slots=True)
class Condition:
    """How a gateway does at one moment.

    Attributes:
        engine: ``starting``, ``running``, ``lagging``, ``stalled``, ``stopped`` or ``failed``.
        reason: why it is not ready: what ``engine`` says, or ``starting`` or ``draining`` of the gateway as a whole;
            None when it is ready.
        lag_seconds: how far engine time was behind the clock at the newest heartbeat; None without one.
        heartbeat_age_seconds: how long ago that was.
    """

    engine: str
    reason: str | None = None
    lag_seconds: float | None = None
    heartbeat_age_seconds: float | None = None

    @property
    def live(self) -> bool:
        """Whether the process may recover by itself."""
        return self.reason != "failed"

    @property
    def ready(self) -> bool:
        """Whether requests should come here."""
        return self.reason is None

    @property
    def detail(self) -> str:
        """The reason as a sentence. An error's own words are for the log: whoever asks for health need not log in."""
        return {
            None: "all is well",
            "starting": _STARTING,
            "stalled": f"no cycle of the engine has ended for {self.heartbeat_age_seconds or 0:.1f} s: a node is busy",
            "lagging": f"the engine is {self.lag_seconds or 0:.1f} s behind the clock",
            "draining": "the gateway is ending",
            "stopped": "the engine has stopped",
            "failed": "the engine has failed; the log says why",
        }.get(self.reason, str(self.reason))


class Health(BaseModel):
    """How the gateway does, as ``/livez`` and ``/readyz`` tell it."""

    status: str = Field(description="`live` or `dead`; of `/readyz`, `ready` or `not ready`.")
    reason: str | None = Field(description="Why it is not ready, in a word; null when it is.")
    detail: str = Field(description="The reason as a sentence.")
    engine: str = Field(description="`starting`, `running`, `lagging`, `stalled`, `stopped` or `failed`.")
    lag_seconds: float | None = Field(description="How far engine time was behind the clock; null without a heartbeat.")
    heartbeat_age_seconds: float | None = Field(description="How long ago the newest heartbeat was; null without one.")


class Entrance:
    """The outermost ASGI application: answers for the gateway's health, and passes on everything else once it is open.

    It asks for nothing but the condition, which is at hand: it answers as fast as the event loop turns, whatever the
    engine does.

    Args:
        condition: how the gateway does.
        root_path: prefix under which a reverse proxy may ask.
    """

    def __init__(self, condition: Callable[[], Condition], root_path: str = "") -> None:
        self._condition = condition
        probes = {"/livez": _live, "/readyz": _ready}
        self._probes = probes | {f"{root_path}{path}": probe for path, probe in probes.items()}
        self._app: ASGIApp = self._not_yet
        self._ask: Callable[[Scope, bytes], AtOnce | None] | None = None
        self._coming: Future[ASGIApp] = Future()

    def open(self, app: ASGIApp) -> None:
        """Pass on to ``app`` from now on; from any thread."""
        self._app = app
        self._ask = ask_at_once(app)
        if not self._coming.done():
            self._coming.set_result(app)

    def give_up(self, error: BaseException) -> None:
        """It will never open; from any thread, and from signal handlers."""
        if not self._coming.done():
            self._coming.set_exception(error)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in self._probes and scope["method"] in ("GET", "HEAD"):
            await self._probes[scope["path"]](self._condition())(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def at_once(self, scope: Scope, body: bytes) -> AtOnce | None:
        """What the application has at hand, once there is one."""
        return self._ask(scope, body) if self._ask is not None and scope["path"] not in self._probes else None

    async def _not_yet(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # A handshake that is refused says nothing but 403; a close code says to come back.
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER, "reason": _STARTING})
        elif scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:
            problem = ProblemReply(PROBLEMS[NotRunningError], _STARTING, {"cache-control": "no-store"})
            await problem(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What an application does at its start, for who turned uvicorn's ``lifespan`` on: it waits for one."""
        try:
            app = await shield(wrap_future(self._coming))
        except Exception as error:
            await receive()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
        else:
            await app(scope, receive, send)


def mount_health(api: FastAPI, condition: Callable[[], Condition]) -> None:
    """The same two answers as routes, where they are documented and where no ``Entrance`` stands before them."""
    description: dict[int | str, dict[str, Any]] = {
        200: {"model": Health, "description": "It is."},
        503: {"model": Health, "description": "It is not; `reason` and `detail` say why."},
    }

    for path, probe, summary in (
        ("/livez", _live, "Whether the process may recover by itself"),
        ("/readyz", _ready, "Whether requests should come here"),
    ):
        _mount(api, path, probe, condition, summary, description)


def _mount(
    api: FastAPI,
    path: str,
    probe: Callable[[Condition], Response],
    condition: Callable[[], Condition],
    summary: str,
    description: dict[int | str, dict[str, Any]],
) -> None:
    async def answer() -> Response:
        return probe(condition())

    name = path.strip("/")
    api.get(path, tags=["Health"], summary=summary, responses=description, operation_id=name, name=name)(answer)


def _live(condition: Condition) -> Response:
    return _answer(condition.live, "live" if condition.live else "dead", condition)


def _ready(condition: Condition) -> Response:
    return _answer(condition.ready, "ready" if condition.ready else "not ready", condition)


def _answer(well: bool, said: str, condition: Condition) -> Response:
    health = Health(
        status=said,
        reason=condition.reason,
        detail=condition.detail,
        engine=condition.engine,
        lag_seconds=condition.lag_seconds,
        heartbeat_age_seconds=condition.heartbeat_age_seconds,
    )
    status = 200 if well else 503
    headers = {"cache-control": "no-store"} | ({} if well else {"retry-after": "1"})
    return Response(health.model_dump_json(), status, headers, "application/json")
