"""Arrow columns of columns: lists, arrays of numpy, and structs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa

from csp_gateway.server.structs.arrow_columns import Column, Odd, unfitted
from csp_gateway.server.structs.arrow_layout import list_array, struct_array
from csp_gateway.server.structs.arrow_native import NativeReader
from csp_gateway.server.structs.schema import fields_of

__all__ = ["ArrayColumn", "ListColumn", "StructColumn", "put_below"]

_PIECE = 300
"""Structs whose own structs or lists are looked at together.

csp makes an object of each for Python; some hundreds more of them alive, and the garbage collector walks over all that
the process holds, while every thread waits: 0.2 s with 100,000 structs.
"""


class ListColumn(Column):
    """Lists, tuples or sets of what another column holds; a set in ascending order, if its elements have one.

    Of a list with an element that does not fit, all is odd.
    """

    def __init__(self, item: Column, containers: tuple[type, ...], *, exact: bool = False) -> None:
        self._item = item
        self._containers = containers
        self.kind = pa.list_(item.kind)
        self.exact = exact

    @property
    def sure(self) -> bool:
        return self.exact and self._item.sure

    def grows(self) -> bool:
        return self._item.grows()

    def further(self, values: Sequence[Any]) -> Odd:
        lists = [self.elements(value) for value in values]
        found = self._item.further(list(chain.from_iterable(filter(None, lists))))
        return {i: {"": values[i]} for i in _owners(lists, found)} if found else {}

    def read(self, values: Sequence[Any], *, trusted: bool = False) -> tuple[pa.Array, Odd]:
        lists = [self.elements(value) for value in values]
        array, unfit = self._item.read(list(chain.from_iterable(filter(None, lists))))
        if unfit:
            for i in _owners(lists, unfit):
                lists[i] = None
            array, _ = self._item.read(list(chain.from_iterable(filter(None, lists))))
        return list_array(lists, array), unfitted(values, lists)

    def elements(self, value: Any) -> Sequence[Any] | None:
        """The elements in order; None if the value is none of the containers."""
        elements: Any = value
        if not isinstance(value, self._containers):
            return None
        if isinstance(value, list | tuple):
            return list(value)  # a list that grows while it is read would not have as many elements as are laid out
        try:
            return sorted(elements)
        except TypeError:
            return list(elements)


def _owners(lists: Sequence[Sequence[Any] | None], elements: Iterable[int]) -> set[int]:
    """Which of the lists hold these of all their elements."""
    owners = np.repeat(np.arange(len(lists)), [len(each or ()) for each in lists])
    return {int(owners[element]) for element in elements}


class ArrayColumn(ListColumn):
    """Arrays of numpy of one dimension. csp does not look at their type."""

    def __init__(self, item: Column, dtype: np.dtype[Any]) -> None:
        super().__init__(item, (np.ndarray,))
        self._dtype = dtype

    def read(self, values: Sequence[Any], *, trusted: bool = False) -> tuple[pa.Array, Odd]:
        arrays = [value for value in values if value is not None]
        if self._dtype in _AS_LAID and arrays and all(map(self._is_expected, arrays)):
            flat = pa.py_buffer(np.concatenate(arrays))
            items = pa.Array.from_buffers(self._item.kind, sum(map(len, arrays)), [None, flat])
            return list_array(values, items), {}
        return super().read(values)

    def elements(self, value: Any) -> Sequence[Any] | None:
        if not isinstance(value, np.ndarray) or value.ndim != 1:
            return None
        if value.dtype.kind in "mM":
            micro = value.astype(f"{value.dtype.kind}8[us]")
            if not np.array_equal(micro, value, equal_nan=True):
                return None
            value = micro
        elements: list[Any] = value.tolist()
        return elements

    def _is_expected(self, value: Any) -> bool:
        return type(value) is np.ndarray and value.dtype == self._dtype and value.ndim == 1


_AS_LAID = (np.dtype(np.int64), np.dtype(np.float64))
"""Types whose arrays are in memory what Arrow wants."""


class StructColumn(Column):
    """Structs of one class, or of classes made from it, by their fields; what the latter add is left out."""

    def __init__(self, cls: type, fields: Mapping[str, Column], *, exact: bool = False) -> None:
        self.cls = cls
        self.fields = fields
        self.kind = pa.struct([(name, column.kind) for name, column in fields.items()])
        self.exact = exact
        self._native = NativeReader(cls, [name for name, column in fields.items() if column.native])

    @property
    def sure(self) -> bool:
        return self.exact and all(column.sure for column in self.fields.values())

    def grows(self) -> bool:
        return any(map(self._added_by, _made_from(self.cls))) or any(column.grows() for column in self.fields.values())

    def further(self, values: Sequence[Any]) -> Odd:
        structs = [value if isinstance(value, self.cls) else None for value in values]
        types: set[type] = set(map(type, structs))
        added = {kind: self._added_by(kind) for kind in types - {type(None), self.cls}}
        found: Odd = {}
        for i, struct in enumerate(structs):
            if held := {name: getattr(struct, name) for name in added.get(type(struct), ()) if hasattr(struct, name)}:
                found[i] = held
        for name, column in self.fields.items():
            if column.grows():
                put_below(name, column.further(_held(structs, name)[0]), found)
        return found

    def read(self, values: Sequence[Any], *, trusted: bool = False) -> tuple[pa.Array, Odd]:
        odd: Odd = {}
        types = {self.cls} if trusted else set(map(type, values))
        if not types <= {self.cls, type(None)}:
            structs = [value if isinstance(value, self.cls) else None for value in values]
            odd = unfitted(values, structs)
            values = structs
        native = self._native.read(values) if types == {self.cls} else {}
        arrays = []
        for name, column in self.fields.items():
            if name in native:
                arrays.append(native[name])
                continue
            array, below = _read_field(values, name, column)
            arrays.append(array)
            put_below(name, below, odd)
        return struct_array(self.kind, values, arrays, gaps=types != {self.cls}), odd

    def _added_by(self, kind: type) -> list[str]:
        """The fields of a class made from this one that have no column."""
        return [name for name, info in fields_of(kind).items() if name not in self.fields and not info.exclude]


def _made_from(cls: type) -> Iterator[type]:
    kind: type
    for kind in cls.__subclasses__():
        yield kind
        yield from _made_from(kind)


def put_below(name: str, below: Odd, odd: Odd) -> None:
    """Add to ``odd`` what was so in the column ``name``."""
    for i, paths in below.items():
        row = odd.setdefault(i, {})
        row.update((f"{name}.{path}" if path else name, value) for path, value in paths.items())


def _read_field(structs: Sequence[Any], name: str, column: Column) -> tuple[pa.Array, Odd]:
    if not isinstance(column, StructColumn | ListColumn) or len(structs) <= _PIECE:
        held, complete = _held(structs, name)
        return column.read(held, trusted=complete and column.exact)
    arrays = []
    odd: Odd = {}
    for start in range(0, len(structs), _PIECE):
        array, below = _read_field(structs[start : start + _PIECE], name, column)
        arrays.append(array)
        odd.update((start + i, paths) for i, paths in below.items())
    try:
        return pa.concat_arrays(arrays), odd
    except pa.ArrowInvalid as error:  # each is below 2 GB, all together are not
        raise pa.ArrowCapacityError(f"{name!r} is too large for one column: read fewer rows; {error}") from error


def _held(structs: Sequence[Any], name: str) -> tuple[list[Any], bool]:
    """What the structs hold in a field, and whether it is set in all of them."""
    try:
        return list(map(attrgetter(name), structs)), True
    except AttributeError:  # it is unset in one of them, or one of them is None
        return [getattr(struct, name, None) for struct in structs], False
