"""AsyncGatewayClient: what it is as a whole."""

from __future__ import annotations

import asyncio
import gc
import inspect
import warnings
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import get_overloads

import pytest

import csp_gateway
from csp_gateway import AsyncGatewayClient, ClientClosedError, GatewayClient, ServerUnreachableError
from tests.client.forking import forks, in_child


def test_it_has_all_its_older_names() -> None:
    assert csp_gateway.AsyncClient is AsyncGatewayClient
    assert issubclass(AsyncGatewayClient, csp_gateway.AsyncGatewayClientMixin)


def test_what_it_has_opened_it_closes(omnibus: str) -> None:
    async def use() -> None:
        async with AsyncGatewayClient(host=omnibus) as client:
            async for message in client.stream(["example"], timeout=10):
                assert message["channel"] == "example"
                break
            answers = await asyncio.gather(*(client.last("example") for _ in range(20)))
            assert all(len(answer) == 1 for answer in answers)
        with pytest.raises(RuntimeError, match="closed"):
            await client.last("example")
        for _ in range(3):
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(use())


def test_all_is_closed_even_if_a_stream_does_not_end(omnibus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails() -> None:
        raise OSError("so")

    async def use() -> None:
        client = AsyncGatewayClient(host=omnibus)
        async with aclosing(client.stream(["example"])) as streaming:
            await anext(streaming)
            await client.subscribe("example")
            streams = [stream for stream, _ in client._running] + ([] if client._own is None else [client._own])
            for stream in streams:
                monkeypatch.setattr(stream, "aclose", fails)
            with pytest.raises(OSError, match="so"):
                await client.aclose()
            with pytest.raises(ClientClosedError):
                await client.last("example")
            monkeypatch.undo()
            await client.aclose()

    asyncio.run(use())


@pytest.mark.parametrize("name", ["__init__", "returning"])
def test_type_checkers_are_told_the_same_of_both_clients(name: str) -> None:
    told = [str(inspect.signature(each)) for each in get_overloads(getattr(AsyncGatewayClient, name))]
    waits = [str(inspect.signature(each)) for each in get_overloads(getattr(GatewayClient, name))]
    progress = " progress: 'Callable[[int], None] | None' = None,"
    assert [each.replace("Async", "") for each in told] == [
        each.replace("Sync", "").replace(progress, "") for each in waits
    ]
    assert len(told) >= 5


def test_one_that_is_let_go_of_with_connections_warns(omnibus: str) -> None:
    async def ask(client: AsyncGatewayClient) -> None:
        assert await client.last("example")

    async def follow(client: AsyncGatewayClient) -> None:
        await client.subscribe("example")

    async def use(how: Callable[[AsyncGatewayClient], Awaitable[None]]) -> None:
        clients = [AsyncGatewayClient(host=omnibus)]
        await how(clients[0])
        pool, stream = clients[0]._pool, clients[0]._own
        with pytest.warns(ResourceWarning, match=f"unclosed AsyncGatewayClient of {omnibus}: close it by aclose"):
            clients.clear()
        await pool.aclose()
        if stream is not None:
            await stream.aclose()

    for how in (ask, follow):
        asyncio.run(use(how))


def test_one_that_was_closed_or_has_nothing_open_says_nothing(omnibus: str) -> None:
    async def use() -> None:
        async with AsyncGatewayClient(host=omnibus) as client:
            await client.subscribe("example")
            assert await client.last("example")
        with pytest.raises(ServerUnreachableError):
            await AsyncGatewayClient(host="127.0.0.1", port=1, retries=0).last("example")
        AsyncGatewayClient(host=omnibus)
        with pytest.raises(ValueError, match="hots"):
            AsyncGatewayClient(hots=omnibus)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        asyncio.run(use())
        gc.collect()
    assert not [each for each in told if "unclosed AsyncGatewayClient" in str(each.message)]


@forks
def test_a_forked_child_asks_on_a_loop_of_its_own(omnibus: str) -> None:
    async def use() -> None:
        async with AsyncGatewayClient(host=omnibus) as client:
            assert await client.last("example")
            assert in_child(lambda: len(asyncio.run(client.last("example")))) == "1"
            assert await client.last("example")

    asyncio.run(use())
