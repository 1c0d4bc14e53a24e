"""One client has its share of the event loop, and waits when it has had more."""

import asyncio

import pytest

from csp_gateway.server.web.live.turns import Turns
from tests.server.web.live.parts import looped


class Day:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def turns(self) -> Turns:
        return Turns(lambda: self.now, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds

    async def work(self, seconds: float) -> None:
        self.now += seconds


@looped
async def test_who_says_more_than_others_waits_three_times_as_long_as_it_took() -> None:
    day = Day()
    turns = day.turns()
    for _ in range(1_000):
        await turns.take(day.work(0.0001))
    assert sum(day.slept) == pytest.approx(3 * 0.1, rel=0.1)
    assert max(day.slept) < 0.01


@looped
async def test_who_says_some_thousand_small_things_a_second_never_waits() -> None:
    day = Day()
    turns = day.turns()
    for _ in range(10_000):
        await turns.take(day.work(0.00004))
        day.now += 0.00016  # 5,000 a second
    assert day.slept == []


@looped
async def test_what_takes_long_is_waited_for_in_pieces() -> None:
    day = Day()
    turns = day.turns()
    await turns.take(day.work(1.0))
    await turns.take(day.work(0.0))
    assert day.slept == [0.5, 0.5]


@looped
async def test_time_that_others_have_had_is_not_counted() -> None:
    day = Day()
    turns = day.turns()

    async def elsewhere() -> None:
        done = asyncio.get_running_loop().create_future()

        def others() -> None:
            day.now += 5.0
            done.set_result(None)

        asyncio.get_running_loop().call_soon(others)
        await done

    await turns.take(elsewhere())
    assert day.slept == []


@looped
async def test_an_error_and_an_end_go_through() -> None:
    turns = Day().turns()
    told: list[str] = []

    async def fails() -> None:
        await asyncio.sleep(0)
        raise KeyError("of the test")

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.append("cancelled")
            raise

    with pytest.raises(KeyError, match="of the test"):
        await turns.take(fails())
    task = asyncio.ensure_future(turns.take(waits()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == ["cancelled"]
