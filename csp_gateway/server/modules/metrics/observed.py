"""Observed: times every request on its way through, and how late the event loop is."""

import asyncio
from collections.abc import Awaitable, Iterable
from time import perf_counter
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from csp_gateway.server.modules.metrics.timings import Series, Timings
from csp_gateway.server.web.at_once import AtOnce, ask_at_once
from csp_gateway.server.web.media_type import is_event_stream

__all__ = ["Observed"]

_INTERVAL = 0.5
_NONE = 0
"""The status of a request that was given up."""
_NOT_FOUND = 404
_MOST_PATHS = 1000
_LONGEST_PATH = 200
"""Characters of a path that is kept; those of the API are shorter, save for what clients make up."""


class Observed:
    """An ASGI layer around ``app``.

    Args:
        app: an ASGI application.
        api: the path the API begins with, such as ``/api/``; after the version follows the verb.
        verbs: those that are told apart; every other path is ``other``, so that nobody can make labels up.
    """

    def __init__(self, app: Any, api: str, verbs: Iterable[str]) -> None:
        self._app = app
        self._ask = ask_at_once(app)
        self._api = api
        self._verbs = frozenset(verbs)
        self.requests = Timings(
            "csp_gateway_request",
            "Time from a request to the end of its answer; status is 'none' of those that were given up.",
            ("verb", "status"),
        )
        self._by_path: dict[tuple[str, int], Series] = {}
        self.in_progress = 0
        self.loop = Timings("csp_gateway_event_loop_lag", "How late the event loop comes to what is due.")
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._loop is None:
            self._probe(asyncio.get_running_loop())
        status, in_progress = _NONE, True

        def over() -> None:
            nonlocal in_progress
            in_progress = False
            self.in_progress -= 1
            self._count(scope["path"], status, perf_counter() - begun)

        def watch(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if is_event_stream(message):
                    over()  # it goes on as long as its client likes
            return send(message)

        self.in_progress += 1
        begun = perf_counter()
        try:
            await self._app(scope, receive, watch)
        finally:
            if in_progress:
                over()

    def at_once(self, scope: Scope, body: bytes) -> AtOnce | None:
        """What the application has at hand; it is counted if there is something."""
        if self._ask is None or self._loop is None:
            return None
        begun = perf_counter()
        answer = self._ask(scope, body)
        if answer is not None:
            self._count(scope["path"], answer.status, perf_counter() - begun)
        return answer

    def _count(self, path: str, status: int, taken: float) -> None:
        key = (path, status)
        (self._by_path.get(key) or self._find(key)).observe(taken)

    def _find(self, key: tuple[str, int]) -> Series:
        """The verb of a path is not looked for twice, unless there is nothing, or more than there is room for."""
        path, status = key
        series = self.requests.series(self._verb(path), str(status) if status != _NONE else "none")
        if len(self._by_path) < _MOST_PATHS and len(path) <= _LONGEST_PATH and status != _NOT_FOUND:
            self._by_path[key] = series
        return series

    def _verb(self, path: str) -> str:
        if not path.startswith(self._api):
            return "other"
        parts = path[len(self._api) :].split("/", 2)
        return parts[1] if len(parts) > 1 and parts[1] in self._verbs else "other"

    def _probe(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look again and again how late the loop is; it ends with the loop."""
        self._loop = loop
        self._look(loop, loop.time())

    def _look(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        self.loop.series().observe(max(0.0, now - due))
        loop.call_at(now + _INTERVAL, self._look, loop, now + _INTERVAL)
