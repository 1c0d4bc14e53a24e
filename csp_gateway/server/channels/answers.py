"""An answer from the engine, waited for by any number of threads and event loops."""

import asyncio
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Any

from csp_gateway.errors import fresh

__all__ = ["Answer"]

_telling = threading.Lock()
"""Held while an answer looks who waits for it on event loops, and while somebody comes."""


class _Here(asyncio.Future[Any]):
    """An answer on one event loop. Asyncio's own future looks through all who wait for each that gives up."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._waiting: dict[Callable[..., object], Context] = {}
        super().add_done_callback(_Here._tell)

    def add_done_callback(self, fn: Callable[..., object], /, *, context: Context | None = None) -> None:
        """Call ``fn`` with this future when the answer is here; once, however often it is added before."""
        context = copy_context() if context is None else context
        if self.done():
            self.get_loop().call_soon(fn, self, context=context)
        else:
            self._waiting[fn] = context

    def remove_done_callback(self, fn: Callable[..., object], /) -> int:
        """Do not call it; how many were removed."""
        return 0 if self._waiting.pop(fn, None) is None else 1

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for fn, context in waiting.items():
            self.get_loop().call_soon(fn, self, context=context)


class Answer(Future[Any]):
    """A future that all who ask the same share, and that none of them can cancel for the others.

    A thread waits with ``result(timeout)``; a coroutine with ``await answer``, which may be cancelled. The engine's
    thread wakes each event loop once, however many coroutines wait there.

    Args:
        read: makes what is answered of what the engine's thread gave, in the thread of who asks.
    """

    def __init__(self, read: Callable[[Any], Any] | None = None) -> None:
        super().__init__()
        self.set_running_or_notify_cancel()
        self._read = read
        self._on_loops: dict[asyncio.AbstractEventLoop, asyncio.Future[Any]] | None = None

    def result(self, timeout: float | None = None) -> Any:
        """The answer, waited for at most ``timeout`` seconds; what went wrong is raised as an error of its own."""
        error = self.exception(timeout)
        if error is not None:
            raise fresh(error) if isinstance(error, Exception) else error
        found = super().result(0)
        return found if self._read is None else self._read(found)

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

    def on_loop(self) -> asyncio.Future[Any]:
        """This answer as a future of the running event loop: one for all who ask; do not cancel it, shield it."""
        loop = asyncio.get_running_loop()
        with _telling:
            first = self._on_loops is None
            here_by_loop = self._on_loops = self._on_loops or {}
            if loop not in here_by_loop:
                for closed in [each for each in here_by_loop if each.is_closed()]:
                    del here_by_loop[closed]
                here_by_loop[loop] = _Here(loop)
            here = here_by_loop[loop]
        if first:
            self.add_done_callback(lambda _: self._tell_loops())
        elif self.done():
            self._tell(loop, here)
        return here

    def __await__(self) -> Generator[Any, None, Any]:
        return asyncio.shield(self.on_loop()).__await__()

    def _tell_loops(self) -> None:
        with _telling:
            waiting = list((self._on_loops or {}).items())
        for loop, here in waiting:
            self._tell(loop, here)

    def _tell(self, loop: asyncio.AbstractEventLoop, here: asyncio.Future[Any]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits there
            loop.call_soon_threadsafe(self._settle, here)

    def _settle(self, here: asyncio.Future[Any]) -> None:
        if here.done():
            return
        try:
            here.set_result(self.result(0))
        except Exception as error:
            here.set_exception(error)

    @classmethod
    def of(cls, value: Any) -> "Answer":
        """An answer that is known already."""
        answer = cls()
        answer.set_result(value)
        return answer
