"""An example of a struct class as JSON, made from its schema and held against the class's own rules."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, get_args, get_origin

import csp
from pydantic import ValidationError

from csp_gateway.server.structs.forms import enum_json
from csp_gateway.server.structs.gateway_struct import GatewayStruct
from csp_gateway.server.structs.schema import adapter_of, fields_of

__all__ = ["example_of"]

_ID = "example"
_TEXTS = {
    "date-time-local": "2026-05-28T20:26:40",
    "time-local": "20:26:40",
    "date": "2026-05-28",
    "date-time": "2026-05-28T20:26:40Z",
    "uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "uri": "https://example.com",
}
_DEEPEST = 5


def example_of(cls: type[GatewayStruct]) -> dict[str, Any]:
    """A record that the class accepts, as JSON without ``id`` and ``timestamp``.

    What the declaration says itself wins: ``Field(examples=[…])``, then a default. A field that no example fits is
    left out.
    """
    schema = adapter_of(cls).json_schema()
    definitions = schema.get("$defs", {})
    fields = {name: each for name, each in schema["properties"].items() if name not in ("id", "timestamp")}
    declared = fields_of(cls)
    example = {
        name: _by_member(declared[name].annotation, _example(each, definitions, 0)) for name, each in fields.items()
    }
    try:
        return _accepted(cls, example)
    finally:
        cls.__gateway_lookup__.discard(_ID)


def _by_member(annotation: Any, example: Any) -> Any:
    """An example of a dict by enum with a key that is a member's: JSON Schema says of keys only that they are text."""
    key, *_ = (*get_args(annotation), None)
    is_enum = isinstance(key, type) and issubclass(key, Enum | csp.Enum) and get_origin(annotation) is dict
    if not is_enum or not isinstance(example, dict) or set(example) != {"key"}:
        return example
    member = next(iter(key.__members__.values()))
    said = enum_json(member)
    return {str(said) if isinstance(said, str | int) else member.name: example["key"]}


def _accepted(cls: type[GatewayStruct], example: dict[str, Any]) -> dict[str, Any]:
    """As much of it as the class accepts."""
    left = dict(example)
    while left:
        try:
            cls.model_validate({**left, "id": _ID})
        except ValidationError as error:
            refused = {each["loc"][0] for each in error.errors() if each["loc"]} & set(left)
            if not refused:
                return {}
            left = {name: value for name, value in left.items() if name not in refused}
        else:
            break
    return left


def _example(schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int) -> Any:
    """A value that a JSON schema describes, None where there is none that is short."""
    for said in ("examples", "enum"):
        if schema.get(said):
            return schema[said][0]
    for said in ("const", "default"):
        if schema.get(said) is not None:
            return schema[said]
    if depth > _DEEPEST:
        return None
    if "$ref" in schema:
        return _example(definitions[schema["$ref"].rpartition("/")[2]], definitions, depth + 1)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _example(schema[several][0], definitions, depth + 1)
    kinds = schema.get("type", "null")
    return _plain(kinds if isinstance(kinds, str) else kinds[0], schema, definitions, depth)


def _plain(kind: str, schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int) -> Any:
    if kind == "object":
        named = schema.get("properties", {})
        example = {name: _example(each, definitions, depth + 1) for name, each in named.items()}
        if isinstance(schema.get("additionalProperties"), Mapping) and not named:
            example["key"] = _example(schema["additionalProperties"], definitions, depth + 1)
        return example
    if kind == "array":
        several = schema.get("prefixItems") or [schema.get("items") or {}] * max(1, schema.get("minItems", 1))
        return [_example(each, definitions, depth + 1) for each in several]
    if kind == "string":
        text = _TEXTS.get(schema.get("format", ""), "text")
        return text[: schema["maxLength"]] if "maxLength" in schema else text
    return {"integer": _number(schema, 1), "number": _number(schema, 1.5), "boolean": True}.get(kind)


def _number(schema: Mapping[str, Any], usual: float) -> float:
    """The usual number, or the nearest to it that the bounds let in."""
    low = max(schema.get("minimum", usual), schema.get("exclusiveMinimum", usual - 1) + 1, usual)
    nearest: float = min(schema.get("maximum", low), schema.get("exclusiveMaximum", low + 1) - 1, low)
    return nearest
