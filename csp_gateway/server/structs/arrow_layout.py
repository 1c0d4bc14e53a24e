"""Python values as Arrow arrays, laid out by numpy.

``pyarrow.array`` imports pandas for every list it is given: a second and 50 MB that nobody asked for (pyarrow 23,
``_is_array_like`` in ``array.pxi``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

__all__ = ["LAYOUTS", "Layout", "list_array", "struct_array"]

Buffers: TypeAlias = list[Any]

_EPOCH = datetime(1970, 1, 1)
_EPOCH_DAY = _EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)
_MOST = 2**31 - 1
"""Bytes of text, or elements of lists, that one array can hold."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How values of one exact type are laid out."""

    kind: pa.DataType
    exact: type
    empty: Any
    """What stands where there is no value."""
    lay: Callable[[Sequence[Any]], Buffers]

    def array(self, values: Sequence[Any], *, gaps: bool, nan_is_gap: bool = False) -> pa.Array:
        """An array of values of the exact type and, if it may have gaps, of None.

        Raises:
            OverflowError: an integer has more than 64 bits, or a duration too many microseconds.
            TypeError: a time has an offset, or a value is of another type.
            UnicodeEncodeError: a text holds half of a surrogate pair.
            pyarrow.ArrowCapacityError: all together they are more than 2 GB.
        """
        valid: Any = None
        if gaps:
            valid = _present(values)
            values = [self.empty if value is None else value for value in values]
        buffers = self.lay(values)
        if nan_is_gap and self.exact is float:
            numbers = ~np.isnan(buffers[0])
            valid = numbers if valid is None else valid & numbers
        return _array(self.kind, len(values), valid, buffers)


def list_array(lists: Sequence[Sequence[Any] | None], items: pa.Array) -> pa.Array:
    """An array of lists, given their elements as one array; where there is None, there is no list."""
    offsets = _offsets((0 if each is None else len(each) for each in lists), len(lists))
    return _array(pa.list_(items.type), len(lists), _present(lists), [offsets], [items])


def struct_array(
    kind: pa.DataType, structs: Sequence[Any], children: Sequence[pa.Array], *, gaps: bool = True
) -> pa.Array:
    """An array of structs, given their fields as arrays; where there is None, if it may be, there is no struct."""
    return _array(kind, len(structs), _present(structs) if gaps else None, [], children)


def _array(
    kind: pa.DataType, length: int, valid: Any, buffers: Buffers, children: Sequence[pa.Array] | None = None
) -> pa.Array:
    validity = None if valid is None or valid.all() else pa.py_buffer(_bits(valid))
    return pa.Array.from_buffers(kind, length, [validity, *map(pa.py_buffer, buffers)], children=children)


def _present(values: Sequence[Any]) -> Any:
    return np.array([value is not None for value in values], np.bool_)


def _bits(flags: Any) -> Any:
    return np.packbits(flags, bitorder="little")


def _offsets(lengths: Iterable[int], count: int) -> Any:
    ends = np.fromiter(chain((0,), lengths), np.int64, count + 1).cumsum()
    if ends[-1] > _MOST:
        raise pa.ArrowCapacityError(
            f"{ends[-1]} bytes or elements are too many for one column; read fewer rows at once"
        )
    return ends.astype(np.int32)


def _lay_text(values: Sequence[str]) -> Buffers:
    text = "".join(values)
    if text.isascii():
        return [_offsets(map(len, values), len(values)), text.encode()]
    return _lay_bytes([value.encode() for value in values])


def _lay_bytes(values: Sequence[bytes]) -> Buffers:
    return [_offsets(map(len, values), len(values)), b"".join(values)]


def _lay_moments(values: Sequence[datetime]) -> Buffers:
    return [np.array([(value - _EPOCH) // _MICROSECOND for value in values], np.int64)]


def _lay_days(values: Sequence[date]) -> Buffers:
    return [np.array([value.toordinal() - _EPOCH_DAY for value in values], np.int32)]


def _lay_clocks(values: Sequence[time]) -> Buffers:
    if any(value.tzinfo is not None for value in values):
        raise TypeError("a time of day has an offset, which no column can hold")
    seconds = np.array([(value.hour * 60 + value.minute) * 60 + value.second for value in values], np.int64)
    return [seconds * 1_000_000 + np.array([value.microsecond for value in values], np.int64)]


def _lay_spans(values: Sequence[timedelta]) -> Buffers:
    return [np.array([value // _MICROSECOND for value in values], np.int64)]


LAYOUTS: Mapping[type, Layout] = {
    layout.exact: layout
    for layout in (
        Layout(pa.string(), str, "", _lay_text),
        Layout(pa.int64(), int, 0, lambda values: [np.array(values, np.int64)]),
        Layout(pa.float64(), float, 0.0, lambda values: [np.array(values, np.float64)]),
        Layout(pa.bool_(), bool, False, lambda values: [_bits(np.array(values, np.bool_))]),
        Layout(pa.timestamp("us"), datetime, _EPOCH, _lay_moments),
        Layout(pa.date32(), date, _EPOCH.date(), _lay_days),
        Layout(pa.time64("us"), time, time(), _lay_clocks),
        Layout(pa.duration("us"), timedelta, timedelta(), _lay_spans),
        Layout(pa.binary(), bytes, b"", _lay_bytes),
    )
}
"""Python type → how its values are laid out. Datetimes are naive, and in UTC."""
