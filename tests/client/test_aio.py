"""AsyncGatewayClient: what it is as a whole."""

from __future__ import annotations

import asyncio
import inspect
from typing import get_overloads

import pytest

import csp_gateway
from csp_gateway import AsyncGatewayClient, GatewayClient


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


@pytest.mark.parametrize("name", ["__init__", "returning"])
def test_type_checkers_are_told_the_same_of_both_clients(name: str) -> None:
    told = [str(inspect.signature(each)) for each in get_overloads(getattr(AsyncGatewayClient, name))]
    waits = [str(inspect.signature(each)) for each in get_overloads(getattr(GatewayClient, name))]
    progress = " progress: 'Callable[[int], None] | None' = None,"
    assert [each.replace("Async", "") for each in told] == [
        each.replace("Sync", "").replace(progress, "") for each in waits
    ]
    assert len(told) >= 5
