"""Records from what stands on a command line, in a file or comes through a pipe: JSON, or JSON a line as it comes."""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Iterator
from typing import Any, TextIO

from csp_gateway.client.console.failures import WrongUsage

__all__ = ["Lines", "opened", "portions"]

_MOST = 1_000
"""Lines that are taken at once."""
_ENDED = object()


def opened(given: str | None) -> TextIO | str:
    """What is to be sent: a file or stdin to read it from, or its text.

    Raises:
        WrongUsage: nothing is given, and nothing comes through a pipe.
    """
    if given is None and sys.stdin.isatty():
        raise WrongUsage("there is nothing to send: give JSON, @file, or - for what comes through a pipe")
    if given in (None, "-"):
        return sys.stdin
    if given is not None and given.startswith("@"):
        return open(given[1:], encoding="utf-8")  # whoever reads it closes it
    return str(given)


class Lines:
    """Records that stand in a file, one a line, or all of them in one document.

    Attributes:
        document: what the file is, if it is one document; else it is read line by line.
    """

    def __init__(self, source: TextIO | str) -> None:
        self.document: Any = None
        self.is_document = True
        self._number = 0
        if isinstance(source, str):
            self.document = _read(source, "what is to be sent")
            return
        self._source = source
        self._first = self._next_line()
        try:
            record = json.loads(self._first)
        except ValueError:
            record = None
        if isinstance(record, dict):
            self.is_document = False
        else:
            name = getattr(source, "name", "")
            self.document = _read(self._first + source.read(), name if str(name) != "<stdin>" else "stdin")

    def __iter__(self) -> Iterator[Any]:
        line = self._first
        while line:
            yield _read(line, f"line {self._number}")
            line = self._next_line()

    def _next_line(self) -> str:
        """The next line that is not blank; "" when there is none."""
        for line in self._source:
            self._number += 1
            if line.strip():
                return line
        return ""


def _read(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        if not text.strip():
            raise WrongUsage(f"{what} is empty: there is nothing to send") from None
        raise WrongUsage(f"{what} is no JSON: {error}") from None


def portions(records: Iterator[Any]) -> Iterator[list[Any]]:
    """Records as they come, several at once if they come faster than they are taken; few are held meanwhile."""
    waiting: queue.Queue[Any] = queue.Queue(_MOST)
    left = threading.Event()

    def put(record: Any) -> bool:
        while not left.is_set():
            try:
                waiting.put(record, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False

    def read() -> None:
        try:
            for record in records:
                if not put(record):
                    return
            put(_ENDED)
        except Exception as error:  # raised where the records are taken
            put(error)

    threading.Thread(target=read, name="reading-json", daemon=True).start()
    try:
        yield from _taken(waiting)
    finally:
        left.set()


def _taken(waiting: queue.Queue[Any]) -> Iterator[list[Any]]:
    while True:
        taken = [waiting.get()]
        while len(taken) < _MOST and not waiting.empty():
            taken.append(waiting.get())
        end = taken.pop() if taken[-1] is _ENDED or isinstance(taken[-1], Exception) else None
        if taken:
            yield taken
        if isinstance(end, Exception):
            raise end
        if end is not None:
            return
