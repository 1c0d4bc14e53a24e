import asyncio
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.followed import Gap
from csp_gateway.client.link import Link, StreamState
from csp_gateway.client.stream import Stream
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.errors import (
    FrameError,
    PublishLostError,
    ServerTimeoutError,
    ServerUnreachableError,
    StreamClosedError,
)
from csp_gateway.wire.commands import Follow
from tests.client.scripted import HASTY, answer, forever, hear, scripted, silent, tell, tick


def test_it_tells_what_becomes_of_it() -> None:
    states: list[StreamState] = []
    again = asyncio.Event()

    async def script(socket: ServerConnection) -> None:
        if again.is_set():
            await forever()

    def on_state(state: StreamState) -> None:
        states.append(state)
        if state == "lost":
            again.set()
            raise ValueError("which is logged")

    async def go() -> None:
        async with scripted(script) as config:
            link = Link(config, HASTY, on_state)
            await link.connected()
            await again.wait()
            await asyncio.sleep(0.05)
            await link.connected()
            await link.aclose()
            with pytest.raises(StreamClosedError, match="the stream was closed"):
                link.start()

    asyncio.run(go())
    assert states == ["connected", "lost", "connecting", "connected", "closed"]


def test_where_nobody_is_all_who_wait_are_told() -> None:
    async def go() -> None:
        link = Link(GatewayClientConfig(host="127.0.0.1", port=1), HASTY, None)
        link.start()
        asked = [
            link.answer(link.following.subscribe(Follow(channel="c")), "subscribe"),
            link.answer(link.following.send("c", b"1", None, "accepted"), "publish"),
            link.connected(),
        ]
        for error in await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 2):
            assert isinstance(error, ServerUnreachableError)
            assert "no live connection to ws://127.0.0.1:1/api/v1/stream for 0.3 s" in str(error)
        assert link.state == "closed"
        await link.aclose()

    asyncio.run(go())


def test_one_that_accepts_and_never_answers_does_not_hang() -> None:
    async def go() -> None:
        async with silent() as config:
            link = Link(config, HASTY, None)
            with pytest.raises(ServerUnreachableError, match="it did not answer"):
                await asyncio.wait_for(link.connected(), 3)
            await link.aclose()

    asyncio.run(go())


def test_one_that_lets_in_and_never_says_a_word_is_given_up() -> None:
    async def script(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        await forever()

    async def go() -> None:
        options = StreamOptions(
            backoff=(0.001, 0.01), connection_timeout=0.3, ping_interval=0.02, ping_timeout=0.05, answer_timeout=5.0
        )
        async with scripted(script) as config:
            link = Link(config, options, None)
            link.start()
            with pytest.raises(ServerUnreachableError, match="it did not answer"):
                await asyncio.wait_for(link.answer(link.following.subscribe(Follow(channel="c")), "it"), 5)
            await link.aclose()

    asyncio.run(go())


def test_what_was_published_before_the_cut_is_never_said_twice() -> None:
    said: list[Any] = []

    async def script(socket: ServerConnection) -> None:
        said.append((await hear(socket))["data"])
        if len(said) > 1:
            await answer(socket, {"id": 2, "action": "send"}, channel="c", acknowledged="accepted")
            await forever()

    async def go() -> None:
        async with scripted(script) as config:
            link = Link(config, HASTY, None)
            link.start()
            with pytest.raises(PublishLostError, match="it may have ticked, or not"):
                await link.answer(link.following.send("c", b"1", None, "accepted"), "publish")
            result = await link.answer(link.following.send("c", b"2", None, "accepted"), "publish")
            assert result["acknowledged"] == "accepted"
            await link.aclose()

    asyncio.run(go())
    assert said == [1, 2]


def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    async def script(socket: ServerConnection) -> None:
        await forever()

    async def go() -> None:
        async with scripted(script) as config:
            link = Link(config, HASTY, None)
            link.start()
            with pytest.raises(ServerTimeoutError, match=r"the publish was not answered within 0.3 s$"):
                await link.answer(link.following.send("c", b"1", None, "accepted"), "the publish")
            await link.aclose()

    asyncio.run(go())


def test_who_is_not_let_in_is_told_at_once() -> None:
    async def script(socket: ServerConnection) -> None: ...

    async def go(status: int) -> None:
        refuse = lambda socket, request: socket.respond(status, "no\n")  # noqa: E731
        async with scripted(script, process_request=refuse) as config:
            link = Link(config, StreamOptions(), None)
            with pytest.raises(StreamClosedError, match=rf"does not let you in.*\(HTTP {status}\)") as caught:
                await asyncio.wait_for(link.connected(), 2)
            assert caught.value.code == status
            assert caught.value is not link.error
            await link.aclose()

    for status in (401, 403):
        asyncio.run(go(status))


def test_gaps_and_errors_stand_among_the_messages() -> None:
    async def script(socket: ServerConnection) -> None:
        said = await hear(socket)
        result = {"channel": "c", "epoch": "e", "from": 5, "recovered": False, "reason": "expired"}
        await answer(socket, said, **result)
        await tick(socket, "c", 5)
        await tell(socket, channel="error", error={"code": "unreadable", "message": "so"})
        await forever()

    async def go() -> None:
        async with scripted(script) as config:
            link = Link(config, HASTY, None)
            link.start()
            await link.answer(link.following.subscribe(Follow(channel="c", since=2, epoch="e")), "it")
            items = []
            while len(items) < 3:
                await link.inbox.wait()
                items.append(link.inbox.take())
            assert items[:2] == [Gap("c", 2, 5, 3, "expired"), {"channel": "c", "data": [5]}]
            assert isinstance(items[2], FrameError)
            await link.aclose()

    asyncio.run(go())


def test_a_task_that_no_longer_waits_leaves_nothing_behind() -> None:
    async def go() -> None:
        link = Link(GatewayClientConfig(host="127.0.0.1", port=1), StreamOptions(), None)
        link.start()
        waiting = asyncio.create_task(link.answer(link.following.send("c", b"1", None, "accepted"), "publish"))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        link.following.greet()
        assert link.following.next_to_say() is None
        await link.aclose()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(go())


def test_who_waits_for_an_answer_may_say_for_how_long_in_all() -> None:
    async def go() -> None:
        heard = asyncio.Event()

        async def script(socket: ServerConnection) -> None:
            while await hear(socket):
                heard.set()

        async with scripted(script) as config:
            link = Link(config, StreamOptions(answer_timeout=30), None)
            link.start()
            for met in (False, True):
                asked = link.following.subscribe(Follow(channel="c"))
                with pytest.raises(ServerTimeoutError, match=r"^subscribe was not answered within 0.2 s$"):
                    await asyncio.wait_for(link.answer(asked, "subscribe", None if met else 20, 0.2), 5)
                assert heard.is_set()
                heard.clear()
            await link.aclose()
        async with silent() as config:
            link = Link(config, StreamOptions(), None)
            link.start()
            asked = link.following.subscribe(Follow(channel="c"))
            with pytest.raises(ServerTimeoutError, match=r"no live connection .* within 0.1 s"):
                await asyncio.wait_for(link.answer(asked, "subscribe", 20, 0.1), 5)
            await link.aclose()

    asyncio.run(go())


def test_a_subscribe_that_is_answered_too_late_is_ended() -> None:
    async def go() -> None:
        given_up = asyncio.Event()
        said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

        async def script(socket: ServerConnection) -> None:
            subscribe = await hear(socket)
            await given_up.wait()
            await answer(socket, subscribe, channel="c", epoch="e", **{"from": 0})
            await said.put(await hear(socket))
            await forever()

        async with scripted(script) as config:
            link = Link(config, StreamOptions(), None)
            await link.connected()
            with pytest.raises(ServerTimeoutError):
                await link.answer(link.following.subscribe(Follow(channel="c", key="K")), "subscribe", None, 0.1)
            given_up.set()
            ending = await asyncio.wait_for(said.get(), 5)
            assert (ending["action"], ending["channel"], ending["keys"]) == ("unsubscribe", "c", ["K"])
            await link.aclose()

    asyncio.run(go())


def test_an_answer_is_given_to_who_asked_before_there_is_room_for_the_gap() -> None:
    async def script(socket: ServerConnection) -> None:
        said = await hear(socket)
        await answer(socket, said, channel="c", epoch="e", recovered=False, reason="expired", **{"from": 5})
        await forever()

    async def go() -> None:
        async with scripted(script) as config:
            link = Link(config, replace(HASTY, most_messages=1), None)
            link.start()
            asked = link.following.subscribe(Follow(channel="c", since=2, epoch="e"))
            assert (await link.answer(asked, "subscribe"))["from"] == 5
            assert link.inbox.take() == Gap("c", 2, 5, 3, "expired")
            await link.aclose()

    asyncio.run(go())


def test_an_answer_that_comes_as_the_time_is_over_is_one() -> None:
    async def go() -> None:
        link = Link(GatewayClientConfig(), StreamOptions(), None)
        for outcome in ({"channel": "c"}, FrameError("unknown_channel", "so", 1)):
            answered = asyncio.create_task(link.answer(1, "subscribe", None, 30))
            await asyncio.sleep(0)
            # Both in one turn of the event loop: the limit is over, and the answer is there.
            link._waiting[1].limit.reschedule(0.0)
            link._resolve(1, outcome)
            await asyncio.wait({answered})
            assert (answered.exception() or answered.result()) is outcome
        await link.aclose()

    asyncio.run(go())


def test_on_state_is_told_that_it_would_wait_for_itself() -> None:
    async def go() -> None:
        refused: asyncio.Queue[str] = asyncio.Queue()

        async def on_state(state: StreamState) -> None:
            if state != "connected":
                return
            for waits in (stream.subscribe("c"), stream.follow(Follow(channel="c")), stream.connected(), anext(stream)):
                try:
                    await waits
                except RuntimeError as error:
                    await refused.put(str(error))

        async def script(_: ServerConnection) -> None:
            await forever()

        async with scripted(script) as config, Stream(config, on_state=on_state) as stream:
            for _ in range(4):
                assert (await asyncio.wait_for(refused.get(), 5)).startswith("on_state would wait for itself")
            assert not stream.follows("c")

    asyncio.run(go())


def test_whatever_goes_wrong_who_waits_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise KeyError("as nobody foresaw")

    async def go() -> None:
        monkeypatch.setattr("csp_gateway.client.link.ComingBack", fails)
        async with Stream(GatewayClientConfig()) as stream:
            with pytest.raises(KeyError, match="as nobody foresaw"):
                await asyncio.wait_for(stream.connected(), 5)

    asyncio.run(go())


def test_what_never_began_is_closed_too() -> None:
    async def go() -> None:
        states: list[StreamState] = []
        link = Link(GatewayClientConfig(), StreamOptions(), states.append)
        await link.aclose()
        await link.aclose()
        assert (link.state, states) == ("closed", ["closed"])

    asyncio.run(go())
