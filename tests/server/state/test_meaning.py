"""Queries held against what a type of records declares."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import csp
import pytest

from csp_gateway.errors import QueryError
from csp_gateway.server.state.asked import (
    Aggregate,
    AllOf,
    Among,
    AnyOf,
    Asked,
    Attribute,
    Between,
    Comparison,
    IsNan,
    IsNull,
    Like,
    Opposite,
    Order,
)
from csp_gateway.server.state.meaning import held_against
from csp_gateway.server.structs import GatewayStruct
from csp_gateway.wire import Query
from csp_gateway.wire.comparing import Kind

NOON = datetime(2024, 1, 1, 12)
ALL_KINDS = tuple(kind for kind in Kind if kind is not Kind.OTHER)


class Side(Enum):
    BUY = "b"
    LONG = "b"
    SELL = "s"


class Venue(csp.Enum):
    XPAR = 1
    XLON = 2


@dataclass
class Row:
    size: int | None = None
    thing: Any = None


class Leg(GatewayStruct):
    venue: Venue
    ratio: float


class Quote(GatewayStruct):
    symbol: str
    size: int
    price: float
    firm: bool
    side: Side
    day: date
    clock: time
    span: timedelta
    leg: Leg
    legs: list[Leg]
    row: Row
    maybe_leg: Leg | None
    maybe: int | None
    either: int | str
    exact: Decimal
    bag: dict[str, int]
    thing: object


def asked(query: dict[str, Any], record_type: Any = Quote) -> Asked:
    return held_against(Query.of(query), record_type)


def meant_by(attr: str, record_type: Any = Quote, /, **by: Any) -> Any:
    return asked({"filters": [{"attr": attr, "by": by}]}, record_type).test


SIZE = Attribute("size", (Kind.NUMBER,), int, native=True)
SYMBOL = Attribute("symbol", (Kind.TEXT,), str, native=True)


# --- Filters ----------------------------------------------------------------------------------------------------------


def test_each_condition_becomes_a_test() -> None:
    side = Attribute("side", (Kind.TEXT,), Side, Side)
    assert meant_by("size", value=1, where="<") == Comparison(SIZE, "<", {Kind.NUMBER: 1})
    assert meant_by("size", attr="size") == Comparison(SIZE, "==", SIZE)
    assert meant_by("size", **{"in": [1, 2.5, True]}) == Among(SIZE, {Kind.NUMBER: (1, 2.5, True)})
    assert meant_by("side", **{"in": ["LONG", "SELL"]}) == Among(side, {Kind.TEXT: ("BUY", "SELL")})
    assert meant_by("size", between=[2, 1]) == Between(SIZE, {Kind.NUMBER: 2}, {Kind.NUMBER: 1})
    assert meant_by("symbol", like="a%") == Like(SYMBOL, "a%")
    assert meant_by("side", like="%U%") == Like(side, "%U%")
    assert meant_by("size", is_null=False) == IsNull(SIZE, False)
    assert meant_by("size", is_nan=True) == IsNan(SIZE, True)


def test_what_joins_filters_joins_tests() -> None:
    one, two = ({"attr": "size", "by": {"value": value}} for value in (1, 2))
    first, second = (Comparison(SIZE, "==", {Kind.NUMBER: value}) for value in (1, 2))
    assert asked({}).test is None
    assert asked({"filters": [one]}).test == first
    assert asked({"filters": [one, two]}).test == AllOf((first, second))
    assert asked({"filters": [{"and": [one]}]}).test == AllOf((first,))
    assert asked({"filters": [{"or": [one, {"not": two}]}]}).test == AnyOf((first, Opposite(second)))


def test_a_value_counts_as_each_kind_that_it_can_be() -> None:
    assert meant_by("either", **{"in": [1, "a"]}).values == {Kind.NUMBER: (1,), Kind.TEXT: ("a",)}
    noon = "2024-01-01T12:00:00"
    of_kinds = {Kind.NUMBER: (5,), Kind.TEXT: (noon,), Kind.MOMENT: (NOON,)}
    assert meant_by("thing", **{"in": [noon, 5]}).values == of_kinds
    ends = meant_by("thing", between=["2024-01-01", NOON])
    assert (ends.low, ends.high) == ({Kind.MOMENT: datetime(2024, 1, 1)}, {Kind.MOMENT: NOON})
    assert meant_by("day", between=["2024-01-01", NOON]).high == {Kind.MOMENT: NOON}
    assert meant_by("clock", **{"in": ["09:00"]}).values == {Kind.CLOCK: (time(9),)}
    assert meant_by("span", between=["PT1S", "PT2S"]).high == {Kind.SPAN: timedelta(seconds=2)}


@pytest.mark.parametrize(("attr", "kinds"), [("legs", ()), ("leg", ()), ("bag", ()), ("thing", ALL_KINDS)])
def test_anything_may_be_null(attr: str, kinds: tuple[Kind, ...]) -> None:
    assert meant_by(attr, is_null=True).left.kinds == kinds


@pytest.mark.parametrize(
    ("path", "native"),
    [
        ("size", True),
        ("leg.ratio", True),
        ("leg.venue", False),
        ("maybe", False),
        ("day", False),
        ("thing", False),
        ("row.size", False),
        ("maybe_leg.ratio", False),
    ],
)
def test_only_what_csp_itself_keeps_is_native(path: str, native: bool) -> None:
    assert meant_by(path, is_null=True).left.native is native
    assert not meant_by("size", Row, is_null=True).left.native


# --- What an answer is like -------------------------------------------------------------------------------------------


def test_records_are_selected_ordered_and_cut() -> None:
    answer = asked({"select": ["symbol", "legs"], "order_by": ["size"], "limit": 5, "offset": 2})
    assert answer.select == (SYMBOL, Attribute("legs", (), list[Leg]))
    assert answer.order == (Order(SIZE, descending=False),)
    assert (answer.limit, answer.offset, answer.cursor, answer.record_type) == (5, 2, None, Quote)
    assert asked({"order_by": [{"attr": "size", "descending": True}], "cursor": "x"}).order == (Order(SIZE, True),)


def test_groups_are_ordered_by_the_columns_of_the_answer() -> None:
    answer = asked(
        {
            "group_by": ["symbol", "leg.ratio"],
            "aggregates": {"n": {"count": "*"}},
            "order_by": [{"attr": "n", "descending": True}, "leg.ratio"],
        }
    )
    assert answer.group == (SYMBOL, Attribute("leg.ratio", (Kind.NUMBER,), float, native=True))
    assert (answer.order, answer.group_order) == ((), (("n", True), ("leg.ratio", False)))


def test_each_aggregate() -> None:
    timestamp = Attribute("timestamp", (Kind.MOMENT,), datetime, native=True)
    legs = Attribute("legs", (), list[Leg])
    given: dict[str, Any] = {
        "a": {"count": "*"},
        "b": {"count": "legs"},
        "c": {"sum": "size"},
        "d": {"min": "symbol"},
        "e": {"last": "legs"},
        "f": {"last": "symbol", "by": "size"},
        "g": {"quantile": "size", "at": 0.5},
        "h": {"quantile": "size", "at": [0.5]},
    }
    assert asked({"aggregates": given}).aggregates == (
        Aggregate("a", "count", None),
        Aggregate("b", "count", legs),
        Aggregate("c", "sum", SIZE),
        Aggregate("d", "min", SYMBOL),
        Aggregate("e", "last", legs, timestamp),
        Aggregate("f", "last", SYMBOL, SIZE),
        Aggregate("g", "quantile", SIZE, at=(0.5,)),
        Aggregate("h", "quantile", SIZE, at=(0.5,), listed=True),
    )


@pytest.mark.parametrize("path", ["size", "price", "firm", "maybe", "exact", "leg.ratio"])
def test_sums_are_of_any_numbers(path: str) -> None:
    assert asked({"aggregates": {"n": {"sum": path}}}).aggregates[0].attribute


# --- What is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attr", "by", "message"),
    [
        ("sise", {"is_null": True}, r"^filters\[0\]\.attr: Quote has no attribute 'sise'; did you mean 'size'\?$"),
        ("symbol", {"is_nan": True}, r"^filters\[0\]\.by\.is_nan: 'symbol' is text: only what is a number can be NaN$"),
        ("legs", {"is_nan": True}, r"^filters\[0\]\.attr: 'legs' is a list.*, which compares with nothing$"),
        ("legs", {"in": [1]}, r"^filters\[0\]\.attr: 'legs' is a list.*, which compares with nothing$"),
        ("size", {"in": [1, 2, "x"]}, r"^filters\[0\]\.by\.in\[2\]: with 'size': 'x' is text, and cannot be compared"),
        ("side", {"in": ["BUY", "BYU"]}, r"^filters\[0\]\.by\.in\[1\]: .* no member 'BYU'; did you mean 'BUY'\?$"),
        ("side", {"in": [1]}, r"\.in\[0\]: .*Side has no member 1; known: BUY, LONG, SELL$"),
        ("side", {"between": ["A", "BUY"]}, r"^filters\[0\]\.by\.between\[0\]: .* no member 'A'"),
        ("size", {"between": [1, "x"]}, r"^filters\[0\]\.by\.between\[1\]: with 'size': 'x' is text"),
        ("either", {"between": [1, "x"]}, r"between: with 'either': a number and text are no ends of one range$"),
        ("day", {"between": ["x", 5]}, r"between\[0\]: with 'day': 'x' is not a time in ISO 8601"),
        ("symbol", {"between": [1, 2]}, r"between\[0\]: .* did you mean the text '1'\?"),
        ("size", {"like": "a"}, r"^filters\[0\]\.by\.like: 'size' is a number: only text is like a pattern$"),
        ("size", {"attr": "symbol"}, r"^filters\[0\]\.by\.attr: 'symbol' is text, and 'size' is a number: they cannot"),
    ],
)
def test_a_condition_that_makes_no_sense_here(attr: str, by: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        meant_by(attr, **by)


def test_a_place_leads_through_all_that_joins() -> None:
    wrong = {"attr": "size", "by": {"in": [1, "x"]}}
    with pytest.raises(QueryError, match=r"^filters\[0\]\.or\[1\]\.not\.and\[0\]\.by\.in\[1\]: "):
        asked({"filters": [{"or": [{"attr": "size", "by": {"value": 1}}, {"not": {"and": [wrong]}}]}]})


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"select": ["leg.ratios"]}, r"^select\[0\]: Leg has no attribute 'ratios'; did you mean 'ratio'\?$"),
        ({"order_by": ["sise"]}, r"^order_by\[0\]: Quote has no attribute 'sise'; did you mean 'size'\?$"),
        ({"order_by": ["size", "legs"]}, r"^order_by\[1\]: 'legs' is a list.*, which compares with nothing$"),
    ],
)
def test_an_attribute_that_records_do_not_have_so(query: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        asked(query)


@pytest.mark.parametrize(
    ("aggregate", "message"),
    [
        ({"count": "sise"}, r"^aggregates\.n\.count: Quote has no attribute 'sise'; did you mean 'size'\?$"),
        ({"sum": "symbol"}, r"^aggregates\.n\.sum: 'symbol' is a str: the sum is of what is declared to be numbers$"),
        ({"avg": "either"}, r"^aggregates\.n\.avg: 'either' is a int or str: the avg is of"),
        ({"sum": "thing"}, r"^aggregates\.n\.sum: what 'thing' holds is not declared: the sum is of"),
        ({"quantile": "day", "at": 0.5}, r"^aggregates\.n\.quantile: 'day' is a date"),
        (
            {"min": "either"},
            r"^aggregates\.n\.min: 'either' is a int or str: the min is of what is declared",
        ),
        ({"max": "legs"}, r"^aggregates\.n\.max: 'legs' is a list"),
        ({"max": "thing"}, r"^aggregates\.n\.max: what 'thing' holds is not declared"),
        ({"last": "size", "by": "legs"}, r"^aggregates\.n\.by: 'legs' is a list.*, which compares with nothing$"),
    ],
)
def test_an_aggregate_that_makes_no_sense_here(aggregate: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        asked({"aggregates": {"n": aggregate}})


def test_groups_are_told_by_what_compares() -> None:
    with pytest.raises(QueryError, match=r"^group_by\[0\]: 'leg' is a Leg, which compares with nothing$"):
        asked({"group_by": ["leg"], "aggregates": {"n": {"count": "*"}}})


def test_the_last_needs_a_timestamp_or_what_stands_for_it() -> None:
    with pytest.raises(QueryError, match=r"^aggregates\.n: a Row has no 'timestamp' .* name an attribute .* as `by`$"):
        asked({"aggregates": {"n": {"last": "size"}}}, Row)
    assert asked({"aggregates": {"n": {"last": "thing", "by": "size"}}}, Row).aggregates[0].by


@pytest.mark.parametrize("query", [{"select": ["x"]}, {"order_by": ["x"]}, {"aggregates": {"n": {"count": "x"}}}])
@pytest.mark.parametrize("record_type", [float, str, int | None])
def test_plain_values_have_no_attributes(record_type: Any, query: dict[str, Any]) -> None:
    with pytest.raises(QueryError, match="has no attribute 'x'; there are none"):
        asked(query, record_type)
    assert asked({"aggregates": {"n": {"count": "*"}}, "limit": 1}, record_type).limit == 1


def test_where_nothing_is_declared_anything_may_be_asked() -> None:
    assert asked({"select": ["x.y"], "order_by": ["z"]}, Any).order == (Order(Attribute("z", ALL_KINDS, Any), False),)
