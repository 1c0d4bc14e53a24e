"""What the OpenAPI document says of the values of a column: text, numbers, times, lists of these, or anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

__all__ = ["ANYTHING", "Kind", "Shape", "shape_at", "shape_of"]

_DEEPEST = 8
"""Levels of structs in structs that become columns; what is deeper is anything."""


class Kind(Enum):
    """What there is a column for."""

    TEXT = auto()
    INTEGER = auto()
    NUMBER = auto()
    BOOLEAN = auto()
    MOMENT = auto()
    DAY = auto()
    CLOCK = auto()
    LIST = auto()
    STRUCT = auto()
    ANYTHING = auto()


@dataclass(frozen=True)
class Shape:
    """What values are, None aside."""

    kind: Kind
    item: Shape | None = None
    """Of a list, what is in it."""
    fields: Mapping[str, Shape] = field(default_factory=dict)
    """Of a struct, by name."""
    names: Mapping[Any, str] = field(default_factory=dict)
    """Of an enum: JSON's value → the member's name, where the document tells them (``x-enum-varnames``)."""
    nullable: bool = field(default=False, compare=False)
    """Whether the document says that it may be null; of a number or a boolean."""
    has_parts: bool = field(default=False, compare=False)
    """Of anything: whether it is an object or an array, whatever is in it."""


ANYTHING = Shape(Kind.ANYTHING)
_WITH_PARTS = Shape(Kind.ANYTHING, has_parts=True)

_KINDS = {"string": Kind.TEXT, "integer": Kind.INTEGER, "number": Kind.NUMBER, "boolean": Kind.BOOLEAN}
_FORMATS = {
    "date-time": Kind.MOMENT,
    "date-time-local": Kind.MOMENT,
    "date": Kind.DAY,
    "time": Kind.CLOCK,
    "time-local": Kind.CLOCK,
}


def shape_of(schema: Mapping[str, Any]) -> Shape:
    """The shape of one record of an answer, by the answer's schema, references resolved.

    That of an array is its items'. A record or any object, which is what a state may answer, is the record.
    """
    if schema.get("type") == "array" and isinstance(schema.get("items"), Mapping):
        schema = schema["items"]
    alternatives = [each for each in _alternatives(schema) if not _is_any_object(each)]
    return _shape(alternatives[0] if len(alternatives) == 1 else schema, 1)


def shape_at(fields: Mapping[str, Shape], name: str) -> Shape | None:
    """The shape of a column by its name, which may be that of a struct's field, as in ``leg.price``."""
    if name in fields:
        return fields[name]
    head, dot, rest = name.partition(".")
    return shape_at(fields[head].fields, rest) if dot and head in fields else None


def _shape(schema: Any, depth: int) -> Shape:
    alternatives = list(_alternatives(schema))
    if len(alternatives) != 1:
        return ANYTHING
    nullable = _may_be_null(schema)
    (schema,) = alternatives
    if isinstance(schema.get("properties"), Mapping) and schema["properties"] and depth <= _DEEPEST:
        fields = {name: _shape(each, depth + 1) for name, each in schema["properties"].items()}
        return Shape(Kind.STRUCT, fields=fields)
    if names := _names(schema):
        return Shape(Kind.TEXT, names=names)
    kinds = schema.get("type")
    kind = next((each for each in kinds if each != "null"), None) if isinstance(kinds, list) else kinds
    if isinstance(kinds, list) and len(set(kinds) - {"null"}) != 1:
        return ANYTHING
    if kind == "array":
        item = _shape(schema["items"], depth) if isinstance(schema.get("items"), Mapping) else ANYTHING
        # Of lists of anything nobody knows more than that they are lists.
        return Shape(Kind.LIST, item=item) if item.kind is not Kind.ANYTHING else _WITH_PARTS
    if kind not in _KINDS:
        return _WITH_PARTS if kind == "object" else ANYTHING
    found = _FORMATS.get(schema.get("format", ""), Kind.TEXT) if kind == "string" else _KINDS[kind]
    return Shape(found, nullable=nullable)


def _may_be_null(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type")
    if kinds == "null" or (isinstance(kinds, list) and "null" in kinds):
        return True
    inner = [each for of in ("anyOf", "oneOf", "allOf") for each in schema.get(of, ()) if isinstance(each, Mapping)]
    return any(map(_may_be_null, inner))


def _alternatives(schema: Any) -> Iterator[Mapping[str, Any]]:
    """What a value may be, null left out."""
    if not isinstance(schema, Mapping):
        return
    inner = schema.get("anyOf") or schema.get("oneOf")
    if inner is None and len(schema.get("allOf", ())) == 1:
        inner = schema["allOf"]
    if inner is None:
        if schema.get("type") != "null":
            yield schema
        return
    for each in inner:
        yield from _alternatives(each)


def _is_any_object(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "object" and not schema.get("properties")


def _names(schema: Mapping[str, Any]) -> dict[Any, str]:
    values, names = schema.get("enum"), schema.get("x-enum-varnames")
    if not isinstance(values, list) or not isinstance(names, list) or len(values) != len(names):
        return {}
    return {value: name for value, name in zip(values, names, strict=True) if isinstance(value, str | int | float)}
