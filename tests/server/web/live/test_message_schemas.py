"""The schemas of messages let through what is said, and nothing else."""

from typing import Any

import jsonschema_rs
import pytest

from csp_gateway.server.web.live.message_schemas import (
    REF,
    message_schema,
    record_schemas,
    sent_schema,
    ticked_schema,
)
from csp_gateway.server.web.verbs import Shape
from csp_gateway.wire.answers import Answer, Gap
from csp_gateway.wire.commands import Send, Subscribe
from tests.server.web.live.parts import Quote

PLAIN = Shape("quotes", Quote, False)
BASKET = Shape("legs", Quote, False, dict, {"A": "a", "B": "b"})
RECORDS, PARTS = record_schemas([Quote])
RECORD = {"symbol": "A", "n": 1}


def is_valid(schema: dict[str, Any], parts: dict[str, Any], message: Any) -> bool:
    return jsonschema_rs.validator_for({**schema, "components": {"schemas": parts}}).is_valid(message)


def test_a_command_with_its_tag_and_its_defaults() -> None:
    schema = message_schema(Subscribe, {})
    assert schema["required"] == ["action", "channel"]
    assert schema["properties"]["action"] == {"type": "string", "const": "subscribe"}
    assert schema["properties"]["format"]["default"] == "json"
    assert "default" not in schema["properties"]["where"]
    assert is_valid(schema, {}, {"action": "subscribe", "channel": "a", "snapshot": "state", "where": {"attr": "n"}})
    assert not is_valid(schema, {}, {"action": "subscribe", "channel": "a", "feilds": []})
    assert not is_valid(schema, {}, {"action": "subscribe"})


def test_what_stands_in_a_message_is_described_beside_it() -> None:
    parts: dict[str, Any] = {}
    schema = message_schema(Answer, parts)
    assert schema["properties"]["result"] == {"$ref": f"{REF}Result"}
    assert "from" in parts["Result"]["properties"]
    assert is_valid(schema, parts, {"channel": "reply", "id": 1, "action": "ping", "result": {"pong": True}})
    # What is not said is absent, and not null.
    assert not is_valid(schema, parts, {"channel": "reply", "id": 1, "action": "ping", "result": {"pong": None}})
    gap = message_schema(Gap, parts)
    missing = {"channel": "a", "from": None, "to": 3, "count": None, "reason": "epoch_changed"}
    assert is_valid(gap, parts, {"channel": "gap", "gap": missing})
    assert not is_valid(gap, parts, {"channel": "gap", "gap": {**missing, "reason": "whatever"}})


@pytest.mark.parametrize(
    ("shape", "message", "valid"),
    [
        (PLAIN, {"channel": "quotes", "data": [RECORD]}, True),
        (PLAIN, {"channel": "quotes", "data": []}, True),
        (PLAIN, {"channel": "quotes", "offset": 3, "next": 4, "epoch": "a", "time": "2026", "data": [RECORD]}, True),
        (PLAIN, {"channel": "quotes", "key": "A", "data": [RECORD]}, False),
        (PLAIN, {"channel": "others", "data": [RECORD]}, False),
        (PLAIN, {"channel": "quotes", "data": [{"n": "x"}]}, False),
        (BASKET, {"channel": "legs", "key": "A", "data": [RECORD]}, True),
        (BASKET, {"channel": "legs", "key": "a", "data": [RECORD]}, False),
        (BASKET, {"channel": "legs", "data": [RECORD]}, False),
    ],
)
def test_a_tick(shape: Shape, message: Any, valid: bool) -> None:
    assert is_valid(ticked_schema(shape, RECORDS[Quote]), PARTS, message) is valid


@pytest.mark.parametrize(
    ("shape", "message", "valid"),
    [
        (PLAIN, {"channel": "quotes", "data": RECORD}, True),
        (PLAIN, {"channel": "quotes", "data": [RECORD, RECORD], "id": 1, "wait": "ticked"}, True),
        (PLAIN, {"channel": "quotes", "data": RECORD, "key": "A"}, False),
        (PLAIN, {"channel": "quotes"}, False),
        (PLAIN, {"channel": "quotes", "data": {"m": 1}}, False),
        (BASKET, {"channel": "legs", "key": "A", "data": RECORD}, True),
        (BASKET, {"channel": "legs", "key": "Q", "data": RECORD}, False),
        (BASKET, {"channel": "legs", "data": {"A": RECORD, "B": [RECORD]}}, True),
        (BASKET, {"channel": "legs", "data": {"Q": RECORD}}, False),
    ],
)
def test_a_send(shape: Shape, message: Any, valid: bool) -> None:
    assert is_valid(sent_schema(shape, RECORDS[Quote]), PARTS, {"action": "send", **message}) is valid


def test_a_send_says_no_more_than_the_code_reads() -> None:
    assert set(sent_schema(BASKET, RECORDS[Quote])["properties"]) == {"action", *Send.__struct_encode_fields__}
