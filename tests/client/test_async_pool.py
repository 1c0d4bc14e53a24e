"""Connections over HTTP for asyncio, closed while others wait on them; a forked child has its own."""

from __future__ import annotations

import asyncio

import pytest

from csp_gateway.client.async_pool import AsyncPool
from csp_gateway.errors import ClientClosedError
from tests.client.forking import forks, in_child
from tests.client.scripted import silent
from tests.client.test_sync_pool import ports


async def waiting(pool: AsyncPool) -> None:
    while not pool._kept.waiting:
        await asyncio.sleep(0)


def test_who_waits_while_it_is_closed_is_told_at_once() -> None:
    async def use() -> None:
        async with silent() as config:
            pool = AsyncPool({})
            asking = [
                asyncio.ensure_future(pool.request(method="GET", url=config.root_url, timeout=60)) for _ in range(3)
            ]
            sleeping = asyncio.ensure_future(pool.sleep(60))
            while len(pool._kept.waiting) < 4:
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


@forks
def test_a_forked_child_has_connections_and_a_lock_of_its_own() -> None:
    async def use(url: str) -> None:
        pool = AsyncPool({})

        async def asked() -> str:
            return (await pool.request(method="GET", url=url)).text

        async def in_its_own_loop() -> tuple[bool, str, bool]:
            was_open = pool.is_open
            async with pool.lock:
                port = await asked()
            is_open = pool.is_open
            await pool.aclose()
            return was_open, port, is_open

        port = await asked()
        async with pool.lock:
            told = in_child(lambda: asyncio.run(in_its_own_loop()))
        assert told.startswith("(False, ")
        assert told.endswith(", True)")
        assert port not in told
        assert await asked() == port
        await pool.aclose()
        assert in_child(lambda: asyncio.run(asked())).startswith("ClientClosedError")

    with ports() as url:
        asyncio.run(use(url))
