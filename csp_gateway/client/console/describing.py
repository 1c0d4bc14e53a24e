"""What a gateway's OpenAPI document says of its channels: what ticks on them, which fields, of which types."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from csp_gateway.errors import ServerRouteNotFoundException, did_you_mean

__all__ = ["ChannelInfo", "FieldInfo", "channels_in", "fields_of", "keys_of", "listed"]

_VERBS = ("last", "next", "stream", "send", "state", "history", "lookup", "stage")
"""The verbs of channels and states, in the order in which they are asked what ticks; ``stream``: it can be followed."""
_DEEPEST = 6
"""Structs within structs that are described; what is deeper is an object."""


class ChannelInfo(NamedTuple):
    """A channel, or a state that is called otherwise than its channel."""

    channel: str
    type: str
    """``package.module.Class``; with ``[]`` if a tick is a list, with ``{}`` if it is a basket."""
    verbs: list[str]


class FieldInfo(NamedTuple):
    """A field of what ticks; of a nested struct ``a.b``."""

    field: str
    type: str
    required: bool
    default: Any
    description: str

    @property
    def must_be_there(self) -> str:
        """Whether it must be, in what is sent: ``yes``, ``no``; of what is nested, where that is."""
        above = self.field.rpartition(".")[0]
        return (f"with {above}" if above else "yes") if self.required else "no"


def channels_in(
    document: Mapping[str, Any], api_route: str, verbs: Mapping[str, list[str]], streams: Iterable[str] = ()
) -> list[ChannelInfo]:
    """The channels and states, with the verbs that they can be asked by.

    Args:
        document: the OpenAPI document.
        api_route: the path that all verbs are below.
        verbs: what ``GatewayClient.channels`` says.
        streams: what ``GatewayClient.streams`` says.
    """
    followed = dict.fromkeys(name.partition("/")[0] for name in streams)
    found = []
    for name in [*verbs, *(name for name in followed if name not in verbs)]:
        mounted = [*verbs.get(name, ()), *(["stream"] if name in followed else [])]
        if "{" in name or mounted == ["lookup"]:  # keys of a basket stand with it; structs can be looked up by id alone
            continue
        operation = next(_operations(document, api_route, name), {})
        ending = "{}" if any(each.startswith(f"{name}/{{") for each in verbs) else ""
        ending += "[]" if operation.get("listed_") else ""
        found.append(ChannelInfo(name, f"{operation.get('type_', '')}{ending}", sorted(mounted, key=_place)))
    return found


def listed(document: Mapping[str, Any], api_route: str, channel: str) -> bool:
    """Whether what is sent to a channel is one tick, however many records it has: a list, or a whole basket."""
    paths = document["paths"]
    send = paths.get(f"{api_route}/send/{_spelled(channel)}", {}).get("post", {})
    return bool(send.get("listed_")) or f"{api_route}/send/{_spelled(channel)}/{{key}}" in paths


def keys_of(document: Mapping[str, Any], api_route: str, verb: str, channel: str) -> list[str]:
    """The keys of a basket that a verb is asked of, in their order; none of another channel."""
    path = f"{api_route}/{verb}/{_spelled(channel)}/{{key}}"
    parameters = document["paths"].get(path, {}).get("get", {}).get("parameters", ())
    said: Mapping[str, Any] = next((each.get("schema", {}) for each in parameters if each["name"] == "key"), {})
    return list(said.get("enum", ()))


def fields_of(document: Mapping[str, Any], api_route: str, channel: str, known: list[str]) -> list[FieldInfo]:
    """The fields of what ticks on a channel.

    Raises:
        ServerRouteNotFoundException: there is no such channel; the nearest is named.
    """
    name = _spelled(channel.partition("/")[0])
    for operation in _operations(document, api_route, name):
        schema = _record_in(operation)
        if schema is not None:
            return list(_fields(schema))
    raise ServerRouteNotFoundException(f"there is no channel or state {channel!r} here; {did_you_mean(channel, known)}")


def _place(verb: str) -> int:
    return _VERBS.index(verb) if verb in _VERBS else len(_VERBS)


def _spelled(name: str) -> str:
    return name.replace("-", "_")


def _operations(document: Mapping[str, Any], api_route: str, name: str) -> Iterator[Mapping[str, Any]]:
    for verb in _VERBS:
        for ending in ("", "/{key}", "/{id}"):
            operations = document["paths"].get(f"{api_route}/{verb}/{name}{ending}", {})
            yield from (operations[method] for method in ("get", "post") if method in operations)


def _record_in(operation: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of the records that an operation answers."""
    content = operation.get("responses", {}).get("200", {}).get("content", {})
    schema: Mapping[str, Any] = content.get("application/json", {}).get("schema", {})
    while "properties" not in schema:
        inner = schema.get("items") or next(iter(schema.get("anyOf", [])), None)
        if not isinstance(inner, Mapping):
            return None
        schema = inner
    return schema


def _fields(schema: Mapping[str, Any], before: str = "", depth: int = 1) -> Iterator[FieldInfo]:
    required = schema.get("required", ())
    for name, said in schema["properties"].items():
        default = said.get("default")
        yield FieldInfo(f"{before}{name}", _type(said), name in required, default, _words(said))
        inner = _struct_in(said)
        if inner is not None and depth < _DEEPEST:
            yield from _fields(inner, f"{before}{name}.", depth + 1)


def _struct_in(schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for each in (schema, *schema.get("anyOf", ()), *schema.get("allOf", ())):
        if each.get("properties"):
            return each  # type: ignore[no-any-return]
    return None


def _type(schema: Mapping[str, Any]) -> str:
    """A type in a word or two.

    >>> _type({"type": "array", "items": {"type": ["number", "null"]}})
    '(number | null)[]'
    >>> _type({"type": "object", "additionalProperties": {"type": "integer", "format": "int64"}})
    '{text: int64}'
    """
    alternatives = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if alternatives:
        return " | ".join(dict.fromkeys(_type(each) for each in alternatives))
    names = schema.get("x-enum-varnames") or schema.get("enum")
    if names:
        return " | ".join(json.dumps(each) if not isinstance(each, str) else each for each in names)
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return " | ".join(_type({**schema, "type": each}) for each in kinds)
    match kinds:
        case "array":
            item = _type(schema.get("items") or {})
            return f"({item})[]" if " | " in item else f"{item}[]"
        case "object" if schema.get("properties"):
            return str(schema.get("title", "object"))
        case "object":
            values = schema.get("additionalProperties")
            return f"{{text: {_type(values)}}}" if isinstance(values, Mapping) and values else "object"
        case "string":
            return str(schema.get("format", "text")).removesuffix("-local")
        case str():
            return str(schema.get("format", kinds))
    return "anything"


_LIMITS = {
    "minimum": ">= {}",
    "exclusiveMinimum": "> {}",
    "maximum": "<= {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "like {}",
    "multipleOf": "a multiple of {}",
}


def _words(schema: Mapping[str, Any]) -> str:
    """What is said of a field, and what its values are limited to."""
    limits = []
    for name, words in _LIMITS.items():
        if (limit := schema.get(name)) is not None:
            whole = isinstance(limit, float) and limit.is_integer()
            limits.append(words.format(int(limit) if whole else limit))
    description = " ".join(str(schema.get("description", "")).split())
    return "; ".join(part for part in (description, ", ".join(limits)) if part)
