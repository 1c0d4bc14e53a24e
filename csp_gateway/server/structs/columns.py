"""Structs as flat rows: the columns of a struct class, and many structs read column by column."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice, product
from math import prod
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np

from csp_gateway.errors import DeclarationError, did_you_mean
from csp_gateway.server.structs.column_types import ColumnType, Shape, field_types, shape_of

__all__ = ["MOST_ROWS", "Block", "ColumnReader", "ExcludedColumns"]

logger = logging.getLogger(__name__)

MOST_ROWS = 1_000
"""Rows one struct may become, whatever the lengths of its lists."""

DEEPEST = 8
"""Levels of nesting that become columns; a model may hold itself."""

ExcludedColumns: TypeAlias = set[str] | dict[str, Any]
"""Names to leave out, or name → True for all of it, or a set or dict for what is below it."""


@dataclass(slots=True)
class Block:
    """Structs read as columns of one length."""

    columns: dict[str, list[Any]]
    """Column → its values; None where a struct has none."""
    counts: list[int] | None
    """How many rows each struct became; None when each became one."""
    cut: int = 0
    """Rows that were left out because a struct would have become more than ``MOST_ROWS``."""


class ColumnReader:
    """The columns of one struct class, and how to read them from many structs at once.

    Scalars become columns of their name, nested structs columns ``parent.child``. A list, an array or a list of
    structs makes a row of each element and several of them the rows of their cartesian product, as in Perspective's
    tables; one struct never becomes more than ``MOST_ROWS`` rows. An empty list leaves one row without that value.

    Args:
        struct: a ``csp.Struct`` or pydantic model class.
        excluded: what to leave out.

    Raises:
        DeclarationError: ``excluded`` names a field that is not there.
    """

    def __init__(self, struct: type, excluded: ExcludedColumns | None = None, *, depth: int = 0) -> None:
        self.struct = struct
        below = _excluded_below(excluded)
        fields = {name: kind for name, kind in field_types(struct).items() if not name.startswith("_")}
        for name in below:
            if name not in fields:
                raise DeclarationError(f"{struct.__name__} has no column {name!r}; {did_you_mean(name, fields)}")
        scalars: list[_Part] = []
        nested: list[_Part] = []
        for name, annotation in fields.items():
            if below.get(name) is True:
                continue
            shape = shape_of(annotation)
            if shape is None or (shape.struct and depth == DEEPEST):
                logger.warning("%s.%s is not shown in tables: no column can hold %s", struct.__name__, name, annotation)
            elif shape.struct:
                nested.append(_NestedPart(name, shape, ColumnReader(shape.struct, below.get(name), depth=depth + 1)))
            else:
                scalars.append(_ScalarPart(name, shape))
        self._parts = scalars + nested
        self.types: dict[str, type] = dict(chain.from_iterable(part.types.items() for part in self._parts))
        """Column → str, int, float, bool, datetime or date; scalars first, each group as declared."""

    def read(self, structs: Sequence[Any]) -> Block:
        """The columns of ``structs``, in order. None among them, and fields that are unset, give None."""
        plain: dict[str, list[Any]] = {}
        groups: list[Block] = []
        cut = 0
        for part in self._parts:
            block = part.read(structs)
            cut += block.cut
            if block.counts is None:
                plain.update(block.columns)
            else:
                groups.append(block)
        if not groups:
            return Block(plain, None)
        joined = _cartesian(len(structs), plain, groups)
        joined.columns = {name: joined.columns[name] for name in self.types}
        joined.cut += cut
        return joined

    def rows(self, struct: Any) -> list[dict[str, Any]]:
        """One struct as rows of Python values, without the columns it has no value for; for tests and scripts."""
        block = self.read([struct])
        count = block.counts[0] if block.counts else 1
        return [
            {name: values[i] for name, values in block.columns.items() if values[i] is not None} for i in range(count)
        ]


class _ScalarPart:
    """A field whose values, or whose list's values, fit one column."""

    def __init__(self, name: str, shape: Shape) -> None:
        column: ColumnType = shape.column
        self.types = {name: column.type}
        self._name = name
        self._fetch = _fetcher(name)
        self._convert = column.convert
        self._listed = shape.listed

    def read(self, structs: Sequence[Any]) -> Block:
        values = self._fetch(structs)
        if not self._listed:
            return Block({self._name: self._convert(values) if self._convert else values}, None)
        lists = [_flat(value) for value in values]
        flat = list(chain.from_iterable(lists))
        return Block({self._name: self._convert(flat) if self._convert else flat}, [len(each) for each in lists])


class _NestedPart:
    """A field that holds a struct, or a list of structs."""

    def __init__(self, name: str, shape: Shape, reader: ColumnReader) -> None:
        self.types = {f"{name}.{child}": kind for child, kind in reader.types.items()}
        self._name = name
        self._fetch = _fetcher(name)
        self._listed = shape.listed
        self._reader = reader

    def read(self, structs: Sequence[Any]) -> Block:
        values = self._fetch(structs)
        if not self._listed:
            return self._named(self._reader.read(values))
        lists = [_flat(value) for value in values]
        block = self._named(self._reader.read(list(chain.from_iterable(lists))))
        if block.counts is None:
            block.counts = [len(each) for each in lists]
        else:
            each_child = iter(block.counts)
            block.counts = [sum(islice(each_child, len(each))) for each in lists]
        return block

    def _named(self, block: Block) -> Block:
        block.columns = {f"{self._name}.{child}": values for child, values in block.columns.items()}
        return block


_Part: TypeAlias = _ScalarPart | _NestedPart


def _excluded_below(excluded: ExcludedColumns | None) -> dict[str, Any]:
    if not excluded:
        return {}
    return excluded if isinstance(excluded, dict) else dict.fromkeys(sorted(excluded), True)


def _fetcher(name: str) -> Callable[[Sequence[Any]], list[Any]]:
    return partial(_fetch, name, attrgetter(name))


def _fetch(name: str, get: attrgetter[Any], structs: Sequence[Any]) -> list[Any]:
    try:
        return list(map(get, structs))
    except AttributeError:  # a field without default is unset in one of them, or one of them is None
        return [getattr(struct, name, None) for struct in structs]


def _flat(value: Any) -> list[Any]:
    """The elements of a list or array of any depth; none for None."""
    if value is None:
        return []
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "mM":  # below microseconds, tolist gives integers
            value = value.astype(f"{value.dtype.kind}8[us]")
        flat: list[Any] = value.ravel().tolist()
        return flat
    if any(isinstance(each, list | np.ndarray) for each in value):
        return list(
            chain.from_iterable(_flat(each) if isinstance(each, list | np.ndarray) else [each] for each in value)
        )
    return list(value)


def _cartesian(structs: int, plain: dict[str, list[Any]], groups: list[Block]) -> Block:
    """Every combination of the groups' rows of one struct, beside its plain values, at most ``MOST_ROWS`` a struct."""
    rows: list[tuple[int, ...]] = []
    counts: list[int] = []
    cut = 0
    starts = [0] * len(groups)
    for i in range(structs):
        spans: list[Sequence[int]] = []
        for g, group in enumerate(groups):
            count = group.counts[i] if group.counts else 1
            spans.append(range(starts[g], starts[g] + count) if count else (-1,))
            starts[g] += count
        wanted = prod(map(len, spans))
        kept = min(wanted, MOST_ROWS)
        rows.extend(islice(product((i,), *spans), kept))
        counts.append(kept)
        cut += wanted - kept
    own, *taken = zip(*rows, strict=True) if rows else ((),) * (len(groups) + 1)
    columns = {name: [values[i] for i in own] for name, values in plain.items()}
    for group, take in zip(groups, taken, strict=True):
        for name, values in group.columns.items():
            columns[name] = [values[i] if i >= 0 else None for i in take]
    return Block(columns, counts, cut)
