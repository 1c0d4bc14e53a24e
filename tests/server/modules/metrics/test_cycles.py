"""How long the engine's cycles take, by a sample."""

# mypy: disable-error-code="untyped-decorator,no-untyped-def"

import time
from datetime import UTC, datetime, timedelta

import csp
import pytest

from csp_gateway.server.modules.metrics.cycles import Cycles, sample_cycles
from csp_gateway.server.modules.metrics.timings import Timings


def told(timings: Timings) -> tuple[float, float]:
    """How many there were, and the sum of them."""
    by_name = {each.name.rpartition("_")[2]: each.value for each in timings.family().samples}
    return by_name["count"], by_name["sum"]


def sampled(start: datetime, *, realtime: bool, busy: float = 0.0) -> Cycles:
    cycles = Cycles()

    def graph() -> None:
        first = csp.const(True)
        sample_cycles(first, cycles)
        csp.add_graph_output("busy", csp.apply(csp.count(first), lambda _: time.sleep(busy) or True, bool))

    csp.run(csp.graph(graph), starttime=start, endtime=timedelta(seconds=0.35), realtime=realtime)
    return cycles


def test_what_the_nodes_of_a_cycle_take_is_in_it() -> None:
    count, seconds = told(sampled(datetime(2024, 1, 1), realtime=False, busy=0.05).taken)
    assert count == 4
    assert seconds >= 0.05


def test_how_late_they_come_is_by_the_clock() -> None:
    late = timedelta(hours=1)
    count, seconds = told(sampled(datetime.now(UTC).replace(tzinfo=None) - late, realtime=True).late)
    assert seconds == pytest.approx(count * 3600, rel=0.01)


def test_an_engine_ahead_of_the_clock_is_not_late() -> None:
    count, seconds = told(sampled(datetime(2100, 1, 1), realtime=False).late)
    assert (count, seconds) == (4, 0)
