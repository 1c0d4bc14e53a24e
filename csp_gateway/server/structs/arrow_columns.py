"""Arrow columns made of Python values: what each can hold, and what would not go into it.

A value that a column cannot hold exactly becomes null, and is handed back as odd, under its path from there: csp does
not look inside ``Optional``, sets, tuples and arrays, so that any value may stand in them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum
from operator import attrgetter
from typing import Any, TypeAlias

import csp
import orjson
import pyarrow as pa

from csp_gateway.server.structs.any_json import json_of
from csp_gateway.server.structs.arrow_fits import FITS
from csp_gateway.server.structs.arrow_layout import LAYOUTS
from csp_gateway.server.structs.arrow_native import NATIVE

__all__ = ["Column", "EnumColumn", "Odd", "ScalarColumn", "TextColumn", "unfitted"]

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
    native = False
    """Whether csp can make the column of a struct's field itself."""

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
        self.native = exact and kind in NATIVE

    def read(self, values: Sequence[Any], *, trusted: bool = False) -> tuple[pa.Array, Odd]:
        types = {self._layout.exact} if trusted else set(map(type, values))
        if types <= {self._layout.exact, _NONE}:
            try:
                return self._layout.array(values, gaps=_NONE in types), {}
            except _GIVEN_UP:
                pass
        fitting = [None if value is None else self._fit(value) for value in values]
        return self._layout.array(fitting, gaps=True), unfitted(values, fitting)


class EnumColumn(Column):
    """Members of an enum, by name."""

    def __init__(self, members: type[Enum], *, exact: bool = False) -> None:
        self._members = members
        self._layout = LAYOUTS[str]
        self.kind = self._layout.kind
        self.exact = exact
        self.native = exact and issubclass(members, csp.Enum)

    def read(self, values: Sequence[Any], *, trusted: bool = False) -> tuple[pa.Array, Odd]:
        if trusted or set(map(type, values)) <= {self._members}:
            return self._layout.array(list(map(_NAME, values)), gaps=False), {}
        names = [value.name if isinstance(value, self._members) else None for value in values]
        return self._layout.array(names, gaps=True), unfitted(values, names)


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


def unfitted(values: Sequence[Any], fitting: Sequence[Any]) -> Odd:
    """The values in whose place there is nothing, as odd."""
    pairs = enumerate(zip(values, fitting, strict=True))
    return {i: {"": value} for i, (value, kept) in pairs if kept is None and value is not None}
