"""Many records as an answer, in rows of JSON or in columns of Arrow: structs, dicts, or a table that is there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Protocol

import orjson
import pyarrow as pa

from csp_gateway.server.structs.any_json import json_of
from csp_gateway.server.structs.arrow_columns import Odd
from csp_gateway.server.structs.arrow_json import json_values
from csp_gateway.server.structs.arrow_layout import LAYOUTS
from csp_gateway.server.structs.arrow_nesting import put_below
from csp_gateway.server.structs.arrow_reader import ROWS, ArrowReader, ArrowRows, in_batches
from csp_gateway.server.structs.arrow_types import column_of
from csp_gateway.server.structs.encode import encode

__all__ = ["ODD", "DictRows", "StructRows", "TableRows", "Tabular", "as_table", "completed", "with_odd", "write_rows"]

ODD = "_odd"
"""The column of what no other column could hold: of each such row, a JSON object, path → value."""

_CHUNK = 500
"""Rows that are written as JSON at once, in a millisecond or two."""


class Tabular(Protocol):
    """Records that can be handed out in rows or in columns."""

    @property
    def schema(self) -> pa.Schema:
        """The columns."""

    def __len__(self) -> int: ...

    def json_rows(self) -> Iterator[list[bytes]]:
        """Each record as a JSON object, in order; a few hundred to a chunk."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The same in columns, at most 10,000 rows each."""


def as_table(tabular: Tabular) -> pa.Table:
    """All of it as one Arrow table."""
    return pa.Table.from_batches(list(tabular.batches()), schema=tabular.schema)


def write_rows(structs: Sequence[Any]) -> list[bytes]:
    """Each struct as JSON by ``encode``; by ``json_of`` where that fails, as at half of a surrogate pair."""
    return [_written(struct) for struct in structs]


def _written(struct: Any) -> bytes:
    try:
        return encode(struct)
    except Exception:  # whatever pydantic, or a serializer of the field's own, raises at a value of another type
        return json_of(struct)


class StructRows:
    """Structs of one class, or of classes made from it: their JSON is ``encode``'s, their columns ``ArrowReader``'s.

    What no column can hold stands in one more, ``ODD``, if structs of the class can hold such at all: misfits, and the
    fields that a class made from this one adds.

    Args:
        cls: the class that names the columns.
        structs: the structs, of which none is changed meanwhile.
        written: makes JSON objects of some of them, one each.
    """

    def __init__(
        self, cls: type, structs: Sequence[Any], *, written: Callable[[Sequence[Any]], list[bytes]] = write_rows
    ) -> None:
        self._reader = ArrowReader.of(cls)
        self._structs = structs
        self._written = written
        self._grows = self._reader.grows()
        self._odd = self._grows or self._reader.can_misfit
        self.schema = with_odd(self._reader.schema) if self._odd else self._reader.schema

    def __len__(self) -> int:
        return len(self._structs)

    def json_rows(self) -> Iterator[list[bytes]]:
        """Each struct as a JSON object, in order; a few hundred to a chunk."""
        return map(self._written, _chunks(self._structs, _CHUNK))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The structs in columns, at most 10,000 rows each."""
        for rows in in_batches(self._read, self._structs):
            yield completed(rows, self.schema) if self._odd else rows.batch

    def _read(self, structs: Sequence[Any]) -> ArrowRows:
        rows = self._reader.read(structs)
        if self._grows:
            for i, paths in self._reader.further(structs).items():
                rows.misfits.setdefault(i, {}).update(paths)
        return rows


class DictRows:
    """Dicts with the same keys, which are the columns.

    Args:
        types: column → the type that its values are declared with, as a struct's field is.
        rows: the dicts; what is absent is null.
        exact: the columns that hold nothing but what is declared. If that is not all of them, there is one more,
            ``ODD``, of what could not be held.
    """

    def __init__(self, types: Mapping[str, Any], rows: Sequence[dict[str, Any]], exact: Collection[str] = ()) -> None:
        self._columns = {name: column_of(annotation) for name, annotation in types.items()}
        self._rows = rows
        self._odd = not all(column.sure or name in exact for name, column in self._columns.items())
        schema = pa.schema([(name, column.kind) for name, column in self._columns.items()])
        self.schema = with_odd(schema) if self._odd else schema

    def __len__(self) -> int:
        return len(self._rows)

    def json_rows(self) -> Iterator[list[bytes]]:
        """Each dict as a JSON object, values in the forms of a record's JSON; a few hundred to a chunk."""
        for rows in _chunks(self._rows, _CHUNK):
            yield list(map(json_of, rows))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The dicts in columns, at most 10,000 rows each."""
        for rows in in_batches(self._read, self._rows):
            yield completed(rows, self.schema) if self._odd else rows.batch

    def _read(self, rows: Sequence[dict[str, Any]]) -> ArrowRows:
        arrays = []
        odd: Odd = {}
        for name, column in self._columns.items():
            array, below = column.read([row.get(name) for row in rows])
            arrays.append(array)
            put_below(name, below, odd)
        return ArrowRows(pa.RecordBatch.from_arrays(arrays, names=list(self._columns)), odd)


class TableRows:
    """An Arrow table. Columns of one name are told apart: ``x``, ``x_1``."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table.rename_columns(_distinct(table.column_names))
        self.schema: pa.Schema = self._table.schema

    def __len__(self) -> int:
        rows: int = self._table.num_rows
        return rows

    def json_rows(self) -> Iterator[list[bytes]]:
        """Each row as a JSON object, as ``json_values`` has its values; a few hundred to a chunk."""
        names = self._table.column_names
        for batch in self._table.to_batches(max_chunksize=_CHUNK):
            columns = [json_values(column) for column in batch.columns]
            yield [orjson.dumps(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The table in pieces of at most 10,000 rows."""
        yield from self._table.to_batches(max_chunksize=ROWS)


def _chunks(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def with_odd(schema: pa.Schema) -> pa.Schema:
    """The columns, and one more for what they cannot hold."""
    return schema.append(pa.field(_free(ODD, schema.names), pa.string()))


def completed(rows: ArrowRows, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the column ``ODD``, that of ``with_odd``."""
    odd: list[str | None] = [None] * rows.batch.num_rows
    for i, paths in rows.misfits.items():
        odd[i] = json_of(paths).decode()
    return pa.RecordBatch.from_arrays([*rows.batch.columns, LAYOUTS[str].array(odd, gaps=True)], schema=schema)


def _distinct(names: Sequence[str]) -> list[str]:
    made: list[str] = []
    for name in names:
        made.append(name if name not in made else _free(name, [*names, *made]))
    return made


def _free(name: str, taken: Collection[str]) -> str:
    """The name, or the first of ``name_1``, ``name_2`` … that is not taken."""
    if name not in taken:
        return name
    return next(free for n in count(1) if (free := f"{name}_{n}") not in taken)
