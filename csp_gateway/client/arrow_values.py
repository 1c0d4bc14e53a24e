"""Records that have travelled as Arrow, as the JSON they would have travelled as."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from csp_gateway.client.shapes import Kind, Shape, shape_at

__all__ = ["ODD", "json_rows", "json_value"]

ODD = "_odd"
"""The gateway's column of what no other column could hold: of each such row, a JSON object, path → value."""


def json_rows(columns: Mapping[str, Sequence[Any]], shape: Shape | None) -> list[dict[str, Any]]:
    """Records as JSON: what is null is left out, as what is unset is in JSON; what was odd is in its place.

    Args:
        columns: name → values, as Python has them.
        shape: what the schema says of a record.
    """
    fields = {} if shape is None else shape.fields
    odd = columns.get(ODD, ())
    values = [_json_column(each, shape_at(fields, name)) for name, each in columns.items() if name != ODD]
    names = [name for name in columns if name != ODD]
    rows = [
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in zip(*values, strict=True)
    ]
    for name, each in columns.items():
        for i in (i for i, value in enumerate(each) if type(value) is float and not math.isfinite(value)):
            rows[i][name] = None  # as in JSON; what is unset is not there
    for row, paths in zip(rows, odd, strict=False):
        for path, value in (msgspec.json.decode(paths) if paths else {}).items():
            _put(row, path, value)
    return rows


def _json_column(values: Sequence[Any], shape: Shape | None) -> Sequence[Any]:
    plain = shape is None or not (shape.names or shape.kind is Kind.ANYTHING)
    return values if plain and set(map(type, values)) <= _PLAIN else [json_value(each, shape) for each in values]


def json_value(value: Any, shape: Shape | None = None) -> Any:
    """One of Python's values as Arrow and polars give them, as JSON has it.

    Args:
        shape: what the schema says of it. Text of anything is JSON's own.
    """
    if type(value) is dict:
        fields = {} if shape is None else shape.fields
        return {name: json_value(each, shape_at(fields, name)) for name, each in value.items() if each is not None}
    if type(value) is list:
        item = None if shape is None else shape.item
        return [json_value(each, item) for each in value]
    if type(value) is str and shape is not None:
        return _of_text(value, shape)
    form = _FORMS.get(type(value))
    return value if form is None else form(value)


def _of_text(text: str, shape: Shape) -> Any:
    if shape.kind is Kind.ANYTHING:
        return msgspec.json.decode(text)
    return next((value for value, name in shape.names.items() if name == text), text)


def _put(record: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for name in above:
        record = record.setdefault(name, {})
    record[last] = value


def _moment(value: datetime) -> str:
    return (value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)).isoformat()


_PLAIN = {str, int, bool, type(None)}
_FORMS: Mapping[type, Callable[[Any], Any]] = {
    float: lambda value: value if math.isfinite(value) else None,
    datetime: _moment,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: timedelta.total_seconds,
    bytes: lambda value: value.decode(errors="replace"),
    Decimal: lambda value: int(value) if value == value.to_integral_value() else float(value),
}
