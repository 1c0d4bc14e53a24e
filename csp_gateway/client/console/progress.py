"""Progress: how much of a long answer has come, on a terminal, while it is read."""

from __future__ import annotations

import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
from rich.progress import Progress as Bar

__all__ = ["Progress"]

_SILENT = 0.5
"""Seconds that an answer may take before anything is shown."""


class Progress:
    """Called with the bytes that have come of an answer; shows them if it takes long, until the ``with`` block ends.

    Args:
        console: where remarks go; nothing is shown if that is no terminal.
    """

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("[dim]reading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._bar = Bar(*columns, console=console, transient=True) if console.is_terminal else None
        self._since: float | None = None
        self._task = self._bar.add_task("", total=None) if self._bar is not None else None

    def __call__(self, come: int) -> None:
        now = time.monotonic()
        if self._since is None:
            self._since = now
        if self._bar is None or self._task is None or now - self._since < _SILENT:
            return
        self._bar.start()
        self._bar.update(self._task, completed=come)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
