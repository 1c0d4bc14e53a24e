"""Queries that are stopped from within."""

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
