"""Clients that leave, however they do, leave nothing behind; those that are slow get the newest; and at the stop all.

300 clients that leave by default; with ``CSP_GATEWAY_STRESS_SECONDS`` set 10,000.
"""

import asyncio
import gc
import json
import os
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from csp_gateway import Gateway
from csp_gateway.server.web.live import client as client_of_live
from csp_gateway.testing import serving_gateway
from csp_gateway.wire.closing import Closing
from tests.ways.live_source import SYMBOLS, Gate, answer, gateway, hear, port_of, reach, say
from tests.ways.rule_proxy import Rule, RuleProxy
from tests.ways.trouble import until

LARGE = "CSP_GATEWAY_STRESS_SECONDS" in os.environ
LEAVE = 10_000 if LARGE else 300
AT_ONCE = 10
DRAINED = 50
POOLS = ("csp-", "AnyIO", "web-worker")
"""Threads that are kept for the next client, so many at most."""
CHANNELS = ["plain", "listed", "basket", "keyed", "heartbeat"]


@contextmanager
def served(**given: Any) -> Iterator[tuple[int, Gateway, Any]]:
    made = gateway(**given)
    with serving_gateway(made) as url:
        yield port_of(url), made, made.web_app.hub  # type: ignore[union-attr]


# --- P16: nothing is left ---------------------------------------------------------------------------------------------


def wishes(drawn: random.Random) -> Iterator[dict[str, Any]]:
    """What one client asks for."""
    for channel in drawn.sample(CHANNELS, 2):
        wanted: dict[str, Any] = {"action": "subscribe", "channel": channel, "id": channel}
        if channel == "keyed":
            wanted |= drawn.choice([{"snapshot": "state"}, {"latest_by": "symbol", "min_interval": 0.05}])
        elif channel != "heartbeat":
            wanted |= drawn.choice([{}, {"since": 0}, {"snapshot": True}, {"fields": ["n"]}, {"min_interval": 3600}])
        yield wanted
    if drawn.random() < 0.3:
        yield {"action": "send", "channel": "notes", "data": {"n": 1}, "wait": "ticked", "id": "sent"}


async def come_and_leave(port: int, drawn: random.Random) -> None:
    async with reach(port) as connection:
        for wish in wishes(drawn):
            await say(connection, **wish)
        for _ in range(drawn.choice([0, 1, 2])):
            await hear(connection)
        match drawn.randrange(4):
            case 0:
                return
            case 1:
                await say(connection, action="unsubscribe", channel="plain", id=1)
                connection.transport.abort()
            case 2:
                raw = connection.transport.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                connection.transport.abort()
            case _:
                connection.transport.write_eof()
                await connection.wait_closed()


async def come_and_leave_all(port: int, count: int) -> None:
    async def some(seed: int) -> None:
        drawn = random.Random(seed)
        for _ in range(count // AT_ONCE):
            await come_and_leave(port, drawn)

    await asyncio.gather(*(some(seed) for seed in range(AT_ONCE)))


def held(hub: Any) -> dict[str, int]:
    gc.collect()
    return {
        "threads": len([each for each in threading.enumerate() if not each.name.startswith(POOLS)]),
        "descriptors": psutil.Process().num_fds(),
        "tasks": len(asyncio.all_tasks(hub._loop)),
        "clients": hub.statistics()["clients"],
        "heartbeats": len(hub.heartbeats),
        "followed": sum(feed.cell.told is not None for feed in hub._feeds.values()),
        "followers": sum(feed["followers"] for feed in hub.statistics()["feeds"].values()),
    }


def kept_by(made: Gateway) -> int:
    """Bytes of all histories."""
    names = ("plain", "listed", "basket", "keyed", "heavy", "notes")
    return sum(made.channels.outside.history(name).statistics()["bytes"] for name in names)


@pytest.mark.timeout(900 if LARGE else 60)
def test_who_leaves_leaves_nothing_behind() -> None:
    with served(ms=5) as (port, made, hub):
        asyncio.run(come_and_leave_all(port, 50))
        until(lambda: hub.statistics()["clients"] == 0)
        before, resident, kept = held(hub), psutil.Process().memory_info().rss, kept_by(made)
        assert before["followed"] == before["followers"] == before["heartbeats"] == 0
        asyncio.run(come_and_leave_all(port, LEAVE))
        until(lambda: all(now <= before[what] for what, now in held(hub).items()))
        assert hub.statistics()["came"] == hub.statistics()["left"] == LEAVE + 50
        grown = psutil.Process().memory_info().rss - resident
        # What a history says it keeps is an estimate.
        assert grown < 20 * 2**20 + 1.5 * (kept_by(made) - kept)


def test_what_a_client_said_before_it_was_thrown_out_is_not_done_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_of_live, "WRITE_SECONDS", 0.3)

    async def stalls(port: int, hub: Any) -> None:
        async with reach(port, max_queue=1) as connection:
            connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await say(connection, action="subscribe", channel="heavy")
            connection.transport.pause_reading()
            while not hub.statistics()["full"]:
                await asyncio.sleep(0.01)
            for _ in range(3):
                await say(connection, action="subscribe", channel="plain")
                await say(connection, action="subscribe", channel="heartbeat")
            while hub.statistics()["clients"]:
                await asyncio.sleep(0.01)

    with served(ms=5, heavy_ms=2) as (port, _, hub):
        asyncio.run(stalls(port, hub))
        until(lambda: held(hub)["followed"] == held(hub)["heartbeats"] == held(hub)["followers"] == 0)


# --- P6: the newest arrives -------------------------------------------------------------------------------------------


class Conflated:
    """What a client that wants the newest is told."""

    def __init__(self) -> None:
        self.first = -1
        self.latest: dict[str, int] = {}
        self.records = 0
        self.skipped = 0
        self.next = 0
        self.came: list[float] = []

    async def listen(self, connection: ClientConnection, gate: Gate, upto: int, **options: Any) -> None:
        wanted = {"action": "subscribe", "positions": True, "id": 1, **options}
        self.first = self.next = (await answer(connection, **wanted))["result"]["from"]
        gate.most = upto
        while self.next < upto:
            message = await hear(connection)
            assert message["channel"] == options["channel"]
            offset, coming = message["offset"], message["next"]
            assert offset >= self.next or self.records == 0
            assert coming >= self.next
            self.next = coming
            self.skipped += message.get("skipped", 0)
            for record in message["data"]:
                assert record["n"] > self.latest.get(record["symbol"], -1)
                self.latest[record["symbol"]] = record["n"]
                self.records += 1
            self.came.append(asyncio.get_running_loop().time())


def newest(most: int) -> dict[str, int]:
    return {f"S{n % SYMBOLS}": n for n in range(most)}


@pytest.mark.parametrize("interval", [0.0, 0.02, 0.1])
def test_the_newest_of_each_key_arrives_and_what_it_replaced_is_counted(interval: float) -> None:
    told, gate, most = Conflated(), Gate(0), 1_500

    async def listens(port: int) -> None:
        async with reach(port) as connection:
            await told.listen(connection, gate, most, channel="keyed", latest_by="symbol", min_interval=interval)

    with served(ms=1, gate=gate) as (port, _, _):
        asyncio.run(listens(port))
    assert told.latest == newest(most)
    assert told.records + told.skipped == most
    if interval:
        assert told.skipped > 0
        batches = [one for one, other in zip(told.came, [0.0, *told.came], strict=False) if one - other > interval / 2]
        seconds = told.came[-1] - told.came[0]
        assert seconds / (interval * 1.5 + 0.05) - 1 <= len(batches) <= seconds / interval + 2


@pytest.mark.parametrize(
    ("channel", "options"),
    [
        ("heavy", {"policy": "conflate"}),
        ("heavy", {"latest_by": "symbol"}),
        ("heavy", {"latest_by": "symbol", "min_interval": 0.01}),
    ],
    ids=str,
)
def test_who_could_not_read_for_a_while_gets_the_newest_and_is_told_how_much_it_missed(
    channel: str, options: dict[str, Any]
) -> None:
    told, gate, most = Conflated(), Gate(0), 700

    async def listens(port: int) -> None:
        async with reach(port) as connection:
            await told.listen(connection, gate, most, channel=channel, **options)

    rules = [Rule("stall", frame=20, seconds=0.8)]
    with served(ms=500, heavy_ms=2, gate=gate) as (port, _, _), RuleProxy(port, rules, buffer=65_536) as proxy:
        asyncio.run(listens(proxy.port))
        assert proxy.did("stall")
    expected = newest(most)
    assert told.latest["S" + str((most - 1) % SYMBOLS)] == most - 1
    if "latest_by" in options:
        assert told.latest == expected
    assert told.records + told.skipped == most
    assert told.skipped > 0


# --- P11: at the stop nobody loses what he could have read ------------------------------------------------------------


class Drained:
    """One client, from its first message to the close."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.offsets: list[int] = []
        self.first = -1
        self.closing: dict[str, Any] = {}
        self.code: int | None = None
        self.acknowledged: list[int] = []
        self.seconds = 0.0

    async def run(self, port: int, sends: bool, begun: asyncio.Semaphore) -> None:
        async with reach(port) as connection:
            subscribed = {"action": "subscribe", "channel": "plain", "positions": True, "id": "s", **self.options}
            await say(connection, **subscribed)
            sending = asyncio.ensure_future(self._send(connection, id(self) % 10**6)) if sends else None
            begun.release()
            try:
                while True:
                    self._take(json.loads(await connection.recv()))
            except ConnectionClosed as closed:
                self.code = closed.rcvd.code if closed.rcvd else None
            if sending is not None:
                sending.cancel()

    def _take(self, message: dict[str, Any]) -> None:
        if message["channel"] == "plain":
            self.offsets += [record["n"] for record in message["data"]]
        elif message["channel"] == "closing":
            self.closing = message["closing"]
        elif message["channel"] == "reply" and message["action"] == "send":
            self.acknowledged.append(message["id"])
        elif message["channel"] == "reply":
            self.first = message["result"]["from"]

    async def _send(self, connection: ClientConnection, start: int) -> None:
        """Sent values are told apart by ``n``; half of them wait until they have ticked."""
        for n in range(start * 1000, start * 1000 + 999):
            wait = ["accepted", "ticked"][n % 2]
            await say(connection, action="send", channel="notes", data={"n": n}, id=n, wait=wait)
            await asyncio.sleep(0.005)


def test_at_the_stop_nothing_is_lost_to_who_reads_and_all_are_told_when_to_come_back() -> None:
    clients = [Drained({"since": 0} if number % 5 == 0 else {}) for number in range(DRAINED)]
    with served(ms=10) as (port, made, _):
        plain, notes = (made.channels.outside.history(name) for name in ("plain", "notes"))

        async def all_of_them() -> None:
            begun = asyncio.Semaphore(0)
            running = [asyncio.ensure_future(each.run(port, number < 10, begun)) for number, each in enumerate(clients)]
            for _ in clients:
                await begun.acquire()
            await asyncio.sleep(0.5)
            threading.Thread(target=made.stop).start()
            async with asyncio.timeout(20):
                await asyncio.gather(*running)

        asyncio.run(all_of_them())
    last = plain.next
    ticked = {tick.value.n for tick in notes.since().ticks}
    for each in clients:
        assert each.code == Closing.STOPPING
        assert each.offsets == list(range(each.first, last))
        assert each.closing["code"] == Closing.STOPPING
        assert set(each.acknowledged) <= ticked
    assert sum(len(each.acknowledged) for each in clients) > 50
    pauses = [each.closing["retry_after"] for each in clients]
    assert 0.0 <= min(pauses) < max(pauses) <= 1.0
    assert len({round(pause, 1) for pause in pauses}) > 5


def test_at_the_stop_who_is_still_catching_up_is_told_the_rest() -> None:
    behind = Drained({"since": 0})

    async def catches_up(port: int, made: Gateway) -> None:
        begun = asyncio.Semaphore(0)
        running = asyncio.ensure_future(behind.run(port, False, begun))
        await begun.acquire()
        while not behind.offsets:
            await asyncio.sleep(0.001)
        threading.Thread(target=made.stop).start()
        async with asyncio.timeout(20):
            await running

    rules = [Rule("throttle", byte=0, rate=2_000_000.0)]
    with served(ms=0.1, gate=Gate(20_000)) as (port, made, _), RuleProxy(port, rules, buffer=65536) as proxy:
        plain = made.channels.outside.history("plain")
        until(lambda: plain.next == 20_000)
        asyncio.run(catches_up(proxy.port, made))
    assert behind.code == Closing.STOPPING
    assert behind.offsets == list(range(20_000))
