"""One future of the engine's, awaited by any number of requests."""

import asyncio
from collections.abc import Awaitable
from concurrent.futures import Future
from typing import Any

__all__ = ["Awaited"]


class Awaited:
    """A future of another thread on the event loop, shared by all requests that wait for it.

    However many wait, and whether they give up or not, the future has one callback and wakes the loop once.
    """

    def __init__(self) -> None:
        self._asked: Future[Any] | None = None
        self._here: asyncio.Future[Any] | None = None

    def join(self, asked: Future[Any]) -> asyncio.Future[Any]:
        """``asked`` as a future of the running loop; not to be cancelled by one who waits for it."""
        if asked is not self._asked or self._here is None or self._here.get_loop() is not asyncio.get_running_loop():
            self._asked, self._here = asked, asyncio.wrap_future(asked)
        return self._here

    async def wait(self, asked: Future[Any], timeout: float | None, *others: Awaitable[Any]) -> bool:
        """Wait until ``asked`` is done, at most ``timeout`` seconds and not longer than ``others``; whether it is."""
        here = self.join(asked)
        await asyncio.wait({here, *map(asyncio.ensure_future, others)}, timeout=timeout, return_when="FIRST_COMPLETED")
        return here.done()
