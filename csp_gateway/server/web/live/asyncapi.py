"""The AsyncAPI 3 document of live delivery: its messages, from the same models as the code, and what they are for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from csp_gateway.server.structs import example_of
from csp_gateway.server.web.live.hub import Hub
from csp_gateway.server.web.live.member_docs import member_docs, plain_doc
from csp_gateway.server.web.live.message_schemas import (
    REF,
    message_schema,
    record_schemas,
    sent_schema,
    ticked_schema,
)
from csp_gateway.server.web.live.session import Rules
from csp_gateway.server.web.verbs import Shape
from csp_gateway.wire import answers
from csp_gateway.wire.closing import Closing
from csp_gateway.wire.commands import PROTOCOL, Ping, Subscribe, Unsubscribe

__all__ = ["Stream", "document"]

_SOCKET = """\
A WebSocket. Say what you want to follow, one JSON object a text frame, or one of MessagePack a binary frame; whatever
has an `id` is answered with it, and what is wrong is answered by an error even without one.

A message that arrives was written for whoever reads: nobody waits for anybody else. Who does not keep up is conflated,
told of a gap, or disconnected, as its `policy` says.
"""
_EVENTS = """\
The same ticks as server-sent events: the `data` of each event is the message of the socket, its `id` says where each
channel has got to, and who comes back with it as `Last-Event-ID` goes on from there. Options are parameters of the URL;
`/openapi.json` has them. Ticks are events without a name; `gap` and `closing` have one.
"""
_OF_SOCKETS = ("reply", "error")
_IDENTITY = {"id": "1767346200000000017", "timestamp": "2026-01-02T09:30:00.000100"}
"""What every record is born with."""
_RUN = "1f3c9c1e6f0b4d0f9a57e7a5d1f1b2c3"


class Stream(NamedTuple):
    """A place where channels are followed."""

    path: str
    rules: Rules


def document(hub: Hub, streams: Sequence[Stream], info: dict[str, Any]) -> dict[str, Any]:
    """The document.

    Args:
        streams: one at least.
        info: as AsyncAPI has it: ``title``, ``version``.
    """
    shapes = dict(sorted(hub.served.items()))
    records, schemas = record_schemas(shape.struct for shape in shapes.values())
    messages = {**_said_by_clients(shapes, streams, records, schemas), **_told(shapes, records, schemas)}
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for number, stream in enumerate(streams):
        suffix = "" if number == 0 else str(number + 1)
        channels |= _channels(stream, suffix)
        operations |= _operations(stream, suffix)
    return {
        "asyncapi": "3.0.0",
        "info": {**info, "x-protocol": PROTOCOL},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": _wanted(messages, schemas)},
        "x-close-codes": [_close_code(code) for code in Closing],
        "x-error-codes": dict(answers.ERRORS),
    }


def _wanted(messages: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The schemas that messages lead to, by name."""
    left = dict(schemas)
    wanted: dict[str, Any] = {}
    text = json.dumps(messages)
    while found := [name for name in left if f'"{REF}{name}"' in text]:
        wanted |= {name: left.pop(name) for name in found}
        text = json.dumps([wanted[name] for name in found])
    return dict(sorted(wanted.items()))


def _close_code(code: Closing) -> dict[str, Any]:
    described = member_docs(Closing)[code.name]
    return {"code": int(code), "name": code.name, "comeBack": code.come_back, "description": described}


# What there is to say.


def _said_by_clients(
    shapes: dict[str, Shape], streams: Sequence[Stream], records: dict[type, Any], schemas: dict[str, Any]
) -> dict[str, Any]:
    followed = [name for name in shapes if any(name in each.rules.channels for each in streams)]
    sends = [name for name in shapes if any(name in each.rules.sends for each in streams)]
    one: str = (followed or ["heartbeat"])[0]
    subscribe, unsubscribe = message_schema(Subscribe, schemas), message_schema(Unsubscribe, schemas)
    for schema in (subscribe, unsubscribe):
        schema["properties"]["channel"] = {"type": "string", "enum": [*followed, "heartbeat"]}
    filters = schemas["Query"]["properties"]["filters"]["items"]
    where = subscribe["properties"]["where"]
    subscribe["properties"]["where"] = {**where, "anyOf": [filters, {"type": "array", "items": filters}]}
    asked = {"action": "subscribe", "channel": one, "id": 1, "snapshot": True, "positions": True}
    again = {"action": "subscribe", "channel": one, "id": 2, "since": 42, "epoch": _RUN, "positions": True}
    made = {
        "subscribe": _message(
            "subscribe", plain_doc(Subscribe), subscribe, {"what stands, then ticks": asked, "going on": again}
        ),
        "unsubscribe": _message(
            "unsubscribe", plain_doc(Unsubscribe), unsubscribe, {"": {"action": "unsubscribe", "channel": one, "id": 3}}
        ),
        "ping": _message("ping", plain_doc(Ping), message_schema(Ping, schemas), {"": {"action": "ping", "id": 4}}),
    }
    for name in sends:
        shape = shapes[name]
        example = {"action": "send", "channel": name, "id": 5, "wait": "ticked", "data": example_of(shape.struct)}
        if shape.container is not None:
            example["key"] = next(iter(shape.keys), "KEY")
        made[f"send.{name}"] = _message(
            f"send to {name}",
            f"Tick `{name}` with what is given.",
            sent_schema(shape, records[shape.struct]),
            {"": example},
        )
    return made


# What is told.


def _told(shapes: dict[str, Shape], records: dict[type, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, shape in shapes.items():
        keyed = {} if shape.container is None else {"key": next(iter(shape.keys), "KEY")}
        record = {**_IDENTITY, **example_of(shape.struct)}
        plain = {"channel": name, **keyed, "data": [record]}
        where = {"offset": 41, "next": 42, "epoch": _RUN, "time": "2026-01-02T09:30:00.000125"}
        placed = {"channel": name, **keyed, **where, "data": [record]}
        schema = ticked_schema(shape, records[shape.struct])
        made[f"tick.{name}"] = _message(
            name, f"What `{name}` ticks.", schema, {"as it is": plain, "with positions": placed}
        )
    one = next(iter(shapes), "heartbeat")
    of_subscribe = {"channel": one, "epoch": _RUN, "from": 42}
    leaving = {"code": int(Closing.STOPPING), "reason": "the gateway stops", "retry_after": 0.4}
    wrong = {"code": "unknown_channel", "message": "there is no channel 'qoutes' to follow here"}
    missing = {"channel": one, "from": 42, "to": 50, "count": 8, "reason": "overflow"}
    examples: dict[str, tuple[type[msgspec.Struct], dict[str, Any]]] = {
        "reply": (answers.Answer, {"id": 1, "action": "subscribe", "result": of_subscribe, "protocol": PROTOCOL}),
        "error": (answers.Refusal, {"error": wrong, "id": 1, "request": {"action": "subscribe", "channel": "qoutes"}}),
        "gap": (answers.Gap, {"gap": missing}),
        "closing": (answers.Closing, {"closing": leaving}),
        "heartbeat": (answers.Heartbeat, {"data": "PING"}),
    }
    for name, (kind, example) in examples.items():
        schema = message_schema(kind, schemas)
        made[name] = _message(name, plain_doc(kind), schema, {"": {"channel": name, **example}})
    return made


def _message(title: str, summary: str, payload: dict[str, Any], examples: dict[str, Any]) -> dict[str, Any]:
    shown = [{**({"summary": what} if what else {}), "payload": example} for what, example in examples.items()]
    return {
        "name": title,
        "title": title,
        "summary": summary,
        "contentType": "application/json",
        "payload": payload,
        "examples": shown,
    }


# Where it is said.


def _of(stream: Stream) -> tuple[list[str], list[str]]:
    """The messages of clients, and those of the gateway."""
    said = ["subscribe", "unsubscribe", "ping", *(f"send.{name}" for name in sorted(stream.rules.sends))]
    ticks = [f"tick.{name}" for name in sorted(stream.rules.channels)]
    return said, [*ticks, "reply", "error", "gap", "closing", "heartbeat"]


def _channels(stream: Stream, suffix: str) -> dict[str, Any]:
    said, told = _of(stream)
    refer = {name: {"$ref": f"#/components/messages/{name}"} for name in (*said, *told)}
    listed = ", ".join(f"`{name}`" for name in sorted(stream.rules.channels)) or "none"
    where = {"description": f"Channels with commas in between, of a basket also `basket/KEY`. There are {listed}."}
    return {
        f"stream{suffix}": {
            "address": stream.path,
            "title": "Follow and send",
            "description": _SOCKET,
            "messages": refer,
            "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
        },
        f"events{suffix}": {
            "address": f"{stream.path}/{{channels}}",
            "title": "Follow as server-sent events",
            "description": _EVENTS,
            "parameters": {"channels": where},
            "messages": {name: refer[name] for name in told if name not in _OF_SOCKETS},
        },
    }


def _operations(stream: Stream, suffix: str) -> dict[str, Any]:
    said, told = _of(stream)

    def on(channel: str, names: Sequence[str]) -> dict[str, Any]:
        place = f"#/channels/{channel}{suffix}"
        return {"channel": {"$ref": place}, "messages": [{"$ref": f"{place}/messages/{name}"} for name in names]}

    return {
        f"hear{suffix}": {
            "action": "receive",
            "summary": "What a client says",
            **on("stream", said),
            "reply": on("stream", ["reply", "error"]),
        },
        f"tell{suffix}": {"action": "send", "summary": "What a client is told", **on("stream", told)},
        f"stream_events{suffix}": {
            "action": "send",
            "summary": "What is told as events",
            **on("events", [name for name in told if name not in _OF_SOCKETS]),
        },
    }
