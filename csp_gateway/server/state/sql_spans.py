"""DuckDB's intervals as durations, which pandas, polars and Parquet can hold."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from csp_gateway.errors import SqlError

__all__ = ["with_durations"]

_DURATION = pa.duration("us")
_DAY = 86_400_000_000
_LAYOUT = np.dtype([("months", "<i4"), ("days", "<i4"), ("nanos", "<i8")])


def with_durations(table: pa.Table) -> pa.Table:
    """The table with a duration in microseconds, as a state's own columns have it, for each interval, nested ones too.

    Raises:
        SqlError: one has months, which are no fixed time, or is longer than a duration can be.
    """
    for index, field in enumerate(table.schema):
        kind = _kind(field.type)
        if kind != field.type:
            chunks = [_durations(chunk, field.name) for chunk in table.column(index).chunks]
            table = table.set_column(index, field.name, pa.chunked_array(chunks, kind))
    return table


def _kind(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_interval(kind):
        return _DURATION
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(each.name, _kind(each.type), each.nullable) for each in kind])
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_kind(kind.value_type)))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_kind(kind.value_type)), kind.list_size)
    if pa.types.is_map(kind):
        return pa.map_(kind.key_field.with_type(_kind(kind.key_type)), kind.item_field.with_type(_kind(kind.item_type)))
    return kind


def _durations(array: pa.Array, column: str) -> pa.Array:
    kind = _kind(array.type)
    if kind == array.type:
        return array
    if pa.types.is_struct(kind):
        inner = [_durations(each, column) for each in array.flatten()]
        return pa.StructArray.from_arrays(inner, fields=list(kind), mask=array.is_null())
    if pa.types.is_list(kind):
        return pa.ListArray.from_arrays(array.offsets, _durations(array.values, column), kind, mask=array.is_null())
    if pa.types.is_fixed_size_list(kind):
        values = array.values.slice(array.offset * kind.list_size, len(array) * kind.list_size)
        return pa.FixedSizeListArray.from_arrays(_durations(values, column), type=kind, mask=array.is_null())
    if pa.types.is_map(kind):
        keys, items = _durations(array.keys, column), _durations(array.items, column)
        return pa.MapArray.from_arrays(array.offsets, keys, items, kind, mask=array.is_null())
    return _micros(array, column)


def _micros(array: pa.Array, column: str) -> pa.Array:
    missing = array.is_null().to_numpy(zero_copy_only=False)
    if not len(array):
        return pa.array([], _DURATION)
    parts = np.frombuffer(array.buffers()[1], _LAYOUT, len(array), array.offset * _LAYOUT.itemsize)
    parts = np.where(missing, np.zeros(1, _LAYOUT), parts)
    if parts["months"].any():
        raise SqlError(f"column {column!r} has months, which are no fixed time; select it as text: {column}::varchar")
    days, micros = parts["days"].astype(np.int64), parts["nanos"] // 1_000
    if (np.abs(days) > 2**62 // _DAY).any():
        raise SqlError(f"column {column!r} has an interval that is too long; select it as text: {column}::varchar")
    return pa.array(days * _DAY + micros, _DURATION, mask=missing)
