"""A state as it is kept here, against a real gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from csp_gateway import AsyncGatewayClient, FrameError, GatewayClient, ServerTimeoutError, StreamClosedError
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.server.demo.omnibus import ExampleData

STATE = "example_with_state_alternative"


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 20))


def test_what_stands_and_what_ticks_is_here(omnibus: str) -> None:
    async def follow() -> None:
        seen: list[int] = []
        async with (
            AsyncGatewayClient(host=omnibus) as client,
            client.table(STATE, on_change=lambda before, after: seen.append(len(after) - len(before))) as table,
        ):
            assert table.keyby == ("id", "y")
            count, offset = len(table), table.offset
            await table.wait_until(lambda rows: len(rows) > count, 10)
            assert offset is not None
            await table.wait_until(offset + 2, 10)
            key, record = next(iter(table.items()))
            assert key == (record["id"], record["y"])
            assert table.to_dict() == dict(table.rows)
            assert table.state == "connected"
            assert sum(seen) == len(table)
            assert all(isinstance(each, ExampleData) for each in table.to_structs())
            assert list(table.to_polars()["x"]) == [each["x"] for each in table.records()]
            assert len(table.to_pandas()) == table.to_arrow().num_rows == len(table)
        assert table.state == "closed"
        assert len(table) >= count

    run(follow())


def test_what_is_not_so_in_time_is_told(omnibus: str) -> None:
    async def wait() -> None:
        async with AsyncGatewayClient(host=omnibus) as client, client.table(STATE) as table:
            with pytest.raises(ServerTimeoutError, match=r"was not so within 0\.05 s"):
                await table.wait_until(lambda rows: False, 0.05)

    run(wait())


def test_a_table_that_is_closed_makes_nobody_wait(omnibus: str) -> None:
    async def wait() -> None:
        async with AsyncGatewayClient(host=omnibus) as client:
            async with client.table(STATE) as table:
                waiting = asyncio.create_task(table.wait_until(lambda rows: False))
                await asyncio.sleep(0)
            with pytest.raises(StreamClosedError, match="the table was closed"):
                await waiting
            for _ in range(3):
                await asyncio.sleep(0)
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(wait())


def test_a_table_that_fails_says_so_instead_of_growing_old(omnibus: str) -> None:
    def fail(before: object, after: object) -> None:
        raise ZeroDivisionError("of the user's own")

    async def follow() -> None:
        async with AsyncGatewayClient(host=omnibus) as client:
            await client.next("example_with_state_multiple")
            async with client.table(STATE, on_change=fail) as table:
                with pytest.raises(ZeroDivisionError, match="of the user's own"):
                    await table.wait_until(lambda rows: False, 10)
                assert table.state == "closed"

    run(follow())


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"fields": ["xx"]}, FrameError, "did you mean 'x'"),
        ({"where": {"attr": "xx", "by": {"value": 1}}}, FrameError, "did you mean 'x'"),
    ],
)
def test_what_cannot_be_followed_is_refused(client: GatewayClient, options: Any, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        client.table(STATE, **options)


def test_a_gateway_that_does_not_come_is_not_waited_for(client: GatewayClient) -> None:
    gone = GatewayClient(host="127.0.0.1", port=1)
    gone._catalogue = client._catalogue or (client.refresh(), client._catalogue)[1]
    with pytest.raises(ServerTimeoutError, match=r"has not come within 0\.1 s"):
        gone.table(STATE, timeout=0.1, connection=StreamOptions(backoff=(0.01, 0.02)))
    gone.close()
