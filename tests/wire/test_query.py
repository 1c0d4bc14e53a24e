"""Queries: read, refused, and held against objects."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from types import MappingProxyType
from typing import Any

import csp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from csp_gateway.errors import GatewayException, QueryError
from csp_gateway.server.structs import GatewayStruct
from csp_gateway.wire import Filter, FilterCondition, FilterWhereLambdaMap, OrderBy, Query

NOON = datetime(2024, 1, 1, 12)


class Side(Enum):
    BUY = "b"
    SELL = "s"


class Venue(csp.Enum):
    XPAR = 1
    XLON = 2


class Leg(GatewayStruct):
    venue: Venue
    price: float


class Quote(GatewayStruct):
    symbol: str
    price: float
    limit: float
    size: int
    side: Side
    venue: Venue
    leg: Leg
    legs: list[Leg]
    at: datetime
    note: str | None


@dataclass
class Row:
    at: Any = None
    size: Any = None


QUOTE = Quote(
    symbol="A",
    price=10.0,
    limit=12.0,
    size=5,
    side=Side.BUY,
    venue=Venue.XPAR,
    leg=Leg(venue=Venue.XLON, price=3.0),
    at=NOON,
    note=None,
)


def holds(attr: str, obj: Any = QUOTE, /, **by: Any) -> bool:
    return Filter(attr=attr, by=FilterCondition(**by)).calculate(obj)


# --- What is true ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "smaller", "equal", "greater"),
    [
        ("==", False, True, False),
        ("!=", True, False, True),
        ("<", True, False, False),
        ("<=", True, True, False),
        (">", False, False, True),
        (">=", False, True, True),
    ],
)
def test_each_comparison(where: Any, smaller: bool, equal: bool, greater: bool) -> None:
    assert [holds("size", value=value, where=where) for value in (6, 5, 4)] == [smaller, equal, greater]
    assert FilterWhereLambdaMap[where](5, 5) is equal


def test_equality_is_meant_when_nothing_is_said() -> None:
    assert holds("symbol", value="A")
    assert not holds("symbol", value="B")


def test_enum_members_compare_by_name_and_never_by_value() -> None:
    assert holds("side", value="BUY")
    assert holds("side", value=Side.BUY)
    assert holds("venue", value="XPAR")
    assert holds("venue", value=Venue.XPAR), "a csp.Enum member is a number too"
    assert holds("side", value="SELL", where="<")


def test_dots_lead_into_nested_structs() -> None:
    assert holds("leg.venue", value="XLON")
    assert holds("leg.price", value=4, where="<")
    assert holds("price", attr="leg.price", where=">")


def test_an_attribute_compares_with_another_of_the_same_record() -> None:
    assert holds("price", attr="limit", where="<")
    assert holds("venue", attr="leg.venue", where=">"), "XPAR comes after XLON"


def test_times_compare_in_utc() -> None:
    east = timezone(timedelta(hours=3))
    assert holds("at", when=NOON)
    assert holds("at", when=NOON.replace(tzinfo=UTC))
    assert holds("at", when="2024-01-01T15:00:00+03:00")
    assert holds("at", when="2024-01-01T12:00:00Z")
    assert holds("at", value="2024-01-01", where=">")
    assert holds("at", Row(at=NOON.replace(tzinfo=east)), when="2024-01-01T09:00:00Z")


def test_of_several_conditions_the_first_in_order_counts() -> None:
    both = FilterCondition(value=5, when=NOON, attr="symbol")
    assert Filter(attr="size", by=both).calculate(QUOTE)
    assert Filter(attr="at", by=FilterCondition(when=NOON, attr="symbol")).calculate(QUOTE)


@pytest.mark.parametrize("attr", ["note", "limit", "leg.price"], ids=["None", "unset", "unset on the way"])
def test_nothing_is_equal_to_nothing_and_in_no_order(attr: str) -> None:
    bare = Quote(symbol="A", note=None)
    value: Any = "x" if attr == "note" else 1
    true = [where for where in FilterWhereLambdaMap if holds(attr, bare, value=value, where=where)]
    assert true == ["!="]
    assert [where for where in FilterWhereLambdaMap if holds(attr, bare, attr=attr, where=where)] == ["!="]


def test_all_filters_must_hold_and_no_filter_is_every_record() -> None:
    cheap, dear = Quote(price=1.0, size=1), Quote(price=9.0, size=1)
    by_price = Filter(attr="price", by=FilterCondition(value=5, where=">"))
    by_size = Filter(attr="size", by=FilterCondition(value=1))
    assert Query(filters=[by_price, by_size]).calculate([cheap, dear]) == [dear]
    assert Query().calculate([dear, cheap]) == [dear, cheap]


# --- How it is read -------------------------------------------------------------------------------------------------


def test_a_query_is_read_from_json_a_mapping_or_itself() -> None:
    as_mapping = {"filters": [{"attr": "size", "by": {"value": 5, "where": ">="}}]}
    query = Query.of(as_mapping)
    assert query.filters[0].by.where == ">="
    assert Query.of(json.dumps(as_mapping)) == Query.of(json.dumps(as_mapping).encode()) == query
    assert Query.of(query) is query
    assert Query.of(None) == Query.of("{}") == Query()


@given(st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()))
def test_a_value_keeps_its_type_through_json(value: Any) -> None:
    query = Query(filters=[Filter(attr="a.b", by=FilterCondition(value=value))])
    back = Query.of(query.model_dump_json(exclude_none=True))
    kept = back.filters[0].by.value
    assert (type(kept), kept) == (type(value), value)
    assert back == query


def test_a_time_survives_json() -> None:
    query = Query(filters=[Filter(attr="at", by=FilterCondition(when=NOON.replace(tzinfo=UTC), where="<"))])
    assert Query.of(query.model_dump_json()) == query


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("no json", "not a query: Invalid JSON"),
        ("[]", "not a query: Input should be an object"),
        ('{"filter": []}', r"'filter' does not belong here; did you mean 'filters'\?"),
        ('{"filters": [{"attr": "a", "by": {}}]}', r"filters\[0\]\.by: an empty condition: compare with"),
        ('{"filters": [{"attr": "a", "by": {"value": null}}]}', r"filters\[0\]\.by: an empty condition"),
        ('{"filters": [{"attr": "a"}]}', r"filters\[0\]\.by: Field required"),
        (
            '{"filters": [{"attr": "a", "by": {"value": 1, "op": "<"}}]}',
            r"filters\[0\]\.by: 'op' does not belong",
        ),
        ('{"filters": [{"attr": "a", "by": {"value": 1, "where": "~"}}]}', r"filters\[0\]\.by\.where: Input should be"),
        ('{"filters": [{"attr": "a", "by": {"value": [1]}}]}', r"by\.value: a value is a number, text, true or false"),
        ('{"filters": [{"attr": "a", "by": {"value": NaN}}]}', "NaN is no JSON"),
        ('{"filters": [{"attr": "a", "by": {"value": 1e999}}]}', r"by\.value: a number is finite"),
        ('{"filters": [{"attr": "a", "by": {"when": 5}}]}', r"by\.when: Input should be a valid datetime"),
        ('{"filters": [{"attr": "a", "by": {"when": "5"}}]}', r"by\.when: Invalid isoformat string: '5'"),
        ('{"filters": [{"attr": "", "by": {"value": 1}}]}', r"filters\[0\]\.attr: an attribute is a name, or names"),
        ('{"filters": [{"attr": "a..b", "by": {"value": 1}}]}', r"filters\[0\]\.attr: an attribute is a name"),
        ('{"filters": [{"attr": "__class__", "by": {"value": 1}}]}', r"filters\[0\]\.attr: an attribute is a name"),
        ('{"filters": [1, 2, 3, 4, 5]}', "; and 2 more"),
    ],
)
def test_what_is_no_query_is_refused_with_the_place(query: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        Query.of(query)


def test_a_time_goes_into_when() -> None:
    with pytest.raises(ValidationError, match="a time is given as `when`"):
        FilterCondition(value=NOON)


def test_what_it_asks_beyond_filters_survives_json() -> None:
    query = Query.of(
        {
            "filters": [{"or": [{"attr": "size", "by": {"in": [1, 2]}}, {"not": {"attr": "a", "by": {"like": "x"}}}]}],
            "select": ["size", "leg.venue"],
            "order_by": ["size", {"attr": "price", "descending": True}],
            "limit": 10,
            "cursor": "abc",
        }
    )
    assert query.order_by == [OrderBy(attr="size"), OrderBy(attr="price", descending=True)]
    assert Query.of(query.model_dump_json()) == Query.of(query.model_dump()) == query
    groups = Query.of({"group_by": ["a.b"], "aggregates": {"n": {"count": "*"}}, "order_by": ["n", "a.b"], "offset": 5})
    assert Query.of(groups.model_dump_json()) == groups


def test_its_json_says_no_more_than_is_asked() -> None:
    assert Query(filters=[], offset=0, order_by=[]).model_dump_json() == "{}"
    assert Query(limit=1, order_by=["a"]).model_dump() == {"limit": 1, "order_by": [{"attr": "a"}]}


def test_any_mapping_is_read() -> None:
    assert Query.of(MappingProxyType({"limit": 5})) == Query(limit=5)


COUNTED = {"n": {"count": "*"}}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": 0}, "limit: Input should be greater than or equal to 1"),
        ({"limit": True}, "limit: Input should be a valid integer"),
        ({"limit": "5"}, "limit: Input should be a valid integer"),
        ({"limit": 2**53 + 1}, "limit: Input should be less than or equal to 9007199254740992"),
        ({"offset": 2**63}, "offset: Input should be less than or equal to 9007199254740992"),
        ({"offset": -1}, "offset: Input should be greater than or equal to 0"),
        ({"offset": 1.5}, "offset: Input should be a valid integer"),
        ({"cursor": ""}, "cursor: String should have at least 1 character"),
        ({"cursor": "x", "offset": 1}, "cursor: it says where to go on, and excludes `offset`"),
        ({"cursor": "x", "aggregates": COUNTED}, "cursor: it is of records, and excludes `aggregates`"),
        ({"select": []}, "select: it names no attribute; leave it out"),
        ({"select": "size"}, "select: Input should be a list"),
        ({"select": ["a", "b", "a"]}, r"select\[2\]: 'a' stands there already, as select\[0\]"),
        ({"select": ["a"], "aggregates": COUNTED}, "select: it is of records, and excludes `aggregates`"),
        ({"order_by": ["-a"]}, r'order_by\[0\]: a descending order is written {"attr": "a", "descending": true}'),
        ({"order_by": [{"attr": "a", "descending": 1}]}, r"order_by\[0\]\.descending: Input should be a valid bool"),
        ({"order_by": ["a", {"attr": "a", "descending": True}]}, r"order_by\[1\]: 'a' stands there already"),
        ({"order_by": ["m"], "aggregates": COUNTED}, r"order_by\[0\]: the answer has no column 'm'; known: n"),
        ({"order_by": ["lg.a"], "group_by": ["leg.a"], "aggregates": COUNTED}, r"did you mean 'leg\.a'\?"),
        ({"group_by": ["a"]}, r'group_by: .* name at least one, such as {"n": {"count": "\*"}}'),
        ({"group_by": ["a", "a"], "aggregates": COUNTED}, r"group_by\[1\]: 'a' stands there already"),
        ({"group_by": ["n"], "aggregates": COUNTED}, r"aggregates\.n: the answer has a column of this name already"),
        ({"aggregates": {"_n": {"count": "*"}}}, "aggregates: '_n' is no name: letters, digits and underscores"),
        ({"aggregates": {"a b": {"count": "*"}}}, "aggregates: 'a b' is no name"),
        ({"aggregates": {"n": {}}}, r"aggregates\.n: no function"),
        ({"aggregates": [1]}, "aggregates: Input should be an object"),
        ({"attr": "a", "by": {"value": 1}}, "'attr' belongs inside of `filters`"),
        ({"orderby": ["a"]}, r"'orderby' does not belong here; did you mean 'order_by'\?"),
    ],
)
def test_what_contradicts_itself_is_refused(query: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        Query.of(query)


def test_only_the_filters_are_calculated() -> None:
    query = Query.of({"filters": [{"attr": "size", "by": {"in": [5]}}], "limit": 1, "select": ["size"]})
    assert query.calculate([QUOTE, QUOTE]) == [QUOTE, QUOTE]


# --- What it cannot be asked of -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attr", "by", "message"),
    [
        ("prise", {"value": 1}, r"^filters\[1\]\.attr: Quote has no attribute 'prise'; did you mean 'price'\?$"),
        ("leg.venu", {"value": "X"}, r"filters\[1\]\.attr: Leg has no attribute 'venu'; did you mean 'venue'\?"),
        ("price", {"attr": "limt"}, r"filters\[1\]\.by\.attr: Quote has no attribute 'limt'; did you mean 'limit'\?"),
        ("size", {"value": "abc"}, r"filters\[1\]\.by\.value: with 'size': 'abc' is text, .* a number"),
        ("symbol", {"value": 1}, r"filters\[1\]\.by\.value: with 'symbol': 1 is a number, .* the text '1'\?"),
        ("symbol", {"when": NOON}, r"filters\[1\]\.by\.when: with 'symbol': 2024-01-01T12:00:00 is a time"),
        ("side", {"value": "x"}, r"filters\[1\]\.by\.value: with 'side': Side has no member 'x'; known: BUY, SELL"),
        ("venue", {"value": 7}, "Venue has no member 7; known: XLON, XPAR"),
        ("price", {"attr": "symbol"}, r"filters\[1\]\.by\.attr: 'symbol' is text, and 'price' is a number"),
        ("leg", {"value": 1}, r"filters\[1\]\.attr: 'leg' is a Leg, which compares with nothing"),
    ],
)
def test_it_is_an_error_to_ask_what_cannot_be_answered(attr: str, by: dict[str, Any], message: str) -> None:
    query = Query.of({"filters": [{"attr": "size", "by": {"value": 5}}, {"attr": attr, "by": by}]})
    with pytest.raises(QueryError, match=message):
        query.calculate([QUOTE])


def test_one_filter_says_its_place_alone() -> None:
    with pytest.raises(QueryError, match=r"^attr: Quote has no attribute 'sise'"):
        holds("sise", value=1)


def test_a_query_error_is_what_python_calls_it_too() -> None:
    assert issubclass(QueryError, GatewayException)
    assert issubclass(QueryError, ValueError)


def test_no_aggregates_at_all_are_not_every_record() -> None:
    with pytest.raises(QueryError, match="aggregates: none is named; name at least one"):
        Query.of('{"aggregates": {}}')
    assert Query.of({}).aggregates == {}
