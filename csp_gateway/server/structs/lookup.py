"""Find a struct by its id, among the newest kept of its class."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

__all__ = ["DEFAULT_LIMIT", "LookupStatistics", "LookupTable"]

DEFAULT_LIMIT = 10_000
"""How many structs of one class are kept at most, unless the class says otherwise."""


@dataclass(frozen=True, slots=True)
class LookupStatistics:
    """What a class keeps to be looked up.

    Attributes:
        included: whether structs made from now on are kept.
        kept: how many are kept now.
        limit: how many may be kept.
        dropped: how many had to make room for newer ones.
    """

    included: bool
    kept: int
    limit: int
    dropped: int


class LookupTable:
    """The newest structs of one class by id: never more than ``limit``, always the newest half of it.

    Structs come into ``young``. When it holds half the limit it becomes ``old``, and what was old is let go one by one,
    each time a struct comes in: no insertion ever pays for more than one removal, as it would if a whole generation
    were dropped at once, and none has to look for the oldest, as it would in an ordered table.
    """

    __slots__ = ("_dropped", "_dying", "_half", "_lock", "_old", "_young", "included")

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.included = True
        self._lock = Lock()
        self._dropped = 0
        self._young: dict[str, Any] = {}
        self._old: dict[str, Any] = {}
        self._dying: dict[str, Any] = {}
        self.limit(limit)

    def limit(self, limit: int) -> None:
        """Let go of all that is kept, and keep at most ``limit`` from now on.

        Raises:
            ValueError: ``limit`` is below 2.
        """
        if limit < 2:
            raise ValueError(f"a lookup keeps at least 2 structs, not {limit}; to keep none, use omit_from_lookup()")
        with self._lock:
            self._dropped += len(self._young) + len(self._old)
            self._half = limit // 2
            self._dying, self._old, self._young = {}, {}, {}

    def put(self, id: str, struct: Any) -> None:
        """Keep ``struct`` under ``id``; an older one of the same id is not found any more. Any thread, O(1)."""
        self._young[id] = struct
        if self._dying:
            try:  # noqa: SIM105  # contextlib.suppress costs more than the rest of this method
                self._dying.popitem()
            except KeyError:
                pass  # another thread took the last one
        if len(self._young) >= self._half:
            self._turn()

    def get(self, id: str) -> Any | None:
        """The struct put last under ``id``, or None when there was none or it had to make room."""
        found = self._young.get(id)
        return self._old.get(id) if found is None else found

    def discard(self, id: str) -> None:
        """Keep nothing under ``id`` any more."""
        self._young.pop(id, None)
        self._old.pop(id, None)

    def statistics(self) -> LookupStatistics:
        """How much is kept, and how much had to go."""
        return LookupStatistics(
            included=self.included,
            kept=len(self._young) + len(self._old),
            limit=2 * self._half,
            dropped=self._dropped,
        )

    def _turn(self) -> None:
        with self._lock:
            if len(self._young) >= self._half:  # else another thread has just done it
                self._dropped += len(self._old)
                self._dying, self._old, self._young = self._old, self._young, {}
