"""When a query that Python answers, record by record, has to stop: its time is over, or nobody waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from csp_gateway.errors import QueryCancelledError, QueryTimeoutError

__all__ = ["Stop"]

_EVERY = 256
"""Records that are looked at between two looks at the clock: well below a millisecond's work."""


class Stop:
    """Ends a query from within.

    Args:
        seconds: how long it may take, from now on; None for as long as it takes.
        cancelled: whether nobody waits for it any more.
    """

    def __init__(self, seconds: float | None = None, cancelled: Callable[[], bool] = lambda: False) -> None:
        self._seconds = seconds
        self._due = None if seconds is None else time.monotonic() + seconds
        self._cancelled = cancelled

    def check(self) -> None:
        """Go on, or raise.

        Raises:
            QueryTimeoutError: its time is over.
            QueryCancelledError: nobody waits for it.
        """
        if self._cancelled():
            raise QueryCancelledError("the query was cancelled")
        if self._due is not None and time.monotonic() >= self._due:
            raise QueryTimeoutError(f"the query took more than {self._seconds:g} s; ask less of fewer records")

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
