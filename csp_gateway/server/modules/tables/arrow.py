"""Columns as Arrow bytes, the one form in which tables are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from csp_gateway.server.structs.arrow_layout import LAYOUTS, Layout

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
_LAYOUTS: Mapping[pa.DataType, Layout] = {LAYOUTS[kind].kind: LAYOUTS[kind] for kind in KIND}


def arrow_schema(types: Mapping[str, type]) -> pa.Schema:
    """The Arrow schema of columns of these types; datetimes are UTC microseconds."""
    return pa.schema([(name, LAYOUTS[kind].kind) for name, kind in types.items()])


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
        array, missed = _array(columns[field.name], _LAYOUTS[field.type])
        arrays.append(array)
        misfits += missed
    batch = pa.record_batch(arrays, schema=schema)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(batch)
    stream: bytes = sink.getvalue().to_pybytes()
    return stream, misfits


def _array(values: Sequence[Any], layout: Layout) -> tuple[pa.Array, int]:
    types = set(map(type, values))
    if types <= {layout.exact, type(None)}:
        try:
            return layout.array(values, gaps=type(None) in types, nan_is_gap=True), 0
        except (OverflowError, TypeError, UnicodeEncodeError):  # 64 bits are not enough, an offset, half a surrogate
            pass
    fit = _FITS[layout.exact]
    fitting = [fit(value) for value in values]
    misfits = sum(kept is None and value is not None for kept, value in zip(fitting, values, strict=True))
    return layout.array(fitting, gaps=True, nan_is_gap=True), misfits


def _of(*types: type) -> Callable[[Any], Any]:
    """The value, if it is of one of these types; otherwise None."""
    return lambda value: value if isinstance(value, types) else None


def _int64(value: Any) -> int | None:
    return int(value) if isinstance(value, int | np.integer) and -(2**63) <= value < 2**63 else None


def _text(value: Any) -> str | None:
    return value.encode(errors="replace").decode() if isinstance(value, str) else None


def _naive_utc(value: Any) -> Any:
    if not isinstance(value, datetime) or value.tzinfo is None:
        return _of(datetime)(value)
    return value.astimezone(UTC).replace(tzinfo=None)


# Type → any value as one of this type; None if it is none.
_FITS: Mapping[type, Callable[[Any], Any]] = {
    str: _text,
    int: _int64,
    float: _of(float, int, np.floating),
    bool: _of(bool, np.bool_),
    datetime: _naive_utc,
    date: _of(date),
}
