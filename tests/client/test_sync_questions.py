"""The verbs that ask for data, asked of a real gateway."""

from __future__ import annotations

import pytest

from csp_gateway import Filter, FilterCondition, GatewayClient, Query, QueryError, ResponseWrapper, ReturnType


def test_the_coming_tick_is_the_newest_then(client: GatewayClient) -> None:
    (coming,) = client.next("example")
    assert client.last("example")[0]["x"] >= coming["x"]


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
    assert client.sql("select ? + 1 as b, ? as c", [1, "x"]) == [{"b": 2, "c": "x"}]


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
