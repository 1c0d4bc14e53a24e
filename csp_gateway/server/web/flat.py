"""Columns that a text file can hold: structs become dotted ones; lists, maps and bytes the text JSON has for them."""

from __future__ import annotations

from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from csp_gateway.server.structs import LAYOUTS
from csp_gateway.server.structs.tabular import TableRows

__all__ = ["flat"]


def flat(table: pa.Table) -> pa.Table:
    """The same rows in columns of numbers, texts and times: those of a struct are called ``parent.child``."""
    while any(map(pa.types.is_struct, table.schema.types)):
        table = table.flatten()
    return pa.Table.from_arrays([_plain(each) for each in table.columns], names=table.column_names)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind, types = column.type, pa.types
    if types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if types.is_duration(kind):  # as in JSON
        micros = column.cast(pa.duration("us")).cast(pa.int64()).cast(pa.float64())
        return pc.divide(micros, 1_000_000.0)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return column.cast(pa.string())
    if (types.is_primitive(kind) and not types.is_interval(kind)) or types.is_decimal(kind) or types.is_null(kind):
        return column
    return _texts(column)


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    rows = chain.from_iterable(TableRows(pa.table({"": column})).json_rows())
    texts = [row[len(b'{"":') : -1].decode() for row in rows]
    return pa.chunked_array([LAYOUTS[str].array([None if each == "null" else each for each in texts], gaps=True)])
