"""What a field's type becomes in a table: the type of its column, and how its values are brought to it."""

from __future__ import annotations

import enum
import types
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

import csp
import numpy as np
import orjson
from csp.typing import Numpy1DArray, NumpyNDArray
from pydantic import BaseModel

__all__ = ["ColumnType", "Shape", "field_types", "shape_of"]

Convert: TypeAlias = Callable[[list[Any]], list[Any]]


@dataclass(frozen=True, slots=True)
class ColumnType:
    """The type of a column, and what brings a field's values to it; None when they are of it already."""

    type: type
    convert: Convert | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """How a field is laid out in a table: in one column, or in those of a struct; a row of each element or not."""

    listed: bool
    column: ColumnType
    struct: type | None = None


def field_types(struct: type) -> dict[str, Any]:
    """Field → annotation of a ``csp.Struct`` or pydantic model, as declared."""
    if issubclass(struct, BaseModel):
        return {name: field.annotation for name, field in struct.model_fields.items()}
    fields: dict[str, Any] = struct.metadata(typed=True)  # type: ignore[attr-defined]  # a csp.Struct, which is untyped
    return fields


def shape_of(annotation: Any) -> Shape | None:
    """How a field of this annotation is laid out; None when no column can hold it."""
    kind = _bare(annotation)
    listed = False
    while get_origin(kind) in (list, Numpy1DArray, NumpyNDArray) and get_args(kind):
        listed = True
        kind = _bare(get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, csp.Struct | BaseModel):
        return Shape(listed, _TEXT, kind)
    column = _column_of(kind)
    return Shape(listed, column) if column else None


def _bare(annotation: Any) -> Any:
    """The annotation without ``Annotated`` and ``Optional``."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            inner = [arg for arg in get_args(annotation) if arg is not type(None)]
            if len(inner) != 1:
                return annotation
            annotation = inner[0]
        else:
            return annotation


def _column_of(kind: Any) -> ColumnType | None:
    if get_origin(kind) is Literal:
        literals = {type(value) for value in get_args(kind)}
        kind = literals.pop() if len(literals) == 1 else None
    origin = get_origin(kind) or kind
    if origin in _SCALARS:
        return _SCALARS[origin]
    if not isinstance(origin, type):
        return None
    if issubclass(origin, enum.Enum | csp.Enum):
        return ColumnType(str, _names_of(origin))
    if issubclass(origin, dict | set | frozenset | tuple | list | np.ndarray):
        return _TEXT
    return None


def _names_of(members: Any) -> Convert:
    names = {member: member.name for member in members}

    def to_names(values: list[Any]) -> list[Any]:
        return [names.get(value) for value in values]

    return to_names


def _each(convert: Callable[[Any], Any]) -> Convert:
    def to_column(values: list[Any]) -> list[Any]:
        return [None if value is None else convert(value) for value in values]

    return to_column


def _text(value: Any) -> str:
    """A container as JSON text, in the forms of the struct's own JSON."""
    if not (type(value) is dict and _JSON_ALREADY.issuperset(map(type, chain(value, value.values())))):
        value = _as_json(value)
    return orjson.dumps(value, default=str, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS).decode()


def _as_json(value: Any) -> Any:
    match value:
        case dict():
            return {_as_json(key): _as_json(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_as_json(each) for each in value]
        case csp.Struct():
            return _as_json(value.to_dict())
        case csp.Enum():
            return value.name
        case BaseModel():
            return value.model_dump()
        case timedelta():
            return value.total_seconds()
        case bytes():
            return value.decode(errors="replace")
    return value


_JSON_ALREADY = {str, int, float, bool, type(None)}
_TEXT = ColumnType(str, _each(_text))
_SCALARS: dict[Any, ColumnType] = {
    str: ColumnType(str),
    int: ColumnType(int),
    float: ColumnType(float),
    bool: ColumnType(bool),
    datetime: ColumnType(datetime),
    date: ColumnType(date),
    time: ColumnType(str, _each(time.isoformat)),
    timedelta: ColumnType(float, _each(timedelta.total_seconds)),
    bytes: ColumnType(str, _each(lambda value: value.decode(errors="replace"))),
}
