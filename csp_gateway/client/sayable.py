"""Python's values as JSON has them, in the forms that a gateway writes and reads."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

import msgspec

from csp_gateway.errors import WrongArgumentError

__all__ = ["encoded", "is_missing", "is_record", "key_of", "sayable"]


def encoded(value: Any, where: str) -> bytes:
    """A value as JSON.

    Structs, pydantic models and dataclasses are objects, of what is set in them. Times are ISO 8601; one without a zone
    is in UTC. A span of time is seconds, an enum its value, one of csp's its name; bytes are UTF-8, what is not finite
    is null. Integers are exact, of whatever size.

    Args:
        where: what the value is called in an error.

    Raises:
        WrongArgumentError: a ``TypeError``: it holds what cannot be said in JSON; the message says where.
    """
    dump = getattr(value, "model_dump_json", None)
    if dump is not None and not isinstance(value, type):
        text: str = _dumped(value, dump, where)
        return text.encode()
    plain = sayable(value, where)
    try:
        return msgspec.json.encode(plain)
    except (OverflowError, UnicodeEncodeError):  # an integer beyond 64 bits; half of a surrogate pair
        pass
    except RecursionError:
        raise WrongArgumentError(f"{where}: {_ENDLESS}") from None
    try:
        return json.dumps(_all_finite(plain), separators=(",", ":"), default=_iso).encode()
    except ValueError as error:  # more digits than Python writes
        raise WrongArgumentError(f"{where}: cannot be said in JSON: {error}") from error


def sayable(value: Any, where: str) -> Any:
    """The same as msgspec writes it: lists and dicts of text, numbers, times and None; see ``encoded``."""
    try:
        return _said(value)
    except _Unsayable as error:
        raise WrongArgumentError(f"{where}{''.join(reversed(error.path))}: {error}") from error.__cause__
    except RecursionError:
        raise WrongArgumentError(f"{where}: {_ENDLESS}") from None


def is_record(value: Any) -> bool:
    """Whether it is one object in JSON: a mapping, a struct, a pydantic model or a dataclass."""
    if isinstance(value, type):
        return False
    known = isinstance(value, Mapping) or hasattr(value, "model_dump_json") or is_dataclass(value)
    return known or _is_csp(type(value))


def key_of(key: Any, where: str) -> str:
    """A key of a basket or of an object, as JSON has it: of an enum the name; raises TypeError if it cannot."""
    try:
        return _key(key)
    except _Unsayable as error:
        raise WrongArgumentError(f"{where}: {error}") from error.__cause__


def is_missing(value: Any) -> bool:
    """Whether a value says that there is none: None, or what pandas has for it."""
    return value is None or type(value).__name__ in _MISSING


_ENDLESS = "cannot be said in JSON: it contains itself, or is nested too deeply"


_PLAIN = frozenset({str, int, float, bool, type(None), datetime, date, time})
"""Types whose values msgspec writes as a gateway reads them: null for what is not finite, times by ISO 8601."""
_TEXT = frozenset({str})
_MISSING = ("NAType", "NaTType")
"""What pandas has for what is missing; the second is a datetime too."""


class _Unsayable(Exception):
    """What cannot be said in JSON, and where it is: the path's steps, the innermost first."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.path: list[str] = []


def _said(value: Any) -> Any:
    kind = type(value)
    return value if kind in _PLAIN else _FORM_OF[kind](value)


def _mapping(value: Mapping[Any, Any]) -> Mapping[str, Any]:
    if type(value) is dict and _PLAIN.issuperset(map(type, value.values())) and _TEXT.issuperset(map(type, value)):
        return value
    made = dict(value) if _TEXT.issuperset(map(type, value)) else {_key(key): each for key, each in value.items()}
    if len(made) < len(value):
        raise _Unsayable(f"two keys read alike in JSON: {list(value)!r:.200}")
    name = ""
    try:
        for name, each in made.items():
            if type(each) not in _PLAIN:
                made[name] = _FORM_OF[type(each)](each)
    except _Unsayable as error:
        error.path.append(f".{name}")
        raise
    return made


def _key(key: Any) -> str:
    if type(key) is str:
        return key
    if isinstance(key, Enum):
        return key.name
    said = _said(key)
    if isinstance(said, str):
        return said
    if isinstance(said, date | time):
        return said.isoformat()
    if isinstance(said, list | dict):
        raise _Unsayable(f"a key cannot be said in JSON: {key!r:.80}")
    return json.dumps(said)


def _elements(value: Iterable[Any]) -> list[Any]:
    if type(value) is list and _PLAIN.issuperset(map(type, value)):
        return value
    made: list[Any] = []
    for each in value:
        try:
            made.append(_said(each))
        except _Unsayable as error:
            error.path.append(f"[{len(made)}]")
            raise
    return made


def _iso(value: date | time) -> str:
    return value.isoformat()


def _bytes(value: bytes | bytearray) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise _Unsayable("cannot be said in JSON: bytes that are no UTF-8") from error


def _decimal(value: Decimal) -> Any:
    if not value.is_finite():
        return None
    return int(value) if value == value.to_integral_value() else float(value)


class _Forms(dict[type, Callable[[Any], Any]]):
    """Type → the form of its values, found when the first of them is met."""

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        form = self[kind] = _form_of(kind)
        return form


_FORM_OF = _Forms()


def _form_of(kind: type) -> Callable[[Any], Any]:
    """What JSON has in the place of values of a type; the first that fits, for some are of two."""
    if kind.__name__ in _MISSING:
        return lambda value: None
    if issubclass(kind, Enum):
        return _enum
    if issubclass(kind, type):
        return _refused
    if hasattr(kind, "model_dump_json"):
        return lambda value: json.loads(_dumped(value, value.model_dump_json))
    if hasattr(kind, "dtype") and hasattr(kind, "tolist"):
        return _numpy
    for known, form in _FORMS:
        if issubclass(kind, known):
            return form
    if is_dataclass(kind):
        return lambda value: _mapping({each.name: getattr(value, each.name) for each in fields(value)})
    if _is_csp(kind):
        return lambda value: _mapping({name: each for name, each in value.to_dict().items() if name[:1] != "_"})
    return _refused


def _refused(value: Any) -> Any:
    raise _Unsayable(f"cannot be said in JSON: {value if isinstance(value, type) else type(value)!r}")


def _is_csp(kind: type) -> bool:
    """Whether it is a struct class of csp's own, which need not be installed here."""
    csp = sys.modules.get("csp")
    return csp is not None and issubclass(kind, csp.Struct)


def _enum(value: Enum) -> Any:
    csp = sys.modules.get("csp")
    if (csp is not None and isinstance(value, csp.Enum)) or not isinstance(value.value, str | int | float):
        return value.name
    return _said(value.value)


def _numpy(value: Any) -> Any:
    """A number or an array of numpy's; times, which Python has no finer than microseconds, by their spelling."""
    kind = value.dtype.kind
    if kind == "M":
        return _spelled(value.astype(str).tolist())
    if kind == "m":
        return _said(value.astype("timedelta64[us]").tolist())
    plain = value.tolist()
    if hasattr(plain, "dtype"):  # Python has no number like it
        raise _Unsayable(f"cannot be said in JSON: {type(value)!r}")
    return _said(plain)


def _spelled(value: Any) -> Any:
    if isinstance(value, list):
        return [_spelled(each) for each in value]
    return None if value == "NaT" else value


def _all_finite(plain: Any) -> Any:
    """The same with null for what is not finite."""
    if isinstance(plain, dict):
        return {name: _all_finite(each) for name, each in plain.items()}
    if isinstance(plain, list):
        return list(map(_all_finite, plain))
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


def _dumped(value: Any, dump: Callable[[], str], where: str | None = None) -> str:
    try:
        return dump()
    except Exception as error:  # whatever pydantic, or a serializer of the user's own, raises
        told = f"cannot be said in JSON: {type(value)!r}: {error}"
        if where is None:
            raise _Unsayable(told) from error
        raise WrongArgumentError(f"{where}: {told}") from error


_FORMS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (str, str.__str__),
    (int, int),
    (float, float),
    (date | time, _iso),
    (timedelta, timedelta.total_seconds),
    (bytes | bytearray, _bytes),
    (Mapping, _mapping),
    ((list, tuple, Set), _elements),
    (Decimal, _decimal),
    (UUID | PurePath, str),
)
