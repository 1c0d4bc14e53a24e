"""What a dotted path means in a type of records: where it leads, and what can stand there."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from numbers import Number
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, TypeGuard, Union, get_args, get_origin

import csp
from pydantic import BaseModel

from csp_gateway.errors import did_you_mean
from csp_gateway.wire.comparing import Kind

__all__ = ["alternatives", "is_plain_value", "is_struct", "keyby_of", "kinds_of", "resolve", "spelled_type"]

_KINDS = (
    (Enum, Kind.TEXT),
    (complex, Kind.OTHER),
    (Number, Kind.NUMBER),
    (str, Kind.TEXT),
    (datetime | date, Kind.MOMENT),
    (time, Kind.CLOCK),
    (timedelta, Kind.SPAN),
    (bytes, Kind.BYTES),
)

_VALUES = (Enum, Number, str, bytes, date, time, timedelta, list, dict, set, frozenset)
"""Types whose values are taken as one: no path leads into them."""


def keyby_of(keyby: Any) -> tuple[str, ...]:
    """The paths that make a key, however they were given: one as a text, or several.

    Raises:
        TypeError: they are not texts.
        ValueError: there are none, or one is no path.
    """
    paths = (keyby,) if isinstance(keyby, str) else tuple(keyby) if isinstance(keyby, list | tuple) else None
    if paths is None or not all(isinstance(path, str) for path in paths):
        raise TypeError(f"keyby is an attribute's name or a tuple of them, not {keyby!r:.80}")
    if not paths:
        raise ValueError("keyby is empty: name at least one attribute that tells records apart")
    for path in paths:
        if not all(name.isidentifier() for name in path.split(".")):
            raise ValueError(f"keyby names {path!r}: an attribute is a name, or names joined by dots")
    return paths


def is_struct(record_type: Any) -> TypeGuard[type]:
    """Whether records of this type are csp's structs."""
    return isinstance(record_type, type) and issubclass(record_type, csp.Struct)


def is_plain_value(record_type: Any) -> bool:
    """Whether records of this type are values without attributes, as numbers, texts and arrays are."""
    return all(_attributes_of(each) == {} for each in alternatives(record_type))


def resolve(record_type: Any, path: str) -> Any:
    """The type that the attribute at ``path`` is declared with; ``Any`` where nothing is declared.

    Raises:
        AttributeError: there is no such attribute; the message says where the path breaks, and what is nearest.
    """
    reached = record_type
    for name in path.split("."):
        found = []
        known: dict[str, Any] = {}
        for owner in alternatives(reached):
            declared = _attributes_of(owner)
            if declared is None:
                return Any
            known |= declared
            if name in declared:
                found.append(declared[name])
        if not found:
            raise AttributeError(f"{spelled_type(reached)} has no attribute {name!r}; {did_you_mean(name, known)}")
        reached = Union[tuple(found)]  # noqa: UP007  # of one or more
    return reached


def alternatives(annotation: Any) -> Iterator[Any]:
    """The types a value of this annotation may be of, None left out."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        else:
            break
    if get_origin(annotation) in (Union, UnionType):
        for each in get_args(annotation):
            yield from alternatives(each)
    elif get_origin(annotation) is Literal:
        yield from dict.fromkeys(type(value) for value in get_args(annotation) if value is not None)
    elif annotation is not NoneType and annotation is not None:
        yield annotation


def kinds_of(annotation: Any) -> tuple[Kind, ...]:
    """The kinds of values that may be there, in the order of ``Kind``; all of them where nothing is declared."""
    kinds = set()
    for each in alternatives(annotation):
        cls = get_origin(each) or each
        if cls is Any or cls is object or not isinstance(cls, type):
            return tuple(Kind)
        kinds.add(next((kind for types, kind in _KINDS if issubclass(cls, types)), Kind.OTHER))
    return tuple(kind for kind in Kind if kind in kinds)


def spelled_type(annotation: Any) -> str:
    """A type in words."""
    named = [each.__name__ if isinstance(each, type) else str(each) for each in alternatives(annotation)]
    return " or ".join(named)


def _attributes_of(cls: Any) -> Mapping[str, Any] | None:
    """Attribute → declared type, of a class whose attributes are known; None for any other."""
    if get_origin(cls) is not None:
        return {} if isinstance(get_origin(cls), type) else None
    if not isinstance(cls, type) or cls is Any or cls is object:
        return None
    if issubclass(cls, csp.Struct):
        declared: Mapping[str, Any] = cls.metadata(typed=True)  # type: ignore[attr-defined]  # csp has no types
        return declared
    if issubclass(cls, BaseModel) and cls.model_config.get("extra") != "allow":
        return {name: field.annotation for name, field in cls.model_fields.items()} | _computed(cls)
    if is_dataclass(cls):
        # As text under ``from __future__ import annotations``: such a type says nothing.
        declared = {field.name: Any if isinstance(field.type, str) else field.type for field in fields(cls)}
        return declared | _computed(cls)
    if issubclass(cls, _VALUES):
        return {}
    # Instances without a ``__dict__`` hold nothing that their class does not name.
    return _computed(cls) if not cls.__dictoffset__ else None


def _computed(cls: type) -> dict[str, Any]:
    """What a class offers besides: its properties, slots and constants."""
    named = {name: value for each in cls.__mro__ for name, value in vars(each).items() if not name.startswith("_")}
    return {name: Any for name, value in named.items() if not callable(value) and not isinstance(value, classmethod)}
