"""An answer as a pandas frame, from columns of JSON or from an Arrow table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from csp_gateway.client.arrow_values import json_value
from csp_gateway.client.columns import Column, naive_utc, named
from csp_gateway.client.extras import needed
from csp_gateway.client.shapes import Kind, Shape, shape_at

__all__ = ["pandas_of_arrow", "pandas_of_columns"]

_WHO = "as_pandas_df"


def pandas_of_columns(columns: Mapping[str, Column], rows: int, *, plain: bool = False) -> Any:
    """A frame of columns of JSON.

    Args:
        rows: how many there are, which no column could tell if there is none.
        plain: whether columns that nobody has said anything of are left to pandas.
    """
    pandas = needed("pandas", _WHO)
    series = {name: _series(pandas, column, plain=plain) for name, column in columns.items()}
    return pandas.DataFrame(series, index=pandas.RangeIndex(rows))


def pandas_of_arrow(table: Any, fields: Mapping[str, Shape]) -> Any:
    """A frame of a flat Arrow table; see ``arrow_frames``.

    Args:
        fields: what the schema says of columns, by name.
    """
    pandas = needed("pandas", _WHO)
    types = needed("pyarrow", _WHO).types
    series = {
        name: _arrow_series(pandas, types, column, shape_at(fields, name))
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    return pandas.DataFrame(series, index=pandas.RangeIndex(table.num_rows))


def _series(pandas: Any, column: Column, *, plain: bool) -> Any:
    shape, values = column.shape, column.values
    if shape is None:
        return pandas.Series(values, dtype=_dtype_among(pandas, values, plain=plain))
    missing = shape.nullable or (shape.kind in (Kind.INTEGER, Kind.BOOLEAN) and None in values)
    match shape.kind:
        case Kind.TEXT | Kind.CLOCK:
            change = named(shape)
            return pandas.Series(values if change is None else list(map(change, values)), dtype=pandas.StringDtype())
        case Kind.INTEGER:
            return pandas.Series(values, dtype="Int64" if missing else "int64")
        case Kind.NUMBER:
            return pandas.Series(values, dtype="float64")
        case Kind.BOOLEAN:
            return pandas.Series(values, dtype="boolean" if missing else "bool")
        case Kind.MOMENT:
            moments = _times(pandas, naive_utc, values)
            return _objects(pandas, values) if moments is None else moments.dt.tz_localize("UTC")
        case Kind.DAY:
            days = _times(pandas, date.fromisoformat, values)
            return _objects(pandas, values) if days is None else days
    change = named(shape)
    return _objects(pandas, values if change is None else [each and change(each) for each in values])


def _dtype_among(pandas: Any, values: Sequence[Any], *, plain: bool) -> Any:
    """The type of values that no schema tells of, which is not to hang on whether there happens to be a null."""
    kinds = set() if plain else set(map(type, values)) - {type(None)}
    if kinds == {str}:
        return pandas.StringDtype()
    if kinds == {bool}:
        return "boolean"
    if kinds == {int} and all(-(2**63) <= each < 2**63 for each in values if each is not None):
        return "Int64"
    return None if values else object


def _times(pandas: Any, read: Callable[[str], Any], values: Sequence[Any]) -> Any:
    """The values as times without a zone; None if one of them is text that is no time."""
    try:
        times = [None if each is None else read(each) for each in values]
    except ValueError:
        return None
    # By way of numpy: older versions of pandas would go through nanoseconds, which end in 2262.
    return pandas.Series(needed("numpy", _WHO).array(times, dtype="datetime64[us]"))


def _arrow_series(pandas: Any, types: Any, column: Any, shape: Shape | None) -> Any:
    kind = column.type
    anything = shape is not None and shape.kind is Kind.ANYTHING
    if types.is_string(kind) and not anything:
        return column.to_pandas(types_mapper=_always(pandas.StringDtype()))
    # Where no schema tells, as of SQL's answers: see _dtype_among.
    missing = column.null_count or shape is None or shape.nullable
    if types.is_integer(kind) and missing:
        return column.to_pandas(types_mapper=_always(pandas.Int64Dtype()))
    if types.is_boolean(kind) and missing:
        return column.to_pandas(types_mapper=_always(pandas.BooleanDtype()))
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_timestamp(kind):
        return column.to_pandas()
    if types.is_date(kind):
        return column.cast(needed("pyarrow", _WHO).timestamp("us")).to_pandas()
    change = None if shape is None else named(shape)
    values = [json_value(each, shape) for each in column.to_pylist()]
    if types.is_time(kind):
        return pandas.Series(values, dtype=pandas.StringDtype())
    return _objects(pandas, values if change is None else [each and change(each) for each in values])


def _objects(pandas: Any, values: Sequence[Any]) -> Any:
    return pandas.Series(list(values), dtype=object)


def _always(dtype: Any) -> Callable[[Any], Any]:
    return lambda _: dtype
