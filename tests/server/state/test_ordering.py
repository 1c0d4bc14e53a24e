"""The order of records, and cursors into it."""

import base64
import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csp_gateway.errors import QueryError
from csp_gateway.server.state.asked import Asked, Attribute, Order
from csp_gateway.server.state.keys import Keys
from csp_gateway.server.state.ordering import cursor_of, first_after, held, in_order, place_of, read_cursor
from csp_gateway.server.structs import GatewayStruct
from csp_gateway.wire.comparing import Kind


class Side(Enum):
    SELL = 1
    BUY = 2


class Leg(GatewayStruct):
    ratio: float


class Quote(GatewayStruct):
    symbol: str
    size: int
    leg: Leg
    thing: object


KEYS = Keys(Quote, ("symbol",))


def asking(*orders: str) -> Asked:
    """A query ordered by attributes; with a dash in front, descending."""
    named = [(path.removeprefix("-"), path.startswith("-")) for path in orders]
    return Asked(Quote, order=tuple(Order(Attribute(path, (Kind.NUMBER,)), descending) for path, descending in named))


def pairs(*quotes: Quote) -> list[Any]:
    return [(KEYS.settle(quote), quote) for quote in quotes]


def symbols(ordered: list[Any]) -> str:
    return "".join(quote.symbol for _, quote in ordered)


def test_what_a_record_has_at_a_path_is_none_where_something_is_unset() -> None:
    assert held("leg.ratio")(Quote(leg=Leg(ratio=2.0))) == 2.0
    assert held("leg.ratio")(Quote(leg=Leg())) is None
    assert held("leg.ratio")(Quote()) is None


def test_by_key_unless_told_otherwise() -> None:
    assert symbols(in_order(pairs(Quote(symbol="B"), Quote(symbol="A")), asking(), KEYS)) == "AB"


def test_by_attributes_with_ties_by_key_and_none_first() -> None:
    given = pairs(
        Quote(symbol="D", size=1),
        Quote(symbol="C", size=2, leg=Leg(ratio=1.0)),
        Quote(symbol="B", size=2),
        Quote(symbol="A"),
        Quote(symbol="E", size=2, leg=Leg(ratio=math.nan)),
    )
    assert symbols(in_order(given, asking("size"), KEYS)) == "ADBCE"
    assert symbols(in_order(given, asking("-size"), KEYS)) == "BCEDA"
    assert symbols(in_order(given, asking("-size", "-leg.ratio"), KEYS)) == "ECBDA"
    assert symbols(in_order(given, asking("leg.ratio", "-size"), KEYS)) == "BDACE"


THINGS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.dates(),
    st.times(),
    st.datetimes(timezones=st.one_of(st.none(), st.just(UTC))),
    st.timedeltas(),
    st.decimals(),
    st.fractions(),
    st.sampled_from(Side),
    st.lists(st.integers(), max_size=2),
)


@given(st.lists(THINGS, min_size=1, max_size=8), st.booleans(), st.booleans(), st.data())
def test_pages_that_follow_each_other_by_cursor_are_the_whole(
    things: list[Any], by_key: bool, descending: bool, data: st.DataObject
) -> None:
    keys = Keys(Quote, ("thing",)) if by_key else KEYS
    asked = asking() if by_key else asking("-thing" if descending else "thing")
    records = {
        keys.settle(quote): quote for quote in (Quote(symbol=f"S{i}", thing=each) for i, each in enumerate(things))
    }
    ordered = in_order(list(records.items()), asked, keys)
    read = data.draw(st.integers(1, len(ordered)))
    cursor = cursor_of(place_of(ordered[read - 1], asked, keys), asked, keys)
    place = read_cursor(cursor, asked, keys)
    assert place == place_of(ordered[read - 1], asked, keys)
    assert first_after(len(ordered), ordered.__getitem__, place, asked, keys) == read
    # Others may go and come meanwhile: what stands after the place is found all the same.
    left = ordered[: read - 1] + ordered[read:]
    assert first_after(len(left), left.__getitem__, place, asked, keys) == read - 1


@pytest.mark.parametrize("text", ["", "x", "é", "AAAA", "bnVsbA", "WzEsIDJd", "W1tdLCBbXV0", "eyJhIjoxfQ", "W" * 5000])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="cursor: "):
        read_cursor(text, asking(), KEYS)


def test_a_cursor_of_another_order_or_state_is_refused() -> None:
    (pair,) = pairs(Quote(symbol="A", size=1))
    cursor = cursor_of(place_of(pair, asking("size"), KEYS), asking("size"), KEYS)
    for asked, keys in [(asking(), KEYS), (asking("-size"), KEYS), (asking("size"), Keys(Quote, ("id",)))]:
        with pytest.raises(
            QueryError, match=r"a query of another order, or of another state: ask with the same `order_by`"
        ):
            read_cursor(cursor, asked, keys)


def test_a_cursor_says_what_json_cannot() -> None:
    for thing in (
        datetime(2024, 1, 1, 12, 30, tzinfo=UTC),
        date(2024, 1, 1),
        time(1, 2, 3, 4),
        timedelta(-1, 5, 7),
        b"\xff",
        Decimal("1.10"),
        Fraction(1, 3),
        2**70,
        math.inf,
        "\ud800",
    ):
        (pair,) = pairs(Quote(symbol="A", thing=thing))
        place = place_of(pair, asking("thing"), KEYS)
        assert read_cursor(cursor_of(place, asking("thing"), KEYS), asking("thing"), KEYS) == place


def forged(*ranks: Any) -> str:
    """A cursor into the order by ``thing``, with the right fingerprint and these ranks."""
    (pair,) = pairs(Quote(symbol="A", thing=1))
    right = cursor_of(place_of(pair, asking("thing"), KEYS), asking("thing"), KEYS)
    fingerprint, _ = json.loads(base64.urlsafe_b64decode(right + "=" * (-len(right) % 4)))
    return base64.urlsafe_b64encode(json.dumps([fingerprint, ranks]).encode()).decode().rstrip("=")


SYMBOL = [1, "str", "A"]


def test_a_forged_cursor_that_is_well_made_is_read() -> None:
    assert read_cursor(forged([1, "number", False, 1], SYMBOL), asking("thing"), KEYS)[0] == (1, "number", False, 1)


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "rank",
    [
        [1, "number", False, {"fraction": "1e10000000"}],
        [1, "number", False, {"fraction": "1/0"}],
        [1, "number", False, {"decimal": "1e10000000"}],
        [1, "number", False, {"decimal": "x"}],
        [1, "number", False, {"decimal": "NaN"}],
        [1, "number", False, {"decimal": ["x"]}],
        [1, "number", False, math.nan],
        [1, "number", False, "x"],
        [1, "number"],
        [1, "number", True, 1],
        [1, "datetime", {"datetime": "2024-01-01T00:00:00+00:00"}, ""],
        [1, "datetime", {"datetime": 1}, ""],
        [1, "date", {"datetime": "2024-01-01T00:00:00"}],
        [1, "timedelta", {"span": [10**300, 0, 0]}],
        [1, "timedelta", {"span": [1e308, 1e308]}],
        [1, "str", 1],
        [1, "list", "[]"],
        [2, "Side", 1],
        [],
        [0, 0],
        ["0"],
        [None],
        {"decimal": "1"},
        1,
        None,
    ],
)
def test_a_cursor_with_the_fingerprint_and_nothing_right_behind_it_is_refused(rank: Any) -> None:
    with pytest.raises(QueryError, match="this is no cursor"):
        read_cursor(forged(rank, SYMBOL), asking("thing"), KEYS)


def test_a_cursor_of_another_order_is_refused_before_anything_is_made_of_it() -> None:
    with pytest.raises(QueryError, match="of another order"):
        read_cursor(forged([{"no": "form"}], SYMBOL), asking("-thing"), KEYS)


@pytest.mark.parametrize(
    "thing",
    [10**5000, -(2**5000), Decimal("1e20000"), "x" * 2000, b"x" * 1000],
    ids=["int", "below 0", "decimal", "text", "bytes"],
)
def test_there_is_no_cursor_that_would_be_too_long(thing: Any) -> None:
    (pair,) = pairs(Quote(symbol="A", thing=thing))
    with pytest.raises(QueryError, match="by `offset`"):
        cursor_of(place_of(pair, asking("thing"), KEYS), asking("thing"), KEYS)
