"""What the document says of channels and their fields."""

from __future__ import annotations

import json
from pathlib import Path

from csp_gateway.client.catalogue import Catalogue
from csp_gateway.client.console.describing import ChannelInfo, channels_in, fields_of, listed

DOCUMENT = json.loads((Path(__file__).parents[2] / "ways" / "openapi.json").read_text())
CATALOGUE = Catalogue(DOCUMENT, "/api/v1")
VERBS = CATALOGUE.verbs()


def test_channels_have_their_verbs_and_types() -> None:
    found = {each.channel: each for each in channels_in(DOCUMENT, "/api/v1", VERBS)}
    assert found["example"].type.endswith("ExampleData")
    assert found["example_list"].type.endswith("[]")
    assert found["basket"].type.endswith("{}")
    assert "last" in found["example"].verbs


def test_what_can_be_followed_has_stream_among_its_verbs() -> None:
    found = channels_in(DOCUMENT, "/api/v1", VERBS, ["example", "basket/A", "basket/B", "heartbeat"])
    verbs = {each.channel: each.verbs for each in found}
    assert verbs["example"][:3] == ["last", "next", "stream"]
    assert "stream" in verbs["basket"]
    assert "stream" not in verbs["example_list"]
    assert found[-1] == ChannelInfo("heartbeat", "", ["stream"])


def test_a_list_and_a_basket_are_one_tick_each() -> None:
    assert listed(DOCUMENT, "/api/v1", "example_list")
    assert not listed(DOCUMENT, "/api/v1", "example")


def test_fields_have_types_and_what_is_nested_has_a_path() -> None:
    fields = {each.field: each for each in fields_of(CATALOGUE.document, "/api/v1", "example", list(VERBS))}
    assert fields["y"].type == "text"
    assert "internal_csp_struct.z" in fields
    assert {each.must_be_there for each in fields.values()} == {"no"}


def test_what_must_be_there_is_told() -> None:
    record = {
        "properties": {
            "a": {"type": "integer"},
            "b": {"type": "integer", "default": 1},
            "leg": {"properties": {"c": {"type": "string"}}, "required": ["c"]},
        },
        "required": ["a"],
    }
    answer = {"200": {"content": {"application/json": {"schema": {"type": "array", "items": record}}}}}
    document = {"paths": {"/api/v1/last/x": {"get": {"responses": answer}}}}
    fields = fields_of(document, "/api/v1", "x", ["x"])
    assert [(each.field, each.must_be_there, each.default) for each in fields] == [
        ("a", "yes", None),
        ("b", "no", 1),
        ("leg", "no", None),
        ("leg.c", "with leg", None),
    ]
