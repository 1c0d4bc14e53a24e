"""What is found in the table of a state, against the same judged record by record."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from math import inf, isclose, nan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.errors import QueryError, QueryTimeoutError
from csp_gateway.server.state.clauses import NotInSql
from csp_gateway.server.state.found import Found, found_among
from csp_gateway.server.state.keyed import KeyedRecords
from csp_gateway.server.state.keys import Keys
from csp_gateway.server.state.meaning import held_against
from csp_gateway.server.state.searching import found_in
from csp_gateway.server.state.stopping import Stop
from csp_gateway.server.state.table import StateTable
from csp_gateway.server.structs import GatewayStruct
from csp_gateway.wire import Query

NOON = datetime(2024, 1, 1, 12)
BIG = 2**70


class Side(Enum):
    BUY = "b"
    SELL = "s"


class Leg(GatewayStruct):
    venue: str


class Quote(GatewayStruct):
    symbol: str
    size: int
    price: float
    side: Side
    at: datetime
    maybe: int | None
    leg: Leg
    thing: object


class Both:
    """Records, and the table that follows them."""

    def __init__(self, *keyby: str, of: type = Quote, **limits: Any) -> None:
        self.of = of
        self.keys = Keys(of, keyby or ("symbol",))
        self.records = KeyedRecords(self.keys, **limits)
        self.table = StateTable(self.records, of)

    def fill(self, symbols: str, **fields: Any) -> None:
        self.records.insert_all([self.of(symbol=symbol, **fields) for symbol in symbols])

    def found(self, aside: int = 0, /, **query: Any) -> Found:
        """What the table finds, which is what is found without it."""
        asked = held_against(Query.of(query), self.of)
        found = found_in(self.table, asked, self.keys, aside)
        assert_alike(found, found_among(self.records, asked))
        return found

    def symbols(self, aside: int = 0, /, **query: Any) -> str:
        return "".join(quote.symbol for quote in self.found(aside, **query).values)


def assert_alike(one: Found, other: Found) -> None:
    assert (one.more, one.cursor, one.types) == (other.more, other.cursor, other.types)
    assert len(one.values) == len(other.values)
    for left, right in zip(one.values, other.values, strict=True):
        if isinstance(left, dict):
            assert list(left) == list(right)
            assert all(map(same, left.values(), right.values())), (left, right)
        else:
            assert left is right


def same(one: Any, other: Any) -> bool:
    if isinstance(one, list):
        return all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return (one != one and other != other) or isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    return bool(one == other)


def a(attr: str, where: str = "==", /, value: Any = 0) -> dict[str, Any]:
    return {"attr": attr, "by": {"value": value, "where": where}}


@pytest.fixture
def both() -> Iterator[Both]:
    """B, D, F in the table; A, C, E, G beside it, and D is another now."""
    both = Both()
    both.fill("BDFH", size=1)
    both.table.take_in()
    both.fill("ACEG", size=2)
    both.fill("D", size=3)
    yield both
    both.table.forget()


# --- Pages ------------------------------------------------------------------------------------------------------------


def test_what_is_beside_the_table_stands_among_the_rest_by_key(both: Both) -> None:
    assert both.symbols(9) == "ABCDEFGH"
    assert both.table.statistics()["unsettled"] == 5, "it was not taken in"
    assert both.symbols(0) == "ABCDEFGH"
    assert both.table.statistics()["unsettled"] == 0


@pytest.mark.parametrize("aside", [0, 9])
def test_pages_and_whether_there_are_more(both: Both, aside: int) -> None:
    for offset in range(10):
        for limit in range(1, 10):
            assert both.symbols(aside, offset=offset, limit=limit) == "ABCDEFGH"[offset : offset + limit]


@pytest.mark.parametrize("aside", [0, 9])
def test_pages_of_those_that_pass(both: Both, aside: int) -> None:
    for filters, passing in (([a("size", "==", 1)], "BFH"), ([a("size", ">", 1)], "ACDEG"), ([a("size", "<", 0)], "")):
        for offset in range(4):
            for limit in range(1, 4):
                wanted = passing[offset : offset + limit]
                assert both.symbols(aside, filters=filters, offset=offset, limit=limit) == wanted


@pytest.mark.parametrize("aside", [0, 9])
@pytest.mark.parametrize("filters", [[], [a("size", ">", 0)], [a("symbol", "!=", "D")]], ids=str)
def test_a_cursor_goes_on(both: Both, aside: int, filters: list[Any]) -> None:
    seen, cursor = "", {}
    while True:
        found = both.found(aside, filters=filters, **cursor, limit=2)
        seen += "".join(quote.symbol for quote in found.values)
        if not found.more:
            break
        cursor = {"cursor": found.cursor}
        both.fill(seen[-1] + "D", size=5)
    assert seen == ("ABCEFGH" if filters == [a("symbol", "!=", "D")] else "ABCDEFGH")


def test_a_cursor_that_is_none_is_refused(both: Both) -> None:
    with pytest.raises(QueryError, match="this is no cursor"):
        both.found(9, cursor="?")


def test_records_that_are_gone_are_not_found() -> None:
    both = Both(removes=lambda quote: quote.size == 9)
    both.fill("ABCD", size=1)
    both.table.take_in()
    both.fill("BD", size=9)
    for aside in (9, 0):
        assert both.symbols(aside) == "AC"
        assert both.symbols(aside, limit=1) == "A"
        assert both.symbols(aside, filters=[a("size", ">", 0)], limit=2) == "AC"
        assert both.symbols(aside, order_by=["size"]) == "AC"


def test_selected_attributes(both: Both) -> None:
    for aside in (0, 9):
        found = both.found(aside, select=["leg.venue", "size"], filters=[a("size", "==", 3)])
        assert found.values == [{"leg.venue": None, "size": 3}]


def test_no_record_at_all() -> None:
    both = Both()
    assert both.found() == both.found(limit=1) == both.found(order_by=["size"]) == Found([])
    assert both.found(aggregates={"n": {"count": "*"}, "s": {"sum": "size"}, "m": {"max": "at"}}).values == [
        {"n": 0, "s": None, "m": None}
    ]
    assert both.found(group_by=["side"], aggregates={"n": {"count": "*"}}).values == []


def test_a_key_of_several_attributes_some_unset() -> None:
    both = Both("side", "size")
    both.records.insert_all([Quote(symbol="B", side=Side.SELL), Quote(symbol="C", size=1), Quote(symbol="A")])
    both.table.take_in()
    both.records.insert_all([Quote(symbol="D", side=Side.SELL, size=2), Quote(symbol="E", side=Side.BUY, size=0)])
    assert both.symbols(9) == both.symbols(0) == "ACEBD"
    assert both.symbols(0, order_by=[{"attr": "size", "descending": True}]) == "DCEAB"


# --- Odd records ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("aside", [0, 9])
def test_an_odd_record_is_judged_in_python_and_the_others_in_duckdb(both: Both, aside: int) -> None:
    both.fill("D", size=4, maybe=BIG)
    both.fill("I", size=5, maybe=-BIG)
    assert both.symbols(aside) == "ABCDEFGHI"
    assert both.symbols(aside, filters=[a("maybe", "==", BIG)]) == "D"
    assert both.symbols(aside, filters=[a("maybe", "<", 0)]) == "I"
    assert both.symbols(aside, filters=[a("maybe", ">", 2.5)]) == "D"
    assert both.symbols(aside, filters=[a("size", "<", 3)], limit=3) == "ABC"
    assert both.symbols(aside, filters=[{"attr": "maybe", "by": {"is_null": True}}]) == "ABCEFGH"
    assert both.symbols(aside, offset=2, limit=3) == "CDE"
    assert both.symbols(aside, filters=[a("maybe", "==", BIG)], offset=2**53, limit=2**53) == ""
    both.fill("D", size=4, maybe=4)
    assert both.symbols(aside, filters=[a("maybe", "==", 4)]) == "D"


def test_where_records_are_odd_only_python_orders_and_counts(both: Both) -> None:
    assert both.symbols(9, order_by=["size"]) == "BFHACEGD"
    assert both.found(9, aggregates={"n": {"count": "*"}}).values == [{"n": 8}]
    both.fill("I", maybe=BIG)
    count = {"n": {"count": "*"}}
    for query in (
        {"order_by": ["maybe"]},
        {"order_by": ["size"], "filters": [{"not": {"and": [a("maybe", "==", BIG)]}}]},
        {"order_by": ["size"], "filters": [{"or": [{"attr": "size", "by": {"attr": "maybe", "where": "<"}}]}]},
        {"aggregates": {"n": {"count": "maybe"}}},
        {"aggregates": {"n": {"last": "size", "by": "maybe"}}},
        {"aggregates": count, "group_by": ["maybe"]},
        {"aggregates": count, "filters": [a("maybe", "==", BIG)]},
    ):
        with pytest.raises(NotInSql):
            both.found(9, **query)
    assert both.symbols(9, order_by=["size"], filters=[a("symbol", ">", "E")]) == "IFHG"
    assert both.found(9, aggregates=count).values == [{"n": 9}]
    both.fill("I", maybe=1)
    assert both.symbols(9, order_by=["size"]) == "IBFHACEGD"


@pytest.mark.parametrize(
    "query",
    [
        {"order_by": ["thing"]},
        {"filters": [a("thing", "==", 1)]},
        {"group_by": ["thing"], "aggregates": {"n": {"count": "*"}}},
        {"aggregates": {"n": {"count": "thing"}}},
    ],
    ids=str,
)
def test_what_is_not_in_sql_is_said_before_anything_is_taken_in(both: Both, query: dict[str, Any]) -> None:
    with pytest.raises(NotInSql):
        both.found(**query)
    assert both.table.statistics()["unsettled"] == 5


# --- Groups -----------------------------------------------------------------------------------------------------------


def test_groups_and_what_is_told_of_them() -> None:
    both = Both()
    for number, symbol in enumerate("ABCDEF"):
        side = Side.BUY if number % 2 else Side.SELL
        both.fill(symbol, size=number, price=[0.5, nan, inf][number % 3], side=side, at=NOON + timedelta(number))
    both.fill("GH")
    aggregates = {
        "n": {"count": "*"},
        "sizes": {"count": "size"},
        "prices": {"count": "price"},
        "sum": {"sum": "size"},
        "avg": {"avg": "size"},
        "low": {"min": "at"},
        "high": {"max": "side"},
        "last": {"last": "symbol", "by": "at"},
        "median": {"quantile": "size", "at": 0.5},
        "parts": {"quantile": "size", "at": [0, 0.25]},
    }
    found = both.found(group_by=["side"], aggregates=aggregates)
    assert [row["side"] for row in found.values] == [None, Side.BUY, Side.SELL]
    assert found.values[1] == {
        "side": Side.BUY,
        "n": 3,
        "sizes": 3,
        "prices": 2,
        "sum": 9,
        "avg": 3.0,
        "low": NOON + timedelta(1),
        "high": Side.BUY,
        "last": "F",
        "median": 3.0,
        "parts": [1.0, 2.0],
    }
    assert found.values[0]["median"] is found.values[0]["parts"] is None
    order = [{"attr": "sum", "descending": True}]
    two = both.found(group_by=["side"], aggregates=aggregates, order_by=order, limit=1, offset=1)
    assert [row["side"] for row in two.values] == [Side.SELL]
    whole = both.found(aggregates=aggregates, filters=[a("side", "==", "BUY")])
    assert whole.values[0] == {name: value for name, value in found.values[1].items() if name != "side"}


def test_a_sum_has_as_many_digits_as_it_needs() -> None:
    both = Both()
    both.fill("ABC", size=2**63 - 1)
    assert both.found(aggregates={"x": {"sum": "size"}}).values == [{"x": 3 * (2**63 - 1)}]


# --- What one column takes for the same ------------------------------------------------------------------------------


class Loose(GatewayStruct):
    symbol: str
    text: str | None
    when: datetime | None


MIXED = {
    "text": [Loose(symbol="A", text="BUY"), Loose(symbol="B", text=Side.BUY), Loose(symbol="C", text="CC")],
    "when": [
        Loose(symbol="A", when=NOON.replace(tzinfo=UTC)),
        Loose(symbol="B", when=NOON),
        Loose(symbol="C", when=NOON + timedelta(1)),
    ],
}


@pytest.mark.parametrize("attr", MIXED)
@pytest.mark.parametrize("how", ["key", "order", "group"])
def test_values_that_a_column_does_not_tell_apart_are_ordered_and_grouped_in_python(attr: str, how: str) -> None:
    """An enum's member where a text may be, a time with a zone where one without may be."""
    both = Both(attr if how == "key" else "symbol", of=Loose)
    both.records.insert_all(MIXED[attr])
    queries: dict[str, dict[str, Any]] = {
        "key": {},
        "order": {"order_by": [attr]},
        "group": {"group_by": [attr], "aggregates": {"n": {"count": "*"}}},
    }
    with pytest.raises(NotInSql):
        both.found(**queries[how])
    if how != "key":
        assert both.symbols(filters=[{"attr": attr, "by": {"is_null": False}}]) == "ABC", "a filter is DuckDB's"


# --- Any query of any records -----------------------------------------------------------------------------------------

RECORDS = st.fixed_dictionaries(
    {"symbol": st.sampled_from("ABCDEFGHIJ")},
    optional={
        "size": st.integers(-2, 3),
        "price": st.sampled_from([0.5, -1.5, nan, inf, 2.0]),
        "side": st.sampled_from(Side),
        "at": st.integers(0, 3).map(lambda hours: NOON + timedelta(hours=hours)),
        "maybe": st.none() | st.integers(-2, 2) | st.sampled_from([BIG, "odd"]),
        "leg": st.sampled_from("xy").map(lambda venue: Leg(venue=venue)) | st.builds(Leg),
        "thing": st.sampled_from([1, "x", None]),
    },
).map(lambda fields: Quote(**fields))

FILTERS = st.sampled_from(
    [
        a("size", ">", 0),
        a("size", "!=", 1),
        a("price", "<=", 0.5),
        a("price", ">", 0),
        a("side", "==", "BUY"),
        a("maybe", ">=", 0),
        a("maybe", "!=", 1),
        a("leg.venue", "==", "x"),
        {"attr": "maybe", "by": {"is_null": True}},
        {"attr": "at", "by": {"between": ["2024-01-01T13:00", "2024-01-01T14:00"]}},
        {"not": a("size", "<", 1)},
        {"or": [a("price", "<", 0), a("symbol", ">", "E")]},
        a("thing", "==", 1),
    ]
)
PATHS = ["size", "price", "side", "at", "symbol", "leg.venue", "maybe"]
QUERIES = st.fixed_dictionaries(
    {"filters": st.lists(FILTERS, max_size=2), "offset": st.integers(0, 4)},
    optional={
        "limit": st.integers(1, 5),
        "order_by": st.lists(
            st.builds(lambda attr, down: {"attr": attr, "descending": down}, st.sampled_from(PATHS), st.booleans()),
            max_size=2,
            unique_by=lambda order: str(order["attr"]),
        ),
        "select": st.just(["symbol", "price", "leg.venue"]),
    },
)
GROUPS = st.fixed_dictionaries(
    {
        "group_by": st.lists(st.sampled_from(PATHS), max_size=2, unique=True),
        "aggregates": st.lists(
            st.sampled_from(
                [
                    {"count": "*"},
                    {"count": "price"},
                    {"sum": "size"},
                    {"sum": "price"},
                    {"avg": "price"},
                    {"avg": "size"},
                    {"min": "price"},
                    {"max": "at"},
                    {"last": "thing", "by": "at"},
                    {"quantile": "price", "at": [0.1, 0.5]},
                ]
            ),
            min_size=1,
            max_size=4,
        ).map(lambda each: {f"x{number}": one for number, one in enumerate(each)}),
        "filters": st.lists(FILTERS, max_size=1),
    }
)


@settings(deadline=None, max_examples=30)
@given(
    batches=st.lists(st.lists(RECORDS, max_size=8), min_size=1, max_size=3),
    queries=st.lists(st.tuples(st.sampled_from([0, 3, 20]), QUERIES | GROUPS), min_size=1, max_size=8),
    keyby=st.sampled_from([("symbol",), ("size", "symbol"), ("maybe",), ("price", "side")]),
)
def test_the_table_finds_what_is_found_without_it(
    batches: list[list[Quote]], queries: list[tuple[int, dict[str, Any]]], keyby: tuple[str, ...]
) -> None:
    both = Both(*keyby)
    for batch in batches:
        both.records.insert_all(batch)
        for aside, query in queries:
            try:
                found = both.found(aside, **query)
            except NotInSql:
                continue
            if found.cursor is not None:
                both.found(
                    aside, **{name: each for name, each in query.items() if name != "offset"}, cursor=found.cursor
                )
    both.table.forget()


def test_a_query_ends_in_duckdb_and_its_table_stays() -> None:
    both = Both()
    both.records.insert_all([Quote(symbol=str(n), price=float(n)) for n in range(20_000)])
    assert len(found_in(both.table, held_against(Query.of({}), Quote), both.keys, 0).values) == 20_000
    slow = {"aggregates": {f"q{n}": {"quantile": "price", "at": n / 900} for n in range(900)}}
    with pytest.raises(QueryTimeoutError, match=r"more than 0\.02 s"):
        found_in(both.table, held_against(Query.of(slow), Quote), both.keys, 0, Stop(0.02))
    assert both.table.statistics() == {"settled": 20_000, "unsettled": 0, "odd": 0}
    assert both.table.lock.acquire(blocking=False)
    with pytest.raises(QueryTimeoutError):
        found_in(both.table, held_against(Query.of({"limit": 1}), Quote), both.keys, 0, Stop(0.01))
    both.table.lock.release()
    (first,) = found_in(both.table, held_against(Query.of({"limit": 1}), Quote), both.keys, 0, Stop(60)).values
    assert first.symbol == "0"
