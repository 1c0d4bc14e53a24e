"""Queries held against a type, and compiled."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any

import csp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.errors import QueryError
from csp_gateway.server.state.predicate import predicate_of
from csp_gateway.server.structs import GatewayStruct
from csp_gateway.wire import FilterWhereLambdaMap, Query

NOON = datetime(2024, 1, 1, 12)


class Side(Enum):
    BUY = "b"
    SELL = "s"


class Venue(csp.Enum):
    XPAR = 1
    XLON = 2


class Leg(GatewayStruct):
    venue: Venue
    ratio: float
    note: str | None


class Quote(GatewayStruct):
    symbol: str
    size: int
    price: float
    firm: bool
    side: Side
    venue: Venue
    at: datetime
    day: date
    clock: time
    span: timedelta
    leg: Leg
    maybe: int | None
    either: int | str
    when: datetime | None
    tags: list[str]
    thing: object


@dataclass
class Row:
    at: datetime | None = None
    size: Any = None


def passes(record: Any, attr: str, where: str = "==", /, **by: Any) -> bool:
    query = Query.of({"filters": [{"attr": attr, "by": {**by, "where": where}}]})
    return predicate_of(query, type(record))(record)


@pytest.mark.parametrize(
    ("attr", "by", "message"),
    [
        ("prise", {"value": 1}, r"^filters\[0\]\.attr: Quote has no attribute 'prise'; did you mean 'price'\?$"),
        ("leg.ratios", {"value": 1}, r"^filters\[0\]\.attr: Leg has no attribute 'ratios'; did you mean 'ratio'\?$"),
        ("price", {"attr": "sise"}, r"^filters\[0\]\.by\.attr: Quote has no attribute 'sise'; did you mean 'size'\?$"),
        ("size", {"value": "abc"}, r"^filters\[0\]\.by\.value: with 'size': 'abc' is text, and cannot be compared"),
        ("maybe", {"value": "abc"}, r"^filters\[0\]\.by\.value: with 'maybe': 'abc' is text, and cannot"),
        ("symbol", {"value": 5}, r"with 'symbol': 5 is a number, .*; did you mean the text '5'\?"),
        ("either", {"when": NOON}, r"by\.when: with 'either': .* a number; .* text$"),
        ("at", {"value": "noon"}, r"with 'at': 'noon' is not a time in ISO 8601"),
        ("day", {"value": 5}, r"with 'day': 5 is a number, and cannot be compared with a time"),
        ("clock", {"when": NOON}, r"by\.when: with 'clock': 2024-01-01T12:00:00 is a time, and cannot be compared"),
        ("venue", {"value": "XPRA"}, r"with 'venue': Venue has no member 'XPRA'; did you mean 'XPAR'\?"),
        ("side", {"value": "b"}, r"with 'side': Side has no member 'b'; known: BUY, SELL"),
        ("leg.venue", {"value": 1}, r"a Venue is compared by its name, one of XPAR, XLON"),
        ("size", {"attr": "symbol"}, r"^filters\[0\]\.by\.attr: 'symbol' is text, and 'size' is a number: they cannot"),
        ("tags", {"value": "a"}, r"^filters\[0\]\.attr: 'tags' is a list\[str\], which compares with nothing$"),
        ("leg", {"value": "a"}, r"^filters\[0\]\.attr: 'leg' is a Leg, which compares with nothing$"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_any_record(attr: str, by: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        predicate_of(Query.of({"filters": [{"attr": attr, "by": by}]}), Quote)


def test_no_filter_is_every_record_and_several_must_all_hold() -> None:
    quotes = [Quote(size=size, symbol=symbol) for size in (1, 2) for symbol in "AB"]
    assert all(map(predicate_of(Query(), Quote), quotes))
    of_a = {"attr": "symbol", "by": {"value": "A"}}
    large = {"attr": "size", "by": {"value": 1, "where": ">"}}
    both = predicate_of(Query.of({"filters": [of_a, large]}), Quote)
    assert [quote for quote in quotes if both(quote)] == [quotes[2]]


def test_an_alternative_is_compared_as_what_it_is() -> None:
    assert passes(Quote(either=5), "either", value=5)
    assert passes(Quote(either="5"), "either", value="5")
    assert not passes(Quote(either="5"), "either", value=5)
    assert passes(Quote(either="5"), "either", "!=", value=5)
    assert not passes(Quote(either="5"), "either", "<", value=9)
    assert passes(Quote(thing="2024-01-01"), "thing", value="2024-01-01")
    assert passes(Quote(thing=datetime(2024, 1, 1)), "thing", value="2024-01-01")
    assert not passes(Quote(thing=[1]), "thing", value=1)


@pytest.mark.parametrize("held", ["text", [1], {"a": 1}, object(), NOON], ids=repr)
def test_a_record_that_holds_something_else_than_declared_is_unequal_and_poisons_nothing(held: Any) -> None:
    """csp does not look into ``int | None``; whoever put that there, the others are answered."""
    quotes = [Quote(maybe=1), Quote(maybe=held), Quote(maybe=3)]
    kept = [
        [passes(quote, "maybe", where, value=2) for quote in quotes] for where in ("<", "<=", ">", ">=", "==", "!=")
    ]
    assert kept == [
        [True, False, False],
        [True, False, False],
        [False, False, True],
        [False, False, True],
        [False, False, False],
        [True, True, True],
    ]
    assert not passes(Quote(maybe=held, size=1), "maybe", attr="size")
    assert passes(Quote(maybe=held, size=1), "maybe", "!=", attr="size")


def test_records_that_are_no_structs() -> None:
    assert passes(Row(at=NOON.replace(tzinfo=UTC)), "at", when=NOON)
    assert passes(Row(size=5), "size", "<", value=6)
    assert not passes(Row(), "at", when=NOON)
    with pytest.raises(QueryError, match=r"Row has no attribute 'sise'; did you mean 'size'\?"):
        passes(Row(), "sise", value=1)


# --- The compiled predicate says what Query.calculate says ------------------------------------------------------------

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "symbol": st.sampled_from(["", "A", "B", "é", "a'b"]),
    "size": st.sampled_from([-1, 0, 1, 2**53 + 1, 2**62]),
    "price": st.sampled_from([0.0, -0.0, 1.5, float(2**53), float("inf"), float("nan")]),
    "firm": st.booleans(),
    "side": st.sampled_from(Side),
    "venue": st.sampled_from([*Venue]),
    "at": st.sampled_from([NOON, datetime(2024, 1, 1), datetime(1999, 9, 9)]),
    "day": st.sampled_from([date(2024, 1, 1), date(1999, 9, 9)]),
    "clock": st.sampled_from([time(9), time(12, 30)]),
    "span": st.sampled_from([timedelta(0), timedelta(seconds=90)]),
    "maybe": st.sampled_from([None, 0, 1, 2**70]),
    "when": st.sampled_from([None, NOON, NOON.replace(tzinfo=UTC)]),
}
CONSTANTS: dict[str, list[dict[str, Any]]] = {
    "symbol": [{"value": "A"}, {"value": "a'b"}, {"value": "\ud800"}, {"attr": "venue"}, {"attr": "leg.note"}],
    "size": [{"value": 0}, {"value": 1.0}, {"value": 2**53}, {"value": 2**70}, {"value": True}, {"attr": "price"}],
    "price": [{"value": 0}, {"value": 1.5}, {"value": 2**53 + 1}, {"attr": "leg.ratio"}, {"attr": "price"}],
    "firm": [{"value": True}, {"value": 0}],
    "side": [{"value": "BUY"}, {"value": "SELL"}, {"attr": "side"}],
    "venue": [{"value": "XLON"}, {"attr": "leg.venue"}, {"attr": "symbol"}],
    "at": [{"when": "2024-01-01T15:00:00+03:00"}, {"value": "2024-01-01"}, {"attr": "when"}, {"attr": "day"}],
    "day": [{"value": "2024-01-01"}, {"when": NOON}, {"attr": "at"}],
    "clock": [{"value": "09:00"}],
    "span": [{"value": "PT90S"}],
    "maybe": [{"value": 1}, {"value": 2**70}, {"attr": "size"}],
    "when": [{"when": NOON}, {"attr": "at"}],
    "leg.venue": [{"value": "XPAR"}, {"attr": "venue"}],
    "leg.ratio": [{"value": 1.5}, {"attr": "price"}],
    "leg.note": [{"value": "x"}, {"attr": "symbol"}],
}
LEGS = st.fixed_dictionaries(
    {}, optional={"venue": VALUES["venue"], "ratio": VALUES["price"], "note": st.sampled_from([None, "x", "A"])}
)
QUOTES = st.fixed_dictionaries({}, optional={**VALUES, "leg": LEGS.map(lambda given: Leg(**given))})
FILTERS = st.sampled_from(list(CONSTANTS)).flatmap(
    lambda attr: st.builds(
        lambda by, where: {"attr": attr, "by": {**by, "where": where}},
        st.sampled_from(CONSTANTS[attr]),
        st.sampled_from(list(FilterWhereLambdaMap)),
    )
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(QUOTES.map(lambda given: Quote(**given)), min_size=1, max_size=4),
    st.lists(FILTERS, min_size=1, max_size=3),
)
def test_it_agrees_with_the_query_itself(quotes: list[Quote], filters: list[dict[str, Any]]) -> None:
    query = Query.of({"filters": filters})
    keep = predicate_of(query, Quote)
    kept = [quote for quote in quotes if keep(quote)]
    assert [quote.id for quote in kept] == [quote.id for quote in query.calculate(quotes)]


@settings(max_examples=100, deadline=None)
@given(QUOTES.map(lambda given: Quote(**given)), FILTERS)
def test_equal_and_unequal_divide_the_records_in_two(quote: Quote, filter: dict[str, Any]) -> None:
    equal, unequal = (
        predicate_of(Query.of({"filters": [{**filter, "by": {**filter["by"], "where": where}}]}), Quote)(quote)
        for where in ("==", "!=")
    )
    assert equal is not unequal
