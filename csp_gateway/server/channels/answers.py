"""An answer from the engine, waited for by any number of threads and event loops."""

import asyncio
from collections.abc import Generator
from concurrent.futures import Future
from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["Answer"]


class Answer(Future[Any]):
    """A future that all who ask the same share, and that none of them can cancel for the others.

    A thread waits with ``result(timeout)``; a coroutine with ``await answer``, which may be cancelled. The engine's
    thread wakes each event loop once, however many coroutines wait there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.set_running_or_notify_cancel()
        self._on_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Future[Any]] | None = None

    def on_loop(self) -> asyncio.Future[Any]:
        """This answer as a future of the running event loop: one for all who ask; do not cancel it, shield it."""
        loop = asyncio.get_running_loop()
        if self._on_loops is None:
            self._on_loops = WeakKeyDictionary()
        here = self._on_loops.get(loop)
        if here is None:
            here = self._on_loops[loop] = asyncio.wrap_future(self, loop=loop)
        return here

    def within(self, timeout: float | None, otherwise: str) -> Any:
        """The answer, for a thread that waits for it.

        Raises:
            TimeoutError: saying ``otherwise``, after ``timeout`` seconds.
        """
        try:
            return self.result(timeout)
        except TimeoutError:
            if self.done():
                raise
            raise TimeoutError(f"{otherwise} within {timeout:g} s") from None

    def __await__(self) -> Generator[Any, None, Any]:
        return asyncio.shield(self.on_loop()).__await__()

    @classmethod
    def of(cls, value: Any) -> "Answer":
        """An answer that is known already."""
        answer = cls()
        answer.set_result(value)
        return answer
