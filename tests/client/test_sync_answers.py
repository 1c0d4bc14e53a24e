"""The verbs whose answer is made into what one wants, asked of a real gateway."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, get_overloads

import pandas
import polars
import pyarrow
import pytest

from csp_gateway import ClientClosedError, GatewayClient, ResponseWrapper, ServerUnprocessableException
from csp_gateway.client.sync_answers import SyncAnswers
from csp_gateway.server.demo.omnibus import ExampleData
from tests.client.test_sync_verbs import RECORD

KINDS: dict[str, type] = {
    "pandas": pandas.DataFrame,
    "polars": polars.DataFrame,
    "arrow": pyarrow.Table,
    "wrapper": ResponseWrapper,
}


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


def test_there_is_no_number_without_a_channel(client: GatewayClient) -> None:
    with pytest.raises(ValueError, match="count_only has nothing to count"):
        client.send("", count_only=True)


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


ASKS: dict[str, Callable[[SyncAnswers[Any]], Any]] = {
    "next": lambda asked: asked.next("example"),
    "controls": lambda asked: asked.controls("heartbeat"),
    "the names of controls": lambda asked: asked.controls(),
    "last": lambda asked: asked.last("example"),
    "the names of last": lambda asked: asked.last(),
    "state": lambda asked: asked.state("example_with_state", query={"limit": 1}),
    "sql": lambda asked: asked.sql("select 1 as a"),
    "history": lambda asked: asked.history("example", limit=1),
    "lookup": lambda asked: asked.lookup("example", asked.last("example", return_type_override="raw")[0]["id"]),
    "send": lambda asked: asked.send("example", RECORD),
    "the names of send": lambda asked: asked.send(),
    "fields": lambda asked: asked.fields("metadata"),
    "the names of fields": lambda asked: asked.fields(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_asked_the_answer_is_what_type_checkers_are_told(client: GatewayClient, kind: str) -> None:
    asked = client.returning(kind)
    assert {name: type(ask(asked)) for name, ask in ASKS.items()} == dict.fromkeys(ASKS, KINDS[kind])


@pytest.mark.parametrize(
    "name", [name for name, _ in inspect.getmembers(SyncAnswers, inspect.isfunction) if not name.startswith("_")]
)
def test_type_checkers_are_told_all_that_a_verb_takes(name: str) -> None:
    verb = getattr(SyncAnswers, name)
    told, takes = [inspect.signature(each) for each in get_overloads(verb)], inspect.signature(verb)
    assert [list(each.parameters) for each in told] == [list(takes.parameters)] * len(told)
    assert [defaults(each) for each in told] == [defaults(takes)] * len(told)
    assert (told[0].return_annotation, told[-1].return_annotation) == ("R_co", "Any")


def defaults(signature: inspect.Signature) -> dict[str, Any]:
    """But for those that say what is returned."""
    chooses = ("return_type_override", "count_only")
    return {name: each.default for name, each in signature.parameters.items() if name not in chooses}


def test_another_kind_is_asked_for_over_the_same_connections(client: GatewayClient) -> None:
    frames = client.returning("Polars")
    assert (
        frames.state("example_with_state").columns
        == client.state("example_with_state", return_type_override="polars").columns
    )
    assert frames.send("example", [RECORD] * 3, count_only=True) == 3
    assert frames.last(return_type_override="raw") == client.last()
    assert not hasattr(frames, "close")
    client.close()
    with pytest.raises(ClientClosedError):
        frames.last("example")


def test_a_kind_that_there_is_not_is_refused(client: GatewayClient) -> None:
    with pytest.raises(ValueError, match="did you mean 'polars'"):
        client.returning("polrs")
