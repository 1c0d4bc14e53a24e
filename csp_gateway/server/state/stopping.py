"""When a query of the grammar has to stop, in Python and in DuckDB: its time is over, or nobody waits for it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from csp_gateway.errors import QueryCancelledError, QueryTimeoutError
from csp_gateway.server.state.sql_watch import WATCH

__all__ = ["Stop"]

_WAITING = 0.05
"""Seconds of waiting for a lock between two looks at the clock."""
_EVERY = 256
"""Records that are looked at between two looks at the clock: well below a millisecond's work."""


class Stop:
    """Ends a query from within.

    Args:
        seconds: how long it may take, from now on; None for as long as it takes.
        cancelled: whether nobody waits for it any more; called from any thread.
    """

    def __init__(self, seconds: float | None = None, cancelled: Callable[[], bool] | None = None) -> None:
        self._seconds = seconds
        self._due = math.inf if seconds is None else time.monotonic() + seconds
        self._cancelled = cancelled

    def check(self) -> None:
        """Go on, or raise.

        Raises:
            QueryTimeoutError: its time is over.
            QueryCancelledError: nobody waits for it.
        """
        if self._cancelled is not None and self._cancelled():
            raise QueryCancelledError("the query was cancelled")
        if time.monotonic() >= self._due:
            raise QueryTimeoutError(f"the query took more than {self._seconds:g} s; ask less of fewer records")

    @contextmanager
    def holding(self, lock: threading.Lock) -> Iterator[None]:
        """The lock, waited for as long as it may take.

        Raises:
            QueryTimeoutError, QueryCancelledError: as ``check``.
        """
        while not lock.acquire(timeout=_WAITING):
            self.check()
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def interrupting(self, interrupt: Callable[[], object]) -> Iterator[None]:
        """Have what DuckDB does in the block interrupted when it is time.

        Raises:
            QueryTimeoutError, QueryCancelledError: as ``check``; instead of what DuckDB raises then.
        """
        self.check()
        if self._cancelled is None and self._seconds is None:
            yield
            return
        gone = self._cancelled or (lambda: False)
        with WATCH.over(interrupt, self._due - time.monotonic(), None, gone) as watched:
            try:
                yield
            except Exception:
                if watched.stopped is not None:
                    self.check()
                raise

    def within(self, test: Callable[[Any], bool]) -> Callable[[Any], bool]:
        """The test, which now and then looks whether to go on; for one query."""
        left = _EVERY

        def checked(record: Any) -> bool:
            nonlocal left
            left -= 1
            if not left:
                left = _EVERY
                self.check()
            return test(record)

        return checked
