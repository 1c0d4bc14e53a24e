"""The verbs whose answer is made into what one wants, awaited: the same as those that are waited for."""

from __future__ import annotations

import asyncio
from typing import Any

import polars
import pytest

from csp_gateway import AsyncGatewayClient, ClientClosedError, GatewayClient
from tests.client.test_sync_verbs import RECORD


def test_another_kind_is_asked_for_over_the_same_connections(omnibus: str, client: GatewayClient) -> None:
    async def ask() -> list[Any]:
        async with AsyncGatewayClient(host=omnibus) as other:
            frames = other.returning("polars")
            told = [
                type(await frames.next("example")),
                type(await frames.send("example", RECORD)),
                type(await frames.fields("metadata")),
                type(await frames.controls("heartbeat")),
                await frames.send("example", [RECORD] * 3, count_only=True),
                await frames.last(return_type_override="raw"),
            ]
        with pytest.raises(ClientClosedError):
            await frames.last("example")
        return told

    assert asyncio.run(ask()) == [*[polars.DataFrame] * 4, 3, client.last()]


def test_a_kind_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="did you mean 'polars'"):
        AsyncGatewayClient().returning("polrs")


def test_there_is_no_number_without_a_channel() -> None:
    with pytest.raises(ValueError, match="count_only has nothing to count"):
        asyncio.run(AsyncGatewayClient().send("", count_only=True))
