"""Limits of a query: nothing deeper, nothing larger, and no end of Python's stack."""

import json
from typing import Any

import pytest

from csp_gateway.errors import QueryError
from csp_gateway.wire import Filter, FilterCondition, Query
from csp_gateway.wire.limits import DEEPEST, MOST_PARTS, refuse_excess

ONE = {"attr": "size", "by": {"value": 1}}


def nested(levels: int, word: str = "not") -> dict[str, Any]:
    filter: dict[str, Any] = ONE
    for _ in range(levels - 1):
        filter = {word: filter if word == "not" else [filter]}
    return filter


@pytest.mark.parametrize("word", ["not", "and", "or"])
def test_filters_stand_in_one_another_up_to_a_limit(word: str) -> None:
    query = Query.of({"filters": [nested(DEEPEST, word)]})
    assert Query.of(query.model_dump_json()) == query
    for levels in (DEEPEST + 1, 90, 100_000):
        with pytest.raises(QueryError, match=f"more than {DEEPEST} deep"):
            Query.of({"filters": [nested(levels, word)]})


def test_data_that_contains_itself_is_too_deep() -> None:
    circle: dict[str, Any] = {}
    circle["not"] = circle
    with pytest.raises(QueryError, match="deep"):
        Query.of({"filters": [circle]})
    circle = {}
    circle["and"] = [circle] * 10
    with pytest.raises(QueryError, match=r"deep|more than 1,000"):
        Query.of({"filters": [circle]})


@pytest.mark.parametrize("text", ['{"filters":[', '{"filters":', "[", '{"filters":[{"not":', '{"a":' * 50 + "["])
def test_json_text_of_any_depth_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match=r"recursion limit exceeded|deep"):
        Query.of(text * 10_000)
    with pytest.raises(QueryError, match=r"recursion limit exceeded|deep"):
        Query.of('{"filters":[' + '{"not":' * 150 + json.dumps(ONE) + "}" * 150 + "]}")


@pytest.mark.parametrize(
    "query",
    [
        lambda count: {"filters": [ONE] * count},
        lambda count: {"filters": [{"or": [ONE] * (count - 1)}]},
        lambda count: {"filters": [{"attr": "size", "by": {"in": list(range(count - 1))}}]},
        lambda count: {"select": [f"a{each}" for each in range(count)]},
        lambda count: {"order_by": [f"a{each}" for each in range(count)]},
        lambda count: {"aggregates": {f"a{each}": {"count": "*"} for each in range(count)}},
        lambda count: {"aggregates": {"a": {"quantile": "size", "at": [0.5] * (count - 1)}}},
        lambda count: {"filters": [ONE] * (count - 10), "select": [f"a{each}" for each in range(10)]},
    ],
)
def test_a_query_has_parts_up_to_a_limit(query: Any) -> None:
    Query.of(query(MOST_PARTS))
    Query.of(json.dumps(query(MOST_PARTS)))
    with pytest.raises(QueryError, match="there are more than 1,000 filters, values and attributes in all"):
        Query.of(query(MOST_PARTS + 1))


def test_filters_joined_in_python_keep_to_the_limits_too() -> None:
    one = Filter(attr="size", by=FilterCondition(value=1))
    deep: Any = one
    for _ in range(DEEPEST // 2 - 1):
        deep = ~(deep & one)
    assert Query(filters=[deep & one]).filters
    with pytest.raises(QueryError, match="deep"):
        ~(~(deep & one) & one)
    half = Query.of({"filters": [{"or": [ONE] * 600}]}).filters[0]
    with pytest.raises(QueryError, match="there are more than 1,000"):
        half | half


@pytest.mark.parametrize("data", [None, 5, "text", [1], {"filters": 5}, {"filters": [5, None, {"and": 5, "by": 7}]}])
def test_what_is_no_query_is_left_to_others_to_refuse(data: Any) -> None:
    assert refuse_excess(data) is data
