"""What the outside asks in Python; test_outside.py has when, and of which channels."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import Enum
from typing import Annotated, Any, List, Optional  # noqa: UP035  # csp reads these

import csp
import pyarrow as pa
import pytest
from csp import ts

from csp_gateway import (
    EngineError,
    Gateway,
    GatewayChannels,
    GatewayException,
    GatewayModule,
    GatewayStruct,
    NoProviderException,
    NotRunningError,
    QueryError,
    SqlError,
    State,
)
from csp_gateway.server.channels import Outside
from csp_gateway.server.channels.asking import Asking
from csp_gateway.server.state import disable_duckdb_state, enable_duckdb_state
from csp_gateway.testing import running_gateway


class Side(Enum):
    BUY = 1
    SELL = 2


class Leg(GatewayStruct):
    venue: str


class Order(GatewayStruct):
    symbol: str
    size: int = 0
    wait: timedelta = timedelta()
    note: Optional[str] = None  # noqa: UP045
    leg: Leg


class Quote(GatewayStruct):
    symbol: str
    price: float


with pytest.warns(UserWarning, match="not available over REST"):

    class Ch(GatewayChannels):
        orders: Annotated[ts[Order], State("id"), State("leg.venue", alias="by-venue")] = None
        quotes: Annotated[ts[List[Quote]], State("symbol")] = None  # noqa: UP006
        by_side: dict[Side, ts[Order]] = None
        numbers: Annotated[ts[int], State()] = None
        nobody: Annotated[ts[Order], State("id")] = None


class Feed(GatewayModule):
    requires: Any = []

    def connect(self, channels: Ch) -> None:
        for field in (Ch.orders, Ch.quotes, Ch.by_side, Ch.numbers):
            channels.add_send_channel(field)
        channels.set_state(Ch.by_side, "symbol")
        channels.set_state(Ch.by_side, "symbol", Side.BUY, alias="bought")
        channels.set_state(Ch.by_side, "symbol", Side.SELL)


def order(symbol: str, venue: str = "X", **fields: Any) -> Order:
    return Order(symbol=symbol, leg=Leg(venue=venue), **fields)


@pytest.fixture(scope="module")
def channels() -> Iterator[Ch]:
    """Six orders, two prices; for tests that change nothing."""
    with running_gateway(Gateway(channels=Ch(), modules=[Feed()])) as gateway:
        made = gateway.channels
        for n in range(6):
            made.send("orders", order("abc"[n % 3], "XY"[n % 2], size=n, wait=timedelta(seconds=n)))
        made.send("quotes", [Quote(symbol="a", price=1.5), Quote(symbol="b", price=2.5)])
        made.send("by_side", {Side.BUY: order("a", size=1), Side.SELL: order("b", size=2)})
        made.send("numbers", 5)
        yield made


@contextmanager
def fresh() -> Iterator[Ch]:
    with running_gateway(Gateway(channels=Ch(), modules=[Feed()])) as gateway:
        yield gateway.channels


def test_a_channels_object_is_asked(channels: Ch) -> None:
    assert isinstance(channels, Asking)
    assert isinstance(channels.outside, Outside)
    assert channels.last("numbers") == 5


# --- States -----------------------------------------------------------------------------------------------------------


def test_a_state_is_queried_and_iterated(channels: Ch) -> None:
    state = channels.state("orders", timeout=10)
    assert state is not None
    assert [each.size for each in state] == [each.size for each in channels.query("orders")] == list(range(6))
    assert channels.query("orders", query={"select": ["size"], "limit": 2}) == [{"size": 0}, {"size": 1}]
    few = '{"filters": [{"attr": "leg.venue", "by": {"value": "Y"}}], "order_by": ["note", "size"]}'
    assert [each.size for each in channels.query("orders", query=few)] == [1, 3, 5]
    assert [each.leg.venue for each in channels.query("by-venue")] == ["X", "Y"]


def test_a_basket_is_asked_as_a_whole_by_key_and_by_another_name(channels: Ch) -> None:
    assert [each.symbol for each in channels.query("by_side")] == ["a", "b"]
    assert [each.symbol for each in channels.query("by_side", Side.SELL)] == ["b"]
    assert [each.symbol for each in channels.query("bought")] == ["a"]
    assert [each.symbol for each in channels.query("bought", Side.BUY)] == ["a"]
    with pytest.raises(NoProviderException, match=r"not of key .*BUY.*: it is collected of all keys together, SELL"):
        channels.query("by_side", Side.BUY)


def test_states_of_other_types_are_asked_too(channels: Ch) -> None:
    assert channels.query("numbers") == [5]
    assert channels.query("nobody") == []
    assert channels.state("nobody") is None


def test_what_is_asked_is_held_against_the_type(channels: Ch) -> None:
    for field in ("orders", "nobody"):
        with pytest.raises(QueryError, match=r"filters\[0\]\.attr: .*did you mean 'size'"):
            channels.query(field, query={"filters": [{"attr": "sizes", "by": {"value": 1}}]})


# --- SQL --------------------------------------------------------------------------------------------------------------

JOIN = """
    select symbol, sum(size)::bigint as size, any_value(price) as price
    from orders join quotes using (symbol) where size >= {low} and symbol <= {high} group by symbol order by symbol
"""


@pytest.mark.parametrize(
    ("low", "high", "parameters"),
    [("$low", "$high", {"low": 1, "high": "b"}), ("?", "?", [1, "b"]), ("$2", "$1", ("b", 1)), ("1", "'b'", None)],
)
def test_two_channels_are_joined(channels: Ch, low: str, high: str, parameters: Any) -> None:
    table = channels.sql(JOIN.format(low=low, high=high), parameters)
    assert table.schema == pa.schema({"symbol": pa.string(), "size": pa.int64(), "price": pa.float64()})
    assert table.to_pydict() == {"symbol": ["a", "b"], "size": [3, 5], "price": [1.5, 2.5]}


def test_states_are_tables_by_their_names(channels: Ch) -> None:
    assert {*channels.state_tables()} == {
        *("orders", "by-venue", "quotes", "nobody", "by_side", "by_side[SELL]", "bought", "bought[BUY]")
    }
    for name, count in (('"by-venue"', 2), ("nobody", 0), ("by_side", 2), ("bought", 1), ('"bought[BUY]"', 1)):
        assert channels.sql(f"select count(*) as n from {name}").to_pylist() == [{"n": count}], name
    assert channels.sql('select symbol from "by_side[SELL]"').to_pylist() == [{"symbol": "b"}]
    with pytest.raises(SqlError, match="no table 'numbers'"):
        channels.sql("select * from numbers")


def test_a_record_as_a_row_has_the_types_of_its_class(channels: Ch) -> None:
    table = channels.sql("select * from orders order by size")
    kinds = {field.name: field.type for field in table.schema}
    assert kinds == {
        **{"id": pa.string(), "timestamp": pa.timestamp("us"), "symbol": pa.string(), "size": pa.int64()},
        **{"wait": pa.duration("us"), "note": pa.string(), "leg": kinds["leg"]},
    }
    record = channels.query("orders")[3]
    row = table.to_pylist()[3]
    assert [row[name] for name in ("id", "timestamp", "wait")] == [record.id, record.timestamp, record.wait]
    assert row["leg"]["venue"] == "Y"
    assert channels.sql("select * from orders where size > 9").schema == table.schema


def test_sql_has_what_was_just_sent() -> None:
    with fresh() as channels:
        for n in range(1, 20):
            channels.send("orders", order("a", size=n))
            channels.send("quotes", [Quote(symbol=f"s{n}", price=1.0)])
            (row,) = channels.sql("select (select count(*) from orders) o, (select count(*) from quotes) q").to_pylist()
            assert row == {"o": n, "q": n}


def test_python_answers_queries_and_sql_is_answered_all_the_same_without_duckdb(channels: Ch) -> None:
    disable_duckdb_state()
    try:
        assert len(channels.query("orders")) == 6
        assert channels.sql("select count(*) as n from orders").to_pylist() == [{"n": 6}]
    finally:
        enable_duckdb_state()


def test_before_the_start_and_after_the_stop(run_gateway: Any) -> None:
    with pytest.raises(NotRunningError, match="start it first"):
        Ch().sql("select 1")
    gateway = run_gateway(Ch(), Feed())
    gateway.stop()
    with pytest.raises(NotRunningError, match="the gateway has stopped"):
        gateway.channels.sql("select 1")


def test_sql_from_inside_the_graph_is_refused() -> None:
    class Asks(Feed):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            later = csp.timer(timedelta(milliseconds=20), True)
            csp.add_graph_output("asked", csp.apply(later, lambda _: channels.sql("select 1"), object))

    with pytest.raises(EngineError, match="in SQL from inside the graph, which would wait for itself") as failed:
        Gateway(channels=Ch(), modules=[Asks()]).start(endtime=timedelta(seconds=5))
    assert isinstance(failed.value.__cause__, GatewayException)


def test_any_thread_may_ask(channels: Ch) -> None:
    answers: list[Any] = []

    def ask() -> None:
        answers.append(channels.sql("select count(*) as n from orders").to_pylist())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == [[{"n": 6}]] * 8


def test_a_send_returns_at_once_or_when_it_has_ticked(run_gateway: Any) -> None:
    channels = run_gateway(Ch(), Feed()).channels
    for size in range(20):
        channels.send("orders", order("A", size=size), wait="ticked", timeout=10)
        assert channels.outside.cell("orders").arrived == size + 1
    channels.send("by_side", {Side.BUY: order("A")}, wait="ticked")
    channels.send("by_side", order("A"), Side.SELL, wait="ticked")
    assert channels.outside.cell("by_side").arrived == 2


def test_a_wait_that_there_is_not_is_refused(run_gateway: Any) -> None:
    channels = run_gateway(Ch(), Feed()).channels
    with pytest.raises(ValueError, match="there is no wait 'tickd'; did you mean 'ticked'"):
        channels.send("numbers", 1, wait="tickd")
    with pytest.raises(ValueError, match="a timeout, and nothing to wait for"):
        channels.send("numbers", 1, timeout=1)
    assert channels.outside.cell("numbers").sent == 0


def test_a_send_that_does_not_tick_in_time_says_that_it_is_queued(run_gateway: Any) -> None:
    blocked = threading.Event()

    class Busy(Feed):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            csp.add_graph_output("busy", csp.apply(channels.get_channel(Ch.numbers), lambda _: blocked.wait(10), bool))

    channels = run_gateway(Ch(), Busy()).channels
    try:
        with pytest.raises(TimeoutError, match=r"'numbers' is queued, and did not tick within 0\.05 s$"):
            channels.send("numbers", 1, wait="ticked", timeout=0.05)
    finally:
        blocked.set()
    assert channels.last("numbers", timeout=10) == 1
