"""Any value as JSON, whatever it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any

import csp
import numpy as np
import orjson
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_jsonable_python

from csp_gateway.server.structs.forms import array_values, enum_json, naive_utc
from csp_gateway.server.structs.schema import fields_of

__all__ = ["json_of", "jsonable"]

_AS_IT_IS = frozenset({bool, float, type(None)})


def json_of(value: Any) -> bytes:
    """Any value as JSON; it never fails.

    Where a record's JSON has a form, it is that. Integers are exact, of whatever size; half of a surrogate pair is
    written as an escape. What JSON has no form for is written as its ``repr``, as a text.
    """
    try:
        return orjson.dumps(jsonable(value))
    except Exception:  # it contains itself or is nested without end, or one of its own methods raises
        return json.dumps(_spelled(value)).encode()


def jsonable(value: Any) -> Any:
    """What orjson can write in place of a value; raises whatever the value's own methods raise."""
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind in _EXACT:
        return _EXACT[kind](value)
    if isinstance(value, Enum):
        return jsonable(enum_json(value))
    for known, form in _FORMS:
        if isinstance(value, known):
            return form(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _object((field.name, getattr(value, field.name)) for field in fields(value))
    try:
        return jsonable(to_jsonable_python(value))
    except PydanticSerializationError:
        return _text(_spelled(value))


def _text(value: str) -> Any:
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return orjson.Fragment(json.dumps(value))
    return value


def _integer(number: int) -> Any:
    if -(2**63) <= number < 2**64:  # what orjson writes
        return number
    try:
        return orjson.Fragment(str(number))
    except ValueError:  # more digits than Python writes out (sys.set_int_max_str_digits)
        return hex(number)


def _moment(value: datetime) -> str:
    try:
        return naive_utc(value).isoformat()
    except OverflowError:  # it is in no year of UTC's
        return value.isoformat()


def _bytes(value: bytes | bytearray) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return repr(value)


def _array(value: Any) -> Any:
    if value.dtype.kind in "mM":
        micro = value.astype(f"{value.dtype.kind}8[us]")
        # Below a microsecond Python has no times: numpy spells them out.
        value = micro if np.array_equal(micro, value, equal_nan=True) else value.astype(str)
    return jsonable(array_values(value))


def _numpy_scalar(value: np.generic) -> Any:
    if isinstance(value, np.datetime64 | np.timedelta64):
        return str(value)
    plain = value.item()
    return repr(value) if isinstance(plain, np.generic) else jsonable(plain)


def _elements(value: Iterable[Any]) -> list[Any]:
    return [jsonable(each) for each in value]


def _mapping(value: Mapping[Any, Any]) -> Any:
    if set(map(type, value)) <= {str}:
        return _object(value.items())
    keys = [_key(key) for key in value]
    if len(set(keys)) < len(keys):  # two keys that read alike: an object would lose one
        return [[jsonable(key), jsonable(each)] for key, each in value.items()]
    return _object(zip(keys, value.values(), strict=True))


def _key(key: Any) -> str:
    if isinstance(key, Enum):
        key = enum_json(key)
    if isinstance(key, str):
        return str.__str__(key)
    written = json_of(key).decode()
    return written[1:-1] if written.startswith('"') else written


def _object(items: Iterable[tuple[str, Any]]) -> Any:
    made = {key: jsonable(each) for key, each in items}
    if type(_text("".join(made))) is str:
        return made
    return orjson.Fragment(
        b"{" + b",".join(json.dumps(key).encode() + b":" + orjson.dumps(each) for key, each in made.items()) + b"}"
    )


def _struct(value: Any) -> Any:
    shown = [name for name, info in fields_of(type(value)).items() if not info.exclude and hasattr(value, name)]
    return _object((name, getattr(value, name)) for name in shown)


def _model(value: BaseModel) -> Any:
    try:
        return jsonable(value.model_dump(mode="json", warnings=False))
    except PydanticSerializationError:
        return _object(value)


def _spelled(value: Any) -> str:
    try:
        return repr(value)
    except Exception:
        return object.__repr__(value)


_EXACT: Mapping[type, Callable[[Any], Any]] = {
    str: _text,
    int: _integer,
    datetime: _moment,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: timedelta.total_seconds,
    dict: _mapping,
    list: _elements,
    tuple: _elements,
}
"""Type → the form of values of just this type."""

_FORMS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (int, lambda value: _integer(int(value))),
    (str, lambda value: _text(str.__str__(value))),
    (float, float),
    (datetime, _moment),
    (date, date.isoformat),
    (time, time.isoformat),
    (timedelta, timedelta.total_seconds),
    (bytes | bytearray, _bytes),
    (csp.Struct, _struct),
    (Mapping, _mapping),
    (list | tuple | set | frozenset, _elements),
    (np.ndarray, _array),
    (np.generic, _numpy_scalar),
    (BaseModel, _model),
)
"""In this order: type → its values' form."""
