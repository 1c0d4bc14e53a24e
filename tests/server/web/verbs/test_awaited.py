"""One future, awaited by many."""

import asyncio
from concurrent.futures import Future
from typing import Any

from csp_gateway.server.web.verbs.awaited import Awaited


def test_many_wait_and_the_future_has_one_callback() -> None:
    async def wait() -> None:
        shared, asked = Awaited(), Future[Any]()
        waiting = [asyncio.ensure_future(shared.wait(asked, 5)) for _ in range(100)]
        gave_up = [await shared.wait(asked, 0.001) for _ in range(20)]
        assert gave_up == [False] * 20
        assert len(asked._done_callbacks) == 1
        asked.set_result(7)
        assert await asyncio.gather(*waiting) == [True] * 100

    asyncio.run(wait())


def test_it_waits_no_longer_than_others() -> None:
    async def wait() -> None:
        assert not await Awaited().wait(Future(), None, asyncio.sleep(0.01))

    asyncio.run(wait())


def test_another_future_is_another_wait() -> None:
    async def wait() -> None:
        shared, first, second = Awaited(), Future[Any](), Future[Any]()
        first.set_result(1)
        assert await shared.wait(first, 1)
        assert not await shared.wait(second, 0.01)

    asyncio.run(wait())
