"""An answer as a polars frame, from columns of JSON or straight from the Arrow stream a gateway sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import chain
from typing import Any

from csp_gateway.client.arrow_values import ODD, json_value
from csp_gateway.client.columns import Column, native
from csp_gateway.client.extras import needed
from csp_gateway.client.shapes import ANYTHING, Kind, Shape, shape_at

__all__ = ["flat_polars", "polars_of_columns", "read_polars"]

_OLDEST = 1


def read_polars(body: bytes) -> Any:
    """The frame of an Arrow stream, as it was sent; polars reads it by itself, without pyarrow."""
    return _polars().read_ipc_stream(BytesIO(body))


def flat_polars(frame: Any, fields: Mapping[str, Shape]) -> Any:
    """A gateway's frame in the columns that JSON has: those of a struct are ``parent.child``, times are in UTC.

    Args:
        fields: what the schema says of columns, by name.
    """
    polars = _polars()
    columns = _flat(polars, [frame[name] for name in frame.columns if name != ODD])
    return polars.DataFrame([_plain(polars, each, shape_at(fields, each.name)) for each in columns])


def polars_of_columns(columns: Mapping[str, Column]) -> Any:
    """A frame of columns of JSON."""
    polars = _polars()
    return polars.DataFrame([_series(polars, name, column) for name, column in columns.items()])


def _polars() -> Any:
    """Polars itself.

    Raises:
        ImportError: it is not installed.
        ValueError: it is too old.
    """
    polars = needed("polars", "as_polars_df")
    if int(polars.__version__.partition(".")[0]) < _OLDEST:
        raise ValueError(f"as_polars_df needs polars 1.0 or newer, not {polars.__version__}: pip install -U polars")
    return polars


def _flat(polars: Any, columns: Sequence[Any]) -> list[Any]:
    found = []
    for column in columns:
        if isinstance(column.dtype, polars.Struct):
            inner = [column.struct.field(name).alias(f"{column.name}.{name}") for name in column.struct.fields]
            found += _flat(polars, inner)
        else:
            found.append(column)
    return found


def _plain(polars: Any, column: Any, shape: Shape | None) -> Any:
    """A column in one of the types that JSON's columns have; of other types, as it is."""
    kind = column.dtype
    if kind == polars.Duration:
        # Not by polars, which multiplies by a millionth: the last digit would be another than JSON's.
        micros = column.dt.total_microseconds().to_list()
        seconds = [None if each is None else each / 1_000_000 for each in micros]
        return polars.Series(column.name, seconds, dtype=polars.Float64)
    if kind == polars.Datetime:
        zoned = column.dt.replace_time_zone("UTC") if kind.time_zone is None else column.dt.convert_time_zone("UTC")
        return zoned.cast(polars.Datetime("us", "UTC"))
    if kind in (polars.Categorical, polars.Enum):
        return column.cast(polars.String)
    if kind.is_integer() and kind not in (polars.UInt64, polars.Int128):
        return column.cast(polars.Int64)
    if kind.is_decimal() and not kind.scale:
        whole = column.cast(polars.Int64, strict=False)
        return whole if whole.null_count() == column.null_count() else column
    if kind.is_float() or kind.is_decimal():
        return column.cast(polars.Float64)
    is_json = shape is not None and shape.kind is Kind.ANYTHING and kind in (polars.String, polars.Null)
    if shape is None or not (kind.is_nested() or is_json):
        return column
    wanted = _dtype(polars, shape)
    if kind.is_nested() and _in_utc(polars, kind) == wanted:
        return column.cast(wanted)
    values = [json_value(each, shape) for each in column.to_list()]
    try:
        return _exact_series(polars, column.name, Column(shape, values))
    except (ValueError, OverflowError):  # the schema says another thing than the stream, which is right
        return column


def _series(polars: Any, name: str, column: Column) -> Any:
    try:
        return _exact_series(polars, name, column)
    except (ValueError, OverflowError):
        return _exact_series(polars, name, Column(ANYTHING, column.values))


def _exact_series(polars: Any, name: str, column: Column) -> Any:
    """The values in a series of their shape's type; raises ValueError or OverflowError if one is not of it."""
    shape, values = column.shape, column.values
    if shape is not None and shape.kind is not Kind.ANYTHING:
        return polars.Series(name, list(map(native(shape), values)), dtype=_dtype(polars, shape))
    # Of anything it is what the schema makes of it, whatever the values are: two answers can be told apart by no type.
    dtype = _dtype_among(polars, values) if shape is None else None
    return polars.Series(name, values, dtype=polars.Object if dtype is None else dtype)


def _dtype(polars: Any, shape: Shape) -> Any:
    """The type of a column of values of a shape; of anything, below another shape: JSON text."""
    if shape.item is not None:
        return polars.List(_dtype(polars, shape.item))
    match shape.kind:
        case Kind.STRUCT:
            return polars.Struct({name: _dtype(polars, each) for name, each in shape.fields.items()})
        case Kind.INTEGER:
            return polars.Int64
        case Kind.NUMBER:
            return polars.Float64
        case Kind.BOOLEAN:
            return polars.Boolean
        case Kind.MOMENT:
            return polars.Datetime("us", "UTC")
        case Kind.DAY:
            return polars.Date
        case Kind.CLOCK:
            return polars.Time
    return polars.String


def _in_utc(polars: Any, dtype: Any) -> Any:
    """The type with times in UTC where it has times without a zone."""
    if dtype == polars.Datetime("us"):
        return polars.Datetime("us", "UTC")
    if isinstance(dtype, polars.List):
        return polars.List(_in_utc(polars, dtype.inner))
    if isinstance(dtype, polars.Struct):
        return polars.Struct({each.name: _in_utc(polars, each.dtype) for each in dtype.fields})
    return dtype


def _dtype_among(polars: Any, values: Sequence[Any]) -> Any:
    """The one type in which none of these values of JSON is changed; None if there is none."""
    kinds = set(map(type, values)) - {type(None)}
    there = [value for value in values if value is not None]
    if not kinds:
        return polars.Null
    if kinds == {list}:
        inner = _dtype_among(polars, list(chain.from_iterable(there)))
        return None if inner is None else polars.List(inner)
    if kinds == {dict}:
        names = there[0].keys()
        if not names or any(each.keys() != names or None in each.values() for each in there):
            return None  # what a struct has not is unset in it, and no null
        fields = {name: _dtype_among(polars, [each[name] for each in there]) for name in names}
        return None if None in fields.values() else polars.Struct(fields)
    if kinds == {int}:
        return polars.Int64 if all(-(2**63) <= each < 2**63 for each in there) else None
    return next((dtype for types, dtype in _scalars(polars) if kinds <= types), None)


def _scalars(polars: Any) -> list[tuple[set[type], Any]]:
    return [({bool}, polars.Boolean), ({int, float}, polars.Float64), ({str}, polars.String)]
