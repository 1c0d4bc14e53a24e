"""Which columns of a table a screen has room for, and how wide each is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.cells import cell_len, set_cell_size

from csp_gateway.client.console.cells import text_of

__all__ = ["GAP", "Column", "columns_of", "fitted", "in_cells", "natural_width"]

GAP = 2
"""Blanks between columns."""

_LEAST = 12
"""Cells to which a text may be cut, where there is no room for all of it."""
_MOST_WHOLE = 32
"""Cells up to which a number, a time or an id is never cut, for then it would say something else."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d:")


@dataclass
class Column:
    """A column: its name, and its values as texts."""

    name: str
    texts: list[str] = field(default_factory=list)
    to_the_right: bool = False
    whole: bool = False
    """Whether its values are not to be cut."""

    @property
    def natural(self) -> int:
        """Cells that it takes uncut."""
        return max(cell_len(self.name), self._values)

    @property
    def least(self) -> int:
        """Cells that it takes at least."""
        values = min(self._values, _MOST_WHOLE if self.whole else _LEAST)
        return max(values, min(cell_len(self.name), _LEAST))

    @property
    def _values(self) -> int:
        return max(map(cell_len, self.texts), default=0)

    def cell(self, text: str, width: int) -> str:
        """A text of it in just so many cells."""
        return in_cells(text, width, to_the_right=self.to_the_right)


def in_cells(text: str, width: int, *, to_the_right: bool = False) -> str:
    """A text in just so many cells, cut with an ellipsis if it is longer.

    >>> in_cells("1.5", 5, to_the_right=True), in_cells("a longer text", 8)
    ('  1.5', 'a longe\u2026')
    """
    missing = width - cell_len(text)
    if missing < 0:
        return f"{set_cell_size(text, width - 1)}…"
    return " " * missing + text if to_the_right else text + " " * missing


def columns_of(rows: Sequence[Mapping[str, Any]], names: Iterable[str]) -> list[Column]:
    """The columns of some rows; numbers stand to the right."""
    columns = []
    for name in names:
        values = [row.get(name) for row in rows]
        there = [value for value in values if value is not None]
        numbers = bool(there) and all(isinstance(value, int | float) and value is not True for value in there)
        times = bool(there) and all(isinstance(value, str) and _TIME.match(value) for value in there)
        whole = numbers or times or name == "id"
        columns.append(Column(name, [text_of(value) for value in values], numbers, whole))
    return columns


def natural_width(columns: Sequence[Column]) -> int:
    """Cells of a line in which nothing is cut."""
    return sum(column.natural for column in columns) + GAP * (len(columns) - 1)


def fitted(columns: Sequence[Column], room: int) -> list[tuple[Column, int]]:
    """The columns that there is room for, each with its width; where there is none for the first, it is cut.

    The narrow ones are whole first: what is left of the room is for those that are cut.
    """
    taken: list[Column] = []
    left = room + GAP
    for column in columns:
        if column.least + GAP <= left or not taken:
            taken.append(column)
            left -= column.least + GAP
    widths = {column.name: min(column.least, room) for column in taken}
    for number, column in enumerate(sorted(taken, key=lambda column: column.natural)):
        share = max(left, 0) // (len(taken) - number)
        more = min(share, max(column.natural - widths[column.name], 0))
        widths[column.name] += more
        left -= more
    return [(column, widths[column.name]) for column in taken]
