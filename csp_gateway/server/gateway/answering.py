"""Answering: whether the code that runs works for a request, which whoever serves it waits for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any

__all__ = ["Answering"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Answering:
    """Passes each request on to ``app``, and knows what works for one.

    A context variable tells, which goes along to the thread of a route that is no coroutine, and to those of
    ``asyncio.to_thread``. To a thread that a route starts by itself it does not.

    Args:
        app: an ASGI application.
    """

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _ANSWERING.set(self)
        await self._app(scope, receive, send)

    def at_once(self, scope: Scope, body: bytes) -> Any:
        """What the application has at hand for a request, if it can be asked; see ``web/at_once.py``."""
        ask = getattr(self._app, "at_once", None)
        if ask is None:
            return None
        before = _ANSWERING.set(self)
        try:
            return ask(scope, body)
        finally:
            _ANSWERING.reset(before)

    def here(self) -> bool:
        """Whether the caller works for a request that came this way."""
        return _ANSWERING.get() is self


_ANSWERING: ContextVar[Answering | None] = ContextVar("csp_gateway_answering", default=None)
