"""Every verb of the REST API, asked of a real gateway."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from csp_gateway import (
    Filter,
    FilterCondition,
    GatewayClient,
    Query,
    QueryError,
    ResponseWrapper,
    ReturnType,
    ServerRouteNotFoundException,
    ServerRouteNotMountedException,
    ServerUnprocessableException,
)
from csp_gateway.server.demo.omnibus import ExampleData

RECORD = {"x": 7, "dt": "2026-01-01T00:00:00", "d": "2026-01-01"}


def test_the_coming_tick_is_the_newest_then(client: GatewayClient) -> None:
    (coming,) = client.next("example")
    assert client.last("example")[0]["x"] >= coming["x"]


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


def test_a_struct_can_be_sent_and_comes_back_as_one(client: GatewayClient) -> None:
    struct = ExampleData(x=3, y="seen", dt=datetime(2026, 1, 1), d=date(2026, 1, 1))
    (sent,) = client.send("example", struct, wait="ticked", return_type_override="struct")
    assert isinstance(sent, ExampleData)
    assert (sent.x, sent.y, sent.d) == (3, "seen", struct.d)


def test_more_than_one_request_carries_is_sent_in_several(client: GatewayClient) -> None:
    records = ({**RECORD, "x": x, "y": "many"} for x in range(10_050))
    sent = client.send("example", records, timeout=60, wait="ticked")
    assert [record["x"] for record in sent] == list(range(10_050))


def test_a_send_of_which_a_part_fails_says_how_far_it_got(client: GatewayClient) -> None:
    records = ({**RECORD, "x": "odd" if x == 10_020 else x} for x in range(10_050))
    with pytest.raises(ServerUnprocessableException, match="10,000 records were accepted before") as caught:
        client.send("example", records, timeout=60)
    assert caught.value.accepted == 10_000
    assert caught.value.args[0][0]["loc"] == ["body", 10_020, "x"]


def test_who_wants_only_the_number_gets_it(client: GatewayClient) -> None:
    assert client.send("example", [RECORD] * 3, count_only=True) == 3


def test_structs_of_several_requests_are_one_list(client: GatewayClient) -> None:
    records = ({**RECORD, "x": x} for x in range(10_002))
    sent = client.send("example", records, timeout=60, return_type_override="struct")
    assert [struct.x for struct in sent[-3:]] == [9_999, 10_000, 10_001]
    assert len(sent) == 10_002


def test_a_list_is_one_tick(client: GatewayClient) -> None:
    client.send("example_list", [RECORD, {**RECORD, "x": 8}], wait="ticked")
    told = [[record["x"] for record in tick["value"]] for tick in client.history("example_list", limit=3)]
    assert [7, 8] in told


def test_nothing_sent_is_nothing(client: GatewayClient) -> None:
    assert client.send("example", []) == []


def test_what_the_gateway_cannot_read_says_where(client: GatewayClient) -> None:
    with pytest.raises(ServerUnprocessableException) as caught:
        client.send("example", {"x": "seven"})
    assert caught.value.args[0][0]["loc"] == ["body", "x"]


def test_a_state_is_asked_by_a_query_or_what_says_the_same(client: GatewayClient) -> None:
    client.next("example_with_state")
    query = Query(filters=[Filter(attr="x", by=FilterCondition(value=0, where=">"))], limit=1)
    assert client.state("example_with_state", query=query) == client.state(
        "example_with_state", query={"filters": [{"attr": "x", "by": {"value": 0, "where": ">"}}], "limit": 1}
    )
    with pytest.raises(QueryError, match="did you mean 'limit'"):
        client.state("example_with_state", query={"limti": 1})


def test_sql_is_asked_with_parameters(client: GatewayClient) -> None:
    assert client.sql("select $a + 1 as b", {"a": 1}) == [{"b": 2}]


def test_a_history_has_offsets(client: GatewayClient) -> None:
    client.next("example")
    newest = client.history("example", limit=1)
    assert client.history("example", since=newest[0]["offset"], limit=1) == newest
    assert "example" in client.history()


@pytest.mark.parametrize("kind", [each for each in ReturnType if each is not ReturnType.Wrapper])
def test_an_answer_is_of_the_kind_that_is_wanted(omnibus: str, kind: ReturnType) -> None:
    with GatewayClient(host=omnibus, return_type=kind) as client, GatewayClient(host=omnibus) as other:
        other.next("example_with_state")
        answer = client.state("example_with_state", query={"limit": 1})
        same = other.state("example_with_state", query={"limit": 1}, return_type_override=kind.value)
        wrapper = other.state("example_with_state", query={"limit": 1}, return_type_override="wrapper")
    assert isinstance(wrapper, ResponseWrapper)
    assert type(answer) is type(same)
    assert len(answer) == 1


def test_a_list_of_names_is_no_list_of_structs(client: GatewayClient) -> None:
    assert client.last(return_type_override="struct") == client.last()
    assert client.last(return_type_override="polars").to_series().to_list() == client.last()


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
