"""The newest record per key, in a dict: what a state knows, whatever else it is asked through."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from csp_gateway.server.state.keys import Keys

__all__ = ["KeyedRecords"]


class KeyedRecords:
    """The newest record per key.

    One thread inserts, the engine's; any thread may read, and neither waits for the other. A record is kept as it is,
    not copied: who changes it afterwards changes it here, but not the key it stands under.

    Args:
        keys: how records are told apart.
        max_rows: how many to keep at most; those go first whose key has not been inserted for longest.
    """

    def __init__(self, keys: Keys, max_rows: int | None = None) -> None:
        self.keys = keys
        self.max_rows = max_rows
        self.dropped = 0
        """How many keys had to go for ``max_rows``."""
        self._rows: dict[Hashable, Any] = {}
        self._ages: OrderedDict[Hashable, None] = OrderedDict()
        """With ``max_rows``: the keys, from the one inserted longest ago. Only the inserting thread touches it."""
        self._order: list[Any] = []
        """The keys as they were last sorted."""
        self._read = keys.read

    def insert(self, record: Any) -> None:
        """Take a record in place of the one of the same key."""
        try:
            key = self._read(record)
            self._rows[key] = record
        except Exception:  # something is unset, or cannot be hashed
            key = self.keys.settle(record)
            self._rows[key] = record
        if self.max_rows is not None:
            self._drop_oldest((key,), self.max_rows)

    def insert_all(self, records: Iterable[Any]) -> None:
        """Take records, later ones over earlier ones; who reads meanwhile finds all of them or none."""
        fresh = {}
        for record in records:
            try:
                fresh[self._read(record)] = record
            except Exception:  # as above
                fresh[self.keys.settle(record)] = record
        self._rows.update(fresh)
        if self.max_rows is not None:
            self._drop_oldest(fresh, self.max_rows)

    def __len__(self) -> int:
        return len(self._rows)

    def in_order(self, keep: Callable[[Any], bool] | None = None) -> list[Any]:
        """The records of this moment, or those that ``keep`` accepts, by key ascending, None first."""
        # Copied in one step of the interpreter: the engine's thread may be adding to it.
        rows = self._rows.copy()
        if keep is not None:
            rows = {key: record for key, record in rows.items() if keep(record)}
            return [rows[key] for key in self.keys.in_order(list(rows))]
        order = self._order
        if len(order) == len(rows):
            try:
                return [rows[key] for key in order]
            except KeyError:  # as many keys as then, but others
                pass
        self._order = order = self.keys.in_order(list(rows))
        return [rows[key] for key in order]

    def statistics(self) -> dict[str, int]:
        """``rows`` kept, and how many were ``dropped`` for ``max_rows``."""
        return {"rows": len(self._rows), "dropped": self.dropped}

    def _drop_oldest(self, inserted: Iterable[Hashable], max_rows: int) -> None:
        for key in inserted:
            self._ages[key] = None
            self._ages.move_to_end(key)
        while len(self._rows) > max_rows:
            oldest, _ = self._ages.popitem(last=False)
            del self._rows[oldest]
            self.dropped += 1
