"""A script's steps, and the engine times at which they are taken."""

import inspect
from datetime import UTC, datetime, timedelta, timezone

import pytest

from csp_gateway.errors import ScriptError
from csp_gateway.testing.moments import Act, Send, Step, Wait, calling_line, moments_of

START = datetime(2024, 1, 1)
SECOND = timedelta(seconds=1)


def act(line: str = "act") -> Act:
    return Act(line, lambda records: None, about=(("a", None),))


def send(line: str = "send", name: str = "a") -> Send:
    return Send(line, (name, None), 1)


def times(*steps: Step) -> list[datetime]:
    return [moment.time for moment in moments_of(steps, START)]


def test_what_is_done_at_one_time_is_one_moment_with_its_sends_apart() -> None:
    first, second = moments_of([send("1"), act("2"), send("3"), Wait("4", SECOND), act("5")], START)
    assert (first.time, [step.line for step in first.sends], [step.line for step in first.acts]) == (
        START,
        ["1", "3"],
        ["2"],
    )
    assert (second.time, second.sends, [step.line for step in second.acts]) == (START + SECOND, [], ["5"])
    assert (first.line, second.line) == ("1", "5")


def test_delays_add_up_and_a_time_is_a_time() -> None:
    noon = datetime(2024, 1, 1, 12)
    steps = [Wait("", SECOND), Wait("", SECOND), act(), Wait("", noon), act(), Wait("", SECOND), act()]
    assert times(*steps) == [START + 2 * SECOND, noon, noon + SECOND]


def test_a_delay_to_nowhere_is_the_same_moment() -> None:
    assert times(send(), Wait("", timedelta()), act(), Wait("", START), act()) == [START]


def test_a_delay_after_the_last_step_is_a_moment_at_which_nothing_is_done() -> None:
    first, last = moments_of([act(), Wait("1", SECOND), Wait("2", SECOND)], START)
    assert (first.time, last.time) == (START, START + 2 * SECOND)
    assert (last.sends, last.line) == ([], "2")
    assert times(Wait("", SECOND), act()) == [START + SECOND]
    assert times() == []


def test_a_time_is_utc_unless_it_says_otherwise() -> None:
    east = timezone(timedelta(hours=2))
    steps = [
        Wait("", datetime(2024, 1, 1, 3, tzinfo=east)),
        act(),
        Wait("", datetime(2024, 1, 1, 1, tzinfo=UTC)),
        act(),
    ]
    assert times(*steps) == [datetime(2024, 1, 1, 1)]


@pytest.mark.parametrize("back", [-SECOND, START - SECOND, datetime(2024, 1, 1, 1, tzinfo=timezone(2 * SECOND * 3600))])
def test_back_in_time_is_refused_and_the_line_told(back: timedelta | datetime) -> None:
    with pytest.raises(ScriptError, match=r"test_desk.py:7: delay\(.*\) goes back in time, from 2024-01-01 00:00:00"):
        moments_of([Wait("test_desk.py:7", back), act()], START)


def test_a_moment_knows_which_sends_stand_after_a_check_of_their_channel() -> None:
    early, late = act("early"), act("late")
    (moment,) = moments_of([send("1"), early, send("2"), send("3", "other"), late], START)
    assert moment.sent_after(early) == ["2"]
    assert moment.sent_after(late) == []


def test_the_line_of_a_test() -> None:
    frame = inspect.currentframe()
    assert frame is not None
    assert calling_line() == f"{__file__}:{frame.f_lineno}"
