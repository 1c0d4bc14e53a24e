"""Arrow columns made of Python values: what each can hold, and what would not go into it.

A value that a column cannot hold exactly becomes null, and is handed back as odd, under its path from there: csp does
not look inside ``Optional``, sets, tuples and arrays, so that any value may stand in them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from itertools import chain
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np
import orjson
import pyarrow as pa

from csp_gateway.server.structs.any_json import json_of
from csp_gateway.server.structs.arrow_fits import FITS
from csp_gateway.server.structs.arrow_layout import LAYOUTS, list_array, struct_array
from csp_gateway.server.structs.schema import fields_of

__all__ = [
    "ArrayColumn",
    "Column",
    "EnumColumn",
    "ListColumn",
    "Odd",
    "ScalarColumn",
    "StructColumn",
    "TextColumn",
    "put_below",
]

Odd: TypeAlias = dict[int, dict[str, Any]]
"""Row → path → the value there that did not fit. The path of a row's own value is empty."""

_NONE = type(None)
_GIVEN_UP = (OverflowError, TypeError, AttributeError, UnicodeEncodeError)
"""What laying out raises at a value that is not of the exact type, or out of range."""


class Column(ABC):
    """A column of one type, at any depth."""

    kind: pa.DataType
    exact: bool
    """Whether csp keeps every value out of here that does not fit; what is below it is not meant."""

    @property
    def sure(self) -> bool:
        """Whether nothing can be odd, here or below."""
        return self.exact

    def grows(self) -> bool:
        """Whether there is, by now, a class made from one below here that adds fields to it."""
        return False

    def further(self, values: Sequence[Any]) -> Odd:
        """What structs of such classes hold in the fields they add; of a list, all is handed back."""
        return {}

    @abstractmethod
    def read(self, values: Sequence[Any], *, trusted: bool = False) -> tuple[pa.Array, Odd]:
        """The values as an array, and what did not fit.

        Args:
            values: any; None is null.
            trusted: a struct's own field gave each of them, and the field is ``exact``.
        """


class ScalarColumn(Column):
    """Values of one of Python's types, as they are."""

    def __init__(self, kind: type, *, exact: bool = False) -> None:
        self._layout = LAYOUTS[kind]
        self._fit = FITS[kind]
        self.kind = self._layout.kind
        self.exact = exact

    def read(self, values: Sequence[Any], *, trusted: bool = False) -> tuple[pa.Array, Odd]:
        types = {self._layout.exact} if trusted else set(map(type, values))
        if types <= {self._layout.exact, _NONE}:
            try:
                return self._layout.array(values, gaps=_NONE in types), {}
            except _GIVEN_UP:
                pass
        fitting = [None if value is None else self._fit(value) for value in values]
        return self._layout.array(fitting, gaps=True), _odd(values, fitting)


class EnumColumn(Column):
    """Members of an enum, by name."""

    def __init__(self, members: type[Enum], *, exact: bool = False) -> None:
        self._members = members
        self._layout = LAYOUTS[str]
        self.kind = self._layout.kind
        self.exact = exact

    def read(self, values: Sequence[Any], *, trusted: bool = False) -> tuple[pa.Array, Odd]:
        if trusted or set(map(type, values)) <= {self._members}:
            return self._layout.array(list(map(_NAME, values)), gaps=False), {}
        names = [value.name if isinstance(value, self._members) else None for value in values]
        return self._layout.array(names, gaps=True), _odd(values, names)


# `_name_` is enum's documented name for what `name` finds through a slow descriptor.
_NAME = attrgetter("_name_")


class TextColumn(Column):
    """Values of any type, as JSON text; nothing is odd here."""

    exact = False
    sure = True
    kind = LAYOUTS[str].kind

    def __init__(self, dump: Callable[[Any], Any] | None = None) -> None:
        """``dump`` makes a value into one that orjson can write; it may raise."""
        self._dump = dump

    def read(self, values: Sequence[Any], *, trusted: bool = False) -> tuple[pa.Array, Odd]:
        return LAYOUTS[str].array([None if value is None else self._text(value) for value in values], gaps=True), {}

    def _text(self, value: Any) -> str:
        if self._dump is not None:
            with suppress(Exception):  # it is not of the type that is declared, or nothing that orjson can write
                return orjson.dumps(self._dump(value)).decode()
        return json_of(value).decode()


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
        return list_array(lists, array), _odd(values, lists)

    def elements(self, value: Any) -> Sequence[Any] | None:
        """The elements in order; None if the value is none of the containers."""
        elements: Any = value
        if not isinstance(value, self._containers):
            return None
        if isinstance(value, list | tuple):
            return value
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

    @property
    def sure(self) -> bool:
        return self.exact and all(column.sure for column in self.fields.values())

    def grows(self) -> bool:
        return any(map(self._added_by, _made_from(self.cls))) or any(column.grows() for column in self.fields.values())

    def further(self, values: Sequence[Any]) -> Odd:
        structs = [value if isinstance(value, self.cls) else None for value in values]
        types: set[type] = set(map(type, structs))
        added = {kind: self._added_by(kind) for kind in types - {_NONE, self.cls}}
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
        if not trusted and not set(map(type, values)) <= {self.cls, _NONE}:
            structs = [value if isinstance(value, self.cls) else None for value in values]
            odd = _odd(values, structs)
            values = structs
        arrays = []
        for name, column in self.fields.items():
            held, complete = _held(values, name)
            array, below = column.read(held, trusted=complete and column.exact)
            arrays.append(array)
            put_below(name, below, odd)
        return struct_array(self.kind, values, arrays), odd

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


def _held(structs: Sequence[Any], name: str) -> tuple[list[Any], bool]:
    """What the structs hold in a field, and whether it is set in all of them."""
    try:
        return list(map(attrgetter(name), structs)), True
    except AttributeError:  # it is unset in one of them, or one of them is None
        return [getattr(struct, name, None) for struct in structs], False


def _odd(values: Sequence[Any], fitting: Sequence[Any]) -> Odd:
    """The values in whose place there is nothing."""
    pairs = enumerate(zip(values, fitting, strict=True))
    return {i: {"": value} for i, (value, kept) in pairs if kept is None and value is not None}
