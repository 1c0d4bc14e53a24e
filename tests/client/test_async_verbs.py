"""Every verb of the REST API, awaited: the same as those that are waited for."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, get_overloads

import pytest

from csp_gateway import AsyncGatewayClient, GatewayClient, ServerRouteNotMountedException
from csp_gateway.client.async_verbs import AsyncGatewayClientMixin
from csp_gateway.client.sync_verbs import SyncGatewayClientMixin
from tests.client.test_sync_verbs import RECORD

VERBS = [
    name for name, value in inspect.getmembers(SyncGatewayClientMixin, inspect.isfunction) if not name.startswith("_")
]


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_is_called_alike_in_both_clients(name: str) -> None:
    waits, awaits = getattr(SyncGatewayClientMixin, name), getattr(AsyncGatewayClientMixin, name)
    assert inspect.signature(waits) == inspect.signature(awaits)
    assert waits.__doc__ == awaits.__doc__
    assert inspect.iscoroutinefunction(awaits)
    assert [*map(inspect.signature, get_overloads(waits))] == [*map(inspect.signature, get_overloads(awaits))]


def test_the_verbs_answer_what_those_that_wait_do(omnibus: str, client: GatewayClient) -> None:
    async def ask() -> list[Any]:
        async with AsyncGatewayClient(host=omnibus) as other:
            return [
                await other.last(),
                await other.channels(),
                await other.fields("metadata"),
                await other.sql("select 1 as a"),
                (await other.health())["status"],
                len(await other.state("example_with_state", query={"limit": 1}, return_type_override="polars")),
                [record["x"] for record in await other.send("example", [RECORD] * 3, wait="ticked")],
                (await other.next("example"))[0].keys(),
                (await other.history("example", limit=1))[0].keys(),
                await other.lookup("example", "none"),
                (await other.controls("heartbeat"))[0]["name"],
                other.openapi_spec["info"],
            ]

    record = client.last("example")[0]
    assert asyncio.run(ask()) == [
        client.last(),
        client.channels(),
        {"name": "Demo"},
        [{"a": 1}],
        "ready",
        1,
        [7, 7, 7],
        record.keys(),
        {"offset": 0, "time": 0, "value": 0}.keys(),
        [],
        "heartbeat",
        client.openapi_spec["info"],
    ]


def test_what_is_not_mounted_is_not_asked(omnibus: str) -> None:
    async def ask() -> None:
        async with AsyncGatewayClient(host=omnibus) as other:
            await other.last("exmple")

    with pytest.raises(ServerRouteNotMountedException, match="did you mean 'example'"):
        asyncio.run(ask())
