"""What msgspec is told to expect for a type, and the expression that makes a field's value of what it reads."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import csp
import numpy as np
from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from csp.typing import Numpy1DArray
from msgspec import Meta

from csp_gateway.server.structs.compile import Names
from csp_gateway.server.structs.forms import array_from, enum_members, naive_utc, seconds

__all__ = ["CannotRead", "Reading", "reading_of"]

_AS_IT_IS = (bool, int, float, str, date, time)


class CannotRead(Exception):
    """msgspec cannot say what this type accepts: pydantic has to validate it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How values of one type are read.

    Attributes:
        expected: the type msgspec decodes. It never accepts what pydantic would refuse or read otherwise; what it
            refuses may still be acceptable to pydantic.
        code: the expression for the value, given the name of what msgspec decoded.
    """

    expected: Any
    code: Callable[[str], str] = str


def reading_of(
    tp: Any, metadata: Iterable[Any], names: Names, struct: Callable[[type], Reading], *, native: bool = False
) -> Reading:
    """How a value of type ``tp`` is read.

    Args:
        tp: the annotation.
        metadata: what ``Annotated`` or ``Field`` say of it.
        names: takes up what the expressions refer to.
        struct: how a nested struct class is read.
        native: the value is a struct's field of just this type, which csp brings into the form it promises.

    Raises:
        CannotRead: pydantic has to validate it.
    """
    if bounds := list(metadata):
        inner = reading_of(tp, (), names, struct, native=native)
        return Reading(_bounded(tp, inner.expected, bounds), inner.code)
    origin, args = get_origin(tp), get_args(tp)
    if origin is None and isinstance(tp, type):
        return _plain(tp, names, struct, native)
    if origin is Annotated:
        return reading_of(args[0], tp.__metadata__, names, struct, native=native)
    if origin in (Union, UnionType) and len(args) == 2 and NoneType in args:
        inner = reading_of(next(arg for arg in args if arg is not NoneType), (), names, struct)
        return Reading(inner.expected | None, _unless_none(inner.code))
    if origin is Literal and all(type(value) in (int, str) for value in args):
        return Reading(tp)
    if origin is Numpy1DArray:
        return _array(np.dtype(args[0]), names)
    if origin in (list, set, frozenset, tuple, dict):
        return _container(origin, args, names, struct)
    raise CannotRead(tp)


def _plain(tp: type, names: Names, struct: Callable[[type], Reading], native: bool) -> Reading:
    if tp in _AS_IT_IS or (tp is datetime and native):
        return Reading(tp)
    if tp is datetime:
        convert = names.keep("naive_utc", naive_utc)
        return Reading(datetime, lambda v: f"{convert}({v})")
    if tp is timedelta:
        convert = names.keep("seconds", seconds)
        return Reading(float, lambda v: f"{convert}({v})")
    if issubclass(tp, csp.Struct):
        return struct(tp)
    if issubclass(tp, enum.Enum):
        members = enum_members(tp)
        if not all(type(key) in (int, str) for key in members):
            raise CannotRead(tp)
        table = names.keep(f"members_of_{tp.__name__}", members)
        return Reading(int | str, lambda v: f"{table}[{v}]")
    raise CannotRead(tp)


def _unless_none(code: Callable[[str], str]) -> Callable[[str], str]:
    return code if code is str else lambda v: f"(None if {v} is None else {code(v)})"


def _array(dtype: np.dtype[Any], names: Names) -> Reading:
    if dtype not in (np.dtype(float), np.dtype(int), np.dtype(bool)):
        raise CannotRead(dtype)
    expected = float | None if dtype.kind == "f" else int if dtype.kind == "i" else bool
    make, kind = names.keep("array_from", array_from), names.keep(f"dtype_{dtype.name}", dtype)
    return Reading(list[expected], lambda v: f"{make}({v}, {kind}, True)")  # type: ignore[valid-type]  # made here


def _container(origin: Any, args: tuple[Any, ...], names: Names, struct: Callable[[type], Reading]) -> Reading:
    if origin is dict:
        if args[0] not in (str, int):
            raise CannotRead(args[0])
        value = reading_of(args[1], (), names, struct)
        expected = dict[args[0], value.expected]  # type: ignore[valid-type,name-defined]  # made here
        if value.code is str:
            return Reading(expected)
        return Reading(expected, lambda v: f"{{key: {value.code('each')} for key, each in {v}.items()}}")
    if origin is tuple and (len(args) != 2 or args[1] is not Ellipsis):
        raise CannotRead(args)
    item = reading_of(args[0], (), names, struct)
    expected_list = list[item.expected]  # type: ignore[name-defined]  # made here
    items = item.code if item.code is str else lambda v: f"[{item.code('each')} for each in {v}]"
    if origin is list:
        return Reading(expected_list, items)
    kind = names.keep(origin.__name__, origin)
    return Reading(expected_list, lambda v: f"{kind}({items(v)})")


def _bounded(tp: Any, expected: Any, bounds: list[Any]) -> Any:
    """``expected`` with limits msgspec knows and means as pydantic does.

    Raises:
        CannotRead: there are others.
    """
    limits: dict[str, Any] = {}
    for bound in bounds:
        if isinstance(bound, (MinLen, MaxLen)) and (tp is str or get_origin(tp) in (list, dict)):
            key = "min_length" if isinstance(bound, MinLen) else "max_length"
            limits[key] = getattr(bound, key)
        elif isinstance(bound, (Gt, Ge, Lt, Le)) and tp in (int, float):
            key = type(bound).__name__.lower()
            limits[key] = getattr(bound, key)
            if type(limits[key]) not in (int, tp):
                raise CannotRead(bound)
        elif not isinstance(bound, str):
            raise CannotRead(bound)
    return Annotated[expected, Meta(**limits)] if limits else expected
