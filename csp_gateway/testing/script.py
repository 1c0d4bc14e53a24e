"""A test's script in the engine: what it sends and watches, and the player that takes its steps in their time."""

# A node's signature is csp's own language: type variables in quotes, no return type.
# mypy: disable-error-code="untyped-decorator,no-untyped-def,valid-type,name-defined,attr-defined,type-arg"

import sys
from collections import deque
from datetime import datetime, timedelta
from typing import Any, Dict, TypeVar  # noqa: UP035  # csp reads typing.Dict

import csp
from csp import ts
from csp.impl.adaptermanager import AdapterManagerImpl, ManagedSimInputAdapter
from csp.impl.wiring import py_managed_adapter_def
from csp.impl.wiring.edge import Edge

from csp_gateway.errors import ScriptError
from csp_gateway.testing.moments import Act, Moment
from csp_gateway.testing.records import Records, Ticks, spelled

__all__ = ["Script", "note", "play", "say", "sent", "watch_basket"]

K = TypeVar("K")
T = TypeVar("T")

_INSTANT = timedelta(microseconds=1)


def say(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{text}\n")


class Script:
    """The moments of one run, and how far it has come.

    Args:
        name: what the test is called when something is printed.
        moments: in order of time.
        records: where what ticks is written down.
        start: engine time (naive UTC) at which the run must start, for the moments' times to be right.
        realtime: whether engine time is the clock's.
    """

    def __init__(self, name: str, moments: list[Moment], records: Records, start: datetime, realtime: bool) -> None:
        self.name = name
        self.moments = deque(moments)
        """Those that are to come."""
        self.records = records
        self.start = start
        self.realtime = realtime
        self.ended_at = start
        """Engine time at which the run ended."""

    def _create(self, engine: Any, memo: Any) -> "_Player":
        return _Player(engine, self)


class _Player(AdapterManagerImpl):  # type: ignore[misc]  # csp has no types
    """Takes the steps of a script.

    A step is taken before the first engine cycle that is later than its moment, which is one microsecond later at the
    latest: by then all has ticked that ticks at that time, in however many cycles, and nothing of what comes after.

    It is a manager of adapters because csp calls managers between cycles, and stops them after all else.
    """

    def __init__(self, engine: Any, script: Script) -> None:
        super().__init__(engine)
        self._script = script
        self._began = False
        self._failed = False

    def start(self, starttime: datetime, endtime: datetime) -> None:
        """The run begins: it must be long enough for the script."""
        script = self._script
        if starttime != script.start:
            raise ScriptError(
                f"{script.name}: the graph was built for another start time, {script.start}: "
                f"use csp.run(gateway.graph, starttime=…, endtime=…), or gateway.start"
            )
        # By the clock, the engine ends before the cycle that would be at the end.
        late = [each for each in script.moments if each.time > endtime or (script.realtime and each.time == endtime)]
        if late:
            self._failed = True
            raise AssertionError(
                f"{_failed_at(late[0].line)}: the run is too short: this is due at {late[0].time}, "
                f"and the run ends at {endtime}, which is {late[0].time - endtime} too early; "
                f"for the whole script it must last {late[-1].time - starttime}"
                f"{' and a little more' if script.realtime else ''}"
            )
        say(f"{script.name}: start")

    def process_next_sim_timeslice(self, now: datetime) -> datetime | None:
        """Take the steps that are due before the cycle at ``now``; the time of the next call."""
        self._began = True
        moments = self._script.moments
        while moments and moments[0].time < now:
            self._take(moments.popleft())
        if moments:
            return moments[0].time + _INSTANT
        say(f"{self._script.name}: done")
        return None

    def stop(self) -> None:
        """Nothing ticks any more: what is left of the script is taken now, or is too late."""
        script = self._script
        if self._failed or not self._began or not script.moments:
            return
        try:
            while script.moments and script.moments[0].time <= script.ended_at and not script.realtime:
                self._take(script.moments.popleft())
            if script.moments:
                raise AssertionError(
                    f"{_failed_at(script.moments[0].line)}: the run was stopped too early: this is due at "
                    f"{script.moments[0].time}, and the run ended at {script.ended_at}, which is "
                    f"{script.moments[0].time - script.ended_at} too early"
                )
            say(f"{script.name}: done")
        except BaseException as error:
            # Raised, it would keep csp from stopping other adapters. So it is told only if nothing else has failed.
            self.shutdown_engine(_carrying(error))

    def _take(self, moment: Moment) -> None:
        self._script.records.now = moment.time
        for act in moment.acts:
            try:
                complaint = act.do(self._script.records)
            except AssertionError as error:
                self._fail(moment, act, str(error) or repr(error), error)
            except BaseException as error:
                if act.judges and isinstance(error, Exception):
                    self._fail(moment, act, f"it raised {type(error).__name__}: {error}", error)
                self._failed = True
                say(_failed_at(act.line))
                error.add_note(f"raised in the test at {act.line}")
                raise
            else:
                if complaint is not None:
                    self._fail(moment, act, complaint)

    def _fail(self, moment: Moment, act: Act, complaint: str, cause: BaseException | None = None) -> None:
        self._failed = True
        say(_failed_at(act.line))
        hasty = "".join(
            f"\n  Sends of a moment come before its checks, this one too: {line}. A delay puts it later."
            for line in moment.sent_after(act)
        )
        raise AssertionError(f"{_failed_at(act.line)}: {complaint}{hasty}") from cause


def _failed_at(line: str) -> str:
    return f"Assertion failed in test at {line}"


def _carrying(error: BaseException) -> BaseException:
    """What to give csp so that it raises ``error`` itself: it raises ``type(given)(str(given))`` (as of 0.19)."""
    kind = type("Carrier", (BaseException,), {"__new__": lambda cls, *_: error})
    return BaseException.__new__(kind).with_traceback(error.__traceback__)


class _Clock(ManagedSimInputAdapter):  # type: ignore[misc]  # csp has no types
    """Never ticks: csp makes managers only for adapters' sake."""

    def __init__(self, manager: _Player) -> None:
        super().__init__(bool, "never")


clock = py_managed_adapter_def("clock", _Clock, ts[bool], Script)


@csp.node
def note_the_end(clock: ts[bool], script: Script):
    """Note when the run ends: nodes are stopped before the player is."""
    with csp.stop():
        script.ended_at = csp.now()
    if csp.ticked(clock):
        pass


def play(script: Script) -> None:
    """Make the script a part of the graph that is being built."""
    note_the_end(clock(script), script)


@csp.node
def note(x: ts["T"], ticks: Ticks, verbose: bool):
    """Write down what ticks on a channel."""
    if csp.ticked(x):
        ticks.note(csp.now(), x)
        if verbose:
            say(f"{csp.now()}  {spelled(ticks.target)}  {x!r}")


@csp.node
def note_basket(x: Dict["K", ts["T"]], whole: Ticks, by_key: dict, verbose: bool):  # noqa: UP006
    """Write down what ticks on a basket: as a whole, and by key."""
    if csp.ticked(x):
        ticked = dict(x.tickeditems())
        whole.note(csp.now(), ticked)
        for key, value in ticked.items():
            by_key[key].note(csp.now(), value)
            if verbose:
                say(f"{csp.now()}  {spelled(by_key[key].target)}  {value!r}")


def watch_basket(edges: dict[Any, Edge], whole: Ticks, by_key: dict[Any, Ticks], verbose: bool) -> None:
    """Write down what ticks on a basket."""
    # Memoized, csp would sort the keys, and warn of those that have no order, such as the members of an enum.
    with csp.memoize(False):
        note_basket(edges, whole, by_key, verbose)


def sent(values: list[tuple[datetime, Any]], ticks: Any) -> Edge:
    """An edge of ``ts[ticks]`` on which each value ticks at its time, those of one time in as many engine cycles."""
    # Memoized, csp would hash the values, and warn of those that have no hash.
    with csp.memoize(False):
        return csp.curve(ticks, values)
