"""What has ticked since the last reset, and how it is told."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import csp
import pytest

from csp_gateway.testing.records import BasketTicks, Records, Target, Ticks, spelled, times

START = datetime(2024, 1, 1)


class Side(Enum):
    BUY = 1


class CspSide(csp.Enum):
    BUY = 1


@pytest.fixture
def records() -> Records:
    """A plain channel and a basket of two keys."""
    records = Records()
    records.add(Ticks(("a", None)))
    records.add(BasketTicks(("b", None), dict, ["x", "y"]))
    records.add(Ticks(("b", "x")))
    records.add(Ticks(("b", "y")))
    return records


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (("a", None), "a"),
        (("a", 0), "a[0]"),
        (("a", "x"), "a[x]"),
        (("a", Side.BUY), "a[BUY]"),
        (("a", CspSide.BUY), "a[BUY]"),
    ],
)
def test_a_channel_or_an_entry_in_words(target: Target, words: str) -> None:
    assert spelled(target) == words


def test_only_the_newest_are_kept_unless_all_are_asked_for() -> None:
    few, many = Ticks(("a", None)), Ticks(("a", None), all_of_them=True)
    for n in range(1000):
        few.note(START + timedelta(seconds=n), n)
        many.note(START + timedelta(seconds=n), n)
    assert (few.count, few.last, len(few.seen)) == (1000, 999, 10)
    assert (many.count, many.last, len(many.seen)) == (1000, 999, 1000)
    assert "it ticked 1000 times, the newest 10 of them:" in few.told()
    assert len(many.told().splitlines()) == 11


def test_what_ticked_is_told_with_its_time_and_cut_short() -> None:
    ticks = Ticks(("a", None))
    assert ticks.told() == "it has not ticked"
    ticks.note(START, "x" * 1000)
    first, second = ticks.told().splitlines()
    assert first == "it ticked once:"
    assert second.startswith("    2024-01-01 00:00:00  'xxx")
    assert len(second) < 300


@pytest.mark.parametrize(
    ("container", "keys", "one", "other", "last"),
    [
        (dict, ["x", "y", "z"], {"x": 1, "y": 2}, {"y": 3}, {"x": 1, "y": 3}),
        (list, [0, 1, 2], {0: 1, 1: 2}, {1: 3}, [1, 3, None]),
    ],
)
def test_a_basket_ticks_by_cycle_and_its_last_value_has_the_newest_of_each_key(
    container: type, keys: list[Any], one: dict[Any, int], other: dict[Any, int], last: Any
) -> None:
    ticks = BasketTicks(("b", None), container, keys)
    ticks.note(START, one)
    ticks.note(START, other)
    assert ticks.count == 2
    assert [value for _, value in ticks.seen] == [one, other]
    assert ticks.last == last
    ticks.last.clear()
    assert ticks.last == last
    ticks.forget()
    assert (ticks.count, not any(ticks.last)) == (0, True)


def test_a_reset_forgets_all_and_says_where_it_was(records: Records) -> None:
    records["a", None].note(START, 1)
    records.now = START
    assert records.told(("a", None), "wrong").startswith(
        "a at 2024-01-01 00:00:00: wrong\n  Since the start of the run, "
    )
    records.forget("test_desk.py:7")
    assert records.counts() == {"a": 0, "b": 0}
    assert records.told(("a", None), "wrong").endswith(
        "Since the reset at 2024-01-01 00:00:00 (test_desk.py:7), it has not ticked"
    )


def test_the_story_of_all_that_ticked(records: Records) -> None:
    assert records.story() == "nothing has ticked since the start of the run"
    records["b", None].note(START, {"x": 1})
    records["b", "x"].note(START, 1)
    assert records.story() == "b: it ticked once:\n    2024-01-01 00:00:00  {'x': 1}"


@pytest.mark.parametrize(
    ("expected", "wrong"),
    [
        ({("a", None): 1, ("b", None): 1}, []),
        ({("a", None): 1, ("b", "x"): 1}, []),
        ({("a", None): 1, ("b", "x"): 1, ("b", "y"): 0}, []),
        ({("a", None): 1, ("b", None): 1, ("b", "y"): 2}, ["b[y]: expected twice, ticked never"]),
        ({("a", None): 1}, ["b[x]: expected never, ticked once"]),
        ({("b", None): 3}, ["a: expected never, ticked once", "b: expected 3 times, ticked once"]),
    ],
)
def test_counts_are_exact_and_a_basket_counts_as_a_whole_or_by_key(
    records: Records, expected: dict[Target, int], wrong: list[str]
) -> None:
    records["a", None].note(START, 1)
    records["b", None].note(START, {"x": 1})
    records["b", "x"].note(START, 1)
    said = records.miscounted(expected)
    assert [line.strip() for line in said.splitlines()[1:]] == wrong if said is not None else not wrong


def test_counts_in_words() -> None:
    assert [times(count) for count in range(4)] == ["never", "once", "twice", "3 times"]
