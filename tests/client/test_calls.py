"""Each verb as a Call, before anything is asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from csp_gateway.client import calls
from csp_gateway.errors import QueryError, WrongArgumentError
from csp_gateway.wire import Filter, FilterCondition, Query


def test_a_call_is_a_path_below_its_verb() -> None:
    call = calls.last("basket/A", 3.0)
    assert (call.method, call.path, call.timeout, call.repeatable) == ("GET", "last/basket/A", 3.0, True)
    assert calls.last("", 1.0).path == "last/"


@pytest.mark.parametrize("seconds", [np.float32(1.5), Fraction(3, 2)])
def test_seconds_are_a_number_that_sockets_take(seconds: Any) -> None:
    assert type(calls.last("orders", seconds).timeout) is float
    assert calls.next_tick("orders", None).timeout is None


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (calls.last("basket/a b#ä", 1).path, "last/basket/a%20b%23%C3%A4"),
        (calls.last("basket/100%", 1).path, "last/basket/100%25"),
        (calls.lookup("orders", "a/b", 1).path, "lookup/orders/a%2Fb"),
        (calls.remove_client("a/b", 1).path, "clients/a%2Fb"),
    ],
)
def test_what_is_no_letter_of_a_url_is_quoted(path: str, wanted: str) -> None:
    assert path == wanted


def test_next_is_asked_again_only_by_who_waits_for_ever() -> None:
    assert calls.next_tick("orders", None).asks_again
    assert not calls.next_tick("orders", 5.0).asks_again
    assert not calls.next_tick("", None).asks_again


def test_a_query_says_only_what_was_said() -> None:
    query = Query(filters=[Filter(attr="x", by=FilterCondition(value=1))])
    call = calls.state("orders", 1.0, query)
    assert json.loads(call.params["query"]) == {"filters": [{"attr": "x", "by": {"value": 1}}]}
    assert (call.method, call.body, call.typed, call.whole) == ("GET", None, True, True)
    assert calls.state("orders", 1.0, None).params == {}


def test_a_query_can_be_a_mapping() -> None:
    call = calls.state("orders", 1.0, {"limit": 5, "order_by": ["x"]})
    assert json.loads(call.params["query"]) == {"order_by": [{"attr": "x"}], "limit": 5}


def test_a_query_that_cannot_be_read_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(QueryError, match="did you mean 'limit'"):
        calls.state("orders", 1.0, {"limti": 5})


def test_a_long_query_goes_into_a_body() -> None:
    query = {"filters": [{"attr": "x", "by": {"in": list(range(100_000, 100_900))}}]}
    call = calls.state("orders", 1.0, query)
    assert (call.method, call.params, call.repeatable) == ("POST", {}, True)
    assert json.loads(call.body or b"") == query


@pytest.mark.parametrize(
    "query", [{"select": ["x"]}, {"group_by": ["x"], "aggregates": {"n": {"count": "*"}}}], ids=["select", "group"]
)
def test_a_query_can_make_other_columns_than_the_struct_has(query: dict[str, Any]) -> None:
    call = calls.state("orders", 1.0, query)
    assert not (call.typed and call.whole)


def test_sql_is_a_body() -> None:
    call = calls.sql("select $d as d", {"d": datetime(2026, 1, 2, tzinfo=UTC)}, 1.0)
    assert json.loads(call.body or b"") == {"sql": "select $d as d", "parameters": {"d": "2026-01-02T00:00:00+00:00"}}
    given = calls.sql("select ?, ?", (1, "a"), 1.0)
    assert json.loads(given.body or b"") == {"sql": "select ?, ?", "parameters": [1, "a"]}
    assert json.loads(calls.sql("select 1", None, 1.0).body or b"") == {"sql": "select 1"}


@pytest.mark.parametrize("given", ["10", b"10", {10}], ids=["text", "bytes", "set"])
def test_parameters_are_by_name_or_in_order(given: Any) -> None:
    with pytest.raises(TypeError, match=f"in order, as a list, .* type {type(given).__name__}"):
        calls.sql("select ?", given, 1.0)


def test_times_of_a_history_are_utc_unless_they_say() -> None:
    east = timezone(timedelta(hours=2))
    call = calls.history("orders", datetime(2026, 1, 2), datetime(2026, 1, 2, tzinfo=east), 5, None, 1.0)
    assert call.params == {"since": "2026-01-02T00:00:00+00:00", "until": "2026-01-02T00:00:00+02:00", "limit": "5"}
    assert calls.history("orders", 17, None, None, None, 1.0).params == {"since": "17"}


def test_a_send_can_be_repeated_as_it_has_a_key_of_its_own() -> None:
    first, second = (calls.send("orders", b"{}", "accepted", 1.0) for _ in range(2))
    assert first.repeatable
    assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]
    assert first.params == {}
    assert calls.send("orders", b"{}", "ticked", 1.0).params == {"wait": "ticked"}


@pytest.mark.parametrize(
    ("method", "verb", "repeatable"),
    [
        ("add", "POST", False),
        ("remove", "DELETE", False),
        ("release", "PATCH", False),
        ("list", "GET", True),
        ("lookup", "PUT", True),
    ],
)
def test_a_method_of_stage_is_one_of_http(method: calls.StageMethod, verb: str, repeatable: bool) -> None:
    call = calls.stage("orders", method, None, None, 1.0)
    assert (call.method, call.params, call.repeatable) == (verb, {}, repeatable)


def test_no_ids_of_stagings_are_not_an_empty_list_of_them() -> None:
    assert calls.stage("orders", "list", None, [], 1.0).params == {"id": ""}
    assert calls.stage("orders", "list", None, ["a", "b"], 1.0).params == {"id": "a,b"}
    assert calls.stage("orders", "list", None, "a", 1.0).params == {"id": "a"}


def test_stage_has_no_other_methods() -> None:
    with pytest.raises(WrongArgumentError, match=r"stage: method should be 'add', .* or 'lookup', not 'clear'"):
        calls.stage("orders", "clear", None, None, 1.0)  # type: ignore[arg-type]


def test_a_gateway_is_ended_once() -> None:
    assert calls.controls("stats", 1.0).method == "GET"
    ends = calls.controls("shutdown", 1.0)
    assert (ends.method, ends.repeatable) == ("POST", False)


def test_some_of_a_gateway_is_not_below_its_api() -> None:
    assert (calls.health(1.0).path, calls.health(1.0).at_root) == ("/readyz", True)
    assert (calls.document(1.0).path, calls.document(1.0).at_root) == ("/openapi.json", True)
    assert (calls.clients(1.0).path, calls.field_values("", 1.0).path) == ("clients", "field")
    assert calls.field_values("metadata", 1.0).path == "field/metadata"
