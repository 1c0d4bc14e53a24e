"""Keys: read, made hashable, ordered."""

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

import csp
import numpy as np
import pytest
from csp.typing import Numpy1DArray
from hypothesis import given
from hypothesis import strategies as st

from csp_gateway.server.state.keys import Keys
from csp_gateway.server.structs import GatewayStruct

NOON = datetime(2024, 1, 1, 12)


class Side(Enum):
    SELL = 1
    BUY = 2


class Venue(csp.Enum):
    XPAR = 1
    XLON = 2


class Leg(GatewayStruct):
    venue: Venue
    ratio: float


class Quote(GatewayStruct):
    symbol: str
    size: int
    price: float
    side: Side
    venue: Venue
    leg: Leg
    tags: list[str]
    rates: Numpy1DArray[float]
    thing: object


def key_of(record: Any, *paths: str, record_type: Any = Quote) -> Any:
    """The key as the engine reads it."""
    keys = Keys(record_type, paths)
    try:
        key = keys.read(record)
        hash(key)
    except Exception:
        key = keys.settle(record)
        hash(key)
    return key


# --- Read -----------------------------------------------------------------------------------------------------------


def test_one_path_is_the_value_and_several_are_a_tuple() -> None:
    quote = Quote(symbol="A", size=1, leg=Leg(venue=Venue.XPAR))
    assert key_of(quote, "symbol") == "A"
    assert key_of(quote, "symbol", "size", "leg.venue") == ("A", 1, Venue.XPAR)


def test_what_is_unset_or_none_on_the_way_is_none() -> None:
    assert key_of(Quote(size=1), "symbol") is None
    assert key_of(Quote(size=1), "symbol", "size") == (None, 1)
    assert key_of(Quote(), "leg.venue") is None
    assert key_of(Quote(leg=Leg()), "leg.venue", "leg.ratio") == (None, None)
    assert key_of(Quote(thing=None), "thing.deep.inside") is None


def test_an_attribute_that_cannot_be_computed_is_none() -> None:
    class Broken:
        @property
        def place(self) -> int:
            raise ZeroDivisionError

    assert key_of(Broken(), "place", record_type=Any) is None


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        ([1, 2], [1, 2], [2, 1]),
        ((1, [2]), (1, [2]), (1, [3])),
        ({"a": [1]}, {"a": [1]}, {"a": [2]}),
        ({1, 2}, {2, 1}, {1}),
        (np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.array([1.0, 3.0])),
        (np.array([[1], [2]]), np.array([[1], [2]]), np.array([[1, 2]])),
        (Leg(id="1", timestamp=NOON, ratio=1.0), Leg(id="1", timestamp=NOON, ratio=1.0), Leg(id="1", timestamp=NOON)),
        (math.nan, float("nan"), 0.0),
        (Decimal("NaN"), Decimal("sNaN"), Decimal(0)),
        ([math.nan], [float("nan")], [0.0]),
        (np.float64("nan"), math.nan, 1.0),
        (bytearray(b"a"), bytearray(b"a"), bytearray(b"b")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_hashed_is_told_apart_by_what_it_contains(one: Any, same: Any, other: Any) -> None:
    first = key_of(Quote(thing=one), "thing")
    assert {first: 1}.get(key_of(Quote(thing=same), "thing")) == 1
    assert {first: 1}.get(key_of(Quote(thing=other), "thing")) is None
    assert {(first, 1): 1}.get(key_of(Quote(thing=same, size=1), "thing", "size")) == 1


def test_lists_arrays_and_structs_that_are_declared_can_be_keys() -> None:
    quote = Quote(tags=["a"], rates=np.array([0.5]), leg=Leg(venue=Venue.XLON))
    again = Quote(tags=["a"], rates=np.array([0.5]), leg=quote.leg)
    for path in ("tags", "rates", "leg"):
        assert key_of(quote, path) == key_of(again, path)


def test_a_key_does_not_change_with_the_record() -> None:
    quote = Quote(tags=["a"], leg=Leg(ratio=1.0))
    tags, leg = key_of(quote, "tags"), key_of(quote, "leg")
    before = hash(tags), hash(leg)
    quote.tags.append("b")
    quote.leg.ratio = 2.0
    assert (hash(tags), hash(leg)) == before


def test_a_value_that_breaks_every_rule_is_known_by_identity() -> None:
    class Hostile:
        __hash__ = None  # type: ignore[assignment]  # what makes it hostile

        def __repr__(self) -> str:
            raise RuntimeError

    endless: list[Any] = []
    endless.append(endless)
    for value in (Hostile(), endless):
        assert key_of(Quote(thing=value), "thing") == key_of(Quote(thing=value), "thing")


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.complex_numbers(), st.decimals()),
        lambda inner: st.one_of(
            st.lists(inner), st.tuples(inner), st.dictionaries(st.text(), inner), st.sets(st.integers())
        ),
        max_leaves=8,
    )
)
def test_any_value_is_a_key_and_the_same_one_each_time(value: Any) -> None:
    first, again = key_of(Quote(thing=value), "thing"), key_of(Quote(thing=value), "thing")
    assert {first: 1}[again] == 1


# --- Ordered --------------------------------------------------------------------------------------------------------


def ordered(values: list[Any], path: str = "thing") -> list[Any]:
    return Keys(Quote, (path,)).in_order(values)


def test_none_comes_first_then_ascending() -> None:
    assert ordered(["b", None, "a"], "symbol") == [None, "a", "b"]
    assert ordered(["b", None, "a"]) == [None, "a", "b"]
    several = Keys(Quote, ("symbol", "size"))
    assert several.in_order([("b", 1), ("a", 2), ("a", None), (None, 9)]) == [
        (None, 9),
        ("a", None),
        ("a", 2),
        ("b", 1),
    ]


def test_types_are_ordered_by_name_and_numbers_are_one() -> None:
    values = ["x", 3, None, 2.5, b"y", True, math.nan, Decimal("2.7"), NOON, time(9), timedelta(1), date(2024, 1, 1)]
    assert ordered(values) == [
        None,
        b"y",
        date(2024, 1, 1),
        NOON,
        True,
        2.5,
        Decimal("2.7"),
        3,
        math.nan,
        "x",
        time(9),
        timedelta(1),
    ]


def test_enum_members_are_ordered_by_name() -> None:
    assert ordered([Side.SELL, Side.BUY], "side") == [Side.BUY, Side.SELL]
    assert ordered([Venue.XPAR, Venue.XLON], "venue") == [Venue.XLON, Venue.XPAR]


def test_times_are_ordered_in_utc() -> None:
    aware = datetime(2024, 1, 1, 11, tzinfo=UTC)
    assert ordered([NOON, aware]) == [aware, NOON]
    assert ordered([None, time(10), time(9)]) == [None, time(9), time(10)]


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(),
            st.decimals(),
            st.fractions(),
            st.complex_numbers(),
            st.text(),
            st.binary(),
            st.dates(),
            st.times(),
            st.datetimes(timezones=st.one_of(st.none(), st.just(UTC))),
            st.timedeltas(),
            st.sampled_from([*Side, *Venue]),
            st.frozensets(st.integers()),
            st.tuples(st.integers()),
            st.just(Fraction(1, 3)),
            st.just(object()),
        )
    )
)
def test_keys_of_any_types_are_ordered_the_same_way_however_they_come(values: list[Any]) -> None:
    keys = list(dict.fromkeys(key_of(Quote(thing=value), "thing") for value in values))
    forwards = ordered(keys)
    assert len(forwards) == len(keys)
    assert list(map(repr, ordered(list(reversed(forwards))))) == list(map(repr, forwards))
    assert None not in keys or forwards[0] is None
