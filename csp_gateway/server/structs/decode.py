"""JSON bytes as a struct, by a decoder written once per class."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeVar, cast

import msgspec
from pydantic import TypeAdapter

from csp_gateway.server.structs.compile import Names, compile_function
from csp_gateway.server.structs.construct import has_own_init
from csp_gateway.server.structs.declaration import GatewayStructMeta
from csp_gateway.server.structs.identity import get_counter, utc_now
from csp_gateway.server.structs.reading import CannotRead, Reading, reading_of
from csp_gateway.server.structs.schema import (
    RULES,
    Fresh,
    adapter_of,
    fields_of,
    has_own_checks,
    is_required,
    pydantic_type,
)

__all__ = ["builder_of", "decode", "decode_many", "is_plain"]

S = TypeVar("S")

_AS_GIVEN = Fresh()

_REFUSED = (msgspec.MsgspecError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class _Decoder:
    """Reads JSON into a class that msgspec knows, and from that makes the struct."""

    expected: type
    build: Callable[[Any, bool, bool], Any]
    read: Callable[[bytes], Any]
    read_list: Callable[[bytes], list[Any]]


def decode(cls: type[S], data: bytes, context: Any = None) -> S:
    """The struct a JSON object stands for.

    What the generated decoder refuses, and classes it cannot be made for, are validated by pydantic: the outcome is the
    same as that of ``type_adapter().validate_json``.

    Raises:
        pydantic.ValidationError: the data is no JSON, or not of this class.
    """
    decoder = _decoder_of(cls)
    if decoder is not None:
        try:
            fresh = _AS_GIVEN if context is None else Fresh.asked_by(context)
            made: S = decoder.build(decoder.read(data), fresh.id, fresh.timestamp)
            return made
        except _REFUSED:
            pass  # pydantic coerces, or says what is wrong
    validated: S = adapter_of(cls).validate_json(data, context=context)
    return validated


def decode_many(cls: type[S], data: bytes, context: Any = None) -> list[S]:
    """The structs of a JSON array, or the one of a JSON object, in a list.

    Raises:
        pydantic.ValidationError: as ``decode``; for an array, locations start with the index.
    """
    if data.lstrip()[:1] != b"[":
        return [decode(cls, data, context)]
    decoder = _decoder_of(cls)
    if decoder is not None:
        try:
            fresh = Fresh.asked_by(context)
            return [decoder.build(each, fresh.id, fresh.timestamp) for each in decoder.read_list(data)]
        except _REFUSED:
            pass
    return _list_adapter(cast(Hashable, cls)).validate_json(data, context=context)


def builder_of(cls: type) -> Callable[..., Any] | None:
    """The generated function that makes structs of ``cls`` of what msgspec read; None when pydantic does it all."""
    decoder = _decoder_of(cls)
    return None if decoder is None else decoder.build


def is_plain(cls: type) -> bool:
    """Whether structs of ``cls`` are read without pydantic, and so without rules of the user's, its own or nested."""
    return _decoder_of(cls) is not None


@lru_cache(maxsize=256)
def _list_adapter(cls: Any) -> TypeAdapter[list[Any]]:
    kind: Any = list[pydantic_type(cls)]  # type: ignore[misc]  # made here
    return TypeAdapter(kind)


class _Decoders(dict[type, tuple[int, _Decoder | None]]):
    """One decoder per struct class, made on first use, with the version of the rules it was made under."""

    def __missing__(self, cls: type) -> tuple[int, _Decoder | None]:
        version = RULES.version
        try:
            decoder = _make_decoder(cls)
        except CannotRead:
            decoder = None
        made = self[cls] = (version, decoder)
        return made


_DECODERS = _Decoders()


def _decoder_of(cls: type) -> _Decoder | None:
    version, decoder = _DECODERS[cls]
    if version != RULES.version:  # a validator was added or removed, on this class or on one nested in it
        _DECODERS.pop(cls, None)
        version, decoder = _DECODERS[cls]
    return decoder


def _make_decoder(cls: Any) -> _Decoder:
    if has_own_checks(cls) or has_own_init(cls) or cls.is_strict():  # csp checks strictness in __init__
        raise CannotRead(cls)
    names = Names({"new": cls.__new__, "cls": cls, "UNSET": msgspec.UNSET})
    expected: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    lines = ["def build(m, fresh_id, fresh_timestamp):", "    struct = new(cls)  # with its defaults"]
    for name, info in fields_of(cls).items():
        reading = reading_of(info.annotation, info.metadata, names, partial(_nested, names), native=True)
        if is_required(cls, name, info):
            expected.append((name, reading.expected))
            lines += [f"    v = m.{name}", f"    struct.{name} = {reading.code('v')}"]
        else:
            expected.append((name, reading.expected, msgspec.UNSET))
            lines += _optional_field(cls, name, reading.code("v"), names)
    if isinstance(cls, GatewayStructMeta):
        names.keep("lookup", vars(cls)["__gateway_lookup__"])
        lines += ["    if lookup.included:", "        lookup.put(id, struct)"]
    lines.append("    return struct")
    build = compile_function("build", lines, names.values, owner=f"build of {cls.__module__}.{cls.__qualname__}")
    try:
        kind = msgspec.defstruct(cls.__name__, expected, kw_only=True, forbid_unknown_fields=True)
        return _Decoder(
            kind,
            build,
            msgspec.json.Decoder(kind).decode,
            msgspec.json.Decoder(list[kind]).decode,  # type: ignore[valid-type]  # made here
        )
    except TypeError as error:  # msgspec cannot tell apart the types of some union
        raise CannotRead(cls) from error


def _optional_field(cls: Any, name: str, code: str, names: Names) -> list[str]:
    """The lines that set a field if it was given, and otherwise leave it to be minted, made, or unset."""
    given = f"(v := m.{name}) is not UNSET"
    if isinstance(cls, GatewayStructMeta):
        if name == "id":
            counter = names.keep("counter", get_counter())
            return [f"    id = v if {given} and not fresh_id else str({counter}.next())", "    struct.id = id"]
        if name == "timestamp":
            now = names.keep("utc_now", utc_now)
            return [f"    struct.timestamp = v if {given} and not fresh_timestamp else {now}()"]
        if factory := cls.__gateway_factories__.get(name):
            make = names.keep(f"make_{name}", factory)
            return [f"    struct.{name} = {code} if {given} else {make}()"]
    return [f"    if {given}:", f"        struct.{name} = {code}"]


def _nested(names: Names, cls: type) -> Reading:
    decoder = _decoder_of(cls)
    if decoder is None:
        raise CannotRead(cls)
    build = names.keep(f"build_{cls.__name__}", decoder.build)
    return Reading(decoder.expected, lambda v: f"{build}({v}, fresh_id, fresh_timestamp)")
