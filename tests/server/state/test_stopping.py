"""Queries that are stopped from within."""

import threading
from collections.abc import Iterator

import duckdb
import pytest

from csp_gateway.errors import QueryCancelledError, QueryTimeoutError
from csp_gateway.server.state import State
from csp_gateway.server.state.stopping import Stop
from csp_gateway.server.structs import GatewayStruct
from csp_gateway.wire import Filter, FilterCondition, Query


class Quote(GatewayStruct):
    symbol: str


def asked(stop: Stop) -> list[Quote]:
    state = State[Quote]("symbol")
    state.insert_all(Quote(symbol=str(number)) for number in range(1_000))
    query = Query(filters=[Filter(attr="symbol", by=FilterCondition(value="7"))])
    return state.ask(query, stop).values


def test_a_query_in_time_goes_on_to_its_end() -> None:
    assert [quote.symbol for quote in asked(Stop(60))] == ["7"]
    assert [quote.symbol for quote in asked(Stop())] == ["7"]


def test_a_query_whose_time_is_over_says_so() -> None:
    with pytest.raises(QueryTimeoutError, match=r"the query took more than 0 s; ask less of fewer records"):
        asked(Stop(0))


def test_a_query_that_nobody_waits_for_stops_in_the_middle() -> None:
    looks = iter([False, False, True])
    with pytest.raises(QueryCancelledError, match="the query was cancelled"):
        asked(Stop(cancelled=lambda: next(looks)))
    assert next(looks, None) is None, "it was looked at again and again"


def test_between_two_looks_the_test_is_all_there_is() -> None:
    test = Stop(0).within(lambda record: record > 1)
    assert [test(record) for record in range(3)] == [False, False, True]


# --- DuckDB -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


ENDLESS = "select count(*) from range(10_000_000_000_000)"


def test_duckdb_is_interrupted_when_the_time_is_over(cursor: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(QueryTimeoutError, match=r"more than 0\.1 s"), Stop(0.1).interrupting(cursor.interrupt):
        cursor.execute(ENDLESS).fetchall()
    assert cursor.execute("select 1").fetchall() == [(1,)]


def test_duckdb_is_interrupted_when_nobody_waits(cursor: duckdb.DuckDBPyConnection) -> None:
    gone = threading.Event()
    timer = threading.Timer(0.1, gone.set)
    timer.start()
    with pytest.raises(QueryCancelledError), Stop(60, gone.is_set).interrupting(cursor.interrupt):
        cursor.execute(ENDLESS).fetchall()
    timer.join()


def test_duckdb_is_not_begun_when_it_is_too_late(cursor: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(QueryTimeoutError), Stop(0).interrupting(cursor.interrupt):
        raise AssertionError("begun")


@pytest.mark.parametrize("stop", [Stop(), Stop(3_600), Stop(cancelled=lambda: False)], ids=["endless", "time", "look"])
def test_what_fails_in_time_fails_as_it_does(cursor: duckdb.DuckDBPyConnection, stop: Stop) -> None:
    with pytest.raises(duckdb.CatalogException), stop.interrupting(cursor.interrupt):
        cursor.execute("select * from nothing")
    with stop.interrupting(cursor.interrupt):
        assert cursor.execute("select 1").fetchall() == [(1,)]


def test_a_lock_is_waited_for_as_long_as_it_may_take() -> None:
    lock = threading.Lock()
    with Stop(60).holding(lock):
        assert lock.locked()
        with pytest.raises(QueryTimeoutError), Stop(0.01).holding(lock):
            raise AssertionError("held twice")
        with pytest.raises(QueryCancelledError), Stop(cancelled=lambda: True).holding(lock):
            raise AssertionError("held twice")
    assert not lock.locked()
