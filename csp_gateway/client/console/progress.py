"""Progress: how much of a long answer has come, on a terminal, while it is read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

__all__ = ["Progress"]

_SILENT = 0.5
"""Seconds that an answer may take before anything is shown."""


class Progress:
    """Called with the bytes that have come of an answer; shows them if it takes long, until the ``with`` block ends.

    Args:
        console: where remarks go; nothing is shown if that is no terminal.
        clock: tells the time in seconds.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._bar: Bar | None = None
        self._since = 0.0
        self._come: int | None = None

    def __call__(self, come: int) -> None:
        now = self._clock()
        if self._come is None or come < self._come:  # another answer
            self._stop()
            self._since = now
        self._come = come
        taken = now - self._since
        if taken < _SILENT or not self._console.is_terminal:
            return
        said = f"{decimal(come)}, {decimal(int(come / taken))}/s"
        if self._bar is None:
            columns = (TextColumn("[dim]reading"), BarColumn(), TextColumn("{task.description}"))
            self._bar = Bar(*columns, console=self._console, transient=True)
            self._bar.add_task(said, total=None)
            self._bar.start()
        else:
            self._bar.update(self._bar.task_ids[0], description=said)

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
