"""SELECTs over all states of one build."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import csp
import pytest
from csp import ts

from csp_gateway import (
    AnswerTooLargeError,
    GatewayChannels,
    GatewayModule,
    GatewayStruct,
    NotRunningError,
    QueriesRefusedError,
    QueryCancelledError,
    QueryTimeoutError,
    SqlError,
    State,
)
from csp_gateway.server.channels.selects import SELECTS_LIMIT
from csp_gateway.server.state import Cancellation, SqlLimits

LONG = "select count(*) from range(100000) a, range(100000) b, range(100000) c where a.range + b.range = c.range % 7"


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    counts: Annotated[ts[Count], State("n")] = None
    others: Annotated[ts[Count], State("n")] = None
    silent: Annotated[ts[Count], State("n")] = None


class Feed(GatewayModule):
    """``holds`` holds the engine from the first tick of ``others`` on, until ``go_on`` is set."""

    holding: Any = None
    go_on: Any = None

    def connect(self, channels: Ch) -> None:
        channels.add_send_channel(Ch.counts)
        channels.add_send_channel(Ch.others)
        if self.go_on is not None:
            held = csp.apply(channels.get_channel(Ch.others), self._hold, bool)
            csp.add_graph_output("held", held)

    def _hold(self, _: Any) -> bool:
        self.holding.set()
        return bool(self.go_on.wait(30))


def came_true(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def open_selects(channels: Any) -> int:
    return int(channels.statistics()["sql"]["open"])


@contextmanager
def stuck(run_gateway: Any) -> Iterator[Any]:
    """Channels whose engine is held until the block ends."""
    feed = Feed(holding=threading.Event(), go_on=threading.Event())
    gateway = run_gateway(Ch(), feed)
    gateway.channels.send("others", Count(n=1))
    try:
        assert feed.holding.wait(20)
        yield gateway.channels
    finally:
        feed.go_on.set()


def test_what_was_sent_to_the_channels_it_names_is_in_the_answer(run_gateway: Any) -> None:
    channels = run_gateway(Ch(), Feed()).channels
    for n in range(30):
        channels.send("counts", Count(n=n))
        channels.send("others", Count(n=n))
        (row,) = channels.sql("select count(*) as n, max(o.n) as last from counts join others o using (n)").to_pylist()
        assert row == {"n": n + 1, "last": n}
    assert channels.sql("select count(*) as n from silent").to_pylist() == [{"n": 0}]


def test_it_waits_for_nothing_else(run_gateway: Any) -> None:
    with stuck(run_gateway) as channels:
        assert channels.sql("select count(*) as n from counts").to_pylist() == [{"n": 0}]
        assert channels.sql("select 1 as x").to_pylist() == [{"x": 1}]


def test_what_was_sent_and_does_not_arrive_is_told(run_gateway: Any) -> None:
    with stuck(run_gateway) as channels:
        channels.send("counts", Count(n=1))
        with pytest.raises(QueryTimeoutError, match=r"sent to channel 'counts' did not reach 'counts' within 1 s"):
            channels.sql("select * from counts", limits=SqlLimits(seconds=1))


def test_who_waits_for_what_was_sent_is_answered_when_it_arrives(run_gateway: Any) -> None:
    with stuck(run_gateway) as channels:
        channels.send("counts", Count(n=1))
        coming = channels.outside.sql("select n from counts")
        assert came_true(lambda: open_selects(channels) == 1)
        assert not coming.done()
    assert coming.result(20).to_pylist() == [{"n": 1}]


def test_too_many_are_refused(run_gateway: Any) -> None:
    with stuck(run_gateway) as channels:
        channels.send("counts", Count(n=1))
        asked = [channels.outside.sql("select n from counts") for _ in range(SELECTS_LIMIT)]
        with pytest.raises(QueriesRefusedError, match="100 queries wait"):
            channels.outside.sql("select n from counts")
        assert channels.statistics()["sql"] == {"open": SELECTS_LIMIT, "refused": 1}
        assert channels.query("silent") == []  # other queries have threads of their own
    assert all(answer.result(20).num_rows == 1 for answer in asked)
    assert open_selects(channels) == 0


def test_a_long_one_holds_no_query_and_no_other_select_up(run_gateway: Any) -> None:
    channels = run_gateway(Ch(), Feed()).channels
    cancel = Cancellation()
    running = channels.outside.sql(LONG, limits=SqlLimits(seconds=60), cancel=cancel)
    assert came_true(lambda: open_selects(channels) == 1)
    channels.send("counts", Count(n=1))
    assert len(channels.query("counts")) == 1
    assert channels.sql("select n from counts").to_pylist() == [{"n": 1}]
    assert not running.done()
    cancel.cancel()
    with pytest.raises(QueryCancelledError):
        running.result(20)
    assert open_selects(channels) == 0


def test_its_time_begins_when_it_is_asked(run_gateway: Any) -> None:
    channels = run_gateway(Ch(), Feed()).channels
    with pytest.raises(QueryTimeoutError, match="waited more than -1 s"):
        channels.sql("selec", limits=SqlLimits(seconds=-1))


def test_one_that_is_cancelled_before_it_begins_is_not_run(run_gateway: Any) -> None:
    channels = run_gateway(Ch(), Feed()).channels
    cancel = Cancellation()
    cancel.cancel()
    with pytest.raises(QueryCancelledError):
        channels.outside.sql(LONG, limits=SqlLimits(seconds=60), cancel=cancel).result(20)


@pytest.mark.parametrize(
    ("sql", "limits", "error"),
    [
        ("selec", SqlLimits(), SqlError),
        ("select * from count", SqlLimits(), SqlError),
        (LONG, SqlLimits(seconds=0.1), QueryTimeoutError),
        ("select * from range(11)", SqlLimits(rows=10), AnswerTooLargeError),
        ("select range from range(1000)", SqlLimits(bytes=100), AnswerTooLargeError),
    ],
)
def test_what_goes_wrong_is_told_and_the_next_is_answered(
    run_gateway: Any, sql: str, limits: SqlLimits, error: type[Exception]
) -> None:
    channels = run_gateway(Ch(), Feed()).channels
    with pytest.raises(error):
        channels.sql(sql, limits=limits)
    assert channels.sql("select 1 as x").to_pylist() == [{"x": 1}]


def test_the_end_stops_what_runs_answers_who_waits_and_ends_the_threads(run_gateway: Any) -> None:
    before = set(threading.enumerate())
    gateway = run_gateway(Ch(), Feed())
    asked = [gateway.channels.outside.sql(LONG, limits=SqlLimits(seconds=60)) for _ in range(5)]
    assert came_true(lambda: open_selects(gateway.channels) == 5)
    gateway.stop()
    for answer in asked:
        with pytest.raises(NotRunningError, match="stopped"):
            answer.result(20)
    with pytest.raises(NotRunningError):
        gateway.channels.sql("select 1")
    assert came_true(lambda: not [each for each in {*threading.enumerate()} - before if "csp-sql" in each.name])


def test_an_engine_that_is_late_to_stop_does_not_keep_who_waits_for_what_was_sent(run_gateway: Any) -> None:
    with stuck(run_gateway) as channels:
        channels.send("counts", Count(n=1))
        coming = channels.outside.sql("select n from counts", limits=SqlLimits(seconds=60))
        assert came_true(lambda: open_selects(channels) == 1)
        channels.outside.selects.close(NotRunningError("over"))
        with pytest.raises(NotRunningError, match="over"):
            coming.result(5)
