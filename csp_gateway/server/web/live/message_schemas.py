"""JSON schemas of the messages, from the structs that read them and that they are held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from pydantic import TypeAdapter

from csp_gateway.server.structs import GatewayStruct
from csp_gateway.server.web.live.member_docs import member_docs, plain_doc
from csp_gateway.server.web.verbs import Shape
from csp_gateway.wire import Query
from csp_gateway.wire.answers import Ticked
from csp_gateway.wire.commands import Send

__all__ = ["REF", "message_schema", "record_schemas", "sent_schema", "ticked_schema"]

REF = "#/components/schemas/"

Schema = dict[str, Any]

_NO_DEFAULTS = (msgspec.NODEFAULT, msgspec.UNSET, None)


def message_schema(kind: type[msgspec.Struct], parts: dict[str, Schema]) -> Schema:
    """The schema of a message.

    Args:
        parts: the structs that stand in it are added, by name.
    """
    config = kind.__struct_config__
    properties: dict[str, Schema] = {}
    required: list[str] = []
    if config.tag is not None:
        properties[str(config.tag_field)] = {"type": "string", "const": config.tag}
        required.append(str(config.tag_field))
    docs = member_docs(kind)
    for member in msgspec.structs.fields(kind):
        properties[member.encode_name] = _member(member, docs, parts)
        if member.required:
            required.append(member.encode_name)
    told = {"type": "object", "title": kind.__name__, "description": plain_doc(kind)}
    return {**told, "properties": properties, "required": required, "additionalProperties": False}


def _member(member: msgspec.structs.FieldInfo, docs: Mapping[str, str], parts: dict[str, Schema]) -> Schema:
    within = _struct_in(member.type)
    if within is not None:
        if within.__name__ not in parts:
            parts[within.__name__] = message_schema(within, parts)
        return {"$ref": REF + within.__name__}
    schema = msgspec.json.schema(member.type)
    described = {"description": docs[member.name]} if member.name in docs else {}
    default = member.default
    given = {} if default in _NO_DEFAULTS or isinstance(default, msgspec.Raw) else {"default": default}
    return {**schema, **described, **given}


def _struct_in(annotation: Any) -> type[msgspec.Struct] | None:
    """The struct that a member holds, if it does."""
    for each in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(each, type) and issubclass(each, msgspec.Struct):
            return each
    return None


def record_schemas(structs: Iterable[type[GatewayStruct]]) -> tuple[dict[type, Schema], dict[str, Schema]]:
    """The schemas of records and of a query's filters, as OpenAPI has them.

    Returns:
        What refers to each class, and what is referred to, by name. Under ``Query`` is that of filters.
    """
    kinds: list[Any] = [*dict.fromkeys(structs), Query]
    adapters = [(kind, "validation", TypeAdapter(kind)) for kind in kinds]
    references, rest = TypeAdapter.json_schemas(adapters, ref_template=REF + "{model}")  # type: ignore[arg-type]
    parts = dict(rest.get("$defs", {}))
    return {kind: references[kind, "validation"] for kind in kinds}, parts


def ticked_schema(shape: Shape, record: Schema) -> Schema:
    """The schema of a message that tells what a channel ticked."""
    whole = message_schema(Ticked, {})
    properties = {**whole["properties"], "channel": {"type": "string", "const": shape.channel}}
    properties["data"] = {"type": "array", "items": record, "description": whole["properties"]["data"]["description"]}
    if shape.container is None:
        del properties["key"]
    else:
        properties["key"] = {"type": "string", "enum": [*shape.keys], "description": "Of the basket."}
    keyed = [] if shape.container is None else ["key"]
    required = ["channel", *keyed, "data"]
    return {**whole, "title": f"Ticked {shape.channel}", "properties": properties, "required": required}


def sent_schema(shape: Shape, record: Schema) -> Schema:
    """The schema of a message that sends to a channel."""
    whole = message_schema(Send, {})
    several: Schema = {"type": "array", "items": record}
    data: Schema = {"anyOf": [record, several]}
    properties = {**whole["properties"], "channel": {"type": "string", "const": shape.channel}}
    if shape.container is None:
        del properties["key"]
    else:
        properties["key"] = {**properties["key"], "enum": [*shape.keys, None]}
        of_keys = {"type": "object", "propertyNames": {"enum": [*shape.keys]}, "additionalProperties": data}
        data = {"anyOf": [*data["anyOf"], of_keys]}
    properties["data"] = {**data, "description": properties["data"]["description"]}
    return {**whole, "title": f"Send to {shape.channel}", "properties": properties}
