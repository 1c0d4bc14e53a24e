"""Places: what has been told of a channel since the other gateway was started again, so that nothing ticks twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Places"]


class Places:
    """Tells the messages of a channel that are new from those that are told again.

    A gateway that was started again goes on with what ticks from now on. What it ticked before is asked for behind
    that, and all of it is told in its order; what had come until then is told once more.

    Args:
        told_later: the offset from which on messages that come before the earlier ones are told again; None if there
            are no earlier ones.
    """

    def __init__(self, told_later: int | None) -> None:
        self._told_later = told_later
        self._offset = -1
        self._keys: set[str | None] = set()

    def is_new(self, message: Mapping[str, Any]) -> bool:
        """Whether it is the first time that this is told."""
        offset, key = message["offset"], message.get("key")
        if self._told_later is not None:
            if offset >= self._told_later:
                return False
            self._told_later = None
        if offset < self._offset or (offset == self._offset and key in self._keys):
            return False
        if offset > self._offset:
            self._offset, self._keys = offset, set()
        self._keys.add(key)
        return True

    def missed(self, start: int | None) -> None:
        """Ticks from ``start`` on are not told: if they are earlier ones, the telling has begun."""
        if self._told_later is not None and start is not None and start < self._told_later:
            self._told_later = None
