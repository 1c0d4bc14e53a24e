"""Workers: the few threads of the web side, for what would hold the event loop up."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, NoReturn, TypeVar

from csp_gateway.errors import NotRunningError
from csp_gateway.server.web.problem import PROBLEMS, TOO_MANY_REQUESTS, RefusedRequest

__all__ = ["LARGE_BODY", "WORK_LIMIT", "Workers"]

T = TypeVar("T")

WORK_LIMIT = 1_000
"""Pieces of work that may be begun or wait; one more is refused."""
LARGE_BODY = 256 * 1024
"""Bytes of a body that takes long to be decoded: ten milliseconds and more."""
_THREADS = 4
_DECODERS = 2
"""Threads for bodies that are sent, and as many again for large ones: a slow one holds up its like alone."""
_ENDING = 2.0
"""Seconds that the threads are waited for at the end."""


class Workers:
    """The threads of one web application; they are started when there is work, and joined by ``close``.

    Args:
        threads: how many there are at most, beside those that decode bodies.
        limit: pieces of work that may be begun or wait, those that decode bodies among them.
    """

    def __init__(self, threads: int = _THREADS, limit: int = WORK_LIMIT) -> None:
        self._limit = limit
        self._pool = ThreadPoolExecutor(threads, "web-worker", self._begin)
        self._decoders = ThreadPoolExecutor(_DECODERS, "web-worker-body", self._begin)
        self._large = ThreadPoolExecutor(_DECODERS, "web-worker-large", self._begin)
        self._threads: list[threading.Thread] = []
        self._closed = False
        self._counts = {"open": 0, "done": 0, "refused": 0}
        self._lock = threading.Lock()

    @property
    def full(self) -> bool:
        """Whether work would be refused now."""
        return self._closed or self._counts["open"] >= self._limit

    async def decode(self, size: int, work: Callable[..., T], *given: Any) -> T:
        """As ``run``, for work that reads a body of so many bytes: no such work keeps a thread from all other.

        Raises:
            RefusedRequest: 503, as ``run``.
        """
        return await self._run(self._decoders if size <= LARGE_BODY else self._large, work, *given)

    async def run(self, work: Callable[..., T], *given: Any) -> T:
        """What ``work`` gives or raises, called on one of the threads with what is given.

        Who is cancelled leaves at once: what is not begun then never is, what is begun comes to its end unseen.

        Raises:
            RefusedRequest: 503, too much is to be done already, or the gateway has stopped.
        """
        return await self._run(self._pool, work, *given)

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[..., T], *given: Any) -> T:
        piece = _Piece(partial(copy_context().run, work, *given))
        with self._lock:
            if self.full:
                self._refuse()
            # Under the lock, so that nothing is given to a pool that has ended.
            future = pool.submit(piece.do)
            self._counts["open"] += 1
        future.add_done_callback(self._ended)
        here = asyncio.wrap_future(future)
        here.add_done_callback(_looked_at)
        try:
            # Not awaited itself: the pool would forget to count what is cancelled and still in its queue.
            await asyncio.wait({here})
        except asyncio.CancelledError:
            piece.drop()
            raise
        if here.cancelled():
            self._refuse()
        found: T = here.result()
        return found

    def close(self) -> None:
        """Refuse what comes from now on, cancel what waits, and join the threads, for two seconds at most."""
        with self._lock:
            self._closed = True
        for pool in (self._pool, self._decoders, self._large):
            pool.shutdown(wait=False, cancel_futures=True)
        until = time.monotonic() + _ENDING
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def statistics(self) -> dict[str, int]:
        """Pieces of work that are ``open`` now, begun or waiting; ``done`` and ``refused`` since the start."""
        with self._lock:
            return dict(self._counts)

    def _refuse(self) -> NoReturn:
        if self._closed:
            raise RefusedRequest(PROBLEMS[NotRunningError], "the gateway has stopped")
        self._counts["refused"] += 1
        why = f"{self._limit:,} pieces of work wait for the gateway's threads; ask again later, or for less at once"
        raise RefusedRequest(TOO_MANY_REQUESTS, why)

    def _begin(self) -> None:
        self._threads.append(threading.current_thread())

    def _ended(self, _: Future[Any]) -> None:
        with self._lock:
            self._counts["open"] -= 1
            self._counts["done"] += 1


class _Piece:
    """Work that may be dropped before it is begun, with all it holds."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work: Callable[[], Any] | None = work

    def do(self) -> Any:
        work, self._work = self._work, None
        return None if work is None else work()

    def drop(self) -> None:
        self._work = None


def _looked_at(here: "asyncio.Future[Any]") -> None:
    """Asyncio complains of errors that nobody has asked for."""
    if not here.cancelled():
        here.exception()
