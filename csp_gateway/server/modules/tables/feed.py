"""What was gathered, written to the tables on a thread of their own."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from csp_gateway.server.modules.tables.gather import Gathering
from csp_gateway.server.modules.tables.table import LiveTable

__all__ = ["Feed"]

logger = logging.getLogger(__name__)

BATCH = 2_000
"""Structs written at once: enough to make the cost of an update small, and few enough that the engine, which needs the
GIL, waits 2 ms at most: Perspective works without it."""

_JOIN_SECONDS = 10.0
_MOST_KINDS = 20


class Feed:
    """A thread that writes what was gathered to the tables, once every interval.

    Args:
        interval: seconds between two writings.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._wake = threading.Event()
        self._stopping = False
        self._lines: list[_Line] = []
        self._thread = threading.Thread(target=self._run, name="tables", daemon=True)

    def add(self, gathering: Gathering, table: LiveTable) -> None:
        """Write what is gathered there to this table; before ``start``."""
        gathering.full = self._wake
        self._lines.append(_Line(gathering, table))

    def start(self) -> None:
        """Start the thread; it writes at once what has been gathered so far."""
        self._wake.set()
        self._thread.start()

    def stop(self) -> None:
        """Write what still waits and end the thread. Waits for it at most ten seconds."""
        self._stopping = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_SECONDS)
            if self._thread.is_alive():
                logger.error("the tables' thread had not ended after %g s", _JOIN_SECONDS)

    def statistics(self) -> dict[str, dict[str, Any]]:
        """What went through, by table."""
        return {line.table.name: line.statistics() for line in self._lines}

    def _run(self) -> None:
        last = False
        while not last:
            self._wake.wait(self._interval)
            self._wake.clear()
            last = self._stopping  # read before the writing: what was gathered until the stop is in it
            for line in self._lines:
                line.flush()


class _Line:
    """One table and where its rows come from; an error here stays here."""

    def __init__(self, gathering: Gathering, table: LiveTable) -> None:
        self.gathering = gathering
        self.table = table
        self._errors: dict[str, int] = {}
        self._lost = 0
        self._last_flush = 0.0

    def flush(self) -> None:
        structs = self.gathering.take()
        if not structs:
            return
        began = time.perf_counter()
        for start in range(0, len(structs), BATCH):
            batch = structs[start : start + BATCH]
            try:
                self.table.write(batch)
            except Exception as error:
                self._note(error, len(batch))
        self._last_flush = time.perf_counter() - began

    def statistics(self) -> dict[str, Any]:
        return {
            "received": self.gathering.received,
            "waiting": len(self.gathering.waiting),
            "overtaken": self.gathering.overtaken,
            **self.table.statistics(),
            "lost": self._lost,
            "errors": dict(self._errors),
            "last_flush_seconds": self._last_flush,
        }

    def _note(self, error: Exception, lost: int) -> None:
        kind = f"{type(error).__name__}: {error}"[:200]
        if kind not in self._errors and len(self._errors) >= _MOST_KINDS:
            kind = "other errors"
        if kind not in self._errors:
            logger.error(
                "table %r: rows were lost; the next of this kind are only counted", self.table.name, exc_info=error
            )
        self._errors[kind] = self._errors.get(kind, 0) + 1
        self._lost += lost
