"""Records as JSON, each written once and kept for who asks next, while there is room."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from csp_gateway.server.structs import encode

__all__ = ["RowBytes"]

_BESIDE = 600
"""Bytes that a row takes beside its JSON: its place, and a record that may be kept for it alone."""


class RowBytes:
    """The JSON of records, found again by the record itself: one that has been replaced is not asked for any more.

    Args:
        most: bytes to keep. When they are used up by records that nobody asks for, all are let go of.
    """

    def __init__(self, most: int = 64 * 2**20) -> None:
        self._most = most
        self._kept: dict[int, tuple[Any, bytes]] = {}
        self._bytes = 0
        self._missed = 0
        self._lock = threading.Lock()

    def written(self, records: Sequence[Any]) -> list[bytes]:
        """The JSON of each record."""
        kept = self._kept
        rows = []
        fresh = []
        for record in records:
            # The record is kept too, so that no other has its id.
            found = kept.get(id(record))
            if found is None:
                row = encode(record)
                fresh.append((record, row))
                rows.append(row)
            else:
                rows.append(found[1])
        if fresh:
            self._keep(fresh)
        return rows

    def statistics(self) -> dict[str, int]:
        """How many ``rows`` are kept, and the ``bytes`` they take."""
        return {"rows": len(self._kept), "bytes": self._bytes}

    def _keep(self, fresh: list[tuple[Any, bytes]]) -> None:
        with self._lock:
            if self._missed > 2 * len(self._kept):
                self._kept, self._bytes, self._missed = {}, 0, 0
            for record, row in fresh:
                size = len(row) + _BESIDE
                if self._bytes + size > self._most:
                    self._missed += 1
                elif id(record) not in self._kept:
                    self._kept[id(record)] = (record, row)
                    self._bytes += size
