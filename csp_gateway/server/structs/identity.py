"""The id and the timestamp every struct is born with."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Counter", "IdType", "get_counter", "mint_id", "utc_now"]

IdType = str
"""What an id is: the decimal digits of a process-wide counter."""


class Counter:
    """Counts up; any thread may call it, and no number is given out twice."""

    __slots__ = ("_numbers", "next")

    def __init__(self, first: int) -> None:
        self.restart(first)

    def restart(self, first: int) -> None:
        """Go on from there, whatever was given out."""
        self._numbers = itertools.count(first)
        self.next = self._numbers.__next__
        """The next number; nobody else gets it."""

    def current(self) -> int:
        """The number given out last."""
        # A count shows its coming number nowhere but in its text: "count(5)". Keeping it beside would need a lock.
        return int(repr(self._numbers)[len("count(") : -1]) - 1


_COUNTER = Counter(time.time_ns())

if hasattr(os, "register_at_fork"):
    # Or a child would give out the very ids that its parent does.
    os.register_at_fork(after_in_child=lambda: _COUNTER.restart(time.time_ns()))


def get_counter() -> Counter:
    """The counter all ids of this process come from.

    It starts at the nanoseconds since 1970, so ids sort in the order they were made and those of two runs or two days
    do not meet, unless a process makes more than one struct per nanosecond of its life.
    """
    return _COUNTER


def mint_id() -> IdType:
    """A fresh id: 19 digits until the year 2286."""
    return str(_COUNTER.next())


def _aware_now() -> datetime:
    return datetime.now(UTC)


utc_now: Callable[[], datetime] = datetime.utcnow if sys.version_info < (3, 12) else _aware_now
"""The time now, in UTC, in the form csp takes fastest; a struct keeps it naive.

csp copies a naive time and has to convert an aware one, which costs 300 ns; Python 3.12 deprecated making a naive one.
"""
