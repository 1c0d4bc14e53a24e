"""Printer: where answers and remarks go: answers to stdout, as a person or a program wants them, the rest to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from typing import Any

from rich.console import Console
from rich.text import Text

from csp_gateway.client.console.cells import flat, in_order, plain, text_of
from csp_gateway.client.console.layout import GAP, columns_of, fitted, in_cells, natural_width

__all__ = ["Printer"]


class Printer:
    """Where answers and remarks go.

    Args:
        as_json: whether answers are for a program.
        no_color: whether a terminal gets no colours either.
    """

    def __init__(self, *, as_json: bool = False, no_color: bool = False) -> None:
        self.as_json = as_json
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        colors = True if no_color else None  # None: as the environment says
        self.out = Console(highlight=False, soft_wrap=True, no_color=colors)
        self.err = Console(highlight=False, soft_wrap=True, stderr=True, no_color=colors)

    @property
    def on_terminal(self) -> bool:
        """Whether somebody looks at the answers."""
        return self.out.is_terminal

    def remark(self, text: str, style: str = "dim") -> None:
        """Tell who sits there something that is no answer."""
        self.err.print(Text(plain(text), style))

    def line(self, text: str | Text) -> None:
        """One line of an answer, at once."""
        if isinstance(text, str):
            _write(f"{text}\n")
        else:
            self.out.print(text)
        sys.stdout.flush()

    def document(self, value: Any) -> None:
        """An answer as JSON: for a program in one line, on a terminal so that it can be read."""
        _write(f"{_json(value, indent=2 if self.on_terminal else None)}\n")

    def json_line(self, value: Any) -> None:
        """One of many answers as JSON, at once."""
        self.line(_json(value))

    def records(self, records: Sequence[Any], *, as_given: bool = False, advice: str = "--json has them") -> None:
        """Some records as a table; one with many fields as a list of them.

        Args:
            as_given: whether columns are to stay in the order that the records have.
            advice: what helps when not all columns have room.
        """
        if self.as_json:
            self.document(records)
            return
        rows = [flat(record) for record in records]
        names = list(dict.fromkeys(name for row in rows for name in row))
        if not as_given:
            names = in_order(names)
        if not self.on_terminal:
            _write_table(rows, names)
            return
        table = columns_of(rows, names)
        if len(rows) == 1 and natural_width(table) > self.out.width:
            self._list(rows[0], names)
        else:
            self._table(rows, names, advice)

    def _list(self, row: Mapping[str, Any], names: Sequence[str]) -> None:
        widest = max(map(len, names))
        room = max(self.out.width - widest - GAP, 1)
        for name in names:
            text = text_of(row.get(name))
            self.out.print(Text.assemble((name.ljust(widest + GAP), "bold"), in_cells(text, min(room, len(text)))))

    def _table(self, rows: Sequence[Mapping[str, Any]], names: Sequence[str], advice: str) -> None:
        shown = fitted(columns_of(rows, names), self.out.width)
        gap = " " * GAP
        head = gap.join(column.cell(plain(column.name), width) for column, width in shown)
        self.out.print(Text(head.rstrip(), "bold"))
        self.out.print(Text(gap.join("─" * width for _, width in shown), "dim"))
        for number in range(len(rows)):
            line = gap.join(column.cell(column.texts[number], width) for column, width in shown)
            self.out.print(Text(line.rstrip()))
        there = {column.name for column, _ in shown}
        left_out = [name for name in names if name not in there]
        if left_out:
            self.remark(f"No room for {', '.join(left_out)}: {advice}.")


def _write_table(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """A table for a pipe: columns that stand below one another, and nothing cut."""
    shown = [(column, column.natural) for column in columns_of(rows, names)]
    gap = " " * GAP
    lines = [gap.join(column.cell(plain(column.name), width) for column, width in shown)]
    lines += [gap.join(column.cell(column.texts[at], width) for column, width in shown) for at in range(len(rows))]
    _write("".join(f"{line.rstrip()}\n" for line in lines))


def _json(value: Any, indent: int | None = None) -> str:
    separators = (",", ": " if indent else ":")
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return json.dumps(value, ensure_ascii=not unicode, indent=indent, separators=separators)


def _write(text: str) -> None:
    sys.stdout.write(text)
