"""Connections over HTTP for asyncio, which can be closed while others wait on them."""

from __future__ import annotations

import asyncio

import pytest

from csp_gateway.client.async_pool import AsyncPool
from csp_gateway.errors import ClientClosedError
from tests.client.scripted import silent


async def waiting(pool: AsyncPool) -> None:
    while not pool._waiting:
        await asyncio.sleep(0)


def test_who_waits_while_it_is_closed_is_told_at_once() -> None:
    async def use() -> None:
        async with silent() as config:
            pool = AsyncPool({})
            asking = [
                asyncio.ensure_future(pool.request(method="GET", url=config.root_url, timeout=60)) for _ in range(3)
            ]
            sleeping = asyncio.ensure_future(pool.sleep(60))
            while len(pool._waiting) < 4:
                await asyncio.sleep(0)
            await asyncio.wait_for(asyncio.gather(pool.aclose(), pool.aclose()), 5)
            for each in (*asking, sleeping):
                assert each.done()
                with pytest.raises(ClientClosedError, match="this client was closed"):
                    await each

    asyncio.run(use())


def test_who_was_cancelled_is_told_that_even_if_it_is_closed_too() -> None:
    async def use() -> None:
        pool = AsyncPool({})
        sleeping = asyncio.ensure_future(pool.sleep(60))
        await waiting(pool)
        sleeping.cancel()
        await pool.aclose()
        with pytest.raises(asyncio.CancelledError):
            await sleeping

    asyncio.run(use())


def test_a_task_goes_on_after_it_was_told() -> None:
    async def ask(pool: AsyncPool) -> str:
        with pytest.raises(ClientClosedError):
            await pool.sleep(60)
        async with asyncio.timeout(5):
            await asyncio.sleep(0)
        return "went on"

    async def use() -> None:
        pool = AsyncPool({})
        asking = asyncio.ensure_future(ask(pool))
        await waiting(pool)
        await pool.aclose()
        assert await asking == "went on"

    asyncio.run(use())


def test_what_is_closed_asks_no_more() -> None:
    async def use() -> None:
        pool = AsyncPool({})
        await pool.aclose()
        with pytest.raises(ClientClosedError):
            await pool.request(method="GET", url="http://127.0.0.1:1/")

    asyncio.run(use())
