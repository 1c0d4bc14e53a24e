"""Columns as Arrow bytes, the one form in which tables are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

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
_MISFITS = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeError)


def arrow_schema(types: Mapping[str, type]) -> pa.Schema:
    """The Arrow schema of columns of these types; datetimes are UTC microseconds."""
    return pa.schema([(name, _ARROW[kind]) for name, kind in types.items()])


def encode(schema: pa.Schema, columns: Mapping[str, Sequence[Any]]) -> tuple[bytes, int]:
    """Columns of one length as an Arrow IPC stream.

    csp does not look inside ``Optional`` and containers, so a column may hold a value of another type: it becomes
    empty, and is counted, rather than taking the other rows with it.

    Returns:
        The stream, and how many values became empty.
    """
    misfits = 0
    arrays = []
    for field in schema:
        values = columns[field.name]
        try:
            array = pa.array(values, field.type)
        except _MISFITS:
            fitting = [value if _fits(value, field.type) else None for value in values]
            misfits += sum(given is not None and kept is None for given, kept in zip(values, fitting, strict=True))
            array = pa.array(fitting, field.type)
        arrays.append(array)
    return _stream(pa.record_batch(arrays, schema=schema)), misfits


def _fits(value: Any, kind: pa.DataType) -> bool:
    try:
        pa.scalar(value, kind)
    except _MISFITS:
        return False
    return True


def _stream(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    stream: bytes = sink.getvalue().to_pybytes()
    return stream
