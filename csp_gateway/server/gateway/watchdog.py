"""Watchdog: whether the engine is up, stalled, behind, or gone, seen from outside without visiting it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from csp_gateway.server.web import Condition

__all__ = ["Watchdog"]

_INTERVAL = timedelta(seconds=0.25)
_SHORTEST = timedelta(milliseconds=1)


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class Watchdog:
    """What is known of one run: the phase it is told, and the heartbeat of the engine.

    The engine writes two numbers four times a second. From their age follows whether it is stalled: in a cycle that
    does not end. An engine that is behind the clock goes on beating, and says how far it is behind.

    Args:
        stall_seconds: age of the newest heartbeat from which the engine is stalled.
        lag_seconds: how far it may be behind the clock.
        monotonic: the clock that ages are taken from.
        utc: the clock that the engine is held against, naive.
    """

    def __init__(
        self,
        stall_seconds: float,
        lag_seconds: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        utc: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._stall_seconds = stall_seconds
        self._lag_seconds = lag_seconds
        self._monotonic = monotonic
        self._utc = utc
        self._phase = "starting"
        self._open = False
        self._draining = False
        # Engine time, the age's zero, and the lag: one tuple, so that no reader sees the halves of two beats.
        self._newest: tuple[datetime, float, float] | None = None

    # What it is told.

    def beat(self, engine_now: datetime) -> timedelta:
        """The engine is in a cycle; on its thread.

        Returns:
            How long it is in engine time until it should beat again. Where engine time goes slower than the clock this
            is less than the interval, so that an engine that is far behind is not taken for one that is stalled.
        """
        now, before = self._monotonic(), self._newest
        self._newest = (engine_now, now, max(0.0, (self._utc() - engine_now).total_seconds()))
        if before is None or now <= before[1]:
            return _INTERVAL
        speed = (engine_now - before[0]).total_seconds() / (now - before[1])
        return max(_SHORTEST, min(_INTERVAL, _INTERVAL * speed))

    def runs(self) -> None:
        """The engine is in its first cycle."""
        self._phase = "running"

    def opened(self) -> None:
        """All that is to be served is served."""
        self._open = True

    def drains(self) -> None:
        """The end has begun."""
        self._draining = True

    def ended(self, error: BaseException | None) -> None:
        """No node runs any more."""
        self._phase = "stopped" if error is None else "failed"

    # What it knows.

    @property
    def engine_time(self) -> datetime | None:
        """Engine time at the newest heartbeat, naive UTC; None without one."""
        return None if self._newest is None else self._newest[0]

    def condition(self) -> Condition:
        """How the gateway does now."""
        lag = age = None
        engine = self._phase
        newest = self._newest
        if newest is not None:
            age, lag = max(0.0, self._monotonic() - newest[1]), newest[2]
            if engine == "running":
                engine = self._judged(age, lag)
        return Condition(engine, self._reason(engine), lag, age)

    def _judged(self, age: float, lag: float) -> str:
        if age > self._stall_seconds:
            return "stalled"
        return "lagging" if lag > self._lag_seconds else "running"

    def _reason(self, engine: str) -> str | None:
        if engine in ("failed", "stopped"):
            return engine
        if self._draining:
            return "draining"
        if not self._open:
            return "starting"
        return None if engine == "running" else engine
