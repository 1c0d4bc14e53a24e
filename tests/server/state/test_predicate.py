"""Queries held against a type, and compiled."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any

import csp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.errors import QueryError
from csp_gateway.server.state.predicate import predicate_of
from csp_gateway.server.structs import GatewayStruct
from csp_gateway.wire import FilterWhereLambdaMap, Query
from csp_gateway.wire.comparing import naive_utc

NOON = datetime(2024, 1, 1, 12)


class Side(Enum):
    BUY = "b"
    SELL = "s"


class Level(IntEnum):
    LOW = 1


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
        ("side", {"value": "x"}, r"with 'side': Side has no member 'x'; known: BUY, SELL"),
        ("leg.venue", {"value": 7}, r"Venue has no member 7; known: XLON, XPAR"),
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


@pytest.mark.parametrize("held", ["text", [1], {"a": 1}, object(), NOON], ids=lambda held: type(held).__name__)
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


@pytest.mark.parametrize("attr", ["size", "maybe"], ids=["kept by csp", "anything"])
def test_a_range_includes_both_ends_and_a_list_only_what_is_in_it(attr: str) -> None:
    def passing(by: dict[str, Any]) -> list[int]:
        keep = predicate_of(Query.of({"filters": [{"attr": attr, "by": by}]}), Quote)
        return [held for held in range(6) if keep(Quote(**{attr: held}))]

    assert passing({"between": [2, 4]}) == [2, 3, 4]
    assert passing({"between": [4, 2]}) == []
    assert passing({"in": [4, 1.0, True, 9]}) == [1, 4]
    assert passing({"is_null": True}) == []


@pytest.mark.parametrize("attr", ["symbol", "thing"], ids=["kept by csp", "anything"])
def test_a_pattern_is_of_the_whole_text(attr: str) -> None:
    keep = predicate_of(Query.of({"filters": [{"attr": attr, "by": {"like": "a%b_"}}]}), Quote)
    texts = ["ab.", "a\nb\n", "ab", "xab.", "ab..", "AB."]
    assert [text for text in texts if keep(Quote(**{attr: text}))] == texts[:2]
    assert not keep(Quote())


def test_records_that_are_no_structs() -> None:
    assert passes(Row(at=NOON.replace(tzinfo=UTC)), "at", when=NOON)
    assert passes(Row(size=5), "size", "<", value=6)
    assert not passes(Row(), "at", when=NOON)
    with pytest.raises(QueryError, match=r"Row has no attribute 'sise'; did you mean 'size'\?"):
        passes(Row(), "sise", value=1)


# --- Records and filters of all kinds ---------------------------------------------------------------------------------

NAN = float("nan")
EAST = timezone(timedelta(hours=3))


class Hostile(str):
    """Text that cannot be compared, and is where it can be put."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__  # type: ignore[assignment]


ANYTHING = [None, 0, 1, True, 1.5, NAN, 2**70, Decimal("1.5"), Decimal("NaN"), np.float64(1.5), np.float32(0.1), 1j]
ANYTHING += ["", "A", "a\nb", "2024-01-01", "09:00", Side.BUY, Venue.XLON, Level.LOW, b"A", [1], {"a": 1}, object()]
ANYTHING += [NOON, NOON.replace(tzinfo=EAST), date(2024, 1, 1), time(9), time(9, tzinfo=UTC), timedelta(seconds=90)]
ANYTHING += [Hostile("A"), np.array([1, 2]), datetime.max.replace(tzinfo=timezone(-timedelta(hours=3)))]

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "symbol": st.sampled_from(["", "A", "B", "é", "a'b", "AB\n", "%"]),
    "size": st.sampled_from([-1, 0, 1, 2**53 + 1, 2**62]),
    "price": st.sampled_from([0.0, -0.0, 1.5, float(2**53), float("inf"), NAN]),
    "firm": st.booleans(),
    "side": st.sampled_from(Side),
    "venue": st.sampled_from([*Venue]),
    "at": st.sampled_from([NOON, datetime(2024, 1, 1), datetime(1999, 9, 9)]),
    "day": st.sampled_from([date(2024, 1, 1), date(1999, 9, 9)]),
    "clock": st.sampled_from([time(9), time(12, 30)]),
    "span": st.sampled_from([timedelta(0), timedelta(seconds=90)]),
    "maybe": st.sampled_from([None, 0, 1, 2**70]) | st.sampled_from(ANYTHING),
    "either": st.sampled_from([0, 1, "A", "1"]),
    "when": st.sampled_from([None, NOON, NOON.replace(tzinfo=UTC)]),
    "thing": st.sampled_from(ANYTHING),
    "tags": st.sampled_from([[], ["a"]]),
}
CONSTANTS: dict[str, list[Any]] = {
    "symbol": ["A", "a'b", "", "\ud800"],
    "size": [0, 1.0, 2**53, 2**70, True],
    "price": [0, 1.5, 2**53 + 1],
    "firm": [True, 0],
    "side": ["BUY", "SELL"],
    "venue": ["XLON", "XPAR"],
    "at": ["2024-01-01T15:00:00+03:00", "2024-01-01", "1999-09-09"],
    "day": ["2024-01-01", "2024-01-01T12:00"],
    "clock": ["09:00", "10:00"],
    "span": ["PT90S", "PT0S"],
    "maybe": [1, 2**70, 0],
    "either": [1, "A", "1"],
    "when": ["2024-01-01T12:00:00", "2024-01-02"],
    "thing": [0, 1.5, True, "A", "BUY", "2024-01-01", "2024-01-01T12:00", "09:00", "PT90S", ""],
    "leg.venue": ["XPAR", "XLON"],
    "leg.ratio": [1.5, 0],
    "leg.note": ["x", "A"],
}
OTHERS: dict[str, list[str]] = {
    "symbol": ["venue", "leg.note", "either"],
    "size": ["price", "maybe", "firm"],
    "price": ["leg.ratio", "price"],
    "at": ["when", "day"],
    "maybe": ["size", "thing"],
    "thing": ["thing", "either", "clock"],
}
PATTERNS = ["", "%", "A", "_", "A%", "%b", "a_b", r"\%", "%'%", "X%", "B_Y", "%ELL"]


def conditions(attr: str) -> st.SearchStrategy[dict[str, Any]]:
    """Every condition that can be asked of the attribute."""
    kinds = [st.builds(lambda wanted: {"is_null": wanted}, st.booleans())]
    if attr in CONSTANTS:
        values = st.sampled_from(CONSTANTS[attr])
        wheres = st.sampled_from(list(FilterWhereLambdaMap))
        kinds.append(st.builds(lambda value, where: {"value": value, "where": where}, values, wheres))
        kinds.append(st.lists(values, min_size=1, max_size=4).map(lambda listed: {"in": listed}))
        same = st.tuples(values, values).filter(lambda ends: isinstance(ends[0], str) is isinstance(ends[1], str))
        kinds.append(same.map(lambda ends: {"between": list(ends)}))
        if attr in OTHERS:
            others = st.sampled_from(OTHERS[attr])
            kinds.append(st.builds(lambda other, where: {"attr": other, "where": where}, others, wheres))
    if attr in ("size", "price", "firm", "maybe", "either", "thing", "leg.ratio"):
        kinds.append(st.builds(lambda wanted: {"is_nan": wanted}, st.booleans()))
    if attr in ("symbol", "side", "venue", "either", "thing", "leg.note", "leg.venue"):
        kinds.append(st.sampled_from(PATTERNS).map(lambda like: {"like": like}))
    return st.one_of(kinds)


LEGS = st.fixed_dictionaries(
    {}, optional={"venue": VALUES["venue"], "ratio": VALUES["price"], "note": st.sampled_from([None, "x", "A"])}
)
QUOTES = st.fixed_dictionaries({}, optional={**VALUES, "leg": LEGS.map(lambda given: Leg(**given))}).map(
    lambda given: Quote(**given)
)
ONES = st.sampled_from([*CONSTANTS, "leg", "tags"]).flatmap(
    lambda attr: conditions(attr).map(lambda by: {"attr": attr, "by": by})
)
COMPARISONS = st.sampled_from(list(CONSTANTS)).flatmap(
    lambda attr: st.sampled_from(CONSTANTS[attr]).map(lambda value: {"attr": attr, "by": {"value": value}})
)
FILTERS = st.recursive(
    ONES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda filters: {"and": filters}),
        st.lists(inner, min_size=1, max_size=3).map(lambda filters: {"or": filters}),
        inner.map(lambda filter: {"not": filter}),
    ),
    max_leaves=6,
)


# --- The definition, the slow way -------------------------------------------------------------------------------------


def known(value: Any) -> tuple[str, Any]:
    """What a held value is, and how it compares."""
    if isinstance(value, Hostile):
        return "hostile", value
    if isinstance(value, Enum):
        return "text", value.name
    if isinstance(value, datetime):
        return "moment", naive_utc(value)
    if isinstance(value, date):
        return "moment", datetime(value.year, value.month, value.day)
    types = {
        "number": int | float | Decimal | np.floating,
        "text": str,
        "clock": time,
        "span": timedelta,
        "bytes": bytes,
    }
    return next(((kind, value) for kind, type_ in types.items() if isinstance(value, type_)), ("other", value))


def readings(said: Any) -> dict[str, Any]:
    """What a written value may be meant as."""
    if not isinstance(said, str):
        return {"number": said}
    found: dict[str, Any] = {"text": said}
    for kind, read in (
        ("moment", lambda text: naive_utc(datetime.fromisoformat(text))),
        ("clock", time.fromisoformat),
        ("span", {"PT90S": timedelta(seconds=90), "PT0S": timedelta(0)}.__getitem__),
    ):
        with suppress(ValueError, KeyError):
            found[kind] = read(said)
    return found


def held_by(record: Any, path: str) -> Any:
    for name in path.split("."):
        record = getattr(record, name, None)
    return record


def related(left: Any, where: str, right: Any) -> bool:
    try:
        return bool(FilterWhereLambdaMap[where](left, right))  # type: ignore[index]
    except (TypeError, ArithmeticError):
        return where == "!="


def is_so(filter: dict[str, Any], record: Any) -> bool:
    """The definition of decision 0008, the slow way."""
    if "and" in filter:
        return all(is_so(each, record) for each in filter["and"])
    if "or" in filter:
        return any(is_so(each, record) for each in filter["or"])
    if "not" in filter:
        return not is_so(filter["not"], record)
    by, held = filter["by"], held_by(record, filter["attr"])
    kind, meant = known(held)
    if "is_null" in by:
        return (held is None) is by["is_null"]
    if "is_nan" in by:
        return (kind == "number" and meant != meant) is by["is_nan"]
    if "in" in by:
        return any(kind in each and related(meant, "==", each[kind]) for each in map(readings, by["in"]))
    if "between" in by:
        low, high = map(readings, by["between"])
        both = kind in low and kind in high
        return both and related(low[kind], "<=", meant) and related(meant, "<=", high[kind])
    if "like" in by:
        return kind in ("text", "hostile") and fnmatch(str.__str__(meant), by["like"])
    right = {known(other)[0]: known(other)[1]} if (other := held_by(record, by.get("attr", "?"))) is not None else {}
    right = readings(by["value"]) if "value" in by else right
    comparable = kind in right and kind not in ("other", "hostile")
    return related(meant, by["where"], right[kind]) if comparable else by["where"] == "!="


def fnmatch(text: str, like: str) -> bool:
    if not like:
        return not text
    if like[0] == "%":
        return any(fnmatch(text[start:], like[1:]) for start in range(len(text) + 1))
    if like[0] == "\\":
        return text[:1] == like[1] and fnmatch(text[1:], like[2:])
    return bool(text) and like[0] in ("_", text[0]) and fnmatch(text[1:], like[1:])


@settings(max_examples=250, deadline=None)
@given(st.lists(QUOTES, min_size=1, max_size=3), FILTERS)
def test_it_agrees_with_the_definition_and_with_the_query_itself(quotes: list[Quote], filter: dict[str, Any]) -> None:
    query = Query.of({"filters": [filter]})
    keep = predicate_of(query, Quote)
    opposite = predicate_of(Query.of({"filters": [{"not": filter}]}), Quote)
    for quote in quotes:
        kept = keep(quote)
        assert kept is is_so(filter, quote)
        assert opposite(quote) is not kept
        # Query.calculate refuses what it finds not to compare; Hostile raises what it likes.
        with suppress(QueryError, RuntimeError):
            assert query.calculate([quote]) == ([quote] if kept else [])


@settings(max_examples=50, deadline=None)
@given(QUOTES, COMPARISONS)
def test_equal_and_unequal_divide_the_records_in_two(quote: Quote, filter: dict[str, Any]) -> None:
    equal, unequal = (
        predicate_of(Query.of({"filters": [{**filter, "by": {**filter["by"], "where": where}}]}), Quote)(quote)
        for where in ("==", "!=")
    )
    assert equal is not unequal


# --- Whatever a record does, it is answered ---------------------------------------------------------------------------


class Trap:
    __slots__ = ()

    @property
    def it(self) -> Any:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("by", "passed"),
    [
        ({"value": 1}, False),
        ({"value": 1, "where": "!="}, True),
        ({"attr": "it"}, False),
        ({"attr": "it", "where": "!="}, True),
        ({"in": [1]}, False),
        ({"between": [1, 2]}, False),
        ({"like": "%"}, False),
        ({"is_null": True}, True),
        ({"is_null": False}, False),
        ({"is_nan": True}, False),
        ({"is_nan": False}, True),
    ],
)
def test_an_attribute_that_raises_is_as_if_unset(by: dict[str, Any], passed: bool) -> None:
    assert predicate_of(Query.of({"filters": [{"attr": "it", "by": by}]}), Trap)(Trap()) is passed


def test_many_parts_join_as_two_do() -> None:
    sizes = [{"attr": "size", "by": {"value": size}} for size in range(5)]
    for count in range(1, 6):
        any_of, all_of = (predicate_of(Query.of({"filters": [{word: sizes[:count]}]}), Quote) for word in ("or", "and"))
        assert [any_of(Quote(size=size)) for size in range(6)] == [size < count for size in range(6)]
        assert [all_of(Quote(size=size)) for size in range(6)] == [count == 1 and size == 0 for size in range(6)]
