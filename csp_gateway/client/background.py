"""Background: one event loop on a thread of its own, for programs that have none, or may not block theirs."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from csp_gateway._lazy import later
from csp_gateway.client.forked import Origin
from csp_gateway.errors import StreamClosedError

if TYPE_CHECKING:
    import asyncio
else:  # a client that has followed nothing ends one of these too
    asyncio = later("asyncio")

__all__ = ["Background"]

T = TypeVar("T")

_STOP_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Background:
    """An event loop on a thread of its own, from the first use until ``close``, or until nobody holds this any more.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.RLock()  # what is collected meanwhile may end a stream, on this thread
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._end: weakref.finalize[..., Any] | None = None
        self._closed = False
        self._origin = Origin()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there, and wait for what it returns or raises. On any thread but that one.

        Raises:
            RuntimeError: it is closed; or this is its own thread, which would wait for itself.
            StreamClosedError: it was closed meanwhile; or this is a forked child, which does not have that thread.
        """
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError(f"the thread {self._name!r} would wait for itself: call this on another one")
        future = self.begin(coroutine)
        try:
            return future.result()
        except BaseException as error:
            future.cancel()  # as after Ctrl-C
            if isinstance(error, CancelledError) and self.closed:
                raise StreamClosedError("this client was closed", 1000) from None
            raise

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine there. On any thread.

        Raises:
            RuntimeError: it is closed.
            StreamClosedError: this is a forked child, which does not have that thread.
        """
        if self._origin.is_elsewhere:
            coroutine.close()
            self._origin.check()
        with self._lock:
            if not self._closed:
                try:
                    return asyncio.run_coroutine_threadsafe(coroutine, self._running_loop())
                except RuntimeError:  # the interpreter ends, and has ended that thread; or none can be started
                    coroutine.close()
                    raise
        coroutine.close()
        raise RuntimeError("this client is closed: make another one")

    def finish(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine there that ends something, and wait for it; on that thread itself it comes next instead.

        Nothing, where nothing runs: this is closed, or of another process, or its thread cannot be started any more.
        """
        try:
            if threading.current_thread() is self._thread:
                self.begin(coroutine)
            else:
                self.run(coroutine)
        except (RuntimeError, StreamClosedError):
            if not (self.closed or self.is_elsewhere or self._loop is None):
                raise

    @property
    def closed(self) -> bool:
        """Whether nothing runs there any more, or will; so it is, too, when the interpreter ends."""
        return self._closed or (self._end is not None and not self._end.alive)

    @property
    def is_elsewhere(self) -> bool:
        """Whether this is a forked child, which does not have its thread."""
        return self._origin.is_elsewhere

    def check(self) -> None:
        """``StreamClosedError`` in a forked child."""
        self._origin.check()

    def close(self) -> None:
        """Cancel what runs, and end the thread. It can be called again, on any thread. Nothing in a forked child."""
        if self._origin.is_elsewhere:
            return
        with self._lock:
            self._closed = True
            end, self._loop = self._end, None
        if end is not None:
            end()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=_serve, args=[loop], name=self._name, daemon=True)
            try:
                thread.start()
            except RuntimeError:  # there are as many as there may be; later there may be fewer
                loop.close()
                raise
            self._loop, self._thread = loop, thread
            self._end = weakref.finalize(self, _stop, loop, thread, self._origin)
            _log.debug("made an event loop, on the thread %r", self._name)
        return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks, timeout=_STOP_SECONDS))
        loop.run_until_complete(loop.shutdown_asyncgens())
        with suppress(RuntimeError):  # the wait for its threads is one more, which may not begin at the very end
            loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _stop(loop: asyncio.AbstractEventLoop, thread: threading.Thread, origin: Origin) -> None:
    if origin.is_elsewhere:
        return  # what wakes the loop is the parent's, too
    if not loop.is_closed():
        loop.call_soon_threadsafe(loop.stop)
    if thread is not threading.current_thread():
        thread.join(2 * _STOP_SECONDS)
