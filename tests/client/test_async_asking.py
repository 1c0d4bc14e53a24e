"""A call made over HTTP, and its answer awaited."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any

import pytest

from csp_gateway import (
    AsyncGatewayClient,
    ServerRouteNotMountedException,
    ServerTimeoutError,
    ServerUnreachableError,
)
from csp_gateway.client import async_asking
from tests.client.test_sync_asking import outdated, slow


def test_the_document_is_fetched_once_by_all_who_ask_first(omnibus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    fetch = AsyncGatewayClient._fetch

    async def noted(self: AsyncGatewayClient, call: object, *more: object) -> object:
        asked.append(call.path)  # type: ignore[attr-defined]
        return await fetch(self, call, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(AsyncGatewayClient, "_fetch", noted)

    async def ask() -> None:
        async with AsyncGatewayClient(host=omnibus) as client:
            await asyncio.gather(*(client.last("example") for _ in range(5)))
            assert asked.count("/openapi.json") == 1
            await client.refresh()
            assert asked.count("/openapi.json") == 2

    asyncio.run(ask())


def test_the_document_is_a_property_before_anything_is_asked(omnibus: str) -> None:
    client = AsyncGatewayClient(host=omnibus)
    assert client.openapi_spec["paths"]
    asyncio.run(client.aclose())


def test_no_gateway_and_a_silent_one_are_told() -> None:
    async def ask(port: int) -> None:
        async with AsyncGatewayClient(host="127.0.0.1", port=port, retries=1) as client:
            await client.health(timeout=0.2)

    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ServerTimeoutError, match="not answered within"),
    ):
        asyncio.run(ask(silent.getsockname()[1]))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ServerUnreachableError, match="no gateway answers"):
            asyncio.run(ask(taken.getsockname()[1]))
        with pytest.raises(ServerUnreachableError, match="no gateway answers"):
            _ = AsyncGatewayClient(host="127.0.0.1", port=taken.getsockname()[1]).openapi_spec


def test_the_first_send_has_one_timeout_for_the_document_and_its_answer() -> None:
    async def send(port: int) -> float:
        async with AsyncGatewayClient(host="127.0.0.1", port=port) as client:
            began = time.monotonic()
            with pytest.raises(ServerTimeoutError, match=r"send/example was not answered within 1 s"):
                await client.send("example", {}, timeout=1.0)
            return time.monotonic() - began

    with slow(0.8) as port:
        assert asyncio.run(send(port)) < 1.6


def test_what_another_gateway_has_is_learnt_when_it_is_asked_for(omnibus: str) -> None:
    async def ask() -> None:
        async with AsyncGatewayClient(host=omnibus) as client:
            learnt = outdated(client)
            assert all(await asyncio.gather(*(client.last("example") for _ in range(3))))
            assert len(learnt) == 1
            learnt = outdated(client, "/api/v1/last/exampl")
            with pytest.raises(ServerRouteNotMountedException, match="did you mean 'example'"):
                await client.last("exampl")
            assert len(learnt) == 1

    asyncio.run(ask())


@pytest.mark.parametrize("large", [False, True])
def test_a_large_answer_is_read_aside(omnibus: str, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    if large:
        monkeypatch.setattr(async_asking, "_LARGE", 1)
    threads = []
    read = async_asking.returned

    def noted(*asked: Any) -> Any:
        threads.append(threading.current_thread())
        return read(*asked)

    monkeypatch.setattr(async_asking, "returned", noted)

    async def ask() -> None:
        async with AsyncGatewayClient(host=omnibus) as client:
            assert await client.last("example")

    asyncio.run(ask())
    assert [thread is threading.main_thread() for thread in threads] == [not large]
