"""Cycles: how long the engine's cycles take, and how late they come, by a sample of ten a second."""

# A node's signature is csp's own language: no return type.
# mypy: disable-error-code="untyped-decorator,no-untyped-def"

from datetime import UTC, datetime, timedelta
from time import perf_counter

import csp
from csp import ts

from csp_gateway.server.modules.metrics.timings import Timings

__all__ = ["Cycles", "sample_cycles"]

_INTERVAL = timedelta(seconds=0.1)


class Cycles:
    """What the sample has met; the engine's thread adds to it.

    A long cycle that the sample is in is timed; one that it is not in makes it late, by what was left of that cycle.
    """

    def __init__(self) -> None:
        self.taken = Timings("csp_gateway_engine_cycle", "Time that a cycle of the engine takes, of ten a second.")
        self.late = Timings("csp_gateway_engine_late", "How late the engine comes to what is due, ten times a second.")
        self._taken, self._late = self.taken.series(), self.late.series()

    def begun(self, engine_now: datetime) -> float:
        """The engine is in a cycle; when."""
        late = datetime.now(UTC).replace(tzinfo=None) - engine_now
        self._late.observe(max(0.0, late.total_seconds()))
        return perf_counter()

    def over(self, begun: float) -> None:
        """That cycle is over."""
        self._taken.observe(perf_counter() - begun)


@csp.node
def sample_cycles(first: ts[bool], cycles: Cycles):
    """Time the cycle that ``first`` ticks in, and one each tenth of a second, for ever."""
    with csp.alarms():
        due = csp.alarm(bool)
        over = csp.alarm(float)
    if csp.ticked(first, due):
        # The cycle that comes next begins when this one is over.
        csp.schedule_alarm(over, timedelta(), cycles.begun(csp.now()))
        csp.schedule_alarm(due, _INTERVAL, True)
    if csp.ticked(over):
        cycles.over(over)
