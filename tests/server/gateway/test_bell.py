"""How an engine is told to stop."""

import threading
import time
from datetime import timedelta

import csp
import pytest

from csp_gateway.server.gateway.bell import Bell, StoppedAtOnce


def run(bells: list[Bell], busy: float) -> list[BaseException | None]:
    """Run a graph that works ``busy`` seconds every 10 ms until its bell says stop; how it ended."""
    ended: list[BaseException | None] = []

    def graph() -> None:
        bells.append(Bell())
        csp.stop_engine(bells[0].edge)
        csp.add_graph_output("n", csp.apply(csp.timer(timedelta(milliseconds=10), True), work, bool))

    def work(_: bool) -> bool:
        time.sleep(busy)
        return True

    try:
        csp.run(graph, realtime=True, endtime=timedelta(seconds=30))
        ended.append(None)
    except BaseException as error:
        ended.append(error)
    return ended


@pytest.mark.parametrize(
    ("busy", "act", "how"), [(0.0, Bell.ring, type(None)), (0.05, Bell.stop_at_once, StoppedAtOnce)]
)
def test_an_engine_stops(busy: float, act: object, how: type) -> None:
    bells: list[Bell] = []
    ended: list[object] = []
    thread = threading.Thread(target=lambda: ended.extend(run(bells, busy)))
    thread.start()
    while not bells or bells[0]._impl is None:
        time.sleep(0.005)
    time.sleep(0.3)
    act(bells[0])  # type: ignore[operator]
    thread.join(10)
    assert isinstance(ended[0], how)


def test_without_an_engine_it_does_nothing() -> None:
    made: list[Bell] = []
    csp.build_graph(lambda: made.append(Bell()) or csp.stop_engine(made[0].edge))
    made[0].ring()
    made[0].stop_at_once()
