"""Tables of a client of asyncio."""

from __future__ import annotations

import asyncio
import inspect

import pytest

from csp_gateway import AsyncGatewayClient, ServerRouteNotMountedException
from csp_gateway.client.async_tables import AsyncTables
from csp_gateway.client.sync_tables import SyncTables


def test_it_is_called_like_that_of_the_other_client() -> None:
    waits, awaits = inspect.signature(SyncTables.table), inspect.signature(AsyncTables.table)
    assert waits.parameters == awaits.parameters


def test_a_state_that_there_is_not_is_told_with_the_nearest(omnibus: str) -> None:
    async def ask() -> None:
        async with AsyncGatewayClient(host=omnibus) as client, client.table("example_with_stat"):
            pass

    with pytest.raises(ServerRouteNotMountedException, match="did you mean 'example_with_state'"):
        asyncio.run(ask())
