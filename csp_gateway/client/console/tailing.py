"""Tail: the records of channels, a line each, as they come."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from rich.text import Text

from csp_gateway.client.console.cells import flat, in_order, text_of
from csp_gateway.client.console.printing import Printer
from csp_gateway.client.console.session import Session
from csp_gateway.client.followed import Gap
from csp_gateway.client.link import StreamState

__all__ = ["Tail", "places", "tail"]

_COLORS = ("cyan", "green", "magenta", "yellow", "blue")
_WIDEST = 24
"""Cells up to which values are kept below one another."""


def places(channels: Iterable[str]) -> list[str | tuple[str, str]]:
    """Channels as the client wants them; of a basket, ``CHANNEL/KEY`` is one key.

    >>> places(["quotes", "by_desk/EU/FX"])
    ['quotes', ('by_desk', 'EU/FX')]
    """
    return [(name, key) if key else name for name, _, key in (each.partition("/") for each in channels)]


def tail(session: Session, channels: Iterable[str], most: int | None, options: Mapping[str, Any]) -> None:
    """Tell the records of some channels as they come.

    Args:
        most: records after which to end; None for ever.
        options: those of ``csp_gateway.wire.commands.Follow``.
    """
    printer = session.printer
    told = Tail(printer, most, as_given=options.get("fields") is not None)
    logging.getLogger("csp_gateway").addHandler(logging.NullHandler())  # what matters is told here
    with session.client() as client:
        client.channels()  # whether there is a gateway at all is known at once
        stream = client.stream(
            places(channels),
            timeout=session.settings.timeout,
            on_gap=told.missing,
            on_state=told.has_become,
            positions=True,
            **options,
        )
        with stream:
            for message in stream:
                if told.tell(message):
                    return


class Tail:
    """What is told of messages: the records of each, a line each.

    Args:
        most: records after which it is enough; None for ever.
        as_given: whether the fields are to stay in their order.
    """

    def __init__(self, printer: Printer, most: int | None = None, *, as_given: bool = False) -> None:
        self._printer = printer
        self._left = most
        self._as_given = as_given
        self._widths: dict[tuple[str, str], int] = {}
        self._colors: dict[str, str] = {}
        self._was_lost = False

    def missing(self, gap: Gap) -> None:
        """Ticks are missing."""
        self._printer.remark(f"csp-gateway: {gap}", "yellow")

    def has_become(self, state: StreamState) -> None:
        """The connection was lost, or is there again."""
        if state == "lost":
            self._was_lost = True
            self._printer.remark("csp-gateway: the connection is lost; trying again", "yellow")
        elif state == "connected" and self._was_lost:
            self._was_lost = False
            self._printer.remark("csp-gateway: connected again", "green")

    def tell(self, message: Mapping[str, Any]) -> bool:
        """Tell the records of a message; whether that is enough."""
        data = message["data"]
        for record in data if isinstance(data, list) else [data]:  # a heartbeat's is one text
            if self._printer.as_json:
                head = {name: value for name, value in message.items() if name != "data"}
                self._printer.json_line({**head, "record": record})
            else:
                self._printer.line(self._line(message, record))
            if self._left is not None:
                self._left -= 1
                if self._left <= 0:
                    return True
        return False

    def _line(self, message: Mapping[str, Any], record: Any) -> str | Text:
        columns = flat(record)
        names = list(columns) if self._as_given else in_order(columns)
        key = message.get("key")
        place = text_of(message["channel"]) if key is None else f"{message['channel']}/{text_of(key)}"
        time = str(message.get("time") or "")
        if not self._printer.on_terminal:
            values = [f"{name}={_quoted(columns[name])}" for name in names]
            return " ".join([part for part in (time, place) if part] + values)
        color = self._colors.setdefault(message["channel"], _COLORS[len(self._colors) % len(_COLORS)])
        line = Text.assemble((_clock(time), "dim"), (f" {place} " if time else f"{place} ", color))
        for name in names:
            line.append(f"{text_of(name)}=", "dim").append(self._padded(place, name, _quoted(columns[name]))).append(
                " "
            )
        if message.get("skipped"):
            line.append(f"(+{message['skipped']} skipped)", "dim")
        line.rstrip()
        line.truncate(self._printer.out.width, overflow="ellipsis")
        return line

    def _padded(self, place: str, name: str, text: str) -> str:
        widest = max(self._widths.get((place, name), 0), min(len(text), _WIDEST))
        self._widths[place, name] = widest
        return text.ljust(widest)


def _clock(time: str) -> str:
    """Of an engine's time, the time of day in milliseconds.

    >>> _clock("2026-11-28T11:23:56.803443"), _clock("")
    ('11:23:56.803', '')
    """
    return time.partition("T")[2][:12]


def _quoted(value: Any) -> str:
    """A value so that its end is seen: text with blanks is in quotes."""
    text = text_of(value)
    if isinstance(value, str) and (not value or set(text) & set(' "=')):
        return json.dumps(text, ensure_ascii=False)
    return text
