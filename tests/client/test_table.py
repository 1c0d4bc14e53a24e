"""A state as it is kept here, against a real gateway."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, List  # noqa: UP035  # csp reads typing.List

import csp
import pytest
from csp import ts

from csp_gateway import (
    AsyncGatewayClient,
    FrameError,
    Gateway,
    GatewayChannels,
    GatewayClient,
    GatewayModule,
    GatewayStruct,
    MountRestRoutes,
    MountWebSocketRoutes,
    ServerTimeoutError,
    State,
    StreamClosedError,
)
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.server.demo.omnibus import ExampleData
from csp_gateway.testing import serving_gateway

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


class Thing(GatewayStruct):
    symbol: str
    what: object = None


class Things(GatewayChannels):
    things: Annotated[ts[List[Thing]], State("symbol")] = None  # noqa: UP006

    def tick(self, *things: Thing) -> None:
        self.send("things", list(things))


class Open(GatewayModule):
    def connect(self, channels: Things) -> None:
        channels.set_channel("things", csp.null_ts(List[Thing]))  # noqa: UP006
        channels.add_send_channel("things")


@contextmanager
def things() -> Iterator[tuple[Any, str]]:
    modules = [Open(), MountRestRoutes(force_mount_all=True), MountWebSocketRoutes()]
    gateway = Gateway(channels=Things(), modules=modules)
    with serving_gateway(gateway) as url:
        yield gateway.channels, url


def test_after_a_tick_that_cannot_be_told_it_takes_a_new_snapshot() -> None:
    async def follow() -> None:
        with things() as (channels, url):
            async with AsyncGatewayClient(host=url) as client, client.table("things") as table:
                channels.tick(Thing(symbol="A", what=1))
                await table.wait_until(lambda rows: "A" in rows)
                channels.tick(Thing(symbol="B", what=object()), Thing(symbol="B", what=2), Thing(symbol="C", what=3))
                await table.wait_until(lambda rows: len(rows) == 3)
                assert {key: row["what"] for key, row in table.items()} == {"A": 1, "B": 2, "C": 3}
                channels.tick(Thing(symbol="A", what=4))
                await table.wait_until(lambda rows: rows["A"]["what"] == 4)
                assert table.state == "connected"

    run(follow())


def test_where_that_is_refused_it_says_so_and_ends() -> None:
    async def follow() -> None:
        with things() as (channels, url):
            async with AsyncGatewayClient(host=url) as client, client.table("things") as table:
                channels.tick(Thing(symbol="A", what=1))
                await table.wait_until(lambda rows: "A" in rows)
                channels.tick(Thing(symbol="B", what=object()))
                for _ in range(2):
                    with pytest.raises(FrameError, match="Thing cannot be written as JSON") as refused:
                        await table.wait_until(lambda rows: "B" in rows)
                    assert refused.value.code == "unwritable"
                assert (table.state, list(table)) == ("closed", ["A"])

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
