"""Which verbs and channels a gateway has mounted, as its document says: that of the gateway with every feature."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from csp_gateway.client import calls
from csp_gateway.client.catalogue import Catalogue
from csp_gateway.errors import ServerException, ServerRouteNotFoundException, ServerRouteNotMountedException
from csp_gateway.wire.mounting import not_served

DOCUMENT = json.loads((Path(__file__).parent.parent / "ways" / "openapi.json").read_text())
EXAMPLE = "csp_gateway.server.demo.omnibus.ExampleData"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(DOCUMENT, "/api/v1")


def without(group: str) -> Catalogue:
    """Of a gateway that has mounted all but one verb."""
    paths = {path: each for path, each in DOCUMENT["paths"].items() if not path.startswith(f"/api/v1/{group}")}
    return Catalogue({**DOCUMENT, "paths": paths}, "/api/v1")


@pytest.mark.parametrize("field", ["example", "basket", "basket/A", "str_basket/any/key", "example-list", ""])
def test_what_is_mounted_may_be_asked(catalogue: Catalogue, field: str) -> None:
    catalogue.check(calls.last(field, 1.0))


@pytest.mark.parametrize("field", ["exmple", "example/A", "basket/", "metadata"])
def test_what_is_not_mounted_is_refused_with_what_is_nearest(catalogue: Catalogue, field: str) -> None:
    with pytest.raises(ServerRouteNotMountedException, match=f"^Route not mounted in group last: {field}; "):
        catalogue.check(calls.last(field, 1.0))


@pytest.mark.parametrize(
    ("call", "module"),
    [
        (calls.controls("stats", 1.0), "MountControls"),
        (calls.field_values("x", 1.0), "MountFieldRestRoutes"),
        (calls.last("example", 1.0), "MountRestRoutes"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.path,
)
def test_of_a_verb_that_is_not_served_the_module_is_named_that_serves_it(call: calls.Call, module: str) -> None:
    words = f"^Route not mounted in group {call.group}: {call.field}; no module serves .* here: {module} does, "
    with pytest.raises(ServerRouteNotMountedException, match=words):
        without(call.group).check(call)


@pytest.mark.parametrize(
    ("call", "module"),
    [
        (calls.last("", 1.0), "MountRestRoutes"),
        (calls.state("", 1.0, None), "MountRestRoutes"),
        (calls.stage("", "list", None, None, 1.0), "MountRestRoutes"),
        (calls.controls("", 1.0), "MountControls"),
        (calls.field_values("", 1.0), "MountFieldRestRoutes"),
        (calls.streams(1.0), "MountWebSocketRoutes"),
        (calls.remove_client("x", 1.0), "MountWebSocketRoutes"),
        (calls.sql("select 1", None, 1.0), "MountRestRoutes"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.path,
)
def test_a_list_of_a_verb_that_is_not_served_is_not_found(call: calls.Call, module: str) -> None:
    words = f"^Route not mounted in group {call.group}: no module serves {call.group!r} here: {module} does, "
    with pytest.raises(ServerRouteNotFoundException, match=words):
        without(call.group).check(call)


def test_the_nearest_is_named(catalogue: Catalogue) -> None:
    with pytest.raises(ServerRouteNotMountedException, match="did you mean 'example'"):
        catalogue.check(calls.last("exmple", 1.0))


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (calls.last("exampel", 1.0), "there is no channel 'exampel'; did you mean 'example'?"),
        (calls.state("exampel", 1.0, None), "there is no state 'exampel'; did you mean 'example'?"),
        (calls.controls("hartbeat", 1.0), "there is no control 'hartbeat'; did you mean 'heartbeat'?"),
        (calls.last("exampel/A", 1.0), "there is no channel 'exampel'; did you mean 'example'?"),
        (calls.last("example/A", 1.0), "'example' is no basket, and has no key 'A'"),
        (calls.last("basket/", 1.0), "a key of 'basket' has to be named: basket/KEY"),
        (calls.state("never_ticks", 1.0, None), "'never_ticks' has no state here; it has history, last, lookup, next"),
        (
            calls.send("never-ticks", b"{}", "accepted", 1.0),
            "channel 'never-ticks' takes nothing from outside, or MountRestRoutes leaves it out: let a module of the "
            "gateway call channels.add_send_channel('never_ticks') in its connect",
        ),
    ],
    ids=lambda each: each if isinstance(each, str) else each.path,
)
def test_in_plain_words_it_is_the_name_itself_and_what_is_meant(
    catalogue: Catalogue, call: calls.Call, why: str
) -> None:
    with pytest.raises(ServerRouteNotMountedException) as refused:
        catalogue.check(call)
    assert refused.value.why == why
    assert str(refused.value) == f"Route not mounted in group {call.group}: {call.field}; {why}"


def test_in_plain_words_a_verb_that_is_not_served_lacks_its_module() -> None:
    with pytest.raises(ServerRouteNotMountedException) as refused:
        without("last").check(calls.last("example", 1.0))
    assert refused.value.why == not_served("last")


def test_a_method_of_a_path_is_one_of_those_it_has(catalogue: Catalogue) -> None:
    catalogue.check(calls.stage("example", "release", None, None, 1.0))
    catalogue.check(calls.lookup("example", "1", 1.0))
    catalogue.check(calls.lookup("id", "1", 1.0))
    catalogue.check(calls.controls("stats", 1.0))
    with pytest.raises(ServerRouteNotMountedException, match="group controls: shutdown"):
        catalogue.check(calls.controls("shutdown", 1.0))


def test_what_was_looked_for_is_known_and_bounded() -> None:
    catalogue = Catalogue(DOCUMENT, "/api/v1")
    for i in range(3_000):
        catalogue.check(calls.last(f"basket/{i}", None))
        with pytest.raises(ServerRouteNotMountedException):
            catalogue.check(calls.last("exmple", None))
    assert len(catalogue._operations) <= 1_000


def test_the_fields_of_a_verb(catalogue: Catalogue) -> None:
    assert catalogue.fields("stage") == ["example", "example_with_stage"]
    assert "basket/{key}" in catalogue.fields("send")
    assert catalogue.fields("no_such_verb") == []
    assert catalogue.verbs()["never_ticks"] == ["history", "last", "lookup", "next"]
    assert "heartbeat" not in catalogue.verbs()


def test_a_record_of_an_answer_has_the_schema_and_the_class_of_the_channel(catalogue: Catalogue) -> None:
    for call in (
        calls.last("example", 1.0),
        calls.last("basket/A", 1.0),
        calls.state("example_with_state", 1.0, None),
        calls.send("example", b"{}", "accepted", 1.0),
    ):
        schema = catalogue.row_schema(call)
        assert schema is not None
        assert schema["properties"]["x"]["type"] == "integer"
        assert schema["properties"]["internal_csp_struct"]["properties"]["z"]["type"] == "integer"
        assert catalogue.type_name(call) == EXAMPLE


def test_a_record_that_a_query_makes_has_columns_of_its_own(catalogue: Catalogue) -> None:
    call = calls.state("example_with_state", 1.0, {"aggregates": {"n": {"count": "*"}}})
    assert catalogue.row_schema(call) == {"type": "object", "properties": {}}
    assert catalogue.type_name(call) is None


def test_a_list_of_names_is_of_text(catalogue: Catalogue) -> None:
    assert catalogue.row_schema(calls.last("", 1.0)) == {"type": "string"}


def test_a_channel_of_lists_and_one_of_keys_are_known(catalogue: Catalogue) -> None:
    assert catalogue.is_listed(calls.send("example_list", b"", "accepted", 1.0))
    assert not catalogue.is_listed(calls.send("example", b"", "accepted", 1.0))
    assert catalogue.is_basket("send", "basket")
    assert catalogue.is_basket("send", "str-basket")
    assert not catalogue.is_basket("send", "example")


def test_a_state_is_of_a_channel(catalogue: Catalogue) -> None:
    assert catalogue.channel_of("example_with_state_alternative") == "example_with_state_multiple"
    with pytest.raises(ServerRouteNotMountedException, match="did you mean 'example_with_state'"):
        catalogue.channel_of("example_with_stat")


def test_large_answers_can_come_as_columns(catalogue: Catalogue) -> None:
    assert catalogue.offers_arrow(calls.state("example_with_state", 1.0, None))
    assert catalogue.offers_arrow(calls.sql("select 1", None, 1.0))
    assert not catalogue.offers_arrow(calls.last("example", 1.0))


def test_the_document_has_in_place_what_it_refers_to_but_for_circles(catalogue: Catalogue) -> None:
    schemas = catalogue.document["components"]["schemas"]
    assert schemas["ExampleDataTick"]["properties"]["value"]["properties"]["x"]["type"] == "integer"
    # A filter is made of filters.
    assert "$ref" in json.dumps(schemas["Not"])


@pytest.mark.parametrize("document", [None, [], {}, {"paths": []}])
def test_what_is_no_document_is_no_gateway(document: object) -> None:
    with pytest.raises(ServerException, match="no gateway"):
        Catalogue(document, "/api/v1")
