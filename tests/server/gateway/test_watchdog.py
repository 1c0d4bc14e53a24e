"""Whether the engine is up, stalled, behind, or gone."""

from datetime import datetime, timedelta

import pytest

from csp_gateway.server.gateway.watchdog import Watchdog

NOW = datetime(2024, 1, 1)


class Clocks:
    """Time that a test moves on."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.dog = Watchdog(5, 2, monotonic=lambda: self.passed, utc=lambda: NOW + timedelta(seconds=self.passed))

    def beat(self, lag: float = 0.0) -> float:
        return self.dog.beat(NOW + timedelta(seconds=self.passed - lag)).total_seconds()

    def run(self, lag: float = 0.0) -> None:
        self.dog.runs()
        self.dog.opened()
        self.beat(lag)


def test_it_is_ready_once_the_engine_runs_and_all_is_served() -> None:
    clocks = Clocks()
    assert (clocks.dog.condition().engine, clocks.dog.condition().reason) == ("starting", "starting")
    clocks.dog.runs()
    assert (clocks.dog.condition().engine, clocks.dog.condition().reason) == ("running", "starting")
    clocks.dog.opened()
    assert clocks.dog.condition().ready
    clocks.passed = 1e6  # without a heartbeat, as in simulated time, nothing is stalled
    assert clocks.dog.condition().ready


@pytest.mark.parametrize(
    ("lag", "age", "reason"), [(0, 5, None), (0, 5.1, "stalled"), (2, 0, None), (2.1, 0, "lagging"), (9, 6, "stalled")]
)
def test_a_heartbeat_grows_old_and_says_how_far_the_engine_is_behind(lag: float, age: float, reason: str) -> None:
    clocks = Clocks()
    clocks.run(lag)
    clocks.passed += age
    condition = clocks.dog.condition()
    assert (condition.reason, condition.engine) == (reason, reason or "running")
    assert (condition.lag_seconds, condition.heartbeat_age_seconds) == (lag, age)
    assert condition.live


def test_an_engine_ahead_of_the_clock_is_not_behind() -> None:
    clocks = Clocks()
    clocks.run(-3600)
    assert clocks.dog.condition().lag_seconds == 0


def test_it_beats_by_the_clock_where_engine_time_goes_slower() -> None:
    clocks = Clocks()
    assert clocks.beat() == 0.25
    clocks.passed += 0.25
    assert clocks.beat() == 0.25
    clocks.passed += 2.5  # the engine took ten times as long
    assert clocks.beat(lag=2.25) == pytest.approx(0.025)
    clocks.passed += 0.01  # and catches up
    assert clocks.beat(lag=0) == 0.25
    clocks.passed += 100
    assert clocks.beat(lag=100) == 0.001


def test_the_end_is_told_by_what_it_was() -> None:
    clocks = Clocks()
    clocks.run()
    clocks.dog.drains()
    assert (clocks.dog.condition().reason, clocks.dog.condition().engine) == ("draining", "running")
    clocks.dog.ended(None)
    assert (clocks.dog.condition().reason, clocks.dog.condition().live) == ("stopped", True)
    clocks.dog.ended(ValueError("secret"))
    condition = clocks.dog.condition()
    assert (condition.reason, condition.live, condition.ready) == ("failed", False, False)
    assert "secret" not in condition.detail
