"""What ticks is written once and told to all who want it; who does not keep up is told by himself."""

import gc
from typing import Any

import pytest

from csp_gateway import GatewayStruct
from csp_gateway.server.web.live.told import MANY_RECORDS
from tests.server.web.live.parts import START, Ear, Made, looped, quote, until


@looped
async def test_all_who_want_the_same_get_the_same_bytes() -> None:
    made = Made()
    first, second, placed = Ear(), Ear(), Ear()
    made.follow(first)
    made.follow(second)
    made.follow(placed, positions=True)
    made.ticks(0)
    assert first.counts == second.counts == placed.counts == [0]
    assert first.batches[0] is second.batches[0]
    assert "offset" not in first.heard[0]
    assert (placed.heard[0]["offset"], placed.heard[0]["next"], placed.heard[0]["epoch"]) == (0, 1, "run")
    assert made.feed.statistics() == {"followers": 3, "alone": 0, "groups": 2, "next": 1, "lost": 0}


@looped
async def test_the_engine_arms_it_once_until_it_is_pumped() -> None:
    made = Made()
    ear = Ear()
    made.tick(quote(0))
    assert made.armed == []  # nobody follows
    made.follow(ear)
    made.tick(quote(1))
    made.tick(quote(2))
    assert made.armed == [made.feed]
    assert not made.feed.told_everything
    made.feed.pump()
    assert made.feed.told_everything
    assert ear.counts == [1, 2]
    made.tick(quote(3))
    assert made.armed == [made.feed] * 2


@looped
async def test_nobody_left_to_tell_costs_the_engine_nothing() -> None:
    made = Made()
    ears = Ear(), Ear()
    first, second = (made.follow(ear) for ear in ears)
    made.ticks(0)
    made.feed.unfollow(first)
    made.ticks(1)
    assert (ears[0].counts, ears[1].counts) == ([0], [0, 1])
    assert made.feed.sent_to(second) == 2
    assert (first.told, first.cursor) == (1, 1)
    assert made.cell.told is not None
    made.feed.unfollow(second)
    assert made.cell.told is None
    assert made.feed.statistics() == {"followers": 0, "alone": 0, "groups": 0, "next": 2, "lost": 0}
    again = Ear()
    made.ticks(2)
    made.follow(again)
    made.ticks(3)
    assert again.counts == [3]


@looped
async def test_who_is_full_is_told_later_and_comes_back_to_the_others() -> None:
    made = Made()
    quick, late = Ear(), Ear()
    made.follow(quick)
    subscription = made.follow(late)
    made.ticks(0)
    late.fill()
    made.ticks(1, 2)
    assert (quick.counts, late.counts) == ([0, 1, 2], [0])
    assert made.feed.statistics()["alone"] == 1
    assert subscription.behind
    late.full = False
    subscription.catch_up()
    assert late.counts == [0, 1, 2]
    assert (made.feed.statistics()["alone"], made.feed.statistics()["groups"]) == (0, 1)
    assert not subscription.behind
    made.ticks(3)
    assert late.batches[-1] is quick.batches[-1]
    assert made.feed.sent_to(subscription) == 4


@looped
async def test_only_its_keys_are_told_a_group() -> None:
    made = Made(keys=("x", "y"))
    one, both = Ear(), Ear()
    made.follow(one, key="x")
    made.follow(both)
    for value in ({"x": quote(0)}, {"y": quote(1)}, {"x": quote(2), "y": quote(3)}):
        made.tick(value)
        made.feed.pump()
    assert one.counts == [0, 2]
    assert both.counts == [0, 1, 2, 3]


@looped
async def test_what_went_before_anybody_was_told_is_a_gap() -> None:
    made = Made(items=2)
    ear, picky = Ear(), Ear()
    subscription = made.follow(ear, policy="drop_oldest")
    made.follow(picky, policy="disconnect")
    made.ticks(0)
    for n in range(1, 6):
        made.tick(quote(n))
    made.feed.pump()
    assert ear.heard[1]["gap"] == {"channel": "quotes", "from": 1, "to": 4, "count": 3, "reason": "overflow"}
    assert ear.counts == [0, 4, 5]
    assert (made.feed.lost, subscription.dropped) == (3, 3)
    assert made.slow == 1  # who would rather be disconnected than miss something
    assert all("gap" not in message for message in picky.heard)


@looped
async def test_much_is_told_in_portions() -> None:
    made = Made()
    ear = Ear()
    made.follow(ear)
    for n in range(600):
        made.tick(quote(n))
    made.feed.pump()
    assert 0 < len(ear.counts) < 600
    while made.feed.stale:
        made.feed.pump()
    assert ear.counts == list(range(600))


@looped
async def test_ticks_of_many_records_are_written_by_a_worker_and_what_follows_waits() -> None:
    made = Made(listed=True)
    ear, own = Ear(), Ear()
    made.follow(ear)
    made.follow(own, fields=["n"])
    made.tick([quote(n) for n in range(MANY_RECORDS + 1)])
    made.feed.pump()
    assert made.feed.busy
    assert ear.counts == []
    made.tick([quote(-1)])
    made.feed.pump()
    assert ear.counts == []
    await until(lambda: len(ear.heard) == 1)
    await until(lambda: made.armed[-1] is made.feed and made.feed.stale)
    made.feed.pump()
    await until(lambda: len(own.counts) == MANY_RECORDS + 2)
    assert ear.counts == own.counts == [*range(MANY_RECORDS + 1), -1]
    assert made.workers.statistics()["done"] > 0
    made.workers.close()


@looped
async def test_when_there_are_no_more_workers_it_is_written_here() -> None:
    made = Made(listed=True)
    made.workers.close()
    ear = Ear()
    made.follow(ear)
    made.tick([quote(n) for n in range(MANY_RECORDS + 1)])
    made.feed.pump()
    await until(lambda: ear.counts)
    assert len(ear.counts) == MANY_RECORDS + 1


@looped
async def test_it_keeps_nothing_of_who_has_left() -> None:
    made = Made()
    ear = Ear()
    made.feed.unfollow(made.follow(ear))
    made.ticks(0)
    referrers: list[Any] = [each for each in gc.get_referrers(ear) if type(each).__module__.startswith("csp_gateway")]
    assert referrers == []


@looped
async def test_who_is_told_by_himself_goes_on_after_ticks_that_nobody_was_told() -> None:
    made = Made(items=2)
    ear = Ear()
    subscription = made.follow(ear, fields=["n"], policy="drop_oldest")
    made.ticks(0)
    for n in range(1, 6):
        made.tick(quote(n))
    made.feed.pump()
    made.ticks(6)
    await until(lambda: ear.counts[-1:] == [6])
    assert ear.heard[1]["gap"]["reason"] == "overflow"
    assert subscription.dropped + len(ear.counts) == 7
    made.ticks(7)
    await until(lambda: ear.counts[-1:] == [7])


@looped
async def test_who_comes_while_a_worker_writes_is_told_nothing_that_was_before() -> None:
    made = Made(listed=True)
    first, second = Ear(), Ear()
    subscription = made.follow(first)
    made.tick([quote(n) for n in range(MANY_RECORDS + 1)])
    made.feed.pump()
    made.feed.unfollow(subscription)
    made.tick([quote(-1)])
    made.follow(second)
    made.tick([quote(-2)])
    made.feed.pump()
    await until(lambda: not made.feed.busy)
    made.feed.pump()
    await until(lambda: second.counts)
    assert second.counts == [-2]
    assert first.counts == []
    made.workers.close()


@looped
async def test_what_ticks_while_it_begins_is_told_without_another_tick() -> None:
    made = Made()
    ear = Ear()
    made.tick(quote(0))

    class Late(type(made.cell)):  # type: ignore[misc]
        """Ticks just before it is followed."""

        def __setattr__(self, name: str, value: object) -> None:
            if name == "told" and value is not None:
                made.history.append(START, quote(1))
            super().__setattr__(name, value)

    made.cell.__class__ = Late
    made.follow(ear, start=0)
    assert made.armed == [made.feed]
    made.feed.pump()
    assert ear.counts[-1] == 1


class Large(GatewayStruct):
    symbol: str
    n: object


@pytest.mark.parametrize("wanted", [{}, {"fields": ["n"]}, {"latest_by": "symbol"}])
@looped
async def test_integers_beyond_64_bits_are_told_as_they_are_or_as_a_gap(wanted: dict[str, Any]) -> None:
    made = Made()
    json, packed = Ear(), Ear()
    made.follow(json, **wanted)
    made.follow(packed, format="msgpack", **wanted)
    for n in (1, 2**70, 2):
        made.tick(Large(symbol="A", n=n))
        made.feed.pump()
    assert json.counts == [1, 2**70, 2]
    assert packed.counts == [1, 2]
    assert packed.heard[1]["gap"] == {"channel": "quotes", "from": 1, "to": 2, "count": 1, "reason": "unwritable"}
