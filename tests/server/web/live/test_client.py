"""One client: what it follows, and how it ends."""

import asyncio
from typing import Any

import pytest

from csp_gateway.server.web.live import client as client_module
from csp_gateway.server.web.live.client import Client, Visitor
from csp_gateway.wire.closing import Closing
from tests.server.web.live.parts import Ear, Made, looped, until

VISITOR = Visitor("websocket", "127.0.0.1:9", "test")


def came(ear: Ear, gone: list[Client]) -> Client:
    return Client(ear, VISITOR, gone.append)


def following(client: Client, made: Made, **wanted: Any) -> Any:
    subscription = made.follow(client.line, **wanted)  # type: ignore[arg-type]
    client.subscriptions["quotes"] = subscription
    return subscription


@looped
async def test_it_is_told_in_json_or_in_messagepack() -> None:
    ear = Ear()
    client = came(ear, [])
    client.tell({"a": 1})
    client.tell({"a": 2}, packed=True)
    assert ear.heard == [{"a": 1}, {"a": 2}]
    assert ear.batches[0].framing is not ear.batches[1].framing


@looped
async def test_it_ends_once() -> None:
    ear, gone = Ear(), []
    client = came(ear, gone)
    client.end(Closing.REMOVED, "out")
    client.end(Closing.SLOW, "again")
    client.gone()
    client.leave(Closing.STOPPING, "over", 1)
    assert (ear.closed, gone) == ((3501, "out"), [client])
    assert (ear.on_full, ear.on_writable) == (None, None)
    assert client.is_gone


@looped
async def test_nothing_more_is_read_of_who_reads_nothing() -> None:
    ear = Ear()
    client = came(ear, [])
    await asyncio.wait_for(client.room(), 1)
    ear.fill()
    waiting = asyncio.ensure_future(client.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    ear.empty()
    await asyncio.wait_for(waiting, 1)
    ear.fill()
    waiting = asyncio.ensure_future(client.room())
    client.gone()
    await asyncio.wait_for(waiting, 1)


@pytest.mark.parametrize(("policy", "times"), [("disconnect", 1), ("drop_oldest", 10), ("conflate", 10)])
def test_who_reads_nothing_is_disconnected_soon_or_in_the_end(
    monkeypatch: pytest.MonkeyPatch, policy: str, times: int
) -> None:
    monkeypatch.setattr(client_module, "WRITE_SECONDS", 0.02)

    async def run() -> None:
        ear, gone = Ear(), []
        client = came(ear, gone)
        following(client, Made(), policy=policy)
        began = asyncio.get_running_loop().time()
        ear.fill()
        await until(lambda: gone)
        assert ear.closed is not None
        assert ear.closed[0] == Closing.SLOW
        assert asyncio.get_running_loop().time() - began >= 0.02 * times * 0.99

    asyncio.run(run())


def test_who_reads_again_is_told_what_it_missed_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "WRITE_SECONDS", 0.02)

    async def run() -> None:
        ear, made = Ear(), Made()
        client = came(ear, [])
        following(client, made)
        ear.fill()
        made.ticks(0, 1)
        ear.empty()
        await until(lambda: ear.counts == [0, 1])
        await asyncio.sleep(0.05)
        assert ear.closed is None

    asyncio.run(run())


@looped
async def test_it_leaves_at_once_when_it_has_been_told_everything() -> None:
    ear, made, gone = Ear(), Made(), []
    client = came(ear, gone)
    following(client, made)
    made.ticks(0, 1)
    client.leave(Closing.STOPPING, "over", 0.0)
    assert gone == [client]
    assert ear.closed == (3001, "over; come back in 0.0 s")
    assert ear.counts == [0, 1]
    assert all(message["channel"] != "closing" for message in ear.heard)  # it would not know what that is


@looped
async def test_it_leaves_when_it_has_been_told_what_it_had_not_read() -> None:
    ear, made, gone = Ear(), Made(), []
    client = came(ear, gone)
    client.speaks = True
    following(client, made)
    ear.fill()
    made.ticks(0, 1)
    client.leave(Closing.ENGINE_ENDED, "failed", 2.0)
    assert gone == []
    (closing,) = (message["closing"] for message in ear.heard)
    assert (closing["code"], closing["reason"]) == (3003, "failed")
    assert 0 <= closing["retry_after"] <= 2
    ear.empty()
    await until(lambda: gone)
    assert ear.counts == [0, 1]
    assert ear.closed is not None
    assert ear.closed[0] == 3003


def test_it_leaves_even_if_it_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_LEAVING", 0.02)

    async def run() -> None:
        ear, made, gone = Ear(), Made(), []
        client = came(ear, gone)
        following(client, made)
        ear.fill()
        made.ticks(0)
        client.leave(Closing.STOPPING, "over", 0.0)
        await until(lambda: gone)
        assert ear.closed is not None

    asyncio.run(run())


@looped
async def test_what_is_kept_for_later_is_told_before_it_leaves() -> None:
    ear, made, gone = Ear(), Made(), []
    client = came(ear, gone)
    following(client, made, min_interval=3600)
    made.ticks(0, 1, 2)
    assert ear.counts == [0]
    client.leave(Closing.STOPPING, "over", 0.0)
    await until(lambda: gone, 1)
    assert ear.counts == [0, 2]
