"""Ticks put aside in the graph, for the tables' thread to take."""

# A node's signature is csp's own language: type variables in quotes, no return type.
# mypy: disable-error-code="untyped-decorator,no-untyped-def,name-defined"

import threading
from collections import deque
from typing import Any, List  # noqa: UP035  # csp reads List in the types of a node

import csp
from csp import ts

__all__ = ["Gathering", "gather", "gather_lists"]


class Gathering:
    """Structs that ticked and wait to be written: the newest ``limit`` of them.

    The engine's thread adds, the feed's takes; both ends of a deque are safe to use at once.

    Args:
        limit: how many structs may wait; older ones give way.
        hurry_at: how many make ``full`` be set, so that they are taken before the interval is over.
    """

    def __init__(self, limit: int, hurry_at: int | None = None) -> None:
        self.waiting: deque[Any] = deque(maxlen=limit)
        self.hurry_at = hurry_at
        self.full = threading.Event()
        self.received = 0
        self.taken = 0

    def take(self) -> list[Any]:
        """All that waits, the oldest first."""
        pop = self.waiting.popleft
        taken = [pop() for _ in range(len(self.waiting))]
        self.taken += len(taken)
        return taken

    @property
    def overtaken(self) -> int:
        """Structs that gave way to newer ones before they were written."""
        return max(0, self.received - self.taken - len(self.waiting))


@csp.node
def gather(ticks: ts["T"], gathering: Gathering):  # noqa: F821  # csp's spelling of a type variable
    """Put what ticks aside; all that tables cost the engine."""
    if csp.ticked(ticks):
        gathering.waiting.append(ticks)
        gathering.received += 1
        if len(gathering.waiting) == gathering.hurry_at:
            gathering.full.set()


@csp.node
def gather_lists(ticks: ts[List["T"]], gathering: Gathering):  # noqa: F821, UP006  # csp's spelling
    """The same for lists, whose elements are rows."""
    if csp.ticked(ticks):
        gathering.waiting.extend(ticks)
        gathering.received += len(ticks)
        if gathering.hurry_at is not None and len(gathering.waiting) >= gathering.hurry_at:
            gathering.full.set()
