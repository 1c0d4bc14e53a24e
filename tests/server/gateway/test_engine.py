"""The csp engine on its own thread."""

import threading
import time
from datetime import datetime, timedelta
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway.errors import BuildFailedError, EngineError, NoProviderException, StartTimeoutError
from csp_gateway.server.gateway.engine import Engine


def engine(graph: Any, **options: Any) -> tuple[Engine, list[Any]]:
    told: list[Any] = []
    defaults: dict[str, Any] = {"starttime": None, "endtime": timedelta(seconds=30), "realtime": True}
    made = Engine(
        graph,
        **{**defaults, **options},
        on_running=lambda: told.append(threading.current_thread().name),
        on_ended=told.append,
    )
    return made, told


def ticking() -> None:
    csp.add_graph_output("n", csp.count(csp.timer(timedelta(milliseconds=5), True)))


def test_it_runs_on_its_own_thread_until_it_is_stopped() -> None:
    made, told = engine(ticking)
    made.start(10)
    assert made.is_alive()
    made.stop_engine()
    made.stop_engine()
    assert isinstance(made.join()["n"], list)
    assert told == ["csp-engine", None]
    assert not made.is_alive()


def test_it_ends_by_itself_in_simulated_time() -> None:
    made, told = engine(ticking, starttime=datetime(2024, 1, 1), endtime=timedelta(milliseconds=20), realtime=False)
    made.start(10)
    assert [n for _, n in made.join()["n"]] == [1, 2, 3, 4]
    assert told[1:] == [None]


def test_what_a_build_raises_is_the_cause() -> None:
    made, told = engine(lambda: 1 / 0)
    with pytest.raises(BuildFailedError, match="ZeroDivisionError: division by zero") as failed:
        made.start(10)
    assert isinstance(failed.value.__cause__, ZeroDivisionError)
    assert told == [failed.value]


def test_an_error_of_ours_passes_as_it_is() -> None:
    def build() -> None:
        raise NoProviderException("nobody")

    with pytest.raises(NoProviderException, match="nobody"):
        engine(build)[0].start(10)


@csp.node
def fails(x: ts[bool], where: str) -> ts[bool]:
    with csp.start():
        if where == "start":
            raise KeyError("in start")
    if csp.ticked(x):
        if where == "tick":
            raise KeyError("in a tick")
        return x


@pytest.mark.parametrize(("where", "delay"), [("start", 10), ("tick", 0)])
def test_a_node_that_fails_at_once_ends_the_run(where: str, delay: int) -> None:
    made, _ = engine(lambda: csp.add_graph_output("x", fails(csp.const(True, timedelta(seconds=delay)), where)))
    made.thread.start()
    with pytest.raises(EngineError, match=f"in {'start' if where == 'start' else 'a tick'}") as failed:
        made.join()
    assert isinstance(failed.value.__cause__, KeyError)


def test_a_node_that_fails_later_fails_the_join() -> None:
    made, told = engine(lambda: csp.add_graph_output("x", fails(csp.const(True, timedelta(seconds=0.05)), "tick")))
    made.start(10)
    with pytest.raises(EngineError):
        made.join()
    assert made.join(suppress=True) is None
    assert isinstance(told[-1], EngineError)


def test_a_build_that_takes_too_long_is_given_up_and_never_runs() -> None:
    go_on = threading.Event()
    made, told = engine(lambda: go_on.wait(10) and ticking())
    with pytest.raises(StartTimeoutError, match=r"not running after 0\.05 s"):
        made.start(0.05)
    go_on.set()
    made.join()
    assert told == [None]


def test_stopping_before_the_first_cycle_is_not_forgotten() -> None:
    made, _ = engine(ticking)
    made.thread.start()
    made.stop_engine()
    started = time.monotonic()
    made.join()
    assert time.monotonic() - started < 10
