"""Every verb of the REST API, asked of a real gateway."""

from __future__ import annotations

import pytest

from csp_gateway import GatewayClient, ServerRouteNotFoundException, ServerRouteNotMountedException

RECORD = {"x": 7, "dt": "2026-01-01T00:00:00", "d": "2026-01-01"}


def test_a_verb_alone_lists_what_it_is_mounted_for(client: GatewayClient) -> None:
    assert "example" in client.last()
    assert "basket/A" in client.send()
    assert client.state() == sorted(client.state())


def test_a_basket_is_asked_whole_or_by_a_key(client: GatewayClient) -> None:
    client.send("str_basket", {"a": RECORD, "b": {**RECORD, "x": 8}}, wait="ticked")
    assert [record["x"] for record in client.last("str_basket")][:2] == [7, 8]
    assert client.last("str_basket/b")[0]["x"] == 8
    client.send("str_basket/b", {**RECORD, "x": 9}, wait="ticked")
    assert client.last("str-basket/b")[0]["x"] == 9


def test_what_is_sent_ticks_and_can_be_looked_up(client: GatewayClient) -> None:
    (sent,) = client.send("example", RECORD, wait="ticked")
    assert sent["x"] == 7
    assert client.lookup("example", sent["id"]) == [sent]
    assert client.lookup("id", sent["id"]) == [sent]
    with pytest.raises(ServerRouteNotFoundException, match="No GatewayStruct found"):
        client.lookup("id", "none")


def test_what_is_not_mounted_is_not_asked(client: GatewayClient) -> None:
    with pytest.raises(ServerRouteNotMountedException, match="Route not mounted in group stage: never_ticks"):
        client.stage("never_ticks")


def test_the_gateway_tells_of_itself(client: GatewayClient) -> None:
    assert client.health()["status"] == "ready"
    assert client.controls("heartbeat")[0]["name"] == "heartbeat"
    assert client.fields("metadata") == {"name": "Demo"}
    assert "metadata" in client.fields()
    assert "last" in client.channels()["example"]
    assert client.openapi_spec["paths"]


def test_who_follows_is_told_and_can_be_removed(client: GatewayClient) -> None:
    with client.stream(["never_ticks"]):
        assert {"example", "str_basket/a", "heartbeat"} <= set(client.streams())
        (there,) = [each for each in client.clients() if "never_ticks" in str(each)]
        client.remove_client(there["id"])
        assert there["id"] not in [each["id"] for each in client.clients()]
