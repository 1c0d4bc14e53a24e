"""The newest record per key, in a dict: what a state knows, whatever else it is asked through."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from csp_gateway.server.state.keys import Keys

__all__ = ["REMOVED", "KeyedRecords"]

REMOVED: Final = type("Removed", (), {"__repr__": lambda _: "REMOVED"})()
"""Stands where a record was that is no longer kept."""

_MOST_BEHIND = 100_000
"""Changes that are gathered for who does not take them out, besides as many as there are records."""
_MOST_AGED = 1_000
"""Records that are let go of for their age in one engine cycle; the rest follows in the next."""


class KeyedRecords:
    """The newest record per key.

    One thread inserts, the engine's; any thread may read, and neither waits for the other. A record is kept as it is,
    not copied: who changes it afterwards changes it here, but not the key it stands under.

    Args:
        keys: how records are told apart.
        max_rows: how many to keep at most; those go first whose key has not been inserted for longest.
        ttl: how long to keep a record that no other of its key follows; see ``let_go``.
        removes: of which records it is true that they end their key, instead of standing under it.
    """

    def __init__(
        self,
        keys: Keys,
        max_rows: int | None = None,
        ttl: timedelta | None = None,
        removes: Callable[[Any], bool] | None = None,
    ) -> None:
        self.keys = keys
        self.max_rows = max_rows
        self.ttl = ttl
        self.dropped = 0
        """How many keys had to go for ``max_rows``."""
        self.expired = 0
        """How many went for ``ttl``."""
        self.removed = 0
        """How many were ended by a record that ``removes``."""
        self._removes = removes
        self._rows: dict[Hashable, Any] = {}
        self._changed: dict[Hashable, Any] | None = None
        """Key → what now stands there, or ``REMOVED``; None while nobody follows the changes."""
        self._ages: OrderedDict[Hashable, datetime | None] = OrderedDict()
        """If they are limited: the keys, from the one inserted longest ago, and when; None until ``let_go`` says."""
        self._order: list[Any] = []
        """The keys as they were last sorted."""
        self._read = keys.read
        self._aged = max_rows is not None or ttl is not None
        self.insert: Callable[[Any], None] = (
            self._insert if not self._aged and removes is None else lambda record: self.insert_all((record,))
        )
        """Take a record in place of the one of the same key; for the thread that inserts."""

    # For the thread that inserts.

    def _insert(self, record: Any) -> None:
        # Plain and in one piece: every tick of the channel pays for it.
        try:
            key = self._read(record)
            self._rows[key] = record
        except Exception:  # something is unset, or cannot be hashed
            key = self.keys.settle(record)
            self._rows[key] = record
        # After the rows: who begins to follow in between finds it there. Read once: who follows may end it.
        changed = self._changed
        if changed is not None:
            changed[key] = record

    def insert_all(self, records: Iterable[Any]) -> None:
        """Take records, later ones over earlier ones; who reads meanwhile finds all of them or none."""
        removes = self._removes
        fresh: dict[Hashable, Any] = {}
        for record in records:
            stands = record if removes is None or not removes(record) else REMOVED
            try:
                key = self._read(record)
                hash(key)
            except Exception:  # as above
                key = self.keys.settle(record)
            if self._aged:
                fresh.pop(key, None)  # where a key stands says when it came last
            fresh[key] = stands
        if removes is not None:
            fresh = {key: stands for key, stands in fresh.items() if stands is not REMOVED or key in self._rows}
        self._rows.update(fresh)
        changed = self._changed  # as above
        if changed is not None:
            changed.update(fresh)
        if removes is not None:
            self._end([key for key, record in fresh.items() if record is REMOVED])
        if self._aged:
            self._age(fresh)

    def let_go(self, now: datetime) -> int:
        """Let go of what is older than ``ttl`` at ``now``; what was inserted since the last call is of now.

        At most a thousand records go at once: as long as some are overdue, ``due`` is in the past.

        Returns:
            How many went.
        """
        if self.ttl is None:
            return 0
        ages = self._ages
        for key in reversed(ages):
            if ages[key] is not None:
                break
            ages[key] = now
        old = []
        for key, born in islice(ages.items(), _MOST_AGED):
            if born is None or now - born < self.ttl:
                break
            old.append(key)
        self._drop(old)
        self.expired += len(old)
        return len(old)

    @property
    def due(self) -> datetime | None:
        """When the next record will be too old, if no other of its key follows; None if none is kept for a time."""
        if self.ttl is None or not self._ages:
            return None
        born = next(iter(self._ages.values()))
        return None if born is None else born + self.ttl

    def _end(self, keys: list[Hashable]) -> None:
        for key in keys:
            del self._rows[key]
            self._ages.pop(key, None)
        self.removed += len(keys)
        self._leave_behind()

    def _age(self, fresh: dict[Hashable, Any]) -> None:
        for key, record in fresh.items():
            if record is not REMOVED:
                self._ages[key] = None
                self._ages.move_to_end(key)
        if self.max_rows is not None and len(self._rows) > self.max_rows:
            oldest = list(islice(self._ages, len(self._rows) - self.max_rows))
            self._drop(oldest)
            self.dropped += len(oldest)

    def _drop(self, keys: list[Hashable]) -> None:
        for key in keys:
            del self._ages[key]
            del self._rows[key]
            changed = self._changed  # as above
            if changed is not None:
                changed[key] = REMOVED
        self._leave_behind()

    def _leave_behind(self) -> None:
        """Keys come and go without end: gather no more for who does not ask."""
        changed = self._changed
        if changed is not None and len(changed) > len(self._rows) + _MOST_BEHIND:
            self._changed = None

    # For any thread.

    def __len__(self) -> int:
        return len(self._rows)

    def follow(self) -> tuple[dict[Hashable, Any], dict[Hashable, Any]]:
        """All records of this moment by key, and the changes from now on: key → what stands there, or ``REMOVED``.

        Who follows takes the changes out. Each of ``pop``, ``popitem``, ``setdefault`` and ``copy`` is one step: the
        inserting thread adds before or after it.
        """
        changed: dict[Hashable, Any] = {}
        self._changed = changed
        # Copied afterwards: what is inserted in between stands in both, and nothing in neither.
        return self._standing(), changed

    def is_followed_by(self, changed: dict[Hashable, Any]) -> bool:
        """Whether the changes are still gathered there; not if they were too many, and nobody took them out."""
        return self._changed is changed

    def unfollow(self) -> None:
        """Nobody follows any more: changes are not gathered."""
        self._changed = None

    def by_age(self) -> list[tuple[Any, datetime | None]]:
        """The records of this moment, if they are limited, from the one inserted longest ago, and when each was: None,
        if that was since ``let_go`` was called last."""
        ages = self._ages.copy()
        rows = self._standing()
        return [(rows[key], born) for key, born in ages.items() if key in rows]

    def in_order(self, keep: Callable[[Any], bool] | None = None) -> list[Any]:
        """The records of this moment, or those that ``keep`` accepts, by key ascending, None first."""
        return [record for _, record in self.pairs(keep)]

    def pairs(self, keep: Callable[[Any], bool] | None = None) -> list[tuple[Hashable, Any]]:
        """The same, each with the key that it stands under."""
        rows = self._standing()
        if keep is not None:
            rows = {key: record for key, record in rows.items() if keep(record)}
            return [(key, rows[key]) for key in self.keys.in_order(list(rows))]
        order = self._order
        if len(order) == len(rows):
            try:
                return [(key, rows[key]) for key in order]
            except KeyError:  # as many keys as then, but others
                pass
        self._order = order = self.keys.in_order(list(rows))
        return [(key, rows[key]) for key in order]

    def statistics(self) -> dict[str, int]:
        """``rows`` kept, and how many were ``dropped`` for ``max_rows``, ``expired`` for ``ttl``, and ``removed``."""
        return {"rows": len(self._rows), "dropped": self.dropped, "expired": self.expired, "removed": self.removed}

    def _standing(self) -> dict[Hashable, Any]:
        """The records of this moment, in a dict of their own."""
        # Copied in one step of the interpreter: the engine's thread may be adding to it.
        rows = self._rows.copy()
        if self._removes is not None:
            rows = {key: record for key, record in rows.items() if record is not REMOVED}
        return rows
