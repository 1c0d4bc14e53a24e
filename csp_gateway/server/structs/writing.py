"""The expression that makes a value of a type into what orjson can write."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import csp
import numpy as np
from annotated_types import BaseMetadata
from csp.typing import Numpy1DArray, NumpyNDArray
from pydantic import AfterValidator, BeforeValidator
from pydantic.fields import FieldInfo

from csp_gateway.server.structs.compile import Names
from csp_gateway.server.structs.forms import array_values, naive_utc

__all__ = ["CannotWrite", "written"]

_AS_IT_IS = (bool, int, float, str, NoneType, date)
_NO_MATTER_IN_JSON = (BaseMetadata, AfterValidator, BeforeValidator, FieldInfo, str)


class CannotWrite(Exception):
    """There is no expression for this type: pydantic has to write it."""


def written(tp: Any, metadata: Iterable[Any], source: str, names: Names, *, native: bool = False) -> str:
    """The expression for a value of type ``tp``.

    Args:
        tp: the annotation.
        metadata: what ``Annotated`` or ``Field`` say of it.
        source: the expression that reads the value; evaluated once.
        names: takes up what the expression refers to; ``writers`` is the table of writers in it.
        native: the value is a struct's field of just this type, which csp keeps in the form it has promised.

    Raises:
        CannotWrite: pydantic has to write it.
    """
    if not all(isinstance(each, _NO_MATTER_IN_JSON) for each in metadata):
        raise CannotWrite(tp)
    origin, args = get_origin(tp), get_args(tp)
    if origin is Annotated:
        return written(args[0], tp.__metadata__, source, names, native=native)
    if origin is None and isinstance(tp, type):
        return _plain(tp, source, names, native)
    if origin in (Union, UnionType):
        return _union(args, source, names)
    if origin is Literal and all(type(value) in _AS_IT_IS for value in args):
        return source
    if origin in (list, set, frozenset) or (origin is tuple and len(args) == 2 and args[1] is Ellipsis):
        item = written(args[0], (), "each", names)
        if item != "each":
            return f"[{item} for each in {source}]"
        return source if origin in (list, tuple) else f"list({source})"
    if origin is dict:
        return _dict(args, source, names)
    if origin in (Numpy1DArray, NumpyNDArray):
        return source if np.dtype(args[0]).kind in "fiub" else f"{names.keep('array_values', array_values)}({source})"
    raise CannotWrite(tp)


def _plain(tp: type, source: str, names: Names, native: bool) -> str:
    if tp in _AS_IT_IS:
        return source
    if tp is datetime:
        return source if native else f"{names.keep('naive_utc', naive_utc)}({source})"
    if tp is time:
        return f"{source}.isoformat()"  # orjson 3.13 drops a zero of 00:00:00.010000
    if tp is timedelta:
        return f"{source}.total_seconds()"
    if issubclass(tp, csp.Struct):
        return f"writers[type(struct := {source})](struct)"
    if issubclass(tp, enum.Enum):
        return f"{source}.{_enum_attribute(tp)}"
    raise CannotWrite(tp)


def _enum_attribute(tp: type[enum.Enum]) -> str:
    # `_name_` and `_value_` are enum's documented names for what `name` and `value` find through a slow descriptor.
    if issubclass(tp, csp.Enum):
        return "_name_"
    if all(type(member.value) in (bool, int, float, str, NoneType) for member in tp):
        return "_value_"
    raise CannotWrite(tp)


def _union(args: tuple[Any, ...], source: str, names: Names) -> str:
    kinds = [written(arg, (), "value", names) for arg in args if arg is not NoneType]
    if all(kind == "value" for kind in kinds):
        return source
    if len(kinds) > 1:
        raise CannotWrite(args)
    only = written(next(arg for arg in args if arg is not NoneType), (), "value", names)
    return f"(None if (value := {source}) is None else {only})"


def _dict(args: tuple[Any, ...], source: str, names: Names) -> str:
    item = written(args[1], (), "each", names)
    key_type = args[0]
    if key_type is str:
        key = "key"
    elif key_type is int:
        key = "str(key)"
    elif isinstance(key_type, type) and issubclass(key_type, csp.Enum):
        key = "key._name_"
    else:
        raise CannotWrite(key_type)
    if (key, item) == ("key", "each"):
        return source
    return f"{{{key}: {item} for key, each in {source}.items()}}"
