"""Which channels each verb is mounted for."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from csp_gateway import GatewaySettings
from csp_gateway.server.web.listings import Listings
from csp_gateway.wire.mounting import not_served

KINDS = ["controls", "history", "last", "lookup", "next", "send", "stage", "state"]


def listings() -> Listings:
    return Listings(GatewaySettings())


def served(of: Listings) -> Any:
    api = FastAPI()
    of.mount_lists()
    of.include_in(api)
    return TestClient(api, base_url="http://localhost")


@pytest.mark.parametrize("kind", KINDS)
def test_every_verb_has_a_list(kind: str) -> None:
    of = listings()
    getattr(of, f"add_{kind}_available_channels")()
    getattr(of, f"add_{kind}_available_channels")(["b", "a"], "v2")
    client = served(of)
    assert client.get(f"/api/v1/{kind}/").json() == []
    assert client.get(f"/api/v2/{kind}/").json() == ["a", "b"]
    answer = client.get(f"/api/v2/{kind}?x=1&y=%20", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, f"/api/v2/{kind}/?x=1&y=%20")


def test_a_list_has_what_is_mounted_before_and_after_it_was_asked_for() -> None:
    of = listings()
    of.note_mounted("last", "c")
    of.add_available_channels(["last", "next"])
    of.note_mounted("last", "a", "/v1/")
    of.add_last_available_channels(["b", "a"])
    of.note_mounted("next", "x", "v2")
    assert (of.is_mounted("last"), of.is_mounted("next"), of.is_mounted("next", "v2")) == (True, False, True)
    client = served(of)
    assert client.get("/api/v1/last/").json() == ["a", "b", "c"]
    assert client.get("/api/v1/next/").json() == []
    assert client.get("/api/v2/next/").status_code == 404
    document = client.get("/openapi.json").json()
    assert [*document["paths"]] == ["/api/v1/last/", "/api/v1/next/", "/api"]


def test_what_is_no_verb_has_no_list() -> None:
    with pytest.raises(KeyError, match="did you mean 'last'"):
        listings().add_available_channels(["lats"])


def test_a_name_that_is_not_mounted_is_near_to_one_that_is() -> None:
    of = listings()
    for name in ("my_counts", "several", "several/BUY"):
        of.note_mounted("last", name)
    of.note_mounted("last", "trades", "v2")
    assert not of.is_mounted("state")
    for name in ("my_count", "my-count", "MY-COUNTZ"):
        assert of.hint(f"/api/v1/last/{name}/x") == f"there is no channel {name!r}; did you mean 'my_counts'?"
    assert of.hint("/api/v1/last/" + "x" * 100_000) == f"there is no channel {'x' * 80!r}; known: my_counts, several"
    assert of.hint("/api/v2/last/trade") == "there is no channel 'trade'; did you mean 'trades'?"
    for path in (
        "/api/v1/last/",
        "/api/v1/last/my-counts/x",
        "/api/v1/last/several/x",
        "/x",
        "/last/x",
    ):
        assert of.hint(path) is None


def test_a_name_that_another_verb_knows_is_said_to_be_there() -> None:
    of = listings()
    for verb, name in (("last", "counts"), ("next", "counts"), ("state", "count"), ("controls", "stats")):
        of.note_mounted(verb, name)
    assert of.hint("/api/v1/state/counts") == "'counts' has no state here; it has last, next"
    assert of.hint("/api/v1/state/stats") == "there is no state 'stats'; known: count"
    assert of.hint("/api/v1/controls/counts") == "there is no control 'counts'; known: stats"


def test_of_a_verb_that_no_module_serves_the_module_is_named_that_would() -> None:
    of = listings()
    of.add_last_available_channels(["a"])
    of.get_router("api").add_api_route("/stream", lambda: None)
    of.get_router("api").add_api_route("/perspective/tables", lambda: None)
    for path, module in {
        "/api/v1/state/x": "MountRestRoutes",
        "/api/v1/next": "MountRestRoutes",
        "/api/v1/sql": "MountRestRoutes",
        "/api/v1/controls/stats": "MountControls",
        "/api/v1/field/x": "MountFieldRestRoutes",
        "/api/v1/clients/x": "MountWebSocketRoutes",
        "/api/v1/channels_graph": "MountChannelsGraph",
        "/metrics": "MountMetrics",
    }.items():
        assert of.hint(path) == not_served(path.removeprefix("/api/v1").split("/")[1])
        assert f" {module} does" in str(of.hint(path))
    assert of.hint("/api/v1/lst/x") == "nothing is served at 'lst'; did you mean 'last'?"
    for path in ("/api/v1/stream/x", "/api/v1/perspective/x", "/api/v2/state/x", "/metric", "/api/v1/", "/api/v1"):
        assert of.hint(path) is None
    of.get_router("app").add_api_route("/metrics/{more}", lambda: None)
    assert of.hint("/metrics") is None
    of.add_middleware(lambda: None)
    assert of.hint("/api/v1/state/x") is None


def test_of_a_verb_that_has_no_names_that_is_told() -> None:
    of = listings()
    of.add_state_available_channels()
    of.note_mounted("last", "counts")
    assert of.hint("/api/v1/state/x") == "there is no state 'x'; there are none"
    assert of.hint("/api/v1/state/counts") == "'counts' has no state here; it has last"


def test_a_name_that_cannot_be_mounted_says_why() -> None:
    of = listings()
    of.note_mounted("send", "my_count")
    of.note_lacking("send", "my_counts", "because")
    of.note_mounted("last", "my_counts")
    for path in ("/api/v1/send/my_counts", "/api/v1/send/my-counts/x"):
        assert of.hint(path) == "because"
    assert of.hint("/api/v1/last/my_counts") is None
    of.add_middleware(lambda: None)
    assert of.hint("/api/v1/send/my_counts") is None


def test_a_name_of_another_group_is_near_to_one_there() -> None:
    of = listings()
    of.note_mounted("field", "meta")
    assert of.hint("/api/v1/field/mta") == "there is no field 'mta'; did you mean 'meta'?"


def test_who_has_not_been_let_in_is_told_no_names() -> None:
    of = listings()
    of.note_mounted("last", "secret")
    of.add_middleware(lambda: None)
    assert of.hint("/api/v1/last/secrets") is None
    assert of.hint("/api/v1/lst/secret") is None


def test_a_list_knows_no_parameters() -> None:
    of = listings()
    of.add_last_available_channels(["a"])
    client = served(of)
    answer = client.get("/api/v1/last/?limi=1")
    assert (answer.status_code, "limi: there is no such parameter" in answer.json()["detail"]) == (422, True)
    assert client.get("/api/v1/last/?timeout=1&token=x").json() == ["a"]
