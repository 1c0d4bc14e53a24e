"""The deadline of each request, and how many may be in progress: none is kept for ever, whatever it waits for."""

import asyncio
import logging
import math
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import anyio
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from csp_gateway.errors import NotRunningError
from csp_gateway.server.settings import GatewaySettings
from csp_gateway.server.web.media_type import is_event_stream
from csp_gateway.server.web.problem import REQUEST_TIMEOUT, TOO_MANY_REQUESTS, TOO_MANY_WAITING, ProblemReply
from csp_gateway.server.web.reply import failed, invalid

__all__ = ["BEGUN", "ITS_BODY", "Deadline", "Patience", "too_late", "waiting_for"]

_log = logging.getLogger("csp_gateway.web")
_WAITS_FOR = "csp_gateway.waits_for"
_NUMBER = re.compile(r"\+?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)


BEGUN = "csp_gateway.begun"
"""In a scope, when its request began, by the loop's clock, if that was before ``Deadline`` saw it."""
ITS_BODY = "the rest of its body"
"""What a request waits for whose body is on its way."""
_ITS_ROUTE = "the code of its route"


def waiting_for(request: Request, what: str) -> None:
    """Say what a request waits for; it is told if that does not come in time."""
    request.scope.get(_WAITS_FOR, []).append(what)


def too_late(scope: Scope, seconds: float, waited_for: Sequence[str]) -> ProblemReply:
    """Say that a request was not answered within so many seconds, and the last thing that it waited for."""
    asked, what = f"{scope['method']} {scope['path'][:500]}", waited_for[-1]
    sentence = f"{asked} was not answered within {seconds:g} s; it waited for {what}"
    # What is left of its body is not waited for.
    return ProblemReply(REQUEST_TIMEOUT, sentence, {"connection": "close"})


class Patience:
    """How long requests may take, and how many there may be; of those that wait for a tick, more of both.

    Args:
        settings: ``REQUEST_SECONDS``, ``NEXT_SECONDS``, ``MAX_REQUESTS`` and ``MAX_WAITING`` are read.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        root, prefix = re.escape(settings.ROOT_PATH), re.escape(f"/{settings.API_PREFIX}".rstrip("/"))
        self._next = re.compile(rf"({root})?{prefix}/[^/]+/next/.")
        self._settings = settings
        self._counts = {"in_progress": 0, "waiting": 0, "timed_out": 0}
        self._refused = {TOO_MANY_REQUESTS.name: 0, TOO_MANY_WAITING.name: 0}

    def waits(self, path: str) -> bool:
        """Whether a path is one that waits for the coming tick."""
        return self._next.match(path) is not None

    def most(self, path: str) -> float:
        """The seconds a request may take, and may ask for."""
        return self._settings.NEXT_SECONDS if self.waits(path) else self._settings.REQUEST_SECONDS

    def enter(self, path: str) -> Callable[[object], None] | ProblemReply:
        """Let a request in: what is to be called at its end, or what it is refused with."""
        waits = self.waits(path)
        which = "waiting" if waits else "in_progress"
        most = self._settings.MAX_WAITING if waits else self._settings.MAX_REQUESTS
        if self._counts[which] >= most:
            self._refused[(TOO_MANY_WAITING if waits else TOO_MANY_REQUESTS).name] += 1
            if waits:
                why = f"{most:,} requests wait for a tick; ask again later, or raise the setting MAX_WAITING"
                return ProblemReply(TOO_MANY_WAITING, why)
            why = f"{most:,} requests are in progress; ask again later, or raise the setting MAX_REQUESTS"
            return ProblemReply(TOO_MANY_REQUESTS, why)
        self._counts[which] += 1

        def leave(_: object) -> None:
            self._counts[which] -= 1

        return leave

    def is_full(self) -> bool:
        """Whether as many requests are in progress as may be, besides those that wait for a tick."""
        return self._counts["in_progress"] >= self._settings.MAX_REQUESTS

    def timed_out(self) -> None:
        """Count a request that was not answered in time."""
        self._counts["timed_out"] += 1

    def statistics(self) -> dict[str, Any]:
        """Requests ``in_progress`` and ``waiting`` now; ``timed_out``, and by reason ``refused``, since the start."""
        return {**self._counts, "refused": dict(self._refused)}


class Deadline:
    """Answers 504 where ``app`` has not begun to in time, and 429 or 503 where too many are there already.

    What is not answered in time is cancelled and left: a route that blocks in a thread goes on there, and its answer is
    dropped. It counts as in progress until then.

    Args:
        app: an ASGI application.
        patience: shared by all who ask how long and how many.
    """

    def __init__(self, app: Any, patience: Patience) -> None:
        self._app = app
        self._patience = patience
        self._left: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._patience.most(scope["path"])
        seconds = _asked_for(scope["query_string"], most) if scope["query_string"] else most
        if seconds is None:
            msg = f"Give a number of seconds above 0, at most {most:g}, once"
            wrong = {"type": "timeout", "loc": ("query", "timeout"), "msg": msg, "input": _given(scope["query_string"])}
            await invalid([wrong])(scope, receive, send)
            return
        leave = self._patience.enter(scope["path"])
        if isinstance(leave, ProblemReply):
            await leave(scope, receive, send)
            return
        await self._within(seconds, leave, {**scope, _WAITS_FOR: [_ITS_ROUTE]}, receive, send)

    async def _within(
        self, seconds: float, leave: Callable[[object], None], scope: Scope, receive: Receive, send: Send
    ) -> None:
        def goes_on() -> None:
            task.remove_done_callback(leave)
            leave(None)

        answer, ending = _Answer(send, goes_on), anyio.CancelScope()
        task = asyncio.ensure_future(self._until(ending, scope, _telling(scope[_WAITS_FOR], receive), answer.send))
        task.add_done_callback(leave)
        try:
            now = asyncio.get_running_loop().time()
            await asyncio.wait({task}, timeout=seconds - (now - scope.get(BEGUN, now)))
            if task.done() or answer.begun:
                await task
                return
        except asyncio.CancelledError:
            # The server ends, and waits no longer; or nobody is there any more.
            begun, answer.dropped = answer.begun, True
            self._abandon(task, ending)
            if begun:
                raise
            await failed(NotRunningError("the gateway stops, and this was not answered in time"))(scope, receive, send)
            return
        answer.dropped = True
        self._abandon(task, ending)
        self._patience.timed_out()
        await too_late(scope, seconds, scope[_WAITS_FOR])(scope, receive, send)

    async def _until(self, ending: anyio.CancelScope, scope: Scope, receive: Receive, send: Send) -> None:
        # Not Task.cancel: a thread that blocks would then give its place to another, and another.
        # A client that leaves while its body is read is no failure, and nobody to answer.
        with ending, suppress(ClientDisconnect):
            await self._app(scope, receive, send)

    def _abandon(self, task: asyncio.Task[None], ending: anyio.CancelScope) -> None:
        self._left.add(task)
        task.add_done_callback(self._forget)
        ending.cancel()

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._left.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("a request that was not answered in time has failed", exc_info=task.exception())


class _Answer:
    """What is sent, until the request is given up.

    Args:
        goes_on: called when it is a stream of events, which ends when its client leaves: whoever serves it counts it.
    """

    __slots__ = ("_goes_on", "_send", "begun", "dropped")

    def __init__(self, send: Send, goes_on: Callable[[], None]) -> None:
        self._send = send
        self._goes_on = goes_on
        self.begun = self.dropped = False

    async def send(self, message: Message) -> None:
        if not self.dropped:
            self.begun = True
            if message["type"] == "http.response.start" and is_event_stream(message):
                self._goes_on()
            await self._send(message)


def _telling(waits_for: list[str], receive: Receive) -> Receive:
    """``receive``, which says that a body is waited for that is not whole."""
    whole = False

    async def told() -> Message:
        nonlocal whole
        if whole:
            return await receive()
        waits_for.append(ITS_BODY)
        message = await receive()
        whole = not message.get("more_body")
        waits_for.remove(ITS_BODY)
        return message

    return told


def _given(query: bytes) -> list[str]:
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return [value for name, value in pairs if name == "timeout"]


def _asked_for(query: bytes, most: float) -> float | None:
    """The seconds that a query string asks for, ``most`` if it does not; None if they cannot be had."""
    given = _given(query)
    if not given:
        return most
    if len(given) > 1 or not _NUMBER.fullmatch(given[0]):
        return None
    seconds = float(given[0])
    return seconds if math.isfinite(seconds) and 0 < seconds <= most else None
