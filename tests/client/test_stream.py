import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.followed import Gap
from csp_gateway.client.following import MOST_UNSAID
from csp_gateway.client.stream import Stream
from csp_gateway.client.wishes import wish
from csp_gateway.errors import FrameError, ServerTimeoutError, StreamClosedError
from csp_gateway.testing import serving_gateway
from csp_gateway.wire.commands import Follow
from tests.client.scripted import HASTY, answer, forever, hear, scripted, tell, tick
from tests.ways.live_source import KEYS, Item, gateway


@pytest.fixture(scope="module")
def config() -> Iterator[GatewayClientConfig]:
    with serving_gateway(gateway(ms=5)) as url:
        yield GatewayClientConfig(host=url)


def test_what_is_followed_comes_as_dicts(config: GatewayClientConfig) -> None:
    async def go() -> None:
        async with Stream(config, timeout=5) as stream:
            answered = await stream.subscribe("plain", snapshot=True)
            assert await stream.subscribe("basket", "A", positions=True)
            assert (stream.state, stream.channels) == ("connected", ["plain", "basket"])
            standing = await anext(stream)
            assert (standing["channel"], standing["snapshot"]) == ("plain", True)
            seen: dict[str, list[Any]] = {"plain": [], "basket": []}
            async for message in stream:
                seen[message["channel"]].append(message)
                if all(map(len, seen.values())):
                    break
            assert seen["plain"][0]["data"][0]["n"] == answered["from"] == standing["data"][0]["n"] + 1
            assert set(seen["plain"][0]) == {"channel", "data"}
            assert set(seen["basket"][0]) == {"channel", "key", "data", "offset", "next", "epoch", "time"}
            assert await stream.unsubscribe("plain")
            assert not await stream.unsubscribe("keyed")
            assert stream.channels == ["basket"]
            assert await stream.subscribe("basket/B")
            assert await stream.unsubscribe("basket/A")
            assert stream.channels == ["basket"]
            assert await stream.unsubscribe("basket/B")
            assert stream.channels == []
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(go())


def test_filters_fields_and_msgpack(config: GatewayClientConfig) -> None:
    async def go() -> None:
        where = {"attr": "symbol", "by": {"value": "S3"}}
        async with Stream(config, timeout=5) as stream:
            await stream.subscribe("plain", where=where, fields=["symbol"], format="msgpack", snapshot="last")
            for message in [await anext(stream), await anext(stream)]:
                assert message["data"] == [{"symbol": "S3"}]

    asyncio.run(go())


def test_what_is_published_ticks_and_is_acknowledged(config: GatewayClientConfig) -> None:
    async def go() -> None:
        async with Stream(config, timeout=5) as stream:
            await stream.publish("notes", {"n": 1}, wait="ticked")
            await stream.subscribe("notes")
            await stream.publish("notes", Item(n=2))
            await stream.publish("notes", [{"n": 3}, Item(n=4)], wait="ticked")
            seen: list[int] = []
            while seen[-1:] != [4]:
                seen += [record["n"] for message in await stream.receive_many() for record in message["data"]]
            assert seen == [2, 3, 4]

    asyncio.run(go())


def test_what_is_refused_says_why(config: GatewayClientConfig) -> None:
    async def go() -> None:
        async with Stream(config, timeout=5) as stream:
            with pytest.raises(FrameError, match="did you mean 'plain'") as unknown:
                await stream.subscribe("plan")
            assert unknown.value.code == "unknown_channel"
            with pytest.raises(FrameError, match="n") as invalid:
                await stream.publish("notes", {"n": "many"})
            assert invalid.value.code == "invalid"
            with pytest.raises(FrameError) as closed:
                await stream.publish("plain", {"n": 1})
            assert closed.value.code == "not_sendable"
            with pytest.raises(TypeError, match="did you mean 'snapshot'"):
                await stream.subscribe("plain", snapshto=True)  # type: ignore[call-arg]
            assert (await stream.subscribe("plain"))["channel"] == "plain"

    asyncio.run(go())


def test_any_number_is_asked_for_in_portions(config: GatewayClientConfig) -> None:
    async def go() -> None:
        async with Stream(config, timeout=5) as stream:
            wanted = [Follow(channel=channel) for channel in ("notes", "brief", "plain")]
            answers = await stream.follow(*wanted[:2] * (MOST_UNSAID // 2), *wanted * 50)
            assert [each["channel"] for each in answers[-3:]] == ["notes", "brief", "plain"]
            assert len(answers) == MOST_UNSAID + 150
            keys = [wish("basket", key, snapshot=True) for key in KEYS]
            assert len({id(each) for each in await stream.follow(*keys)}) == 1
            with pytest.raises(FrameError, match="did you mean 'keyed'"):
                await stream.follow(Follow(channel="key"), Follow(channel="heavy"))
            assert stream.channels == ["notes", "brief", "plain", "basket", "heavy"]

    asyncio.run(go())


def test_silence_has_its_limit_and_the_stream_goes_on(config: GatewayClientConfig) -> None:
    async def go() -> None:
        async with Stream(config, timeout=0.05) as stream:
            await stream.subscribe("notes")
            for reading in (stream.receive_many, stream.take_many, stream.__anext__):
                with pytest.raises(TimeoutError, match=r"no message has come for 0.05 s") as caught:
                    await reading()
                assert isinstance(caught.value, ServerTimeoutError)
            stream.timeout = 5
            await stream.publish("notes", {"n": 1})
            assert (await anext(stream))["channel"] == "notes"

    asyncio.run(go())


def test_a_closed_stream_tells_what_has_come_and_ends(config: GatewayClientConfig) -> None:
    async def go() -> None:
        stream = Stream(config, timeout=5)
        await stream.subscribe("plain")
        waiting = asyncio.create_task(anext(stream))
        await waiting
        while not len(stream._link.inbox):
            await asyncio.sleep(0.001)
        await stream.aclose()
        assert await stream.receive_many()
        assert await stream.receive_many() == []
        assert [message async for message in stream] == []
        assert (stream.state, stream.why) == ("closed", "the stream was closed")
        with pytest.raises(StreamClosedError):
            await stream.subscribe("plain")
        await stream.aclose()

    asyncio.run(go())


async def expired(socket: ServerConnection) -> None:
    said = await hear(socket)
    await answer(socket, said, channel="c", epoch="e", recovered=False, reason="expired", **{"from": 5})
    await tick(socket, "c", 5)
    await tell(socket, channel="gap", gap={"channel": "c", "from": 6, "to": 8, "count": 2, "reason": "overflow"})
    await tick(socket, "c", 8)
    await tell(socket, channel="error", error={"code": "unreadable", "message": "so"})
    await tick(socket, "c", 9)
    await forever()


@pytest.mark.parametrize("awaited", [False, True])
def test_a_gap_is_told_before_what_is_behind_it(awaited: bool) -> None:
    async def go() -> None:
        seen: list[Any] = []

        async def later(gap: Gap) -> None:
            await asyncio.sleep(0)
            seen.append(gap.to)

        def now(gap: Gap) -> None:
            seen.append(gap.to)

        async with (
            scripted(expired) as config,
            Stream(config, timeout=2, on_gap=later if awaited else now, options=HASTY) as stream,
        ):
            await stream.subscribe("c", since=2, epoch="e")
            seen.append((await anext(stream))["data"])
            seen.append((await stream.receive_many())[0]["data"])
            assert seen == [5, [5], 8, [8]]
            with pytest.raises(FrameError, match="so"):
                await stream.receive_many()
            assert (await anext(stream))["data"] == [9]

    asyncio.run(go())


def test_what_was_told_to_be_missing_is_not_told_again_after_a_cut() -> None:
    connections = iter((1, 2))

    async def script(socket: ServerConnection) -> None:
        said = await hear(socket)
        await answer(socket, said, channel="c", epoch="e", **{"from": said.get("since", 10)})
        gap = {"channel": "c", "from": 10, "to": 11, "count": 1, "reason": "unwritable"}
        await tell(socket, channel="gap", gap=gap)
        if next(connections) == 1:
            await socket.close(1001)
        else:
            await tick(socket, "c", 11)
            await forever()

    async def go() -> None:
        gaps: list[Gap] = []
        async with scripted(script) as config, Stream(config, timeout=2, on_gap=gaps.append, options=HASTY) as stream:
            await stream.subscribe("c")
            assert (await anext(stream))["data"] == [11]
        assert gaps == [Gap("c", 10, 11, 1, "unwritable")]

    asyncio.run(go())


def test_without_anybody_to_tell_a_gap_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        async with scripted(expired) as config, Stream(config, timeout=2, options=HASTY) as stream:
            await stream.subscribe("c", since=2, epoch="e")
            await anext(stream)
            items: list[Any] = []
            while len(items) < 2:
                items += await stream.take_many()
            assert items == [Gap("c", 6, 8, 2, "overflow"), {"channel": "c", "data": [8]}]

    asyncio.run(go())
    assert "channel 'c': 3 ticks before offset 5 are missing: expired; on_gap would be told" in caplog.text


def test_the_end_is_raised_once_everything_is_read() -> None:
    async def script(socket: ServerConnection) -> None:
        await answer(socket, await hear(socket), channel="c", epoch="e", **{"from": 0})
        await tick(socket, "c", 0)
        await socket.close(3501, "an operator has removed you")

    async def go() -> None:
        async with scripted(script) as config, Stream(config, timeout=2) as stream:
            await stream.subscribe("c")
            assert (await anext(stream))["data"] == [0]
            for _ in range(2):
                with pytest.raises(StreamClosedError, match="an operator has removed you") as caught:
                    await anext(stream)
                assert caught.value.code == 3501
            with pytest.raises(StreamClosedError, match="removed"):
                await stream.publish("c", {})
            with pytest.raises(StreamClosedError, match="removed"):
                await stream.connected()

    asyncio.run(go())


def test_to_follow_waits_no_longer_for_a_connection_than_its_timeout() -> None:
    async def go() -> None:
        with socket.create_server(("127.0.0.1", 0)) as mute:  # it accepts, and never answers
            config = GatewayClientConfig(host="127.0.0.1", port=mute.getsockname()[1])
            async with Stream(config, timeout=0.2) as stream:
                with pytest.raises(ServerTimeoutError, match=r"no live connection to .*'plain' within 0.2 s"):
                    await asyncio.wait_for(stream.subscribe("plain"), 5)

    asyncio.run(go())


def test_what_answers_and_is_no_gateway_is_told_at_once() -> None:
    async def old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 404 File not found\r\n\r\n")
        await writer.drain()
        writer.close()

    async def go() -> None:
        async with await asyncio.start_server(old, "127.0.0.1", 0) as server:
            config = GatewayClientConfig(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
            async with Stream(config) as stream:
                with pytest.raises(StreamClosedError, match="is no gateway: check host and port"):
                    await asyncio.wait_for(stream.subscribe("plain"), 5)

    asyncio.run(go())
