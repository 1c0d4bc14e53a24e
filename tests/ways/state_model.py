"""The oracle itself: a state as a plain dict of plain dicts, and what each query must be answered with."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.ways.state_oracle import NUMBER, before, held, holds, is_nan, meant, place, sorted_by, stands
from tests.ways.state_records import Fields

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Near:
    """A number that may be another by so much."""

    value: float
    within: float


@dataclass(frozen=True)
class OneOf:
    """Any of several values, which the query does not tell apart."""

    values: tuple[Any, ...]


class Model:
    """A state.

    Args:
        cls: the name of the records' class.
        keys: paths that make the key.
        max_rows: keys that it keeps at most.
        ends: whether a record with ``over`` ends its key.
    """

    def __init__(self, cls: str, keys: Sequence[str], max_rows: int | None, ends: bool) -> None:
        self.cls = cls
        self.keys = keys
        self.max_rows = max_rows
        self.ends = ends
        self.rows: dict[Any, Fields] = {}
        """Key → record, from the key inserted longest ago."""
        self._under: dict[Any, Any] = {}
        """Key → the same as it came first, and is ordered by: an enum's member may be equal to a text."""

    def key(self, record: Fields) -> tuple[Any, ...]:
        return tuple(stands(held(record, path)) for path in self.keys)

    def insert(self, records: Sequence[Fields]) -> None:
        fresh: dict[Any, Fields] = {}
        for record in records:
            if self.max_rows is not None:
                # That goes first which has not been named for longest, within a batch too.
                fresh.pop(self.key(record), None)
            fresh[self.key(record)] = record
        for key, record in fresh.items():
            self.rows.pop(key, None)
            if self.ends and record.get("over") is True:
                self._under.pop(key, None)
            else:
                self.rows[key] = record
                self._under.setdefault(key, key)
        if self.max_rows is not None:
            for key in list(self.rows)[: max(0, len(self.rows) - self.max_rows)]:
                del self.rows[key], self._under[key]

    def passing(self, query: Any) -> list[Fields]:
        return [
            record
            for record in self.rows.values()
            if all(holds(each, self.cls, record) for each in query.get("filters", []))
        ]

    def place(self, record: Fields, query: Any) -> tuple[Any, ...]:
        paths = [_order(each)[0] for each in query.get("order_by", [])]
        return (*(place(held(record, path)) for path in paths), *map(place, self._under[self.key(record)]))

    def directions(self, query: Any) -> tuple[bool, ...]:
        return (*(_order(each)[1] for each in query.get("order_by", [])), *(False for _ in self.keys))

    def page(self, query: Any, after: tuple[Any, ...] | None = None) -> tuple[list[Fields], bool]:
        """The records that answer, and whether there are more; those behind a place, where a cursor says it."""
        down = self.directions(query)
        found = sorted_by(self.passing(query), lambda record: self.place(record, query), down)
        if after is not None:
            found = [record for record in found if before(self.place(record, query), after, down) > 0]
        start = query.get("offset", 0)
        end = start + query.get("limit", len(found))
        return found[start:end], end < len(found)

    def groups(self, query: Any) -> list[Row]:
        """The rows that answer a query with aggregates."""
        paths = query.get("group_by", [])
        by_key = sorted_by(self.passing(query), lambda record: self.place(record, {}), self.directions({}))
        parts: dict[Any, list[Fields]] = {} if paths else {(): []}
        for record in by_key:
            parts.setdefault(tuple(stands(held(record, path)) for path in paths), []).append(record)
        rows = []
        for group in parts.values():
            shared = {path: OneOf(tuple(held(record, path) for record in group)) for path in paths}
            rows.append(shared | {name: aggregate(each, group) for name, each in query["aggregates"].items()})
        order = [*map(_order, query.get("order_by", [])), *((path, False) for path in paths)]
        directions = tuple(down for _, down in order)
        rows = sorted_by(rows, lambda row: tuple(place(_some(row[column])) for column, _ in order), directions)
        start = query.get("offset", 0)
        return rows[start : start + query.get("limit", len(rows))]


def _order(each: Any) -> tuple[str, bool]:
    return (each, False) if isinstance(each, str) else (each["attr"], each.get("descending", False))


def _some(value: Any) -> Any:
    return value.values[0] if isinstance(value, OneOf) else value


def aggregate(asked: Any, group: Sequence[Fields]) -> Any:
    """What an aggregate of a group, by key ascending, is."""
    if asked.get("count") == "*":
        return len(group)
    ((function, path),) = ((name, asked[name]) for name in asked if name not in ("by", "at"))
    values = [value for record in group if (value := held(record, path)) is not None]
    if function == "last":
        by = asked.get("by", "timestamp")
        best = sorted_by(list(group), lambda record: (place(held(record, by)),), (False,))
        return held(best[-1], path) if best else None
    values = [value for value in values if not is_nan(value)]
    if function == "count":
        return len(values)
    if function in ("min", "max"):
        return _extreme(function, values, path)
    numbers = [value for value in values if meant(value)[0] == NUMBER]
    if not numbers:
        return None
    if function != "quantile":
        return _total(numbers, function)
    at = asked["at"]
    return [_quantile(numbers, each) for each in at] if isinstance(at, list) else _quantile(numbers, at)


_KIND = {"maybe": "number", "ratio": "number", "leg.size": "number", "note": "text", "due": "moment"}
"""Of paths that may hold something else: the kind that is declared."""


def _extreme(function: str, values: Sequence[Any], path: str) -> Any:
    values = [value for value in values if meant(value)[0] == _KIND.get(path, meant(value)[0])]
    if not values:
        return None
    best = (min if function == "min" else max)(meant(value)[1] for value in values)
    return OneOf(tuple(value for value in values if meant(value)[1] == best))


def _total(numbers: Sequence[Any], function: str) -> Any:
    total: Any = sum(numbers)
    count = 1 if function == "sum" else len(numbers)
    if function == "sum" and all(isinstance(value, int) for value in numbers):
        return int(total)
    if not all(math.isfinite(value) for value in numbers):
        return Near(float(total), 0.0)
    exact = math.fsum(numbers) if any(isinstance(value, float) for value in numbers) else total
    return Near(exact / count, 1e-9 * max(map(abs, numbers)) + 1e-300)


def _quantile(numbers: Sequence[Any], at: float) -> Any:
    ordered = sorted(map(float, numbers))
    position = (len(ordered) - 1) * at
    low, part = ordered[math.floor(position)], position - math.floor(position)
    high = ordered[math.ceil(position)]
    if low == high or not part:
        return Near(low, 0.0)
    between = low * (1 - part) + high * part
    return Near(between, 1e-9 * max(abs(low), abs(high)) if math.isfinite(low) and math.isfinite(high) else 0.0)
