"""Many structs of one class as Arrow: a struct is a row, what is nested stays nested, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import csp
import pyarrow as pa

from csp_gateway.server.structs.arrow_columns import Odd, TextColumn
from csp_gateway.server.structs.arrow_nesting import StructColumn
from csp_gateway.server.structs.arrow_types import struct_column

__all__ = ["ROWS", "ArrowReader", "ArrowRows", "Leaf", "in_batches"]

ROWS = 10_000
"""Structs that are read at once: no step on them keeps other threads waiting for more than a few milliseconds."""

_READER = "__gateway_arrow__"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column, or a field of one, by its dotted path."""

    path: str
    arrow_type: pa.DataType
    exact: bool
    """Whether it always holds just what the struct does; if not, a misfit may stand at the path, or on the way there.

    Of a struct, what its fields hold is left to them.
    """
    text: bool
    """Whether it holds JSON text of values that no other column can hold; such are never misfits, nor exact."""


@dataclass(frozen=True, slots=True)
class ArrowRows:
    """Structs as columns."""

    batch: pa.RecordBatch
    """A row of each struct. What is unset or None is null, and so is what did not fit."""
    misfits: Odd
    """Row → dotted path → the value that did not fit; of a list, all of it."""


class ArrowReader:
    """The columns of one struct class, and how to read them from many structs at once.

    Every field that travels in JSON has a column, in the same order. A value is held exactly or not at all: what does
    not fit its column, as 2**70 or a text in an ``int | None``, is null there and handed back as a misfit.

    Args:
        cls: a ``csp.Struct`` class; ``of`` makes one reader for each.
    """

    def __init__(self, cls: type) -> None:
        self._column = struct_column(cls)
        self.schema: pa.Schema = pa.schema(list(self._column.kind))
        self.leaves: Mapping[str, Leaf] = {leaf.path: leaf for leaf in _leaves(self._column, "", True)}
        """Every column, and every field of one that is a struct, by dotted path."""
        self.can_misfit = not self._column.sure
        """Whether a struct of this class can hold what its columns cannot."""

    @classmethod
    def of(cls, struct: type) -> ArrowReader:
        """The reader of exactly this class, made on first use.

        Raises:
            TypeError: it is no struct class.
        """
        if not (isinstance(struct, type) and issubclass(struct, csp.Struct)):
            raise TypeError(f"{struct!r:.80} is no struct class")
        reader: ArrowReader | None = vars(struct).get(_READER)
        if reader is None:
            reader = cls(struct)
            setattr(struct, _READER, reader)
        return reader

    def read(self, structs: Sequence[Any]) -> ArrowRows:
        """The structs, of the class or of classes made from it, as one batch.

        Raises:
            TypeError: one is of another class.
            pyarrow.ArrowCapacityError: a column has more than 2 GB; ``read_batches`` makes several.
        """
        parts = [self._read(structs[start : start + ROWS]) for start in range(0, len(structs), ROWS) or (0,)]
        if len(parts) == 1:
            return parts[0]
        batches = pa.Table.from_batches([part.batch for part in parts]).combine_chunks().to_batches()
        if len(batches) > 1:
            raise pa.ArrowCapacityError(f"{len(structs)} structs are too large for one batch: use read_batches")
        misfits = {n * ROWS + i: paths for n, part in enumerate(parts) for i, paths in part.misfits.items()}
        return ArrowRows(batches[0], misfits)

    def read_batches(self, structs: Sequence[Any], rows: int = ROWS) -> Iterator[ArrowRows]:
        """The same in batches of at most ``rows`` structs, fewer where one would have more than 2 GB."""
        return in_batches(self._read, structs, rows)

    def grows(self) -> bool:
        """Whether a class has been made that adds fields to this one, or to one of a nested struct."""
        return self._column.grows()

    def further(self, structs: Sequence[Any]) -> Odd:
        """Row → dotted path → what such classes hold in fields that have no column; of a list, all of it."""
        return self._column.further(structs)

    def _read(self, structs: Sequence[Any]) -> ArrowRows:
        array, odd = self._column.read(structs)
        for paths in odd.values():
            if "" in paths:
                raise TypeError(f"{paths['']!r:.80} is no {self._column.cls.__name__}")
        return ArrowRows(pa.RecordBatch.from_struct_array(array), odd)


def in_batches(
    read: Callable[[Sequence[Any]], ArrowRows], records: Sequence[Any], rows: int = ROWS
) -> Iterator[ArrowRows]:
    """What ``read`` makes of at most ``rows`` records at a time, of fewer where it says that they are too large."""
    for start in range(0, len(records), rows):
        some = records[start : start + rows]
        try:
            yield read(some)
        except pa.ArrowCapacityError:
            if len(some) == 1:
                raise
            yield from in_batches(read, some, len(some) // 2)


def _leaves(struct: StructColumn, prefix: str, reached: bool) -> Iterator[Leaf]:
    """``reached``: whether a struct is all that can be where this one is."""
    for name, column in struct.fields.items():
        path = prefix + name
        if isinstance(column, StructColumn):
            yield Leaf(path, column.kind, reached and column.exact, False)
            yield from _leaves(column, f"{path}.", reached and column.exact)
        else:
            text = isinstance(column, TextColumn)
            yield Leaf(path, column.kind, reached and column.sure and not text, text)
