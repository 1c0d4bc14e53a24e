"""State: the mark, and the object."""

import gc
import json
import logging
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from math import inf, isnan, nan
from typing import Annotated, Any, Generic, TypeVar

import csp
import polars
import pyarrow as pa
import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayStruct
from csp_gateway.errors import QueryError, StateError
from csp_gateway.server.state import (
    State,
    StateType,
    disable_duckdb_state,
    enable_duckdb_state,
    modify_buffer_threshold,
    restore_buffer_threshold,
)
from csp_gateway.server.state.choice import CHOICE
from csp_gateway.server.state.database import DATABASE
from csp_gateway.server.structs import encode
from csp_gateway.wire import Filter, FilterCondition, Query

T = TypeVar("T")


class Leg(GatewayStruct):
    venue: str


class Quote(GatewayStruct):
    symbol: str
    size: int
    leg: Leg


@dataclass
class Row:
    name: str


def filled() -> State[Quote]:
    state = State[Quote]("symbol")
    state.insert_all(Quote(symbol=symbol, size=size) for size, symbol in enumerate("CAB"))
    return state


# --- The mark -------------------------------------------------------------------------------------------------------


def test_a_mark_says_by_what_which_key_and_what_it_is_called() -> None:
    mark = State(("symbol", "leg.venue"), "x", "by_venue", max_rows=5)
    assert (mark.keyby, mark.indexer, mark.alias, mark.max_rows) == (("symbol", "leg.venue"), "x", "by_venue", 5)
    assert (mark.ttl, mark.tombstone) == (None, None)
    assert State(ttl=1.5).ttl == State(ttl=timedelta(seconds=1.5)).ttl == timedelta(seconds=1.5)
    assert State().keyby == ("id",)
    assert State("symbol").keyby == State(["symbol"]).keyby == ("symbol",)
    assert State().state_type() is StateType.UNKNOWN


def test_a_channel_wears_it() -> None:
    mark = State("symbol")

    class Ch(GatewayChannels):
        quotes: Annotated[ts[Quote], mark, State("id", alias="by_id")] = None

    assert Ch.declared["quotes"].marks[0] is mark
    assert [mark.alias for mark in Ch.declared["quotes"].marks] == [None, "by_id"]


# --- The object -----------------------------------------------------------------------------------------------------


def test_a_type_makes_a_state_to_fill_and_ask() -> None:
    state = State[Quote](("symbol",))
    assert isinstance(state, State)
    assert isinstance(State(), State)
    assert State[Quote] is State[Quote]
    assert State[Quote] is not State[Leg]
    assert state.record_type is Quote
    assert state.state_type() is StateType.DUCKDB
    assert State[Row]("name").state_type() is StateType.DEFAULT
    assert not len(state)
    assert state.query() == list(state) == []


def test_it_is_iterated_and_asked_by_key_ascending() -> None:
    state = filled()
    assert [quote.symbol for quote in state] == [quote.symbol for quote in state.query()] == ["A", "B", "C"]
    newest = Quote(symbol="B", size=9)
    state.insert(newest)
    assert list(state)[1] is newest
    assert len(state) == 3
    assert repr(state) == "<State[Quote] by symbol: 3 records>"


def test_a_query_may_be_a_model_a_mapping_or_json() -> None:
    state = filled()
    query = Query(filters=[Filter(attr="size", by=FilterCondition(value=0, where=">"))])
    wanted = ["A", "B"]
    for asked in (query, query.model_dump(), query.model_dump_json(), query.model_dump_json().encode()):
        assert [quote.symbol for quote in state.query(asked)] == wanted
    assert len(state.query("{}")) == 3


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"filters": [{"attr": "sise", "by": {"value": 1}}]}, r"filters\[0\]\.attr: Quote has no attribute 'sise'"),
        ({"filters": [{"attr": "size", "by": {"value": "abc"}}]}, r"filters\[0\]\.by\.value: with 'size': 'abc' is"),
        ({"filters": [{"attr": "size", "by": {}}]}, r"filters\[0\]\.by: an empty condition"),
        ("?", "not a query"),
    ],
)
@pytest.mark.parametrize("state", [State[Quote]("symbol"), filled()], ids=["empty", "filled"])
def test_a_query_that_makes_no_sense_is_an_error_whatever_is_in_it(
    state: State[Quote], query: Any, message: str
) -> None:
    with pytest.raises(QueryError, match=message):
        state.query(query)


@pytest.mark.parametrize(
    ("keyby", "message"),
    [
        ("symbl", r"a state of Quote: Quote has no attribute 'symbl'; did you mean 'symbol'\?"),
        (("symbol", "leg.venu"), r"a state of Quote: Leg has no attribute 'venu'; did you mean 'venue'\?"),
        ("size.digits", "a state of Quote: int has no attribute 'digits'"),
        ((), "keyby is empty"),
        ("", "keyby names ''"),
    ],
)
def test_a_key_that_the_records_do_not_have_is_refused(keyby: Any, message: str) -> None:
    with pytest.raises(StateError, match=message):
        State[Quote](keyby)
    assert issubclass(StateError, ValueError)


def test_keyby_is_text() -> None:
    with pytest.raises(TypeError, match="keyby is an attribute's name or a tuple of them, not 5"):
        State[Quote](5)


def test_a_limit_is_at_least_one() -> None:
    state = State[Quote]("symbol", max_rows=2)
    state.insert_all(Quote(symbol=symbol) for symbol in "ABC")
    assert [quote.symbol for quote in state] == ["B", "C"]
    told = state.statistics()
    assert (told["rows"], told["dropped"]) == (2, 1)
    with pytest.raises(StateError, match="a state keeps at least one record, not 0"):
        State("id", max_rows=0)


def test_records_may_be_of_any_type() -> None:
    rows = State[Row]("name")
    rows.insert(Row("b"))
    rows.insert(Row("a"))
    assert [row.name for row in rows] == ["a", "b"]
    with pytest.raises(StateError, match="Row has no attribute 'nam'"):
        State[Row]("nam")
    with pytest.raises(StateError, match="a state of float: float has no attribute 'name'"):
        State[float]("name")


def test_a_state_that_was_told_no_type_takes_anything() -> None:
    state = State("name")
    state.insert_all([Row("b"), Quote(symbol="x"), Row("a")])
    assert len(state.query({"filters": [{"attr": "name", "by": {"value": "a"}}]})) == 1
    first, *_ = state
    assert isinstance(first, Quote), "it has no name"


def test_a_state_can_be_spoken_of_with_a_type_variable() -> None:
    class Holder(Generic[T]):
        state: State[T]

    assert Holder.__annotations__["state"] == State[T]


def test_a_type_that_is_gone_takes_its_state_along() -> None:
    def use() -> weakref.ref[type]:
        class Fleeting(GatewayStruct):
            n: int

        State[Fleeting]("n").insert(Fleeting(n=1))
        return weakref.ref(State[Fleeting])

    kind = use()
    gc.collect()
    assert kind() is None


@pytest.mark.parametrize("record_type", [int, float, str, list[float]])
def test_of_plain_values_without_a_key_the_newest_is_kept(record_type: Any) -> None:
    state = State[record_type]()
    values = {int: [1, 2], float: [1.5, 2.5], str: ["a", "b"]}.get(record_type, [[1.0], [2.0]])
    for value in values:
        state.insert(value)
    assert state.query() == [values[-1]]
    assert len(state) == 1
    with pytest.raises(StateError, match="has no attribute 'size'"):
        State[record_type]("size")


# --- What ends a record -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ttl", [0, -1, timedelta(0), timedelta(-1), timedelta(40_000), "x", inf, nan, []], ids=repr)
def test_a_time_to_live_is_above_0(ttl: Any) -> None:
    with pytest.raises(StateError, match="keeps its records for a time above 0 and of at most 36,500 days, not for"):
        State[Quote]("symbol", ttl=ttl)


@pytest.mark.parametrize("max_rows", [1.5, True, "2"])
def test_a_limit_is_a_whole_number(max_rows: Any) -> None:
    with pytest.raises(StateError, match="a state keeps a whole number of records at most, not"):
        State[Quote]("symbol", max_rows=max_rows)


START = datetime(2024, 1, 1)


def test_a_record_is_let_go_of_when_it_is_too_old() -> None:
    state = State[Quote]("symbol", ttl=10)
    assert state.due is None
    state.insert(Quote(symbol="A"))
    assert state.let_go(START) == 0
    assert state.due == START + timedelta(seconds=10)
    state.insert(Quote(symbol="B"))
    state.let_go(START + timedelta(seconds=4))
    assert state.let_go(START + timedelta(seconds=10)) == 1
    assert [quote.symbol for quote in state] == ["B"]
    assert state.statistics()["expired"] == 1
    assert State[Quote]("symbol").due is None


@pytest.mark.parametrize(
    ("tombstone", "message"),
    [
        (
            {"attr": "sise", "by": {"value": 0}},
            r"a state of Quote: .*Quote has no attribute 'sise'; did you mean 'size'",
        ),
        ({"attr": "size", "by": {"value": "x"}}, r"a state of Quote: .*with 'size': 'x' is text"),
        ({"attr": "size", "by": {}}, r"a state of Quote: .*an empty condition"),
        ({"attr": "size"}, r"a state of Quote: "),
        ("size", r"a state of Quote: "),
        (5, r"a state of Quote: "),
        ([], r"a state of Quote: "),
    ],
    ids=str,
)
def test_a_tombstone_is_a_filter_of_such_records(tombstone: Any, message: str) -> None:
    with pytest.raises(StateError, match=message):
        State[Quote]("symbol", tombstone=tombstone)


@pytest.mark.parametrize(
    "tombstone",
    [
        {"attr": "size", "by": {"value": 0, "where": "<"}},
        Filter(attr="size", by=FilterCondition(value=0, where="<")),
        {
            "and": [
                {"attr": "size", "by": {"value": 0, "where": "<"}},
                {"not": {"attr": "symbol", "by": {"value": "Z"}}},
            ]
        },
    ],
    ids=["a mapping", "a model", "several"],
)
def test_a_tombstone_ends_its_key(tombstone: Any) -> None:
    state = State[Quote]("symbol", tombstone=tombstone)
    state.insert_all([Quote(symbol="A", size=1), Quote(symbol="B", size=1)])
    state.insert(Quote(symbol="A", size=-1))
    state.insert(Quote(symbol="C", size=-1))
    assert [quote.symbol for quote in state] == ["B"]
    told = state.statistics()
    assert (told["rows"], told["removed"]) == (1, 1), "one that was not there does not count"
    state.insert(Quote(symbol="A", size=2))
    assert len(state) == 2


def test_states_that_keep_the_same_are_alike() -> None:
    gone = {"attr": "size", "by": {"value": 0}}
    one = State[Quote]("symbol", ttl=5, max_rows=3, tombstone=gone)
    assert one.alike(
        State[Quote](("symbol",), None, "another", ttl=timedelta(seconds=5), max_rows=3, tombstone=dict(gone))
    )
    for other in (
        State[Quote]("size", ttl=5, max_rows=3, tombstone=gone),
        State[Quote]("symbol", ttl=6, max_rows=3, tombstone=gone),
        State[Quote]("symbol", ttl=5, tombstone=gone),
        State[Quote]("symbol", ttl=5, max_rows=3),
    ):
        assert not one.alike(other)


def test_the_terms_on_which_it_keeps_records_can_be_said() -> None:
    assert State(("symbol", "leg.venue")).terms == "(symbol, leg.venue)"
    assert State("id", max_rows=3, ttl=5).terms == "(id), max_rows=3, ttl=0:00:05"


# --- Who answers ------------------------------------------------------------------------------------------------------


class Side(Enum):
    BUY = "b"
    SELL = "s"


class Trade(GatewayStruct):
    symbol: str
    size: int
    price: float
    side: Side
    at: datetime
    maybe: int | None
    text: str | None
    when: datetime | None
    leg: Leg


class Fill(Trade):
    fee: float


QUOTED = 'it\'s "so"; -- \\ % _ \0 \n `x` $1 ? {} é😀'
LONG = "x" * 2**20
NOON = datetime(2024, 1, 1, 12)
ODD = [
    Trade(symbol="big", maybe=2**70, size=2**63 - 1),
    Trade(symbol="nan", price=nan),
    Trade(symbol="inf", price=inf, maybe=-(2**70)),
    Trade(symbol="half", text="\ud800"),
    Trade(symbol="long", text=LONG),
    Trade(symbol=QUOTED, text=QUOTED, leg=Leg(venue=QUOTED)),
    Trade(symbol="side", side=Side.SELL),
    Trade(symbol="naive", at=NOON, when=NOON),
    Trade(symbol="aware", when=NOON.replace(tzinfo=UTC)),
    Fill(symbol="more", size=5, fee=0.5),
    Trade(symbol="wrong", maybe="text"),
    Trade(),
]
PLAIN = [Trade(symbol=f"S{number:02}", size=number, price=number / 2, maybe=number) for number in range(20)]


@pytest.fixture(params=["DuckDB", "DuckDB, aside", "Python"])
def answers(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let the one or the other answer, also of small states."""
    few = CHOICE.few
    CHOICE.few = 0
    modify_buffer_threshold(0 if request.param == "DuckDB" else 1_000)
    if request.param == "Python":
        disable_duckdb_state()
    yield request.param
    CHOICE.few = few
    enable_duckdb_state()
    restore_buffer_threshold()


@pytest.fixture
def duckdb_answers() -> Iterator[None]:
    few, CHOICE.few = CHOICE.few, 0
    modify_buffer_threshold(0)
    yield
    CHOICE.few = few
    restore_buffer_threshold()


@pytest.fixture
def trades(answers: str) -> State[Trade]:
    state = State[Trade]("symbol")
    state.insert_all(PLAIN)
    state.query()
    state.insert_all(ODD)
    return state


def symbols(state: State[Any], attr: str, where: str | None = None, /, **by: Any) -> list[Any]:
    by = {"in" if name == "in_" else name: value for name, value in by.items()}
    query = {"filters": [{"attr": attr, "by": by if where is None else {**by, "where": where}}]}
    return [getattr(each, "symbol", None) for each in state.query(query)]


def test_every_record_is_there_as_it_came(trades: State[Trade]) -> None:
    assert {id(each) for each in trades.query()} == {id(each) for each in [*PLAIN, *ODD]}
    assert [id(each) for each in trades] == [id(each) for each in trades.query()]


def test_odd_records_are_found_by_what_is_odd(trades: State[Trade]) -> None:
    assert symbols(trades, "maybe", value=2**70) == ["big"]
    assert symbols(trades, "maybe", "<", value=-(2**63)) == ["inf"]
    assert symbols(trades, "size", ">=", value=2**63 - 1) == ["big"]
    assert symbols(trades, "price", ">", value=1e308) == ["inf"]
    assert "nan" not in symbols(trades, "price", "<=", value=1e308)
    assert "nan" in symbols(trades, "price", "!=", value=1)
    assert symbols(trades, "text", value="\ud800") == ["half"]
    assert symbols(trades, "text", "!=", value="\ud800")[0] is None
    assert symbols(trades, "text", value=LONG) == ["long"]
    assert symbols(trades, "text", like="x%") == ["long"]
    for attr in ("symbol", "text", "leg.venue"):
        assert symbols(trades, attr, value=QUOTED) == [QUOTED]
        assert symbols(trades, attr, in_=[QUOTED, "'"]) == [QUOTED]
    assert symbols(trades, "side", value="SELL") == ["side"]
    assert symbols(trades, "at", when="2024-01-01T12:00") == ["naive"]
    assert symbols(trades, "when", when="2024-01-01T14:00+02:00") == ["aware", "naive"]
    assert symbols(trades, "symbol", is_null=True) == [None]
    assert symbols(trades, "size", value=5) == ["S05", "more"]
    assert symbols(trades, "maybe", is_null=False).count("wrong") == 1


def test_an_odd_record_does_not_keep_duckdb_from_the_others(duckdb_answers: None) -> None:
    state = State[Trade]("symbol")
    state.insert_all([*PLAIN, *ODD])
    assert symbols(state, "maybe", "<", value=3) == ["S00", "S01", "S02", "inf"]
    told = state.statistics()["duckdb"]
    assert told == {"settled": 32, "unsettled": 0, "odd": 4, "fell_back": 0}
    state.insert_all([Trade(symbol=symbol) for symbol in ("big", "inf", "half", "wrong")])
    assert symbols(state, "maybe", "<", value=3) == ["S00", "S01", "S02"]
    assert state.statistics()["duckdb"]["odd"] == 0


def test_a_key_may_be_odd_too(answers: str) -> None:
    for attr, values in {
        "maybe": [2**70, -(2**70), 1, None, "text"],
        "text": ["\ud800", QUOTED, LONG, "a", None, Side.BUY],
        "price": [nan, inf, -inf, 0.0],
        "when": [NOON, NOON.replace(tzinfo=UTC), None],
        "leg.venue": [QUOTED, "", None],
    }.items():
        state = State[Trade](attr)
        state.insert_all(keyed(attr, each) for each in values)
        assert len(state.query()) == len(values), attr
        assert state.query() == list(state)
        seen, found = [], state.ask({"limit": 2})
        seen += found.values
        while found.more:
            # A cursor cannot say a key as long as LONG.
            onwards = {"offset": len(seen)} if found.cursor is None else {"cursor": found.cursor}
            found = state.ask({"limit": 2, **onwards})
            seen += found.values
        assert [id(each) for each in seen] == [id(each) for each in state], attr


def keyed(attr: str, value: Any) -> Trade:
    if value is None:
        return Trade()
    return Trade(leg=Leg(venue=value)) if attr == "leg.venue" else Trade(**{attr: value})


def test_they_are_ordered_paged_and_counted_whatever_is_among_them(trades: State[Trade]) -> None:
    greatest = trades.query({"order_by": [{"attr": "maybe", "descending": True}], "limit": 3})
    assert [trade.symbol for trade in greatest] == ["wrong", "big", "S19"]
    found = trades.ask({"order_by": ["price"], "limit": 3, "offset": 10})
    assert [trade.price for trade in found.values] == [0.0, 0.5, 1.0]
    assert found.more
    following = trades.ask({"order_by": ["price"], "limit": 1, "cursor": found.cursor})
    assert [trade.price for trade in following.values] == [1.5]
    aggregates = {"n": {"count": "*"}, "sum": {"sum": "maybe"}, "top": {"max": "maybe"}, "avg": {"avg": "price"}}
    (row,) = trades.query({"aggregates": aggregates})
    assert (row["n"], row["sum"], row["top"], row["avg"]) == (32, sum(range(20)), 2**70, inf)
    (row,) = trades.query({"aggregates": aggregates, "filters": [{"attr": "symbol", "by": {"like": "S%"}}]})
    assert (row["n"], row["sum"], row["top"], row["avg"]) == (20, 190, 19, 4.75)


def test_numbers_beyond_all_floats_spoil_no_answer(answers: str) -> None:
    class Loose(GatewayStruct):
        n: int
        real: float | None
        whole: int | None

    state = State[Loose]("n")
    state.insert_all([Loose(n=1, real=1.5, whole=1), Loose(n=2, real=10**400, whole=-(10**400))])
    aggregates = {
        "sum": {"sum": "real"},
        "avg": {"avg": "real"},
        "mean": {"avg": "whole"},
        "top": {"quantile": "real", "at": 1},
        "all": {"sum": "whole"},
    }
    assert state.query({"aggregates": aggregates}) == [
        {"sum": inf, "avg": inf, "mean": -inf, "top": inf, "all": 1 - 10**400}
    ]


def test_json_has_every_record(trades: State[Trade]) -> None:
    found = trades.ask()
    for _ in range(2):
        rows = [json.loads(row) for rows in trades.tabular(found).json_rows() for row in rows]
        by_symbol = {row.get("symbol"): row for row in rows}
        assert len(by_symbol) == 32
        for record in [*PLAIN, *ODD]:
            row = by_symbol[getattr(record, "symbol", None)]
            if getattr(record, "symbol", None) != "half":  # encode refuses it
                assert row == json.loads(encode(record))
        assert by_symbol["half"]["text"]
        assert by_symbol["more"]["fee"] == 0.5
        assert by_symbol[QUOTED]["leg"]["venue"] == QUOTED
    # Only DuckDB's table knows what has changed since.
    assert trades.statistics()["json"]["rows"] == (32 if CHOICE.duckdb else 0)
    trades.close()
    assert trades.statistics()["json"] == {"rows": 0, "bytes": 0}


def test_arrow_has_every_record_with_types(trades: State[Trade]) -> None:
    table = trades.arrow()
    assert table.num_rows == 32
    assert table.schema.field("at").type == pa.timestamp("us")
    assert table.schema.field("side").type == pa.string()
    assert table.schema.field("size").type == pa.int64()
    assert pa.types.is_struct(table.schema.field("leg").type)
    by_symbol = {row["symbol"]: row for row in table.to_pylist()}
    assert by_symbol["big"]["maybe"] is None
    assert str(2**70) in by_symbol["big"]["_odd"]
    assert isnan(by_symbol["nan"]["price"])
    assert by_symbol["aware"]["when"] == by_symbol["naive"]["when"] == NOON
    assert by_symbol["side"]["side"] == "SELL"
    assert by_symbol[QUOTED]["leg"]["venue"] == QUOTED
    assert polars.from_arrow(table).shape[0] == 32


def test_an_empty_answer_keeps_its_types(answers: str) -> None:
    state = State[Trade]("symbol")
    assert state.arrow().schema == state.arrow({"limit": 1}).schema
    assert state.arrow().schema.field("size").type == pa.int64()
    chosen = state.arrow({"select": ["size", "leg.venue", "at"]})
    assert chosen.schema.names[:3] == ["size", "leg.venue", "at"]
    assert chosen.schema.types[:3] == [pa.int64(), pa.string(), pa.timestamp("us")]
    groups = state.arrow({"group_by": ["side"], "aggregates": {"n": {"count": "*"}, "p": {"avg": "price"}}})
    assert groups.schema.field("n").type == pa.int64()
    assert groups.schema.field("p").type == pa.float64()
    assert groups.num_rows == 0
    assert list(state.tabular(state.ask()).json_rows()) == []


def test_records_without_columns() -> None:
    state = State[float]()
    state.insert(1.5)
    with pytest.raises(QueryError, match="records of type float have no columns"):
        state.arrow()
    with pytest.raises(QueryError, match="records of type float have no columns"):
        state.settle()
    assert state.table is None
    assert "duckdb" not in state.statistics()
    state.close()
    rows = State[Row]("name")
    rows.insert(Row("a"))
    assert rows.arrow({"select": ["name"]}).column("name").to_pylist() == ["a"]


def test_structs_of_csp_alone(answers: str) -> None:
    class Plain(csp.Struct):
        n: int
        name: str

    state = State[Plain]("n")
    state.insert_all([Plain(n=2, name="b"), Plain(n=1)])
    assert [each.n for each in state.query()] == [1, 2]
    assert state.arrow().select(["n", "name"]).to_pylist() == [{"n": 1, "name": None}, {"n": 2, "name": "b"}]


def test_what_is_no_struct_of_them_spoils_no_answer(answers: str) -> None:
    """csp does not look at what is in a list that ticks."""
    state = State[Trade]("symbol")
    state.insert_all([*PLAIN, Quote(symbol="other", size=3), Row("x"), 5])  # type: ignore[list-item]
    assert symbols(state, "size", value=3) == ["S03", "other"]
    assert len(state.query()) == 22


def test_duckdb_is_not_asked_of_few_records() -> None:
    state = State[Trade]("symbol")
    state.insert_all(PLAIN)
    assert len(state.query()) == 20
    assert state.statistics()["duckdb"]["settled"] == 0
    assert state.table is not None
    assert state.table.name == ""


def test_duckdb_can_be_left_out(duckdb_answers: None) -> None:
    state = State[Trade]("symbol")
    state.insert_all(PLAIN)
    disable_duckdb_state()
    try:
        assert state.state_type() is StateType.DEFAULT
        assert len(state.query()) == 20
        assert state.statistics()["duckdb"]["settled"] == 0
        assert state.settle().startswith("select"), "SQL is DuckDB's all the same"
    finally:
        enable_duckdb_state()
    assert state.state_type() is StateType.DUCKDB


def test_how_many_changes_wait(duckdb_answers: None) -> None:
    state = State[Trade]("symbol")
    state.insert_all(PLAIN)
    modify_buffer_threshold(5)
    state.query()
    state.insert_all(PLAIN[:5])
    state.query()
    assert state.statistics()["duckdb"]["unsettled"] == 5
    modify_buffer_threshold(0)
    state.query()
    assert state.statistics()["duckdb"]["unsettled"] == 0


def drop(state: State[Any]) -> None:
    assert state.table is not None
    with DATABASE.cursor() as cursor:
        cursor.execute(f"drop table {state.table.name}")


def test_when_duckdb_fails_python_answers(duckdb_answers: None, caplog: pytest.LogCaptureFixture) -> None:
    state = State[Trade]("symbol")
    state.insert_all(PLAIN)
    state.query()
    for times, query in enumerate(({}, {"order_by": ["size"]}, {"aggregates": {"n": {"count": "*"}}}), 1):
        wanted = state.query(query)
        drop(state)
        if not query:
            state.insert(PLAIN[0])
        with caplog.at_level(logging.WARNING, "csp_gateway.state"):
            assert state.query(query) == wanted
        assert state.statistics()["duckdb"]["fell_back"] == times
        assert len(caplog.records) == times
        assert "DuckDB failed, and Python answers instead" in caplog.text
        assert state.query(query) == wanted
        assert state.statistics()["duckdb"] == {"settled": 20, "unsettled": 0, "odd": 0, "fell_back": times}


def tables() -> set[str]:
    with DATABASE.cursor() as cursor:
        return {name for (name,) in cursor.execute("select table_name from duckdb_tables()").fetchall()}


def test_what_it_took_of_duckdb_is_given_back(duckdb_answers: None) -> None:
    state = State[Trade]("symbol")
    state.insert_all(PLAIN)
    state.query()
    assert state.table is not None
    name = state.table.name
    assert name in tables()
    state.close()
    state.close()
    assert name not in tables()
    assert len(state.query()) == 20
    name = state.table.name
    assert name in tables()
    del state
    gc.collect()
    assert name not in tables()


def test_a_select_of_what_it_keeps() -> None:
    state = State[Trade]("symbol")
    state.insert_all(PLAIN[:2])
    with DATABASE.cursor() as cursor:
        assert cursor.sql(f"select symbol, size from ({state.settle()})").fetchall() == [("S00", 0), ("S01", 1)]
        state.insert(PLAIN[2])
        assert cursor.sql(f"select count(*) from ({state.settle()})").fetchall() == [(3,)]


def test_readers_find_whole_batches_while_it_is_filled(duckdb_answers: None) -> None:
    modify_buffer_threshold(7)
    state = State[Quote]("symbol", ttl=timedelta(1), max_rows=26)
    letters = [chr(ord("A") + number) for number in range(26)]
    stop = threading.Event()

    def feed() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            state.insert_all([Quote(symbol=letter, size=number) for letter in letters])

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        for _ in range(8):
            for query in (
                {},
                {"filters": [{"attr": "size", "by": {"value": 0, "where": ">"}}]},
                {"order_by": ["size"]},
            ):
                sizes = [quote.size for quote in state.query(query)]
                assert len(set(sizes)) <= 1
                assert len(sizes) in (0, 26)
            (row,) = state.query({"aggregates": {"low": {"min": "size"}, "high": {"max": "size"}}})
            assert row["low"] == row["high"]
    finally:
        stop.set()
        feeder.join()
    assert [quote.size for quote in state.query()] == [quote.size for quote in state]
    assert state.statistics()["duckdb"]["fell_back"] == 0


@pytest.mark.parametrize("aside", [0, 1_000])
def test_a_record_that_is_changed_and_inserted_again_is_written_anew(
    aside: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CHOICE, "few", 0)
    monkeypatch.setattr(CHOICE, "aside", aside)
    state, quote = State[Quote]("symbol"), Quote(symbol="A", size=1)
    state.insert(quote)
    for size in (1, 2, 3):
        quote.size = size
        state.insert(quote)
        (rows,) = state.tabular(state.ask()).json_rows()
        assert [json.loads(row)["size"] for row in rows] == [size]
