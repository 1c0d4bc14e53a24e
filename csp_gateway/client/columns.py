"""Records of JSON as columns: nested structs as ``parent.child``, each value as its column's shape says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import chain
from typing import Any, TypeAlias

import msgspec

from csp_gateway.client.shapes import ANYTHING, Kind, Shape, shape_at

__all__ = ["VALUE", "Column", "columns_of", "naive_utc", "named", "native"]

VALUE = "value"
"""The name of the one column of an answer whose items are no objects."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it holds, None if nobody has said, and its values as JSON has them."""

    shape: Shape | None
    values: list[Any]


def columns_of(rows: Sequence[Any], shape: Shape | None, *, whole: bool) -> dict[str, Column]:
    """The columns of an answer, by name.

    Args:
        rows: the records, or other values; each None where it is missing.
        shape: what the schema says of one of them; None if there is no schema.
        whole: whether columns that the schema has are there even if no record has them.
    """
    objects = all(type(row) is dict for row in rows) if rows else shape is None or shape.kind is Kind.STRUCT
    if not objects:
        return {VALUE: _column(None if shape is not None and shape.kind is Kind.STRUCT else shape, list(rows))}
    found: dict[str, Column] = {}
    _read(rows, {} if shape is None else shape.fields, "", whole, found)
    return found


def _read(rows: Sequence[Any], fields: Mapping[str, Shape], before: str, whole: bool, found: dict[str, Column]) -> None:
    present = dict.fromkeys(chain.from_iterable(filter(None, rows)))
    for name in {**fields, **present} if whole else present:
        values = [row.get(name) if row else None for row in rows]
        shape = shape_at(fields, name)
        kinds = set(map(type, values)) - {type(None)}
        if shape is not None and shape.kind is Kind.STRUCT and kinds <= {dict}:
            _read(values, shape.fields, f"{before}{name}.", whole or not kinds, found)
        elif shape is None and kinds == {dict} and any(values):
            _read(values, {}, f"{before}{name}.", whole, found)
        else:
            found[f"{before}{name}"] = _column(shape, values)


def _column(shape: Shape | None, values: list[Any]) -> Column:
    return Column(shape if shape is None or _fits(shape, values) else ANYTHING, values)


_TYPES: Mapping[Kind, set[type]] = {
    Kind.TEXT: {str},
    Kind.INTEGER: {int},
    Kind.NUMBER: {int, float},
    Kind.BOOLEAN: {bool},
    Kind.MOMENT: {str},
    Kind.DAY: {str},
    Kind.CLOCK: {str},
    Kind.LIST: {list},
    Kind.STRUCT: set(),
}


def _fits(shape: Shape, values: Sequence[Any]) -> bool:
    """Whether all values are of the type that the shape says."""
    kinds = set(map(type, values)) - {type(None)}
    if shape.names:
        return kinds <= {str, int, float} and {each for each in values if type(each) is not str} <= {None, *shape.names}
    if not kinds <= _TYPES.get(shape.kind, kinds):
        return False
    return shape.kind is not Kind.INTEGER or all(-(2**63) <= value < 2**63 for value in values if value is not None)


# --- Values -----------------------------------------------------------------------------------------------------------

_Change: TypeAlias = Callable[[Any], Any]


def named(shape: Shape) -> _Change | None:
    """What puts the names of enums' members in the place of their values; None if there are none below a shape."""
    if shape.names:
        names = dict(shape.names)
        return lambda value: names.get(value, value)
    if shape.item is not None and (inner := named(shape.item)) is not None:
        return lambda value: [inner(each) for each in value] if isinstance(value, list) else value
    changes = {name: change for name, each in shape.fields.items() if (change := named(each)) is not None}
    if not changes:
        return None
    return lambda value: (
        {name: changes[name](each) if name in changes else each for name, each in value.items()}
        if isinstance(value, dict)
        else value
    )


def native(shape: Shape) -> _Change:
    """What makes Python's values of JSON's, as Arrow and polars take them: times are times, anything is JSON text.

    The change raises ValueError at a value that is not of the shape, and so would be lost.
    """
    change = _native_inner(shape)
    return lambda value: None if value is None else change(value)


def _native_inner(shape: Shape) -> _Change:
    if shape.item is not None:
        return _native_list(shape.item)
    if shape.kind is Kind.STRUCT:
        return _native_struct(shape.fields)
    if shape.names:
        return named(shape) or _same
    return _NATIVE[shape.kind]


def _native_list(item: Shape) -> _Change:
    change = native(item)
    plain = set() if item.names or item.kind is Kind.INTEGER else _PLAIN.get(item.kind, set())

    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError(f"no list: {value!r:.80}")
        return value if plain and set(map(type, value)) <= plain else [change(each) for each in value]

    return read


def _native_struct(fields: Mapping[str, Shape]) -> _Change:
    changes = {name: native(each) for name, each in fields.items()}

    def read(value: Any) -> Any:
        if not isinstance(value, dict) or not value.keys() <= changes.keys():
            raise ValueError(f"no struct of these fields: {value!r:.80}")
        return {name: change(value.get(name)) for name, change in changes.items()}

    return read


def naive_utc(text: str) -> datetime:
    """A time as JSON has it, in UTC; raises ValueError if it is none."""
    moment = datetime.fromisoformat(text)
    try:
        return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError as error:
        raise ValueError(f"in no year of UTC's: {text}") from error


def _same(value: Any) -> Any:
    return value


def _of(kinds: set[type]) -> _Change:
    def read(value: Any) -> Any:
        if type(value) not in kinds:
            raise ValueError(f"of another type: {value!r:.80}")
        return value

    return read


def _integer(value: Any) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError(f"no integer of 64 bits: {value!r:.80}")
    return value


def _spelled(read: Callable[[str], Any]) -> _Change:
    def change(value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError(f"no text: {value!r:.80}")
        return read(value)

    return change


def _json_text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


_PLAIN: Mapping[Kind, set[type]] = {
    Kind.TEXT: {str, type(None)},
    Kind.NUMBER: {float, int, type(None)},
    Kind.BOOLEAN: {bool, type(None)},
}
_NATIVE: Mapping[Kind, _Change] = {
    Kind.TEXT: _of({str}),
    Kind.INTEGER: _integer,
    Kind.NUMBER: _of({int, float}),
    Kind.BOOLEAN: _of({bool}),
    Kind.MOMENT: _spelled(naive_utc),
    Kind.DAY: _spelled(date.fromisoformat),
    Kind.CLOCK: _spelled(time.fromisoformat),
    Kind.ANYTHING: _json_text,
}
