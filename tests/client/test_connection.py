import asyncio
import json
import logging
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from csp_gateway.client.coming_back import ComingBack, Ending
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.connection import Connection, reach
from csp_gateway.client.following import Answered, Following, Heard
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.wire.commands import Follow
from tests.client.scripted import answer, forever, hear, scripted, tell, tick

QUICK = StreamOptions(ping_interval=0.02, ping_timeout=0.05)


class Spoken:
    """One connection, and what came of it."""

    def __init__(self) -> None:
        self.following = Following()
        self.heard: list[Heard] = []
        self.said: list[int] = []
        self.taking = asyncio.Event()
        self.taking.set()

    async def _receive(self, heard: Heard, size: int) -> None:
        self.heard.append(heard)
        await self.taking.wait()

    async def run(self, config: GatewayClientConfig, options: StreamOptions = QUICK) -> Ending:
        back = ComingBack("ws://here", 60.0, (0.5, 5.0))
        async with reach(config, options) as socket:
            connection = Connection(socket, self.following, back, self._receive, self.said.append)
            return await connection.run(options)


def test_what_waits_is_said_and_what_comes_is_heard() -> None:
    async def script(socket: ServerConnection) -> None:
        await answer(socket, await hear(socket), channel="c", epoch="e", **{"from": 0})
        await tick(socket, "c", 0)
        closing = {"code": 3001, "reason": "it stops", "retry_after": 0.7}
        await tell(socket, channel="closing", closing=closing)
        await socket.close(3001, "other words")

    async def go() -> None:
        spoken = Spoken()
        identifier = spoken.following.subscribe(Follow(channel="c"))
        async with scripted(script) as config:
            ending = await spoken.run(config)
        assert ending == Ending("it stops", 3001, retry_after=0.7)
        assert spoken.said == [identifier]
        answered, message = spoken.heard
        assert isinstance(answered, Answered)
        assert message == {"channel": "c", "data": [0]}

    asyncio.run(go())


def test_a_gateway_that_is_silent_is_taken_for_dead() -> None:
    async def go() -> None:
        # What it answers to the upgrade is read; then nothing passes.
        async def script(socket: ServerConnection) -> None:
            socket.transport.pause_reading()
            await forever()

        async with scripted(script) as config:
            assert await asyncio.wait_for(Spoken().run(config), 2) == Ending("it did not answer")

    asyncio.run(go())


def test_who_does_not_take_what_he_hears_does_not_take_the_gateway_for_dead() -> None:
    async def script(socket: ServerConnection) -> None:
        await answer(socket, await hear(socket), channel="c", epoch="e", **{"from": 0})
        for offset in range(2_000):
            await tick(socket, "c", offset)

    async def go() -> None:
        spoken = Spoken()
        spoken.taking.clear()
        spoken.following.subscribe(Follow(channel="c"))
        async with scripted(script) as config:
            running = asyncio.create_task(spoken.run(config))
            await asyncio.sleep(0.3)
            assert not running.done()
            assert len(spoken.heard) == 1
            spoken.taking.set()
            assert (await asyncio.wait_for(running, 5)).code == 1000
        assert len(spoken.heard) == 2_001

    asyncio.run(go())


@pytest.mark.parametrize("frame", ["no JSON", "[]", "{}", b"\xc1", json.dumps({"channel": "reply"})])
def test_what_is_no_message_of_a_gateway_is_said_so(frame: Any) -> None:
    async def script(socket: ServerConnection) -> None:
        await socket.send(frame)
        await forever()

    async def go() -> Ending:
        async with scripted(script) as config:
            return await asyncio.wait_for(Spoken().run(config), 2)

    ending = asyncio.run(go())
    assert ending.doubtful
    assert "no message of a gateway" in ending.why


def test_a_message_that_is_too_large_ends_it() -> None:
    async def script(socket: ServerConnection) -> None:
        await tell(socket, channel="c", data=["x" * 10_000])
        await forever()

    async def go() -> Ending:
        async with scripted(script) as config:
            return await Spoken().run(config, StreamOptions(max_message_bytes=1_000))

    ending = asyncio.run(go())
    assert ending.final
    assert "max_message_bytes" in ending.why


@pytest.mark.parametrize("secret", [{"api_key": "s3cret &"}, {"bearer_token": "s3cret"}])
def test_credentials_are_sent_and_never_logged(secret: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "websockets")
    seen: list[tuple[str, str | None]] = []

    async def script(socket: ServerConnection) -> None:
        assert socket.request is not None
        seen.append((socket.request.path, socket.request.headers.get("Authorization")))

    async def go() -> None:
        async with scripted(script, logger=logging.Logger("unheard")) as config:
            await Spoken().run(config.model_copy(update=secret))

    asyncio.run(go())
    expected = {
        "api_key": ("/api/v1/stream?token=s3cret+%26", None),
        "bearer_token": ("/api/v1/stream", "Bearer s3cret"),
    }
    assert seen == [expected[next(iter(secret))]]
    assert "s3cret" not in caplog.text


def test_certificates_are_checked_as_the_configuration_says(tmp_path: Any) -> None:
    config = GatewayClientConfig(host="https://localhost:1")
    assert reach(config, QUICK).create_connection_kwargs["ssl"].check_hostname
    assert not reach(config.model_copy(update={"verify": False}), QUICK).create_connection_kwargs["ssl"].check_hostname
    with pytest.raises(FileNotFoundError):
        reach(config.model_copy(update={"verify": str(tmp_path / "none.pem")}), QUICK)
