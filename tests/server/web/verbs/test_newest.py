"""The newest tick as JSON."""

import asyncio
import json
from typing import Any

import pytest

from csp_gateway.errors import GatewayException
from csp_gateway.server.web.verbs import Newest, Shape, Writer
from csp_gateway.server.web.workers import Workers

from ..conftest import Count


class Cell:
    """As much of one as is read."""

    ticks = 0
    value: list[Any] | None = None

    def read(self) -> list[Any] | None:
        return self.value

    def tick(self, count: int) -> None:
        self.value = [Count(n=n) for n in range(count)]
        self.ticks += 1


class Counting(Writer):
    """Counts how often it writes."""

    written = 0

    def write(self, value: Any, *, of_key: bool = False) -> bytes:
        self.written += 1
        return super().write(value, of_key=of_key)


@pytest.fixture
def newest() -> Any:
    workers = Workers()
    made = Newest(None, Counting(Shape("several", Count, True), workers))  # type: ignore[arg-type]
    made.cell = Cell()  # type: ignore[misc, assignment]
    yield made
    workers.close()


def test_what_is_small_is_at_hand_and_written_once(newest: Any) -> None:
    assert newest.at_hand() == (0, b"[]")
    newest.cell.tick(2)
    for _ in range(3):
        ticks, body = newest.at_hand()
        assert (ticks, [each["n"] for each in json.loads(body)]) == (1, [0, 1])
    assert newest.writer.written == 1


def test_what_is_large_is_at_hand_once_it_has_been_read(newest: Any) -> None:
    newest.cell.tick(10_000)
    assert newest.at_hand() is None

    async def many() -> list[tuple[int, bytes]]:
        return await asyncio.gather(*(newest.read() for _ in range(5)))

    first, *others = asyncio.run(many())
    assert len(json.loads(first[1])) == 10_000
    assert others == [first] * 4
    assert newest.at_hand() == first
    assert newest.writer.written == 1


def test_who_asks_after_the_next_tick_gets_that(newest: Any) -> None:
    async def ask() -> None:
        newest.cell.tick(10_000)
        before = asyncio.ensure_future(newest.read())
        await asyncio.sleep(0)
        newest.cell.tick(20_000)
        after = await newest.read()
        assert (after[0], len(json.loads(after[1]))) == (2, 20_000)
        assert (await before)[0] <= 2
        assert newest.at_hand() == after

    asyncio.run(ask())


def test_one_who_leaves_does_not_end_it_for_the_others(newest: Any) -> None:
    async def ask() -> int:
        newest.cell.tick(10_000)
        leaves, stays = (asyncio.ensure_future(newest.read()) for _ in range(2))
        await asyncio.sleep(0)
        leaves.cancel()
        return len(json.loads((await stays)[1]))

    assert asyncio.run(ask()) == 10_000


def test_what_json_cannot_say_is_an_error_for_all(newest: Any) -> None:
    newest.cell.value, newest.cell.ticks = [object()] * 1000, 1
    with pytest.raises(GatewayException):
        asyncio.run(newest.read())
