"""Which row of a table each key has, and the record that stands there."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

__all__ = ["Slots"]


class Slots:
    """A number for each key, small and its own, used again when the key is gone.

    Args:
        of: the records to begin with, by key.
    """

    def __init__(self) -> None:
        self.keys: list[Hashable] = []
        """Slot → the key that has it, or had it last."""
        self.records: list[Any] = []
        """Slot → the record under that key; None while the slot is free."""
        self._of: dict[Hashable, int] = {}
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._of)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._of

    def record(self, key: Hashable) -> Any:
        """What stands under a key; None if nothing does."""
        slot = self._of.get(key)
        return None if slot is None else self.records[slot]

    def put(self, key: Hashable, record: Any) -> int:
        """The slot in which a record now stands under its key."""
        slot = self._of.get(key)
        if slot is None:
            if self._free:
                slot = self._free.pop()
                self.keys[slot] = key
            else:
                slot = len(self.keys)
                self.keys.append(key)
                self.records.append(None)
            self._of[key] = slot
        self.records[slot] = record
        return slot

    def free(self, key: Hashable) -> int | None:
        """The slot that a key no longer has; None if it had none."""
        slot = self._of.pop(key, None)
        if slot is not None:
            self.records[slot] = None
            self._free.append(slot)
        return slot
