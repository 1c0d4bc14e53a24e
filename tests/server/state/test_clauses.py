"""What a query asks, as SQL over a real table, held against the same judged record by record."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum
from math import inf, nan
from typing import Any

import csp
import duckdb
import pytest
from csp.typing import Numpy1DArray
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.server.state.asked import Asked, Attribute
from csp_gateway.server.state.clauses import Clause, Clauses, NotInSql
from csp_gateway.server.state.grouping import grouped
from csp_gateway.server.state.keys import rank
from csp_gateway.server.state.meaning import held_against
from csp_gateway.server.state.ordering import held
from csp_gateway.server.state.predicate import passes
from csp_gateway.server.structs import ArrowReader, GatewayStruct
from csp_gateway.wire import Query

NOON = datetime(2024, 1, 1, 12)
DAY = date(2024, 1, 1)
HOUR = timedelta(hours=1)
MOST, LEAST = 2**63 - 1, -(2**63)


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
    lot: int
    price: float
    worth: float
    firm: bool
    side: Side
    venue: Venue
    at: datetime
    day: date
    clock: time
    span: timedelta
    leg: Leg
    maybe: int | None
    part: float | None
    note: str | None
    when: datetime | None
    tags: list[str]
    either: int | str
    thing: object


QUOTES = [
    Quote(),
    Quote(symbol="A", size=2, lot=2, price=2.5, worth=2.5, firm=True, side=Side.BUY, venue=Venue.XPAR),
    Quote(symbol="A%", size=3, lot=2, price=nan, worth=nan, firm=False, side=Side.SELL, venue=Venue.XLON),
    Quote(symbol="it's", size=MOST, lot=LEAST, price=inf, worth=2.5, note="it's", maybe=MOST),
    Quote(symbol='"', size=LEAST, price=-inf, worth=inf, note='"; drop table t; --', maybe=0),
    Quote(symbol="a\0b", size=0, price=0.0, worth=-0.0, note="a", at=NOON, day=DAY, when=NOON),
    Quote(symbol="a", size=-1, price=2.0**53, at=NOON + HOUR, day=DAY, when=NOON.replace(tzinfo=UTC)),
    Quote(symbol="\\", size=1, price=-2.5, at=datetime(2024, 1, 1), day=DAY + timedelta(1), thing={"a": 1}),
    Quote(symbol="éΩ😀", note="", clock=time(12), span=HOUR, tags=[], either=1, thing=nan),
    Quote(symbol="", clock=time(12, 0, 0, 1), span=timedelta(1), tags=["x"], either="x", part=2),
    Quote(symbol="_", clock=time.max, span=-HOUR, leg=Leg(), maybe=-3, part=nan),
    Quote(symbol="b\n%", span=timedelta(days=90_000), leg=Leg(venue=Venue.XLON, ratio=0.5, note="A"), part=inf),
    Quote(symbol="~", at=datetime(2200, 1, 1), day=date.max, leg=Leg(ratio=nan, note="it's")),
]

CLAUSES = Clauses(ArrowReader.of(Quote).leaves)


def filled(quotes: Sequence[Quote]) -> duckdb.DuckDBPyConnection:
    """A DuckDB with the records in a table ``t``; their slots are their positions."""
    rows = ArrowReader.of(Quote).read(quotes)
    assert not rows.misfits
    database = duckdb.connect(":memory:")
    slots = ArrowReader.of(Slot).read([Slot(slot=slot) for slot in range(len(quotes))]).batch.column("slot")
    database.register("delta", rows.batch.append_column("_slot", slots))
    database.execute("create table t as select * from delta")
    return database


class Slot(csp.Struct):
    slot: int


@pytest.fixture(scope="module")
def table() -> Iterator[duckdb.DuckDBPyConnection]:
    with filled(QUOTES) as database:
        yield database


def asked(**query: Any) -> Asked:
    return held_against(Query.of(query), Quote)


def where(question: Any) -> Clause:
    test = asked(filters=[question]).test
    assert test is not None
    return CLAUSES.where(test)


def found(database: duckdb.DuckDBPyConnection, clause: Clause) -> list[int]:
    rows = database.execute(f"select _slot from t where {clause.sql} order by _slot", list(clause.values)).fetchall()
    return [slot for (slot,) in rows]


def passing(question: Any, quotes: Sequence[Quote] = QUOTES) -> list[int]:
    test = asked(filters=[question]).test
    assert test is not None
    judge = passes(test)
    return [slot for slot, quote in enumerate(quotes) if judge(quote)]


def a(attr: str, where: str | None = None, /, **by: Any) -> dict[str, Any]:
    by = {"in" if name == "in_" else name: value for name, value in by.items()}
    return {"attr": attr, "by": by if where is None else {**by, "where": where}}


# --- Filters ----------------------------------------------------------------------------------------------------------

WHERE = ["==", "!=", "<", "<=", ">", ">="]
NUMBERS = [2, 2.0, 2.5, -2.5, 0, -0.0, 2**63, LEAST, MOST, LEAST - 1, 2**70, -(2**70), 1e300, -1e300, True, False]
VALUES: dict[str, list[Any]] = {
    "size": NUMBERS,
    "maybe": NUMBERS,
    "firm": NUMBERS,
    "price": [2, 2.5, 0, -0.0, 2**53, 2**70, 1e300, -1e300, True],
    "part": [2, 2.5, 0],
    "leg.ratio": [0.5, 1],
    "symbol": ["A", "a", "A%", "it's", '"', "a\0b", "a\0", "\\", "", "é", "éΩ😀", "~", "'; drop table t; --"],
    "note": ["a", "it's", '"; drop table t; --', ""],
    "leg.note": ["A", "it's"],
    "side": ["BUY", "SELL"],
    "venue": ["XPAR"],
    "leg.venue": ["XLON"],
    "at": ["2024-01-01T12:00", "2024-01-01", "2024-01-01T14:00+02:00", "9999-12-31T23:59:59.999999", "0001-01-01"],
    "day": ["2024-01-01", "2024-01-01T12:00", "9999-12-31"],
    "when": ["2024-01-01T12:00", "2024-01-01T11:59:59.999999"],
    "clock": ["12:00", "12:00:00.000001", "23:59:59.999999"],
    "span": ["PT1H", "P1D", "PT24H", "-PT1H", "P90000D", "P100000D"],
}
COMPARED = [(attr, value) for attr, values in VALUES.items() for value in values]


@pytest.mark.parametrize(("attr", "value"), COMPARED, ids=[f"{attr}-{value!r:.30}" for attr, value in COMPARED])
def test_a_comparison_with_a_value(table: duckdb.DuckDBPyConnection, attr: str, value: Any) -> None:
    for operator in WHERE:
        question = a(attr, operator, value=value)
        assert found(table, where(question)) == passing(question), operator
        opposite = {"not": question}
        assert found(table, where(opposite)) == passing(opposite), f"not {operator}"


TWO = [
    ("size", "lot"),
    ("size", "maybe"),
    ("firm", "size"),
    ("firm", "firm"),
    ("price", "worth"),
    ("price", "price"),
    ("price", "part"),
    ("leg.ratio", "price"),
    ("symbol", "note"),
    ("symbol", "leg.note"),
    ("side", "side"),
    ("venue", "leg.venue"),
    ("side", "symbol"),
    ("at", "day"),
    ("day", "day"),
    ("at", "when"),
    ("clock", "clock"),
    ("span", "span"),
]


@pytest.mark.parametrize(("left", "right"), TWO, ids=lambda each: str(each))
def test_a_comparison_of_two_attributes(table: duckdb.DuckDBPyConnection, left: str, right: str) -> None:
    for operator in WHERE:
        for question in (a(left, operator, attr=right), {"not": a(right, operator, attr=left)}):
            assert found(table, where(question)) == passing(question), question


@pytest.mark.parametrize("attr", [*VALUES, "tags", "either", "thing", "leg", "id", "timestamp"])
def test_null_or_not(table: duckdb.DuckDBPyConnection, attr: str) -> None:
    for wanted in (True, False):
        question = a(attr, is_null=wanted)
        assert found(table, where(question)) == passing(question)


@pytest.mark.parametrize("attr", ["price", "worth", "part", "leg.ratio", "size", "maybe", "firm"])
def test_nan_or_not(table: duckdb.DuckDBPyConnection, attr: str) -> None:
    for wanted in (True, False):
        for question in (a(attr, is_nan=wanted), {"not": a(attr, is_nan=wanted)}):
            assert found(table, where(question)) == passing(question), question
    assert bool(found(table, where(a(attr, is_nan=True)))) is (attr in ("price", "worth", "part", "leg.ratio"))


def test_only_python_tells_nan_among_what_is_anything(table: duckdb.DuckDBPyConnection) -> None:
    for attr in ("either", "thing"):
        with pytest.raises(NotInSql):
            where(a(attr, is_nan=True))


@pytest.mark.parametrize(
    "question",
    [
        a("size", in_=[2, 3.0, 2.5, 2**70, True, LEAST]),
        a("price", in_=[2.5, 0, 2**53]),
        a("symbol", in_=["A", "it's", "'"]),
        a("side", in_=["SELL", "BUY"]),
        a("at", in_=["2024-01-01", "2024-01-01T13:00+01:00"]),
        a("clock", in_=["12:00", "13:00"]),
        a("span", in_=["PT1H", "P1D"]),
        a("maybe", in_=[0, MOST]),
        a("size", between=[-1, 2.5]),
        a("size", between=[2.5, 1]),
        a("price", between=[0, 1e300]),
        a("symbol", between=["A", "a"]),
        a("day", between=["2024-01-01", "2024-01-01T12:00"]),
        a("span", between=["-P1D", "PT1H"]),
        {"and": [a("size", ">", value=0), {"or": [a("symbol", value="A"), a("note", is_null=False)]}]},
        {"not": {"and": [a("price", value=2.5), {"not": a("firm", value=True)}]}},
        {"or": [a("size", value=2**70), a("price", "!=", value=2.5)]},
    ],
    ids=str,
)
def test_lists_ranges_and_what_is_joined(table: duckdb.DuckDBPyConnection, question: Any) -> None:
    for each in (question, {"not": question}):
        assert found(table, where(each)) == passing(each)


PATTERNS = [
    "%",
    "_",
    "a%",
    "%b",
    "%'%",
    "\\%",
    "A\\%",
    "\\\\",
    "\\_",
    "a_b",
    "é__",
    "%\n%",
    "",
    "%\\%%",
    "\\a",
    "%😀",
    "A",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern(table: duckdb.DuckDBPyConnection, pattern: str) -> None:
    for attr in ("symbol", "note", "side", "leg.venue"):
        for question in (a(attr, like=pattern), {"not": a(attr, like=pattern)}):
            assert found(table, where(question)) == passing(question)


def test_no_condition_at_all(table: duckdb.DuckDBPyConnection) -> None:
    test = asked(filters=[a("size", value=1), a("symbol", value="\\")]).test
    assert test is not None
    assert found(table, CLAUSES.where(test)) == [7]


def test_values_are_never_part_of_the_sql() -> None:
    clause = where(a("symbol", value="'; drop table t; --"))
    assert clause.values == ("'; drop table t; --",)
    assert "drop" not in clause.sql


NOT_IN_SQL = {
    "text of several kinds": a("either", value=1),
    "text of several kinds like a pattern": a("either", like="x%"),
    "anything": a("thing", value=1),
    "a number like no float": a("price", value=2**53 + 1),
    "a number above all floats": a("price", "<", value=10**400),
    "a whole number and a broken one": a("size", attr="price"),
    "half a surrogate pair": a("symbol", value="\ud800"),
    "half a surrogate pair in a pattern": a("symbol", like="%\ud800"),
    "half a surrogate pair among others": a("symbol", in_=["A", "\ud800"]),
    "a time of day with a zone": a("clock", value="12:00+01:00"),
    "a duration of centuries": a("span", "<", value="P100001D"),
}


@pytest.mark.parametrize("question", NOT_IN_SQL.values(), ids=NOT_IN_SQL)
def test_what_sql_cannot_say_exactly(question: Any) -> None:
    for each in (question, {"not": question}, {"or": [a("size", value=1), question]}):
        with pytest.raises(NotInSql):
            where(each)


def test_what_has_no_column_is_not_in_sql() -> None:
    with pytest.raises(NotInSql):
        CLAUSES.column("nowhere")
    with pytest.raises(NotInSql):
        CLAUSES.column("leg.nowhere")
    for path in ("tags", "either", "thing", "leg"):
        with pytest.raises(NotInSql):
            CLAUSES.order(path)
        with pytest.raises(NotInSql):
            CLAUSES.group(Attribute(path, ()))


# --- Columns that DuckDB does not tell apart --------------------------------------------------------------------------


def test_names_that_differ_in_their_case_alone_are_not_in_sql() -> None:
    """DuckDB takes ``Price`` for ``price``: it would answer with another column."""

    class Inner(GatewayStruct):
        a: int
        A: int

    class Twice(GatewayStruct):
        price: float
        Price: float
        one: Inner
        two: Leg
        Two: int
        size: int

    clauses = Clauses(ArrowReader.of(Twice).leaves)
    for path in ("price", "Price", "one.a", "one.A", "two", "two.note", "Two"):
        with pytest.raises(NotInSql):
            clauses.column(path)
    assert clauses.column("size") == 't."size"'
    assert clauses.column("one.id") == 't."one"."id"'


# --- Any filter of any records ----------------------------------------------------------------------------------------

NUMBER = st.sampled_from(NUMBERS) | st.integers(-4, 4) | st.sampled_from([0.5, -1.5, 1.0])
TEXT = st.sampled_from(["", "a", "A", "ab", "%", "_", "\\", "'", '"', "\0", "é", "BUY"])
SPANS = st.integers(-3, 3).map(lambda hours: hours * HOUR) | st.sampled_from([timedelta(1), timedelta(microseconds=1)])
MOMENTS = st.integers(-30, 30).map(lambda hours: NOON + hours * HOUR)
FLOATS = st.sampled_from([nan, inf, -inf, 0.0, -0.0, 0.5, 1.0, -1.5, 2.0, 1e300])
INTS = st.integers(-4, 4) | st.sampled_from([MOST, LEAST])

RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "symbol": TEXT,
        "size": INTS,
        "lot": INTS,
        "price": FLOATS,
        "worth": FLOATS,
        "firm": st.booleans(),
        "side": st.sampled_from(Side),
        "at": MOMENTS,
        "day": MOMENTS.map(lambda moment: moment.date()),
        "clock": MOMENTS.map(lambda moment: moment.time()),
        "span": SPANS,
        "maybe": st.none() | INTS,
        "part": st.none() | FLOATS,
        "note": st.none() | TEXT,
        "when": st.none() | MOMENTS | MOMENTS.map(lambda moment: moment.replace(tzinfo=timezone(HOUR))),
        "leg": st.builds(Leg, ratio=FLOATS, note=st.none() | TEXT),
    },
).map(lambda fields: Quote(**fields))

OF_A_KIND: dict[str, tuple[list[str], st.SearchStrategy[Any]]] = {
    "number": (["size", "lot", "firm", "maybe"], NUMBER),
    "float": (["price", "worth", "part", "leg.ratio"], st.integers(-4, 4) | st.sampled_from([0.5, 1.0, -1.5, 1e300])),
    "text": (["symbol", "note", "leg.note"], TEXT),
    "side": (["side"], st.sampled_from(["BUY", "SELL"])),
    "moment": (["at", "day", "when"], MOMENTS.map(datetime.isoformat)),
    "clock": (["clock"], MOMENTS.map(lambda moment: moment.time().isoformat())),
    "span": (["span"], st.sampled_from(["PT1H", "-PT2H", "P1D", "PT0.000001S"])),
}


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(list(OF_A_KIND)))
    attrs, values = OF_A_KIND[kind]
    attr = draw(st.sampled_from(attrs))
    how = draw(st.sampled_from(["value", "value", "attr", "in", "between", "is_null", "is_nan", "like"]))
    if how == "like" and kind in ("text", "side"):
        return a(attr, like=draw(st.sampled_from(["%", "a%", "_", "%B", "\\%", "%a%b"])))
    match how:
        case "attr":
            return a(attr, draw(st.sampled_from(WHERE)), attr=draw(st.sampled_from(attrs)))
        case "in":
            return a(attr, in_=draw(st.lists(values, min_size=1, max_size=3)))
        case "between":
            return a(attr, between=[draw(values), draw(values)])
        case "is_nan" if kind in ("number", "float"):
            return a(attr, is_nan=draw(st.booleans()))
        case "is_null":
            return a(attr, is_null=draw(st.booleans()))
    return a(attr, draw(st.sampled_from(WHERE)), value=draw(values))


FILTERS = st.recursive(
    conditions(),
    lambda inner: (
        st.fixed_dictionaries({"not": inner})
        | st.fixed_dictionaries({"and": st.lists(inner, min_size=1, max_size=3)})
        | st.fixed_dictionaries({"or": st.lists(inner, min_size=1, max_size=3)})
    ),
    max_leaves=4,
)


@settings(deadline=None, max_examples=25)
@given(quotes=st.lists(RECORDS, min_size=1, max_size=12), questions=st.lists(FILTERS, min_size=1, max_size=12))
def test_sql_finds_what_python_finds(quotes: list[Quote], questions: list[Any]) -> None:
    with filled(quotes) as database:
        for question in questions:
            assert found(database, where(question)) == passing(question, quotes), question


# --- Order, groups, aggregates ----------------------------------------------------------------------------------------

SCALARS = [path for path in VALUES if path not in ("firm", "when")]


@pytest.mark.parametrize("path", SCALARS)
@pytest.mark.parametrize("descending", [False, True])
def test_none_is_first_and_nan_last_or_the_other_way_round(
    table: duckdb.DuckDBPyConnection, path: str, descending: bool
) -> None:
    order = f"{CLAUSES.order(path, descending=descending)}, _slot"
    slots = [slot for (slot,) in table.execute(f"select _slot from t order by {order}").fetchall()]
    read = held(path)
    assert slots == sorted(range(len(QUOTES)), key=lambda slot: rank(read(QUOTES[slot])), reverse=descending) or (
        descending
        and [rank(read(QUOTES[slot])) for slot in slots]
        == sorted((rank(read(quote)) for quote in QUOTES), reverse=True)
    )


@pytest.mark.parametrize("path", SCALARS)
def test_a_group_is_of_equal_values(table: duckdb.DuckDBPyConnection, path: str) -> None:
    query = asked(group_by=[path], aggregates={"n": {"count": "*"}})
    column = CLAUSES.group(query.group[0])
    count = CLAUSES.aggregate(query.aggregates[0], ())
    rows = table.execute(f"select any_value(t._slot), {count} from t group by {column}").fetchall()
    read = held(path)
    told = sorted(((rank(read(QUOTES[slot])), n) for slot, n in rows), key=repr)
    assert told == sorted(((rank(row[path]), row["n"]) for row in grouped(query, QUOTES)), key=repr)


AGGREGATES = [
    {function: path}
    for function, paths in {
        "count": ["size", "price", "symbol", "tags", "leg", "leg.ratio", "span", "part"],
        "sum": ["size", "firm", "maybe", "leg.ratio"],
        "avg": ["lot", "firm", "maybe", "leg.ratio"],
        "min": ["size", "price", "symbol", "side", "at", "day", "clock", "span", "firm", "leg.note", "part"],
        "max": ["size", "price", "symbol", "side", "at", "day", "clock", "span", "firm", "leg.note", "part"],
    }.items()
    for path in paths
]


@pytest.mark.parametrize("aggregate", [*AGGREGATES, {"quantile": "size", "at": [0, 0.1, 0.5, 1]}], ids=str)
def test_an_aggregate(table: duckdb.DuckDBPyConnection, aggregate: Any) -> None:
    query = asked(aggregates={"x": aggregate})
    ((value,),) = table.execute(f"select {CLAUSES.aggregate(query.aggregates[0], ())} from t").fetchall()
    if query.aggregates[0].function in ("min", "max"):
        value = held(query.aggregates[0].attribute.path)(QUOTES[value])  # type: ignore[union-attr]
    assert value == grouped(query, QUOTES)[0]["x"]


def test_the_last_of_equals_is_that_with_the_greater_key(table: duckdb.DuckDBPyConnection) -> None:
    query = asked(aggregates={"x": {"last": "size", "by": "firm"}})
    sql = CLAUSES.aggregate(query.aggregates[0], ("symbol",))
    ((slot,),) = table.execute(f"select {sql} from t").fetchall()
    assert slot == 1, "the only one that is firm"
    by_symbol = asked(aggregates={"x": {"last": "size", "by": "leg.ratio"}})
    ((slot,),) = table.execute(f"select {CLAUSES.aggregate(by_symbol.aggregates[0], ('symbol',))} from t").fetchall()
    assert slot == 12, "NaN is the greatest"


def test_floats_are_summed_as_exactly_as_can_be() -> None:
    quotes = [Quote(price=0.1)] * 10
    query = asked(aggregates={"sum": {"sum": "price"}, "avg": {"avg": "price"}})
    with filled(quotes) as database:
        sql = ", ".join(CLAUSES.aggregate(each, ()) for each in query.aggregates)
        assert database.execute(f"select {sql} from t").fetchall() == [(1.0, 0.1)]


@pytest.mark.parametrize(
    "aggregate", [{"count": "thing"}, {"sum": "flag"}, {"min": "flag"}, {"last": "size", "by": "thing"}], ids=str
)
def test_an_aggregate_that_sql_does_not_have(aggregate: Any) -> None:
    class Loose(GatewayStruct):
        size: int
        flag: int | bool
        thing: object

    query = held_against(Query.of({"aggregates": {"x": aggregate}}), Loose)
    with pytest.raises(NotInSql):
        Clauses(ArrowReader.of(Loose).leaves).aggregate(query.aggregates[0], ("id",))


def test_an_array_of_numpy_is_null_or_not() -> None:
    class Curve(GatewayStruct):
        points: Numpy1DArray[float]

    clauses = Clauses(ArrowReader.of(Curve).leaves)
    test = held_against(Query.of({"filters": [a("points", is_null=True)]}), Curve).test
    assert test is not None
    assert clauses.where(test) == Clause('(t."points" is null)')
    with pytest.raises(NotInSql):
        clauses.order("points")
