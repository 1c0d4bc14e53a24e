"""The steps of a test's script, and the moments of engine time at which they are taken."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from csp_gateway.errors import ScriptError
from csp_gateway.testing.records import Records, Target

__all__ = ["Act", "Moment", "Send", "Step", "Wait", "calling_line", "moments_of"]

_OWN_FILES = str(Path(__file__).parent)


def calling_line() -> str:
    """``file:line`` of the innermost call from outside this package: a line of the test."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_OWN_FILES):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else "an unknown line"


@dataclass(frozen=True, slots=True)
class Send:
    """Let a value tick on a channel."""

    line: str
    target: Target
    value: Any


@dataclass(frozen=True, slots=True)
class Wait:
    """Go on later: after a time, or at a time."""

    line: str
    until: timedelta | datetime


@dataclass(frozen=True, slots=True)
class Act:
    """Do something with what has ticked: judge it, print it, forget it."""

    line: str
    do: Callable[[Records], str | None]
    """What is wrong, in words; None if nothing is."""
    about: tuple[Target, ...] = ()
    """Channels that must be watched for it."""
    judges: bool = False
    """Whether it can find something wrong; ticks must be written down for it."""
    whole_story: bool = False
    """Whether it needs every tick since the last reset, not only the newest few."""


Step = Send | Wait | Act


@dataclass(slots=True)
class Moment:
    """One engine time of the script: what is sent then, and what is done once that has had its effect."""

    time: datetime
    sends: list[Send] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    acts_before: list[int] = field(default_factory=list)
    """For each send, how many of the acts stand before it in the script."""

    @property
    def line(self) -> str:
        """The line of a step that is due."""
        return (self.sends or self.acts)[0].line

    def sent_after(self, act: Act) -> list[str]:
        """The lines of sends to its channels that stand after ``act`` in the script, and came first all the same."""
        names = {name for name, _ in act.about}
        place = self.acts.index(act)
        return [
            send.line
            for send, before in zip(self.sends, self.acts_before, strict=True)
            if before > place and send.target[0] in names
        ]


def moments_of(steps: Iterable[Step], start: datetime) -> list[Moment]:
    """The moments of a script that begins at ``start`` (naive UTC), each later than the one before.

    One that ends in a wait has a last moment at which nothing is done: the run must last until then.

    Raises:
        ScriptError: a delay goes back in time; it names the line.
    """
    moments: list[Moment] = []
    for time, step in _timed(steps, start):
        if not moments or moments[-1].time != time:
            moments.append(Moment(time))
        if isinstance(step, Send):
            moments[-1].sends.append(step)
            moments[-1].acts_before.append(len(moments[-1].acts))
        else:
            moments[-1].acts.append(step)
    return moments


def _timed(steps: Iterable[Step], start: datetime) -> Iterator[tuple[datetime, Send | Act]]:
    time = start
    waiting: Wait | None = None
    for step in steps:
        if not isinstance(step, Wait):
            waiting = None
            yield time, step
            continue
        waiting = step
        until = step.until
        if isinstance(until, datetime) and until.tzinfo is not None:
            until = until.astimezone(UTC).replace(tzinfo=None)
        upcoming = time + until if isinstance(until, timedelta) else until
        if upcoming < time:
            raise ScriptError(
                f"{step.line}: delay({step.until}) goes back in time, from {time} to {upcoming}: "
                f"the script begins at {start}, and each delay leads forward"
            )
        time = upcoming
    if waiting is not None:
        yield time, Act(waiting.line, lambda records: None)
