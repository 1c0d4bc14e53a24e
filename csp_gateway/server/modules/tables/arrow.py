"""Columns as Arrow bytes, the one form in which tables are written.

Arrays are laid out here by numpy rather than by ``pyarrow.array``, which imports pandas for every list it is given: a
second and 50 MB that nobody asked for (pyarrow 23, ``_is_array_like`` in ``array.pxi``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

__all__ = ["KIND", "arrow_schema", "encode"]

KIND: Mapping[type, str] = {
    str: "string",
    int: "integer",
    float: "float",
    bool: "boolean",
    datetime: "datetime",
    date: "date",
}
"""What a column's type is called in Perspective."""

# A table that is made from Arrow keeps 64-bit integers; one made from a schema of names has 32 bits and wraps.
_ARROW: Mapping[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    datetime: pa.timestamp("us"),
    date: pa.date32(),
}

Buffers: TypeAlias = list[Any]
_EPOCH = datetime(1970, 1, 1)
_EPOCH_DAY = _EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)


def arrow_schema(types: Mapping[str, type]) -> pa.Schema:
    """The Arrow schema of columns of these types; datetimes are UTC microseconds."""
    return pa.schema([(name, _ARROW[kind]) for name, kind in types.items()])


def encode(schema: pa.Schema, columns: Mapping[str, Sequence[Any]]) -> tuple[bytes, int]:
    """Columns of one length as an Arrow IPC stream. NaN becomes empty, as it does in JSON.

    csp does not look inside ``Optional`` and containers, so a column may hold a value of another type: it becomes
    empty, and is counted, rather than taking the other rows with it.

    Returns:
        The stream, and how many values became empty because they were of another type.
    """
    misfits = 0
    arrays = []
    for field in schema:
        array, missed = _array(columns[field.name], field.type)
        arrays.append(array)
        misfits += missed
    batch = pa.record_batch(arrays, schema=schema)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(batch)
    stream: bytes = sink.getvalue().to_pybytes()
    return stream, misfits


def _array(values: Sequence[Any], kind: pa.DataType) -> tuple[pa.Array, int]:
    layout = _LAYOUTS[kind]
    types = set(map(type, values))
    if types <= {layout.exact, type(None)}:
        try:
            return layout.array(values, kind, gaps=type(None) in types), 0
        except OverflowError:  # an integer of more than 64 bits
            pass
    fitting = [layout.fit(value) for value in values]
    misfits = sum(kept is None and value is not None for kept, value in zip(fitting, values, strict=True))
    return layout.array(fitting, kind, gaps=True), misfits


@dataclass(frozen=True, slots=True)
class _Layout:
    """How values of one type are laid out."""

    lay: Callable[[Sequence[Any]], Buffers]
    exact: type
    empty: Any
    """What stands where there is no value."""
    fit: Callable[[Any], Any]
    """Any value as one of this type; None if it is none."""

    def array(self, values: Sequence[Any], kind: pa.DataType, *, gaps: bool) -> pa.Array:
        """An Arrow array of values of the exact type and, if it may have gaps, of None."""
        valid: Any = None
        if gaps:
            valid = np.array([value is not None for value in values], np.bool_)
            values = [self.empty if value is None else value for value in values]
        buffers = self.lay(values)
        if self.exact is float:
            numbers = ~np.isnan(buffers[0])
            valid = numbers if valid is None else valid & numbers
        validity = None if valid is None or valid.all() else pa.py_buffer(_bits(valid))
        return pa.Array.from_buffers(kind, len(values), [validity, *map(pa.py_buffer, buffers)])


def _bits(flags: Any) -> Any:
    return np.packbits(flags, bitorder="little")


def _lay_text(values: Sequence[str]) -> Buffers:
    text = "".join(values)
    if text.isascii():
        encoded = text.encode()
        lengths = map(len, values)
    else:
        each = [value.encode(errors="replace") for value in values]
        encoded = b"".join(each)
        lengths = map(len, each)
    offsets = np.fromiter(chain((0,), lengths), np.int64, len(values) + 1).cumsum()
    return [offsets.astype(np.int32), encoded]


def _lay_moments(values: Sequence[datetime]) -> Buffers:
    try:
        since = [(value - _EPOCH) / _MICROSECOND for value in values]
    except TypeError:  # some have an offset
        since = [(_naive_utc(value) - _EPOCH) / _MICROSECOND for value in values]
    return [np.array(since, np.float64).astype(np.int64)]


def _naive_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _lay_days(values: Sequence[date]) -> Buffers:
    return [np.array([value.toordinal() - _EPOCH_DAY for value in values], np.int32)]


def _of(*types: type) -> Callable[[Any], Any]:
    """The value, if it is of one of these types; otherwise None."""
    return lambda value: value if isinstance(value, types) else None


def _int64(value: Any) -> int | None:
    return int(value) if isinstance(value, int | np.integer) and -(2**63) <= value < 2**63 else None


_LAYOUTS: Mapping[pa.DataType, _Layout] = {
    _ARROW[str]: _Layout(_lay_text, str, "", _of(str)),
    _ARROW[int]: _Layout(lambda values: [np.array(values, np.int64)], int, 0, _int64),
    _ARROW[float]: _Layout(lambda values: [np.array(values, np.float64)], float, 0.0, _of(float, int, np.floating)),
    _ARROW[bool]: _Layout(lambda values: [_bits(np.array(values, np.bool_))], bool, False, _of(bool, np.bool_)),
    _ARROW[datetime]: _Layout(_lay_moments, datetime, _EPOCH, _of(datetime)),
    _ARROW[date]: _Layout(_lay_days, date, _EPOCH.date(), _of(date)),
}
