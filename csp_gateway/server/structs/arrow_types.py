"""What a field becomes in Arrow: a column of its type, a list, a struct, or JSON text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from enum import Enum, Flag
from functools import partial
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

import csp
import numpy as np
from csp.typing import Numpy1DArray
from pydantic import PydanticUserError, TypeAdapter

from csp_gateway.server.structs.arrow_columns import Column, EnumColumn, ScalarColumn, TextColumn
from csp_gateway.server.structs.arrow_fits import FITS
from csp_gateway.server.structs.arrow_nesting import ArrayColumn, ListColumn, StructColumn
from csp_gateway.server.structs.schema import field_type, fields_of, pydantic_type

__all__ = ["DEEPEST", "column_of", "struct_column"]

DEEPEST = 8
"""Levels of structs in structs that become columns; what is deeper becomes text."""

_CONTAINERS: dict[Any, tuple[type, ...]] = {
    list: (list, tuple),
    tuple: (list, tuple),
    set: (set, frozenset),
    frozenset: (set, frozenset),
}
_ELEMENTS: dict[str, type] = {
    "b": bool,
    "i": int,
    "u": int,
    "f": float,
    "U": str,
    "S": bytes,
    "M": datetime,
    "m": timedelta,
}


def struct_column(cls: Any, *, exact: bool = True, depth: int = 1) -> StructColumn:
    """The column of structs of a class, with one for each field that travels, in the order they do."""
    declared = cls.metadata(typed=True)
    fields = {}
    for name, info in fields_of(cls).items():
        if not info.exclude:
            column = _column(declared[name], depth, exact=True)
            fields[name] = column or TextColumn(_dumper(field_type(info)))
    return StructColumn(cls, fields, exact=exact)


def column_of(annotation: Any) -> Column:
    """The column of values that are declared so, and that nobody has checked."""
    return _column(annotation, 0) or TextColumn(_dumper(pydantic_type(annotation)))


def _column(annotation: Any, depth: int, *, exact: bool = False) -> Column | None:
    """The column of what is annotated; None if it has to be text.

    Args:
        annotation: what is declared.
        depth: how many structs are around it.
        exact: whether csp holds the values to the annotation, if it is a plain type or a list of one.
    """
    kinds = list(_alternatives(annotation))
    if len(kinds) != 1:
        return None
    kind = kinds[0]
    exact = exact and kind is annotation
    origin, args = get_origin(kind), get_args(kind)
    if origin in _CONTAINERS and (origin is not tuple or (len(args) == 2 and args[1] is Ellipsis)):
        checked = exact and origin is list
        item = _column(args[0], depth, exact=checked and _is_checked_in_lists(args[0]))
        return item and ListColumn(item, _CONTAINERS[origin], exact=checked)
    if origin is Numpy1DArray:
        return _array_column(args[0])
    if not isinstance(kind, type) or origin is not None:
        return None
    if issubclass(kind, csp.Struct):
        return struct_column(kind, exact=exact, depth=depth + 1) if depth < DEEPEST else None
    if issubclass(kind, Enum):
        return None if issubclass(kind, Flag) else EnumColumn(kind, exact=exact)
    return ScalarColumn(kind, exact=exact) if kind in FITS else None


def _array_column(element: Any) -> Column | None:
    try:
        dtype = np.dtype(element)
    except TypeError:
        return None
    kind = element if element in FITS else _ELEMENTS.get(dtype.kind)
    return None if kind is None else ArrayColumn(ScalarColumn(kind), dtype)


def _is_checked_in_lists(kind: Any) -> bool:
    """Whether csp looks at the elements of a list of these: only if they are of one of its own types."""
    if get_origin(kind) is not None or not isinstance(kind, type):
        return False
    return issubclass(kind, csp.Enum) or not issubclass(kind, Enum)


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The types a value of this annotation may be of, None left out."""
    if get_origin(annotation) is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif isinstance(annotation, NewType):
        yield from _alternatives(annotation.__supertype__)
    elif get_origin(annotation) in (Union, UnionType):
        for each in get_args(annotation):
            yield from _alternatives(each)
    elif get_origin(annotation) is Literal:
        yield from dict.fromkeys(type(value) for value in get_args(annotation) if value is not None)
    elif annotation is not NoneType and annotation is not None:
        yield annotation


def _dumper(annotation: Any) -> Callable[[Any], Any] | None:
    """What pydantic makes of values that are declared so; None if it knows no way."""
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    except PydanticUserError:
        return None
    return partial(adapter.dump_python, mode="json", warnings=False)
