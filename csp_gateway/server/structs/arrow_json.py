"""The values of Arrow arrays as JSON has them, without the help of pandas."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import numpy as np
import orjson
import pyarrow as pa
from pyarrow import types
from pyarrow.compute import run_end_decode

from csp_gateway.server.structs.any_json import jsonable

__all__ = ["json_values"]

_NUMBERS = {
    pa.int8(): np.int8,
    pa.int16(): np.int16,
    pa.int32(): np.int32,
    pa.int64(): np.int64,
    pa.uint8(): np.uint8,
    pa.uint16(): np.uint16,
    pa.uint32(): np.uint32,
    pa.uint64(): np.uint64,
    pa.float32(): np.float32,
    pa.float64(): np.float64,
}
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_ENDLESS = {2**63 - 1: "infinity", 1 - 2**63: "-infinity"}
"""What DuckDB holds in place of times that never come."""


def json_values(array: pa.Array) -> list[Any]:
    """What orjson can write in place of each value, None where there is none.

    Times are ISO 8601 in UTC without an offset, durations seconds, numbers exact, binary UTF-8 as far as it is.
    """
    values = next(values_of(array) for known, values_of in _FORMS if known(array.type))
    valid = _valid(array)
    return values if valid is None else [value if there else None for value, there in zip(values, valid, strict=True)]


def _valid(array: pa.Array) -> list[bool] | None:
    """Where there is a value; None if everywhere, or if the values say so themselves."""
    if not array.null_count or not array.buffers() or array.buffers()[0] is None:
        return None
    bits = np.unpackbits(np.frombuffer(array.buffers()[0], np.uint8), bitorder="little")
    valid: list[bool] = bits[array.offset : array.offset + len(array)].astype(np.bool_).tolist()
    return valid


def _laid(array: pa.Array, buffer: int, dtype: Any, extra: int = 0) -> Any:
    """Values of one size, as they are in memory."""
    if not len(array):
        return np.zeros(extra, dtype)
    start = array.offset * np.dtype(dtype).itemsize
    return np.frombuffer(array.buffers()[buffer], dtype, len(array) + extra, start)


def _numbers(array: pa.Array) -> list[Any]:
    numbers: list[Any] = _laid(array, 1, _NUMBERS[array.type]).tolist()
    return numbers


def _booleans(array: pa.Array) -> list[bool]:
    bits = np.unpackbits(np.frombuffer(array.buffers()[1] or b"", np.uint8), bitorder="little")
    flags: list[bool] = bits[array.offset : array.offset + len(array)].astype(np.bool_).tolist()
    return flags


def _texts(array: pa.Array) -> list[str]:
    """Of text and of binary."""
    wide = types.is_large_string(array.type) or types.is_large_binary(array.type)
    ends = _laid(array, 1, np.int64 if wide else np.int32, 1).tolist()
    data = (array.buffers()[2] or pa.py_buffer(b"")).slice(ends[0], ends[-1] - ends[0]).to_pybytes()
    spans = [(start - ends[0], end - ends[0]) for start, end in pairwise(ends)]
    if data.isascii():
        text = data.decode()
        return [text[start:end] for start, end in spans]
    return [data[start:end].decode(errors="replace") for start, end in spans]


def _moments(array: pa.Array) -> list[Any]:
    unit = array.type.unit
    ticks = _laid(array, 1, np.int64)
    spelled = ticks.view(f"M8[{unit}]")
    micro = spelled.astype("M8[us]")
    if unit != "ns" and int not in set(map(type, moments := micro.tolist())):
        found: list[Any] = moments
        return found
    return [
        _ENDLESS.get(tick) or str(exact) if isinstance(moment, int) or (tick % 1000 and unit == "ns") else moment
        for tick, exact, moment in zip(ticks.tolist(), spelled, micro.tolist(), strict=True)
    ]


def _days(array: pa.Array) -> list[Any]:
    if types.is_date64(array.type):
        days = _laid(array, 1, np.int64) // 86_400_000
    else:
        days = _laid(array, 1, np.int32).astype(np.int64)
    endless = {2**31 - 1: "infinity", 1 - 2**31: "-infinity"}
    exact = days.view("M8[D]")
    return [
        endless.get(day) or str(spelled) if isinstance(date, int) else date
        for day, spelled, date in zip(days.tolist(), exact, exact.tolist(), strict=True)
    ]


def _clocks(array: pa.Array) -> list[str]:
    per_second = _PER_SECOND[array.type.unit]
    ticks = _laid(array, 1, np.int32 if types.is_time32(array.type) else np.int64).tolist()
    return [_clock(*divmod(tick * 10**9 // per_second, 10**9)) for tick in ticks]


def _clock(second: int, nano: int) -> str:
    minutes, seconds = divmod(second, 60)
    fraction = f".{nano:09}" if nano % 1000 else f".{nano // 1000:06}" if nano else ""
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{fraction}"


def _durations(array: pa.Array) -> list[Any]:
    per_second = _PER_SECOND[array.type.unit]
    return [_seconds(tick, per_second) for tick in _laid(array, 1, np.int64).tolist()]


def _seconds(ticks: int, per_second: int) -> Any:
    """Seconds, as a text of ISO 8601 where no number of 64 bits is just that many."""
    if abs(ticks) < 2**53 or not ticks % per_second:
        return ticks / per_second
    return f"PT{Decimal(ticks) / per_second}S"


def _intervals(array: pa.Array) -> list[Any]:
    return [value and _interval(*value) for value in array.to_pylist()]


def _interval(months: int, days: int, nanos: int) -> Any:
    if not months:
        return _seconds(days * 86_400 * 10**9 + nanos, 10**9)
    rest = (f"{days}D" if days else "") + (f"T{(Decimal(nanos) / 10**9).normalize():f}S" if nanos else "")
    return f"P{months}M{rest}"


def _decimals(array: pa.Array) -> list[Any]:
    if array.type.scale <= 0:
        return [value if value is None else jsonable(int(value)) for value in array.to_pylist()]
    return [value if value is None else orjson.Fragment(f"{value:f}") for value in array.to_pylist()]


def _lists(array: pa.Array) -> list[list[Any]]:
    ends = array.offsets.to_pylist() if len(array) else [0]
    values = json_values(array.values.slice(ends[0], ends[-1] - ends[0]))
    return [values[start - ends[0] : end - ends[0]] for start, end in pairwise(ends)]


def _fixed_lists(array: pa.Array) -> list[list[Any]]:
    size = array.type.list_size
    values = json_values(array.values.slice(array.offset * size, len(array) * size))
    return [values[i * size : (i + 1) * size] for i in range(len(array))]


def _maps(array: pa.Array) -> list[dict[str, Any]]:
    ends = array.offsets.to_pylist() if len(array) else [0]
    start, count = ends[0], ends[-1] - ends[0]
    keys = [_key(key) for key in json_values(array.keys.slice(start, count))]
    values = json_values(array.items.slice(start, count))
    return [
        dict(zip(keys[a - start : b - start], values[a - start : b - start], strict=True)) for a, b in pairwise(ends)
    ]


def _key(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode().strip('"')


def _structs(array: pa.Array) -> list[dict[str, Any]]:
    names = [field.name for field in array.type]
    columns = [json_values(array.field(i)) for i in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)] if names else [{}] * len(array)


def _unions(array: pa.Array) -> list[Any]:
    columns = [json_values(array.field(i)) for i in range(array.type.num_fields)]
    codes = {code: columns[i] for i, code in enumerate(array.type.type_codes)}
    # ``type_codes`` and ``offsets`` of a slice are those of the whole (pyarrow 23).
    which = _laid(array, 1, np.int8).tolist()
    where = _laid(array, 2, np.int32).tolist() if array.type.mode == "dense" else range(len(array))
    return [codes[code][i] for code, i in zip(which, where, strict=True)]


def _extensions(array: pa.Array) -> list[Any]:
    if array.type.extension_name == "arrow.uuid":
        return [value and str(UUID(bytes=value)) for value in array.storage.to_pylist()]
    return json_values(array.storage)


_FORMS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], list[Any]]], ...] = (
    (_NUMBERS.__contains__, _numbers),
    (types.is_boolean, _booleans),
    (types.is_string, _texts),
    (types.is_large_string, _texts),
    (types.is_string_view, lambda array: _texts(array.cast(pa.large_string()))),
    (types.is_binary, _texts),
    (types.is_large_binary, _texts),
    (types.is_binary_view, lambda array: _texts(array.cast(pa.large_binary()))),
    (types.is_fixed_size_binary, lambda array: _texts(array.cast(pa.large_binary()))),
    (types.is_timestamp, _moments),
    (types.is_date, _days),
    (types.is_time, _clocks),
    (types.is_duration, _durations),
    (types.is_interval, _intervals),
    (types.is_decimal, _decimals),
    (types.is_map, _maps),
    (types.is_list, _lists),
    (types.is_large_list, _lists),
    (types.is_fixed_size_list, _fixed_lists),
    (types.is_struct, _structs),
    (types.is_union, _unions),
    (types.is_dictionary, lambda array: json_values(array.dictionary_decode())),
    (types.is_run_end_encoded, lambda array: json_values(run_end_decode(array))),
    (types.is_null, lambda array: [None] * len(array)),
    (lambda kind: isinstance(kind, pa.BaseExtensionType), _extensions),
    (lambda kind: True, lambda array: [jsonable(value) for value in array.to_pylist()]),
)
"""Type → the values of its arrays; where there is none, anything may stand."""
