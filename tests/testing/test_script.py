"""A script in the engine: when its steps are taken, and what happens when they cannot be."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import csp
import numpy as np
import pydantic
import pytest
from csp import ts
from csp.impl.adaptermanager import AdapterManagerImpl, ManagedSimInputAdapter
from csp.impl.wiring import py_managed_adapter_def

from csp_gateway import ScriptError
from csp_gateway.testing.moments import Act, Moment, Send
from csp_gateway.testing.records import BasketTicks, Records, Ticks
from csp_gateway.testing.script import Script, note, play, sent, watch_basket

START = datetime(2024, 1, 1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def run() -> Callable[..., list[Any]]:
    """``run(graph, *moments, lasts=…)``: what the graph and the moments' steps wrote down, in order."""

    def run_it(
        graph: Callable[[list[Any]], Any],
        *moments: Moment,
        lasts: timedelta = 10 * SECOND,
        realtime: bool = False,
        starttime: datetime = START,
        planned_for: datetime = START,
    ) -> list[Any]:
        happened: list[Any] = []

        def build() -> None:
            play(Script("a test", list(moments), Records(), planned_for, realtime))
            graph(happened)

        csp.run(build, starttime=starttime, endtime=lasts, realtime=realtime)
        return happened

    return run_it


def says(word: str, happened: list[Any], complaint: str | None = None) -> Act:
    def do(records: Records) -> str | None:
        happened.append((records.now - START, word))
        return complaint

    return Act(f"test_desk.py:{word}", do, about=(("a", None),))


def moment(seconds: float, *acts: Act) -> Moment:
    return Moment(START + timedelta(seconds=seconds), acts=list(acts))


def nothing(happened: list[Any]) -> None:
    """A graph without anything else."""


@csp.node
def write(x: ts[object], happened: list):  # type: ignore[no-untyped-def, type-arg]  # csp's own language
    """Note what ticks, and when."""
    if csp.ticked(x):
        happened.append((csp.now() - START, x))


@csp.node
def fail(x: ts[object]):  # type: ignore[no-untyped-def]  # csp's own language
    """Raise at the first tick."""
    if csp.ticked(x):
        raise ZeroDivisionError("of the module's own")


@csp.node
def fail_to_start(x: ts[object]):  # type: ignore[no-untyped-def]  # csp's own language
    """Raise before the first cycle."""
    with csp.start():
        raise ZeroDivisionError
    if csp.ticked(x):
        pass


# --- When steps are taken ---------------------------------------------------------------------------------------------


def test_steps_follow_all_that_ticks_at_their_time_and_nothing_later(run: Any) -> None:
    later: list[Any] = []

    def graph(happened: list[Any]) -> None:
        chain = csp.curve(int, [(START + SECOND, n) for n in range(100)])  # a hundred cycles of one time
        write(chain, happened)
        write(csp.curve(str, [(START + SECOND + timedelta(microseconds=1), "later")]), happened)
        later.append(happened)

    steps: list[Any] = []
    happened = run(graph, moment(1, says("x", steps), Act("", lambda records: steps.extend(later[0]))))
    assert steps == [(SECOND, "x"), *((SECOND, n) for n in range(100))]
    assert happened[-1] == (SECOND + timedelta(microseconds=1), "later")


def test_steps_behind_feedback_wait_for_it(run: Any) -> None:
    """A value that goes round eight times, each round a cycle, all at one engine time."""

    def graph(happened: list[Any]) -> None:
        loop = csp.feedback(int)
        number = csp.flatten([csp.const(0), loop.out()])
        loop.bind(csp.filter(csp.apply(number, lambda n: n < 7, bool), number + 1))
        write(number, happened)
        seen.append(happened)

    seen: list[Any] = []
    at_the_moment: list[Any] = []
    run(graph, moment(0, Act("", lambda records: at_the_moment.extend(seen[0]))))
    assert at_the_moment == [(timedelta(), n) for n in range(8)]


def test_the_steps_of_the_last_moment_are_taken_at_the_very_end(run: Any) -> None:
    steps: list[Any] = []
    run(nothing, moment(0, says("a", steps)), moment(1, says("b", steps), says("c", steps)), lasts=SECOND)
    assert steps == [(timedelta(), "a"), (SECOND, "b"), (SECOND, "c")]
    run(nothing, moment(0, says("d", steps)), lasts=timedelta())
    assert steps[-1] == (timedelta(), "d")


def test_by_the_clock_too(run: Any) -> None:
    steps: list[Any] = []
    start = datetime.now(UTC).replace(tzinfo=None)
    moments = [Moment(start + timedelta(milliseconds=50 * n), acts=[says(str(n), steps)]) for n in range(3)]

    def graph(happened: list[Any]) -> None:
        csp.stop_engine(csp.const(True, delay=timedelta(milliseconds=200)))

    run(graph, *moments, lasts=60 * SECOND, realtime=True, planned_for=start, starttime=start)
    assert [word for _, word in steps] == ["0", "1", "2"]


def test_it_says_when_it_starts_and_when_it_is_done(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run(nothing, moment(0))
    run(nothing, moment(10))
    run(nothing)
    assert capsys.readouterr().out == "a test: start\na test: done\n" * 3


# --- When they fail ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [1, 10], ids=["on the way", "at the very end"])
def test_a_complaint_ends_the_run(run: Any, capsys: pytest.CaptureFixture[str], at: int) -> None:
    steps: list[Any] = []
    with pytest.raises(AssertionError) as raised:
        run(nothing, moment(at, says("7", steps, "not so"), says("8", steps)))
    assert str(raised.value) == "Assertion failed in test at test_desk.py:7: not so"
    assert [word for _, word in steps] == ["7"]
    assert capsys.readouterr().out == "a test: start\nAssertion failed in test at test_desk.py:7\n"


def test_a_send_that_stands_after_the_check_is_told(run: Any) -> None:
    (hasty,) = [says("7", [], "not so")]
    with pytest.raises(AssertionError, match=r"Sends of a moment come before its checks, this one too: test_desk.py:9"):
        run(nothing, Moment(START, [Send("test_desk.py:9", ("a", None), 1)], [hasty], [1]))


@pytest.mark.parametrize("at", [1, 10], ids=["on the way", "at the very end"])
def test_what_a_step_raises_is_told_with_the_line(run: Any, at: int) -> None:
    def own(records: Records) -> None:
        assert at == 3, "of the user's own"

    def broken(records: Records) -> None:
        pydantic.TypeAdapter(int).validate_python("x")

    with pytest.raises(
        AssertionError, match=r"^Assertion failed in test at test_desk.py:7: of the user's own"
    ) as raised:
        run(nothing, moment(at, Act("test_desk.py:7", own)))
    assert isinstance(raised.value.__cause__, AssertionError)
    with pytest.raises(pydantic.ValidationError) as other:
        run(nothing, moment(at, Act("test_desk.py:7", broken)))
    assert other.value.__notes__ == ["raised in the test at test_desk.py:7"]


def test_an_assert_without_a_message_is_told_too(run: Any) -> None:
    def own(records: Records) -> None:
        raise AssertionError

    with pytest.raises(AssertionError, match=r"test_desk.py:7: AssertionError\(\)"):
        run(nothing, moment(0, Act("test_desk.py:7", own)))


# --- When they are never taken ----------------------------------------------------------------------------------------


def test_a_run_that_is_too_short_fails_at_once(run: Any) -> None:
    steps: list[Any] = []
    with pytest.raises(AssertionError) as raised:
        run(nothing, moment(0, says("7", steps)), moment(11, says("8", steps)), moment(12, says("9", steps)))
    assert str(raised.value) == (
        "Assertion failed in test at test_desk.py:8: the run is too short: this is due at 2024-01-01 00:00:11, and the "
        "run ends at 2024-01-01 00:00:10, which is 0:00:01 too early; for the whole script it must last 0:00:12"
    )
    assert not steps


def test_by_the_clock_the_very_end_is_too_late(run: Any) -> None:
    start = datetime.now(UTC).replace(tzinfo=None)
    late = Moment(start + timedelta(milliseconds=50), acts=[says("7", [])])
    with pytest.raises(AssertionError, match=r"the run is too short: .* must last 0:00:00.050000 and a little more"):
        run(nothing, late, lasts=timedelta(milliseconds=50), realtime=True, planned_for=start, starttime=start)


def test_a_run_that_is_stopped_too_early_fails(run: Any) -> None:
    steps: list[Any] = []

    def graph(happened: list[Any]) -> None:
        csp.stop_engine(csp.const(True, delay=2 * SECOND))

    with pytest.raises(AssertionError) as raised:
        run(graph, moment(2, says("7", steps)), moment(5, says("8", steps)))
    assert str(raised.value) == (
        "Assertion failed in test at test_desk.py:8: the run was stopped too early: this is due at "
        "2024-01-01 00:00:05, and the run ended at 2024-01-01 00:00:02, which is 0:00:03 too early"
    )
    assert [word for _, word in steps] == ["7"]


@pytest.mark.parametrize("at", [1, 2], ids=["before it", "at the same time"])
def test_what_a_node_raises_is_not_hidden_by_what_is_left_of_the_script(run: Any, at: int) -> None:
    def graph(happened: list[Any]) -> None:
        fail(csp.const(1, delay=timedelta(seconds=at)))

    with pytest.raises(ZeroDivisionError, match="of the module's own"):
        run(graph, moment(2, says("7", [], "not so")), moment(3, says("8", [])))


def test_where_the_engine_never_began_no_step_is_taken(run: Any) -> None:
    steps: list[Any] = []
    with pytest.raises(ZeroDivisionError):
        run(lambda happened: fail_to_start(csp.const(1)), moment(0, says("7", steps)))
    assert not steps


def test_a_failure_at_the_end_keeps_nobody_from_being_stopped(run: Any) -> None:
    """A node's or adapter's error in its own stop would: csp then stops nothing that comes after."""
    stopped: list[str] = []

    class Manager:
        def __init__(self, name: str) -> None:
            self.name = name

        def _create(self, engine: Any, memo: Any) -> Any:
            return ManagerImpl(engine, self.name)

    class ManagerImpl(AdapterManagerImpl):
        def __init__(self, engine: Any, name: str) -> None:
            super().__init__(engine)
            self.name = name

        def start(self, starttime: datetime, endtime: datetime) -> None:
            """It needs nothing."""

        def stop(self) -> None:
            stopped.append(self.name)

    class Adapter(ManagedSimInputAdapter):
        def __init__(self, manager: ManagerImpl) -> None:
            super().__init__(int, "x")

    adapter = py_managed_adapter_def("adapter", Adapter, ts[int], Manager)

    def graph(happened: list[Any]) -> None:
        write(adapter(Manager("after")), happened)

    with pytest.raises(AssertionError, match="not so"):
        run(graph, moment(10, says("7", [], "not so")))
    assert stopped == ["after"]


def test_a_graph_that_was_built_for_another_time_is_refused(run: Any) -> None:
    with pytest.raises(ScriptError, match="the graph was built for another start time, 2023-01-01 00:00:00"):
        run(nothing, moment(0), planned_for=datetime(2023, 1, 1))


# --- What is sent and watched -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ticks", "values"), [(int, [1, 2, 2]), (list[int], [[1], [1], []]), (np.ndarray, [np.zeros(2), np.zeros(2)])]
)
def test_every_value_that_is_sent_ticks_even_those_without_a_hash(run: Any, ticks: Any, values: list[Any]) -> None:
    times = [START, START, START + SECOND]

    def graph(happened: list[Any]) -> None:
        write(sent(list(zip(times, values, strict=False)), ticks), happened)

    happened = run(graph)
    assert [time for time, _ in happened] == [time - START for time, _ in zip(times, values, strict=False)]
    assert all(np.array_equal(one, other) for (_, one), other in zip(happened, values, strict=True))


def test_what_ticks_is_written_down_and_told_as_it_comes(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    one, whole = Ticks(("a", None)), BasketTicks(("b", None), dict, ["x", "y"])
    by_key = {key: Ticks(("b", key)) for key in ("x", "y")}

    def graph(happened: list[Any]) -> None:
        note(csp.const(1), one, True)
        watch_basket({"x": csp.const(2), "y": csp.null_ts(int)}, whole, by_key, True)

    run(graph)
    assert (list(one.seen), list(whole.seen)) == ([(START, 1)], [(START, {"x": 2})])
    assert (list(by_key["x"].seen), by_key["y"].count) == ([(START, 2)], 0)
    told = capsys.readouterr().out.splitlines()
    assert {"2024-01-01 00:00:00  a  1", "2024-01-01 00:00:00  b[x]  2"} <= set(told)
