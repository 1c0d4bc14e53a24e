"""Ten thousand who wait for the coming tick, in asyncio: no thread each, one tick answers all, the end leaves none."""

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

from csp import ts

from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewayStruct
from csp_gateway.server.channels.answers import Answer

MANY = 10_000
PATIENCE = 40.0


class Order(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    orders: ts[Order] = None
    venues: dict[str, ts[Order]] = None

    def dynamic_keys(self) -> dict[str, Any]:
        return {"venues": ["x", "y"]}


class Doors(GatewayModule):
    def connect(self, channels: Ch) -> None:
        channels.add_send_channel(Ch.orders)
        channels.add_send_channel(Ch.venues)


async def waiting(channels: Ch, *asked: Any) -> list[asyncio.Task[Any]]:
    """As many as are many, each a task of its own that waits already."""

    async def one() -> Any:
        return await channels.outside.next(*asked)

    tasks = [asyncio.ensure_future(one()) for _ in range(MANY)]
    await asyncio.sleep(0)
    return tasks


def alive() -> int:
    """How many answers are kept by anybody."""
    gc.collect()
    return sum(type(kept) is Answer for kept in gc.get_objects())


def test_one_tick_answers_all(run_gateway: Callable[..., Gateway]) -> None:
    channels: Any = run_gateway(Ch(), Doors()).channels

    async def several() -> None:
        threads = threading.active_count()
        plain, of_x = await waiting(channels, Ch.orders), await waiting(channels, Ch.venues, "x")
        assert threading.active_count() <= threads  # others may end
        order = Order(n=1)
        channels.send(Ch.orders, order)
        assert await asyncio.wait_for(asyncio.gather(*plain), PATIENCE) == [order] * MANY
        channels.send(Ch.venues, Order(n=2), "y")
        await channels.outside.last(Ch.venues)
        assert not any(task.done() for task in of_x)
        channels.send(Ch.venues, order, "x")
        assert await asyncio.wait_for(asyncio.gather(*of_x), PATIENCE) == [order] * MANY
        assert threading.active_count() <= threads  # others may end

    asyncio.run(several())


def test_the_end_answers_all_and_keeps_none(run_gateway: Callable[..., Gateway]) -> None:
    before = alive()
    gateway = run_gateway(Ch(), Doors())
    channels: Any = gateway.channels

    async def several() -> None:
        tasks = [
            task for asked in [(Ch.orders,), (Ch.venues,), (Ch.venues, "x")] for task in await waiting(channels, *asked)
        ]
        gateway.stop()
        assert await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE) == [None] * 3 * MANY

    asyncio.run(several())
    assert alive() <= before


def test_who_gives_up_does_not_give_up_for_the_others(run_gateway: Callable[..., Gateway]) -> None:
    channels: Any = run_gateway(Ch(), Doors()).channels

    async def several() -> None:
        tasks = await waiting(channels, Ch.orders)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.sleep(0)
        order = Order(n=1)
        channels.send(Ch.orders, order)
        assert await asyncio.wait_for(asyncio.gather(*tasks[1::2]), PATIENCE) == [order] * (MANY // 2)
        assert all(task.cancelled() for task in tasks[::2])

    asyncio.run(several())
