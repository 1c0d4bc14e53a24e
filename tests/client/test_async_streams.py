import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Any

import pytest

from csp_gateway.client.aio import AsyncGatewayClient
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.errors import FrameError, ServerUnreachableError, StreamClosedError, WrongArgumentError
from csp_gateway.testing import serving_gateway
from tests.client.forking import forks, in_child
from tests.client.scripted import silent
from tests.ways.live_source import gateway


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving_gateway(gateway(ms=5)) as served:
        yield served


def run(url: str, test: Callable[[AsyncGatewayClient], Awaitable[None]]) -> None:
    async def go() -> None:
        async with AsyncGatewayClient(host=url) as client:
            await asyncio.wait_for(test(client), 20)
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(go())


def test_it_is_an_async_generator(url: str) -> None:
    async def test(client: AsyncGatewayClient) -> None:
        seen: list[dict[str, Any]] = []
        async with aclosing(client.stream(["plain", ("basket", "A")], timeout=5, fields=["n"])) as stream:
            async for message in stream:
                seen.append(message)
                if len(seen) > 10:
                    break
        assert {(each["channel"], each.get("key")) for each in seen} == {("plain", None), ("basket", "A")}
        assert all(set(each["data"][0]) == {"n"} for each in seen)

    run(url, test)


def test_what_is_subscribed_while_it_streams_is_told_there(url: str) -> None:
    async def test(client: AsyncGatewayClient) -> None:
        seen: set[str] = set()
        async with aclosing(client.stream("plain", timeout=5)) as stream:
            async for message in stream:
                if not seen:
                    await client.subscribe("notes")
                    await client.publish("notes", {"n": 1}, wait="ticked")
                    assert client.received(5).channels == ["plain", "notes"]
                seen.add(message["channel"])
                if "notes" in seen:
                    break
            assert await client.unsubscribe("notes")

    run(url, test)


def test_what_is_subscribed_first_is_read_or_taken_over(url: str) -> None:
    async def test(client: AsyncGatewayClient) -> None:
        await client.subscribe("notes")
        await client.publish("notes", {"n": 4})
        assert (await anext(client.received(timeout=5)))["data"][0]["n"] == 4
        await client.publish("notes", {"n": 6}, wait="ticked")
        async with aclosing(client.stream("plain", timeout=5)) as stream:
            async for message in stream:
                if message["channel"] == "notes":
                    assert message["data"][0]["n"] == 6
                    break

    run(url, test)


def test_unsubscribe_ends_it_on_all_streams_that_follow_it(url: str) -> None:
    async def test(client: AsyncGatewayClient) -> None:
        assert not await client.unsubscribe("plain")
        async with aclosing(client.stream(["plain", "keyed"])) as one, aclosing(client.stream("plain")) as two:
            await anext(one)
            await anext(two)
            assert await client.unsubscribe("plain")
            assert client.received().channels == []
            assert (await anext(message async for message in one if message["channel"] == "keyed"))["data"]
            assert not await client.unsubscribe("plain")
            with pytest.raises(FrameError, match="did you mean 'plain'"):
                await client.unsubscribe("plan")

    run(url, test)


@forks
def test_a_forked_child_opens_streams_of_its_own(url: str) -> None:
    async def test(client: AsyncGatewayClient) -> None:
        await client.subscribe("plain")
        stream = client.received(timeout=5)

        async def in_the_child() -> object:
            seen = []
            for inherited in (stream.__anext__, stream.receive_many, lambda: stream.subscribe("notes")):
                with pytest.raises(StreamClosedError, match="open it anew here"):
                    await inherited()
                seen.append(stream.state)
            await stream.aclose()
            async with aclosing(client.stream("keyed", timeout=5)) as fresh:
                seen.append((await anext(fresh))["channel"])
            return seen

        def child() -> object:
            asyncio.set_event_loop(None)
            asyncio._set_running_loop(None)
            return asyncio.run(in_the_child())

        assert in_child(child) == str(["closed"] * 3 + ["keyed"])
        assert (await anext(stream))["channel"] == "plain"

    run(url, test)


def test_what_cannot_be_is_said(url: str) -> None:
    async def test(client: AsyncGatewayClient) -> None:
        with pytest.raises(FrameError, match="did you mean 'plain'"):
            await anext(client.stream(["plan"]))
        for misspelled, meant in (("timout", "timeout"), ("conection", "connection"), ("feilds", "fields")):
            with pytest.raises(WrongArgumentError, match=f"there is no option '{misspelled}'; did you mean '{meant}'"):
                client.stream(["plain"], **{misspelled: 1})  # type: ignore[arg-type]
        with pytest.raises(WrongArgumentError, match="no callback here: read it by `async for message in"):
            client.stream(["plain"], callback=print)  # type: ignore[call-arg]
        with pytest.raises(WrongArgumentError, match="there is no option 'timout'; did you mean 'timeout'"):
            await client.subscribe("plain", timout=1)  # type: ignore[call-arg]
        with pytest.raises(WrongArgumentError, match="names none"):
            client.stream([])  # before anything is asked for
        with pytest.raises(TimeoutError):
            await anext(client.stream("notes", timeout=0.02))

    run(url, test)


def test_who_reads_what_was_subscribed_is_told_that_it_has_ended_however_he_asks(url: str) -> None:
    async def test(client: AsyncGatewayClient) -> None:
        async def remove() -> None:
            (one,) = await client.clients()
            stream, closed = client.received(), asyncio.Event()
            stream.on_state = lambda state: closed.set() if state == "closed" else None
            await client.remove_client(one["id"])
            await asyncio.wait_for(closed.wait(), 5)

        async def read() -> None:
            while True:
                await anext(client.received(timeout=5))

        async def told() -> None:
            with pytest.raises(StreamClosedError, match="removed by who runs the gateway"):
                await read()

        await client.subscribe("plain")
        await remove()
        await told()
        await told()
        await client.subscribe("notes")
        await client.publish("notes", {"n": 1}, wait="ticked")
        await remove()
        await client.publish("notes", {"n": 2})  # over another one, which follows nothing
        assert (await anext(client.received(timeout=5)))["data"][0]["n"] == 1
        await told()
        assert client.received().channels == []
        assert client.received().state == "connected"

    run(url, test)


def test_where_nobody_is_it_is_told_in_time() -> None:
    async def test(client: AsyncGatewayClient) -> None:
        hasty = StreamOptions(connection_timeout=0.05, backoff=(0.01, 0.01))
        with pytest.raises(ServerUnreachableError, match=r"no live connection"):
            await anext(client.stream("plain", connection=hasty))

    run("http://127.0.0.1:1", test)


def test_after_aclose_there_is_no_other(url: str) -> None:
    async def go() -> None:
        client = AsyncGatewayClient(host=url)
        await client.subscribe("plain")
        stream = client.received()
        await client.aclose()
        assert stream.state == "closed"
        with pytest.raises(RuntimeError, match="this client is closed"):
            await client.subscribe("plain")

    asyncio.run(go())


def test_a_stream_that_was_left_is_not_what_is_subscribed_on(url: str) -> None:
    async def test(client: AsyncGatewayClient) -> None:
        async for _ in client.stream("plain", timeout=5):
            break
        assert await client.subscribe("notes")
        assert client.received(5).channels == ["notes"]

    run(url, test)


def test_subscribe_waits_for_its_timeout_and_no_longer() -> None:
    async def go() -> None:
        async with silent() as config, AsyncGatewayClient(config) as client:
            with pytest.raises(TimeoutError, match=r"within 0.1 s"):
                await asyncio.wait_for(client.subscribe("plain", timeout=0.1), 5)

    asyncio.run(go())
