"""How single values look in JSON: what pydantic must be told about times, enums and arrays to have our one form."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, get_args, get_origin

import csp
import msgspec
import numpy as np
from csp.typing import Numpy1DArray, NumpyNDArray
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticKnownError, core_schema, to_jsonable_python

__all__ = [
    "NativeIntForm",
    "array_from",
    "array_values",
    "enum_json",
    "enum_members",
    "form_of",
    "naive_utc",
    "seconds",
]


def form_of(tp: Any) -> Any | None:
    """The annotation that gives ``tp`` our form, or None when pydantic's own is ours too."""
    if isinstance(tp, type) and issubclass(tp, enum.Enum):
        return _EnumForm(tp)
    if get_origin(tp) in (Numpy1DArray, NumpyNDArray):
        return _ArrayForm(np.dtype(get_args(tp)[0]), one_dimension=get_origin(tp) is Numpy1DArray)
    return _PLAIN_FORMS.get(tp) if isinstance(tp, type) else None


def naive_utc(moment: datetime) -> datetime:
    """``moment`` in UTC without an offset; a naive one is UTC already."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def seconds(number: float) -> timedelta:
    """A time span from seconds.

    Raises:
        ValueError: not a number, or longer than a time span can be.
    """
    try:
        return timedelta(seconds=number)
    except OverflowError as error:
        raise ValueError(f"a time span cannot be {number} seconds") from error


def enum_members(cls: type[enum.Enum]) -> dict[Any, enum.Enum]:
    """What may stand for a member: its value, its value as text if that is a number (object keys are), its name.

    A value wins over another member's name; for a ``csp.Enum`` names and values never meet.
    """
    members: dict[Any, enum.Enum] = dict(cls.__members__)
    for member in cls:
        if isinstance(member.value, int) and not isinstance(member, csp.Enum):
            members[str(int(member.value))] = member
    for member in cls:
        if type(member.value).__hash__ is not None:
            members[member.value] = member
    return members


def enum_json(member: enum.Enum) -> Any:
    """What stands for a member in JSON: the name of a ``csp.Enum``, the value of any other."""
    return member.name if isinstance(member, csp.Enum) else member.value


def array_from(values: Any, dtype: np.dtype[Any], one_dimension: bool) -> np.ndarray[Any, Any]:
    """``values`` as an array of ``dtype``; None stands for NaN.

    Raises:
        ValueError: the values do not fit without loss, or do not have the one dimension asked for.
    """
    try:
        array = np.asarray(values) if isinstance(values, np.ndarray) else _gathered(values, dtype)
        if array.dtype != dtype:
            with np.errstate(invalid="raise"):
                cast = array.astype(dtype)
            if array.dtype.kind in "biufc" and not np.array_equal(cast, array, equal_nan=array.dtype.kind in "fc"):
                raise ValueError(f"numbers that are no {dtype} would be changed")
            array = cast
    except (TypeError, OverflowError, FloatingPointError) as error:
        raise ValueError(f"cannot make an array of {dtype}: {error}") from error
    if one_dimension and array.ndim != 1:
        raise ValueError(f"array must be one dimensional, not {array.ndim}")
    return array


def _gathered(values: Any, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    if dtype.kind == "f":
        return _even(values, dtype)  # the one kind that reads None, as NaN
    gathered = _even(values)
    return gathered.astype(dtype) if gathered.size == 0 else gathered


def _even(values: Any, dtype: np.dtype[Any] | None = None) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(values, dtype=dtype)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError("the lists in an array have to be of one length, and as deep as each other") from None


def array_values(array: np.ndarray[Any, Any]) -> list[Any]:
    """The array as nested lists of Python values."""
    plain = array.astype("datetime64[us]") if array.dtype.kind == "M" else array
    values: list[Any] = plain.tolist()
    return values


class _MomentForm:
    """A datetime or time: RFC 3339 text is read by msgspec, which rounds where pydantic cuts off; kept naive UTC."""

    def __init__(self, kind: type[datetime] | type[time]) -> None:
        self._kind = kind

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = core_schema.no_info_before_validator_function(self._read, handler(source))
        if self._kind is time:
            return inner
        written = core_schema.plain_serializer_function_ser_schema(
            naive_utc, return_schema=core_schema.datetime_schema(), when_used="json"
        )
        return core_schema.no_info_after_validator_function(_naive_utc_checked, inner, serialization=written)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        # JSON Schema's own "date-time" and "time" have an offset; these are names of OpenAPI's registry of formats.
        return {**handler(schema), "format": "time-local" if self._kind is time else "date-time-local"}

    def _read(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return msgspec.convert(value, self._kind)
        except msgspec.ValidationError:
            return value


def _naive_utc_checked(moment: datetime) -> datetime:
    try:
        return naive_utc(moment)
    except OverflowError as error:
        raise ValueError("moment is out of range in UTC") from error


class _SecondsForm:
    """A time span: written as seconds, read from seconds too."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(
            timedelta.total_seconds, return_schema=core_schema.float_schema(), when_used="json"
        )
        return core_schema.no_info_before_validator_function(_span, handler(source), serialization=written)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "number", "description": "Seconds; an ISO 8601 duration is understood too."}


def _span(value: Any) -> Any:
    return seconds(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


class NativeIntForm:
    """A whole number that is a field of its own: csp has 64 bits for it, and refuses more by itself."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "format": "int64"}


class _FloatForm:
    """A float: what is not finite is written as ``null``, and ``null`` in JSON is read as NaN."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_before_validator_function(_nan_for_null, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        described = handler(schema)
        return {**described, "type": ["number", "null"]} if _takes_nan(schema) else described


def _takes_nan(schema: Any) -> bool:
    """Whether what is asked of a number lets NaN through: no bound does."""
    inner = schema.get("schema", schema)
    asked = ("gt", "ge", "lt", "le", "multiple_of")
    return inner.get("allow_inf_nan") is not False and not any(inner.get(each) is not None for each in asked)


def _nan_for_null(value: Any, info: ValidationInfo) -> Any:
    return math.nan if value is None and info.mode == "json" else value


_PLAIN_FORMS: dict[type, Any] = {
    datetime: _MomentForm(datetime),
    float: _FloatForm(),
    time: _MomentForm(time),
    timedelta: _SecondsForm(),
}


class _EnumForm:
    """An enum: a member's value or its name is understood."""

    def __init__(self, cls: type[enum.Enum]) -> None:
        self._cls = cls

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        members = enum_members(self._cls)
        expected = ", ".join(repr(to_jsonable_python(enum_json(member), fallback=repr)) for member in self._cls)
        written = core_schema.plain_serializer_function_ser_schema(enum_json, when_used="json")
        return core_schema.no_info_plain_validator_function(
            _member_reader(self._cls, members, expected), serialization=written
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        values = [to_jsonable_python(enum_json(member), fallback=repr) for member in self._cls]
        described: dict[str, Any] = {"title": self._cls.__name__, "enum": values}
        if kinds := {json for value in values for kind, json in _JSON_TYPES.items() if type(value) is kind}:
            described["type"] = kinds.pop() if len(kinds) == 1 else sorted(kinds)
        names = list(self._cls.__members__)
        if values != names:
            described["description"] = f"The names are understood too: {', '.join(names)}."
            # Where clients made by generators look for them, and ours.
            described["x-enum-varnames"] = [member.name for member in self._cls]
        return described


_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def _member_reader(cls: type[enum.Enum], members: Mapping[Any, enum.Enum], expected: str) -> Callable[[Any], enum.Enum]:
    def read(value: Any) -> enum.Enum:
        if isinstance(value, cls):
            return value
        try:
            member = members.get(value)
        except TypeError:  # not hashable
            member = None
        if member is None or (isinstance(value, bool) is not isinstance(member.value, bool) and value != member.name):
            raise PydanticKnownError("enum", {"expected": expected})
        return member

    return read


class _ArrayForm:
    """A numpy array: a list, nested by dimension."""

    def __init__(self, dtype: np.dtype[Any], *, one_dimension: bool) -> None:
        self._dtype = dtype
        self._one_dimension = one_dimension

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(array_values, when_used="json")
        return core_schema.no_info_plain_validator_function(self._read, serialization=written)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        kind = {"f": "number", "i": "integer", "u": "integer", "b": "boolean"}.get(self._dtype.kind, "string")
        item: dict[str, Any] = {"type": [kind, "null"] if kind == "number" else kind}
        return {"type": "array", "items": item if self._one_dimension else {"anyOf": [item, {"type": "array"}]}}

    def _read(self, value: Any) -> np.ndarray[Any, Any]:
        if isinstance(value, (str, bytes, Mapping)):
            raise ValueError("an array is given as a list")
        return array_from(value, self._dtype, self._one_dimension)
