"""The AsyncAPI document is one, and its examples are what is really said."""

import json
from pathlib import Path
from typing import Any

import httpx2
import jsonschema_rs
import pytest

from csp_gateway import MountWebSocketRoutes
from tests.server.web.live.desk import Desk, Served
from tests.server.web.live.parts import quote

ASYNCAPI = Path(__file__).parents[3] / "ways" / "asyncapi-3.0.0.schema.json"
VALIDATOR = jsonschema_rs.validator_for(json.loads(ASYNCAPI.read_text()))


def document(desk: Served) -> dict[str, Any]:
    told: dict[str, Any] = httpx2.get(f"{desk.url}/asyncapi.json").raise_for_status().json()
    return told


def payload_validator(whole: dict[str, Any], name: str) -> Any:
    schema = whole["components"]["messages"][name]["payload"]
    return jsonschema_rs.validator_for({**schema, "components": {"schemas": whole["components"]["schemas"]}})


def test_it_is_an_asyncapi_document(desk: Served) -> None:
    whole = document(desk)
    assert [(error.message[:200], error.instance_path) for error in VALIDATOR.iter_errors(whole)] == []
    # The schema does find what is wrong.
    del whole["channels"]["stream"]["messages"]["reply"]["$ref"]
    whole["operations"]["hear"]["action"] = "listen"
    assert not VALIDATOR.is_valid(whole)


def test_whatever_it_refers_to_is_there(desk: Served) -> None:
    whole = document(desk)
    references = []

    def walk(part: Any) -> None:
        for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            walk(value)
        if isinstance(part, dict) and isinstance(part.get("$ref"), str):
            references.append(part["$ref"])

    walk(whole)
    assert references
    for reference in references:
        place: Any = whole
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    used = {reference.removeprefix("#/components/schemas/") for reference in references}
    assert set(whole["components"]["schemas"]) <= used


def test_its_examples_are_valid(desk: Served) -> None:
    whole = document(desk)
    for name, message in whole["components"]["messages"].items():
        assert message["examples"]
        for example in message["examples"]:
            payload_validator(whole, name).validate(example["payload"])


def test_what_it_says_to_say_can_be_said_and_what_is_told_is_as_it_says(desk: Served) -> None:
    whole = document(desk)
    desk.tick("legs", quote(1), "A")
    talk = desk.talk()
    answered = 0
    for name, message in whole["components"]["messages"].items():
        if {"$ref": f"#/channels/stream/messages/{name}"} not in whole["operations"]["hear"]["messages"]:
            continue
        for example in message["examples"]:
            talk.say(**example["payload"])
            while (heard := talk.hear())["channel"] not in ("reply", "error"):
                payload_validator(whole, f"tick.{heard['channel']}").validate(heard)
            assert heard["channel"] == "reply", (name, heard)
            payload_validator(whole, "reply").validate(heard)
            answered += 1
    assert answered >= 8
    talk.say(action="subscrib")
    payload_validator(whole, "error").validate(talk.hear())
    talk.socket.close()


def test_channels_have_their_own_messages(desk: Served) -> None:
    whole = document(desk)
    stream = whole["channels"]["stream"]
    assert stream["address"] == "/api/v1/stream"
    assert {"tick.quotes", "tick.legs", "send.notes", "subscribe", "gap"} <= set(stream["messages"])
    # Nobody provides it.
    assert "tick.nobody" not in stream["messages"]
    assert whole["channels"]["events"]["address"] == "/api/v1/stream/{channels}"
    assert "reply" not in whole["channels"]["events"]["messages"]
    followed = whole["components"]["messages"]["subscribe"]["payload"]["properties"]["channel"]["enum"]
    assert followed == ["legs", "many", "notes", "quotes", "heartbeat"]
    assert {each["code"] for each in whole["x-close-codes"] if each["comeBack"]} == {3001, 3003, 3008}


@pytest.mark.parametrize("readonly", [False, True])
def test_where_nothing_can_be_sent_no_message_sends(serve: Any, readonly: bool) -> None:
    messages = document(serve(Desk(), MountWebSocketRoutes(readonly=readonly)))["channels"]["stream"]["messages"]
    assert any(name.startswith("send.") for name in messages) is not readonly


def test_two_places_are_two_channels(serve: Any) -> None:
    more = MountWebSocketRoutes(prefix="/quotes_only", selection=["quotes"], readonly=True)
    desk = serve(Desk(), MountWebSocketRoutes(), more)
    whole = document(desk)
    assert VALIDATOR.is_valid(whole)
    assert [each["address"] for each in whole["channels"].values()] == [
        *("/api/v1/stream", "/api/v1/stream/{channels}"),
        *("/api/v1/quotes_only", "/api/v1/quotes_only/{channels}"),
    ]
    assert [name for name in whole["channels"]["stream2"]["messages"] if name.startswith("tick.")] == ["tick.quotes"]
    assert len(httpx2.get(f"{desk.url}/api/v1/clients").json()) == 0
