"""One client at its own pace: from its own place in the history, or the newest of each key."""

import asyncio
import itertools
import threading
from typing import Any

import msgspec
import pytest

from csp_gateway.server.web.live import subscription as subscription_module
from csp_gateway.server.web.live.told import MANY_RECORDS
from tests.server.web.live.parts import Ear, Made, looped, quote, until


@looped
async def test_it_begins_at_its_place_in_the_history() -> None:
    made = Made()
    other, ear = Ear(), Ear()
    made.follow(other)
    made.ticks(0, 1, 2)
    made.follow(ear, start=1)
    assert ear.counts == [1, 2]
    made.ticks(3)
    assert ear.counts == [1, 2, 3]
    assert made.feed.statistics()["alone"] == 0


@looped
async def test_what_stands_comes_first_and_nothing_in_between() -> None:
    made = Made()
    ear = Ear()
    made.ticks(0)
    subscription = made.subscription(ear, start=0, prelude=[[b'{"n":"a"}'], [b'{"n":"b"}']])
    ear.full = True
    made.feed.follow(subscription)
    made.ticks(1)
    assert ear.heard == []
    ear.full = False
    subscription.catch_up()
    assert [message.get("n") for message in ear.heard[:2]] == ["a", "b"]
    assert ear.counts == [0, 1]


@looped
async def test_who_reads_what_stands_is_told_all_that_ticked_meanwhile_by_the_policy_of_keys_too() -> None:
    made = Made(keys=("x", "y"))
    reads, full = Ear(), Ear()
    made.follow(Ear())
    following = [made.subscription(ear, start=0, prelude=[[b'{"n":"a"}']]) for ear in (reads, full)]
    for n in range(4):
        made.tick({"x": quote(n)})
        made.feed.pump()
    full.fill()
    for subscription in following:
        assert subscription.options.policy == "conflate"
        made.feed.follow(subscription)
    full.full = False
    following[1].catch_up()
    assert (reads.counts, following[0].skipped) == ([0, 1, 2, 3], 0)
    assert (full.counts, following[1].skipped) == ([3], 3)


@looped
async def test_much_that_was_missed_is_told_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription_module, "_TURN", 4)
    made = Made()
    other, ear = Ear(), Ear()
    made.follow(other)
    made.ticks(*range(20))
    made.follow(ear, start=0)
    assert 0 < len(ear.counts) < 20
    made.ticks(20)
    await until(lambda: len(ear.counts) == 21)
    assert ear.counts == list(range(21))


@pytest.mark.parametrize("wanted", [{}, {"fields": ["n"]}, {"where": b'{"attr":"n","by":{"value":-1,"where":">"}}'}])
@looped
async def test_drop_oldest_says_what_had_to_go_and_goes_on(wanted: dict[str, Any]) -> None:
    made = Made(items=3)
    ear = Ear()
    subscription = made.follow(ear, policy="drop_oldest", **raw(wanted))
    made.ticks(0)
    ear.fill()
    made.ticks(*range(1, 10))
    ear.full = False
    subscription.catch_up()
    assert ear.heard[1]["gap"] == {"channel": "quotes", "from": 1, "to": 7, "count": 6, "reason": "overflow"}
    assert ear.counts == [0, 7, 8, 9]
    assert subscription.dropped == 6


@looped
async def test_who_would_rather_be_disconnected_is() -> None:
    made = Made(items=3)
    ear = Ear()
    subscription = made.follow(ear, policy="disconnect")
    ear.fill()
    made.ticks(*range(3))
    ear.full = False
    subscription.catch_up()
    assert (made.slow, ear.counts) == (0, [0, 1, 2])
    ear.fill()
    made.ticks(*range(3, 9))
    ear.full = False
    subscription.catch_up()
    assert (made.slow, ear.counts) == (1, [0, 1, 2])


@looped
async def test_what_goes_from_the_history_while_it_begins_is_a_gap_whatever_it_would_rather() -> None:
    made = Made(items=3)
    other, ear = Ear(), Ear()
    made.follow(other)
    made.ticks(*range(10))
    made.follow(ear, start=5, policy="disconnect")  # the oldest, a moment ago
    assert ear.heard[0]["gap"] == {"channel": "quotes", "from": 5, "to": 7, "count": 2, "reason": "overflow"}
    assert (made.slow, ear.counts) == (0, [7, 8, 9])


@pytest.mark.parametrize("wanted", [{}, {"fields": ["symbol", "n"]}])
@looped
async def test_conflate_keeps_the_newest_of_each_key_however_little_history_there_is(wanted: dict[str, Any]) -> None:
    made = Made(keys=("x", "y", "z"), items=2)
    ear = Ear()
    subscription = made.follow(ear, positions=True, **wanted)
    assert subscription.options.policy == "conflate"
    ear.fill()
    made.tick({"x": quote(0), "y": quote(1)})
    made.feed.pump()
    for n in range(2, 9):
        made.tick({"x": quote(n)})
        made.feed.pump()
    assert ear.heard == []
    ear.full = False
    subscription.catch_up()
    assert [(message["key"], message["data"][0]["n"]) for message in ear.heard] == [("y", 1), ("x", 8)]
    assert [message.get("skipped") for message in ear.heard] == [7, None]
    # After the first of them, all that is left begins at the other.
    assert [(message["offset"], message["next"]) for message in ear.heard] == [(0, 7), (7, 8)]
    assert (subscription.skipped, subscription.dropped) == (7, 0)
    made.tick({"z": quote(9)})
    made.feed.pump()
    assert ear.heard[-1]["key"] == "z"
    assert "skipped" not in ear.heard[-1]


@looped
async def test_min_interval_tells_the_newest_when_it_is_time() -> None:
    made = Made()
    ear = Ear()
    subscription = made.follow(ear, min_interval=0.05, latest_by="symbol")
    for n, symbol in enumerate("AABAB"):
        made.tick(quote(n, symbol))
        made.feed.pump()
    assert ear.counts == [0]  # the first at once
    assert subscription.behind
    await until(lambda: len(ear.heard) > 1)
    assert ear.counts == [0, 3, 4]
    assert ear.heard[1]["skipped"] == 2
    assert subscription.skipped == 2
    assert not subscription.behind


@looped
async def test_latest_by_alone_tells_at_once() -> None:
    made = Made(listed=True)
    ear = Ear()
    made.follow(ear, latest_by="symbol")
    made.tick([quote(0), quote(1), quote(2, "B")])
    made.feed.pump()
    assert ear.counts == [1, 2]
    assert ear.heard[0]["skipped"] == 1


@looped
async def test_where_and_fields_are_for_one_alone() -> None:
    made = Made(listed=True)
    ear, all_of_it = Ear(), Ear()
    made.follow(ear, **raw({"where": b'[{"attr":"n","by":{"value":1,"where":">="}}]', "fields": ["n"]}))
    made.follow(all_of_it)
    made.tick([quote(0), quote(1), quote(2)])
    made.tick([quote(0)])
    made.feed.pump()
    await until(lambda: ear.heard)
    assert [message["data"] for message in ear.heard] == [[{"n": 1}, {"n": 2}]]
    assert all_of_it.counts == [0, 1, 2, 0]


@looped
async def test_many_records_of_ones_own_are_made_by_a_worker_and_nothing_overtakes_them() -> None:
    made = Made(listed=True)
    ear = Ear()
    made.follow(ear, fields=["n"])
    made.tick([quote(n) for n in range(MANY_RECORDS + 1)])
    made.feed.pump()
    made.tick([quote(-1)])
    made.feed.pump()
    assert ear.heard == []
    await until(lambda: len(ear.counts) == MANY_RECORDS + 2)
    assert ear.counts == [*range(MANY_RECORDS + 1), -1]
    made.workers.close()


@looped
async def test_it_succeeds_another_with_what_that_was_not_told() -> None:
    made = Made(keys=("x", "y"))
    ear = Ear()
    first = made.follow(ear)
    ear.fill()
    made.tick({"x": quote(0), "y": quote(1)})
    made.feed.pump()
    made.feed.unfollow(first)
    second = made.subscription(ear, start=first.cursor, key="y")
    second.succeed(first, frozenset("y"))
    made.feed.follow(second)
    ear.full = False
    second.catch_up()
    assert ear.counts == [1]
    made.tick({"x": quote(2), "y": quote(3)})
    made.feed.pump()
    assert ear.counts == [1, 3]


@looped
async def test_after_its_end_it_tells_nothing() -> None:
    made = Made()
    ear = Ear()
    subscription = made.follow(ear, min_interval=0.01)
    made.ticks(0, 1)
    made.feed.unfollow(subscription)
    subscription._when_due()
    subscription.catch_up()
    assert ear.counts == [0]


def raw(wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: msgspec.Raw(value) if isinstance(value, bytes) else value for name, value in wanted.items()}


@looped
async def test_what_a_worker_still_merges_is_merged_once_by_who_succeeds() -> None:
    keys = tuple(range(MANY_RECORDS + 1))
    made = Made(keys=keys)
    ear, gate = Ear(), threading.Event()
    options = {"min_interval": 60.0}
    first = made.subscription(ear, **options)
    made.feed.follow(first)
    made.tick({key: quote(0) for key in keys})
    made.feed.pump()
    await until(lambda: len(ear.counts) == len(keys))
    merging = first._wording.merge
    first._wording.merge = lambda tolds, into: (merging(tolds, into), gate.wait(10))[0]  # type: ignore[method-assign]
    made.tick({key: quote(1) for key in keys})
    made.feed.pump()  # which a worker has begun to merge
    await until(lambda: first._busy)
    made.feed.unfollow(first)
    second = made.subscription(ear, start=first.cursor, keys=[0, 1], **options)
    second.succeed(first, frozenset([0, 1]))
    made.feed.follow(second)
    gate.set()
    second.hurry()
    await until(lambda: len(ear.counts) == len(keys) + 2)
    assert ear.counts[len(keys) :] == [1, 1]
    assert second.skipped == 0


@pytest.mark.parametrize("many", [1, MANY_RECORDS + 1])
@looped
async def test_one_that_cannot_be_told_harms_nobody_else(many: int) -> None:
    made = Made(listed=True)
    ear, other = Ear(), Ear()
    broken = made.follow(ear, latest_by="symbol")

    def breaks(*_: Any) -> None:
        raise ZeroDivisionError

    broken._wording.merge = breaks  # type: ignore[method-assign]
    made.follow(other, fields=["n"])
    made.tick([quote(n) for n in range(many)])
    made.feed.pump()
    await until(lambda: made.failed == 1)
    await until(lambda: len(other.counts) == many)
    assert ear.heard == []


@looped
async def test_the_newest_of_many_keys_are_told_in_turns_and_others_have_theirs() -> None:
    keys = tuple(range(10_000))
    made = Made(keys=keys)
    ear = Ear()
    subscription = made.follow(ear, min_interval=0.001, positions=True)
    made.tick(dict.fromkeys(keys, quote(1)))
    made.feed.pump()
    await until(lambda: subscription.behind)
    turns = [len(ear.batches)]
    while subscription.behind:
        await asyncio.sleep(0)
        turns.append(sum(len(batch.messages) for batch in ear.batches))
    assert [message["key"] for message in ear.heard] == list(map(str, keys))
    assert [message["next"] for message in ear.heard] == [0] * 9_999 + [1]
    assert max(after - before for before, after in itertools.pairwise(turns)) <= 100


@looped
async def test_what_comes_while_the_newest_are_told_has_its_own_time() -> None:
    keys = tuple(range(500))
    made = Made(keys=keys)
    ear = Ear()
    subscription = made.follow(ear, min_interval=0.2)
    made.tick(dict.fromkeys(keys, quote(1)))
    made.tick({499: quote(2)})
    made.feed.pump()
    assert 0 < len(ear.heard) < 500
    made.tick(dict.fromkeys((0, 499), quote(3)))
    made.feed.pump()
    until_then = asyncio.get_running_loop().time() + 0.1
    await until(lambda: asyncio.get_running_loop().time() > until_then)
    assert [message["key"] for message in ear.heard] == list(map(str, range(499)))  # of 499 there is a newer one by now
    assert set(ear.counts) == {1}
    await until(lambda: not subscription.behind)
    assert ear.counts[499:] == [3, 3]
    assert subscription.skipped == 2


@looped
async def test_who_succeeds_while_the_newest_are_told_tells_the_rest() -> None:
    keys = tuple(range(500))
    made = Made(keys=keys)
    ear = Ear()
    first = made.follow(ear, min_interval=60.0)
    made.tick(dict.fromkeys(keys, quote(1)))
    made.feed.pump()
    told = len(ear.heard)
    assert 0 < told < 500
    made.feed.unfollow(first)
    second = made.subscription(ear, start=first.cursor, min_interval=60.0)
    second.succeed(first, None)
    made.feed.follow(second)
    await until(lambda: not second.behind)
    assert [message["key"] for message in ear.heard] == list(map(str, keys))
    assert len(ear.batches) > 2
