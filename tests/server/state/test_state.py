"""State: the mark, and the object."""

import gc
import weakref
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayStruct
from csp_gateway.errors import QueryError, StateError
from csp_gateway.server.state import State, StateType
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
    assert state.state_type() is StateType.DEFAULT
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
    assert state.statistics() == {"rows": 2, "dropped": 1}
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
