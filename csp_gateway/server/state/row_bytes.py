"""Records as JSON, each written once and kept for who asks next, while there is room."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any

from csp_gateway.server.structs import write_rows

__all__ = ["RowBytes"]

_BESIDE = 600
"""Bytes that a row takes beside its JSON: its place, and a record that may be kept for it alone."""


class RowBytes:
    """The JSON of records, found again by the record itself: one that has been replaced is not asked for any more.

    A record that may have been changed must be forgotten.

    Args:
        most: bytes to keep. When they are used up by records that hardly anybody asks for, all are let go of.
    """

    def __init__(self, most: int = 64 * 2**20) -> None:
        self._most = most
        # Two tables and no pairs: the garbage collector would look at each pair, and at every record after so many.
        self._rows: dict[int, bytes] = {}
        self._of: dict[int, Any] = {}
        """The record is kept too, so that no other has its id."""
        self._bytes = 0
        self._found = self._missed = 0
        self._lock = threading.Lock()

    def written(self, records: Sequence[Any]) -> list[bytes]:
        """The JSON of each record."""
        kept = self._rows
        rows = [kept.get(id(record)) for record in records]
        missing = [index for index, row in enumerate(rows) if row is None]
        fresh = write_rows([records[index] for index in missing])
        for index, row in zip(missing, fresh, strict=True):
            rows[index] = row
        self._keep([records[index] for index in missing], fresh, len(rows) - len(missing))
        return rows  # type: ignore[return-value]  # none is missing any more

    def forget(self, records: Iterable[Any]) -> None:
        """Let go of the JSON of some records."""
        if not self._rows:
            return
        with self._lock:
            for record in records:
                row = self._rows.pop(id(record), None)
                if row is not None:
                    del self._of[id(record)]
                    self._bytes -= len(row) + _BESIDE

    def statistics(self) -> dict[str, int]:
        """How many ``rows`` are kept, and the ``bytes`` they take."""
        return {"rows": len(self._rows), "bytes": self._bytes}

    def _keep(self, records: list[Any], rows: list[bytes], found: int) -> None:
        with self._lock:
            self._found += found
            if self._missed > 2 * len(self._rows):
                if self._found <= len(self._rows) // 10:
                    self._rows, self._of, self._bytes = {}, {}, 0
                self._found = self._missed = 0
            for record, row in zip(records, rows, strict=True):
                size = len(row) + _BESIDE
                if self._bytes + size > self._most:
                    self._missed += 1
                elif id(record) not in self._rows:
                    # First the record: a row that is found must be that of a record that is there.
                    self._of[id(record)] = record
                    self._rows[id(record)] = row
                    self._bytes += size
