"""A gateway whose every tick is known from its offset alone, and a client that holds all it is told against that."""

import asyncio
import json
import random
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any, Dict, List  # noqa: UP035  # csp reads typing.List and typing.Dict
from urllib.parse import urlsplit

import csp
from csp import ts
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from csp_gateway import (
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewaySettings,
    GatewayStruct,
    Keep,
    MountRestRoutes,
    MountWebSocketRoutes,
)

STREAM = "/api/v1/stream"
KEYS = ["A", "B", "C d"]
SYMBOLS = 7


class Item(GatewayStruct):
    n: int
    symbol: str = ""
    text: str = ""


class Ch(GatewayChannels):
    plain: Annotated[ts[Item], Keep(items=50_000)] = None
    listed: Annotated[ts[List[Item]], Keep(items=50_000)] = None  # noqa: UP006
    basket: Annotated[Dict[str, ts[Item]], Keep(items=50_000)] = None  # noqa: UP006
    keyed: Annotated[ts[Item], Keep(items=50_000)] = None
    brief: Annotated[ts[Item], Keep(items=30)] = None
    heavy: Annotated[ts[Item], Keep(items=50_000)] = None
    notes: Annotated[ts[Item], Keep(items=50_000)] = None

    def dynamic_keys(self) -> dict[str, Any]:
        return {"basket": KEYS}


def keys_of(offset: int) -> list[str]:
    """The keys of the basket that tick at an offset."""
    return [key for place, key in enumerate(KEYS) if (offset % 7 + 1) >> place & 1]


def records_of(channel: str, offset: int) -> list[int]:
    """``n`` of the records that a channel ticks at an offset; of a basket, of each key that does."""
    return [offset * 10 + each for each in range(offset % 4)] if channel == "listed" else [offset]


class Gate:
    """How many ticks there may be so far."""

    def __init__(self, most: float = float("inf")) -> None:
        self.most = most


@csp.node(memoize=False)
def items(clock: ts[bool], text: str, gate: object) -> ts[Item]:
    with csp.state():
        s_n = -1
    if csp.ticked(clock) and s_n + 1 < gate.most:
        s_n += 1
        return Item(n=s_n, symbol=f"S{s_n % SYMBOLS}", text=text)


class Source(GatewayModule):
    """Ticks every so many milliseconds, as far as its gate lets it."""

    ms: float = 2.0
    gate: Any = Gate()
    heavy_ms: float = 1000.0
    heavy_bytes: int = 20_000

    def dynamic_keys(self) -> dict[str, Any]:
        return {Ch.basket: KEYS}

    def connect(self, channels: Ch) -> None:
        one = items(csp.timer(timedelta(milliseconds=self.ms), True), "", self.gate)
        for field in (Ch.plain, Ch.keyed, Ch.brief):
            channels.set_channel(field, one)
        channels.set_state(Ch.keyed, "symbol")
        several = csp.apply(one, lambda item: [Item(n=n) for n in records_of("listed", item.n)], List[Item])  # noqa: UP006
        channels.set_channel(Ch.listed, several)
        for key in KEYS:
            ticks = csp.filter(csp.apply(one, lambda item, key=key: key in keys_of(item.n), bool), one)
            channels.set_channel(Ch.basket, ticks, key)
        slow = csp.timer(timedelta(milliseconds=self.heavy_ms), True)
        channels.set_channel(Ch.heavy, items(slow, "x" * self.heavy_bytes, self.gate))
        channels.add_send_channel(Ch.notes)


def gateway(**given: Any) -> Gateway:
    modules = [Source(**given), MountRestRoutes(force_mount_all=True), MountWebSocketRoutes()]
    return Gateway(channels=Ch(), modules=modules, settings=GatewaySettings())


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def reach(port: int, **options: Any) -> connect:
    """A client of the stream."""
    given = {"compression": None, "max_size": None, "max_queue": None, "ping_interval": None, "close_timeout": 1.0}
    return connect(f"ws://127.0.0.1:{port}{STREAM}", **(given | options))


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def hear(socket: ClientConnection, seconds: float = 10.0) -> Any:
    return json.loads(await asyncio.wait_for(socket.recv(), seconds))


async def answer(socket: ClientConnection, **message: Any) -> Any:
    """What is answered to a message, past whatever else is told."""
    await say(socket, **message)
    while (heard := await hear(socket)).get("id") != message["id"]:
        pass
    return heard


class Follower:
    """Follows a channel through any number of connections, and holds what it is told against what has to be told.

    Args:
        key: of a basket, the key it wants; None for all.
    """

    def __init__(self, name: str, channel: str, key: str | None, drawn: random.Random) -> None:
        self.name = name
        self.channel = channel
        self.key = key
        self.drawn = drawn
        self.first: int | None = None
        """The offset from which on it has to be told everything."""
        self.next: int | None = None
        """Where it goes on."""
        self.epoch: str | None = None
        self.heard: set[tuple[int, str | None]] = set()
        self.repeated = 0
        self.connections = 0
        self.gaps: list[dict[str, Any]] = []
        self.lost: set[int] = set()
        """Offsets that it was told were lost."""

    async def follow(self, port: int, until: int | None = None) -> str | None:
        """Until the connection ends, or offset ``until`` was told; why it ended."""
        try:
            async with reach(port) as socket:
                await self._subscribe(socket)
                await self._listen(socket, until)
                return None
        except (ConnectionClosed, InvalidHandshake, InvalidMessage, EOFError, OSError) as ended:
            return type(ended).__name__

    async def _subscribe(self, socket: ClientConnection) -> None:
        wanted: dict[str, Any] = {"action": "subscribe", "channel": self.channel, "positions": True}
        wanted |= {"policy": "disconnect"}
        if self.key is not None:
            wanted["key"] = self.key
        if self.drawn.random() < 0.6:
            wanted["id"] = self.drawn.choice(["x", 7])
        if self.next is not None:
            wanted |= {"since": self.next, "epoch": self.epoch}
        self.connections += 1
        self._latest: tuple[int, str | None] | None = None
        self._expected = self.next
        """The offset that the next tick may not be below; None before the first is known."""
        await say(socket, **wanted)

    async def _listen(self, socket: ClientConnection, until: int | None) -> None:
        while until is None or self.next is None or self.next <= until:
            self._take(json.loads(await socket.recv()))

    def _take(self, message: dict[str, Any]) -> None:
        match message["channel"]:
            case "reply":
                result = message["result"]
                if result.get("recovered") is False:
                    self._missing({"from": self.next, "to": result["from"], "reason": result["reason"]})
                elif self.next is None:
                    self.first = self.next = result["from"]
                    self.epoch = result["epoch"]
                else:
                    assert result == result | {"recovered": True, "from": self.next, "epoch": self.epoch}
            case "gap":
                self._missing(message["gap"])
            case self.channel:
                self._tick(message)
            case other:
                raise AssertionError(f"{self.name} was told {other}: {message}")

    def _missing(self, gap: dict[str, Any]) -> None:
        self.gaps.append(gap)
        assert self._latest is None, f"{self.name}: a gap was told after a tick that it came before"
        if gap["reason"] == "epoch_changed":
            self.heard.clear()
            self.lost.clear()
            self.first = gap["to"]
            self.epoch = None
        else:
            assert gap["reason"] == "expired"
            assert gap["from"] == self.next
            assert gap["to"] > gap["from"]
            self.lost |= set(range(gap["from"], gap["to"]))
        self.next = gap["to"]

    def _tick(self, message: dict[str, Any]) -> None:
        offset, key = message["offset"], message.get("key")
        if self.next is None or self.epoch is None:
            self.first = offset if self.first is None else self.first
            self.next = self.first
            self.epoch = message["epoch"]
        assert message["epoch"] == self.epoch, f"{self.name}: another run, and no word of it"
        keys = [None] if self.channel != "basket" else [k for k in keys_of(offset) if self.key in (None, k)]
        assert key in keys
        assert [record["n"] for record in message["data"]] == records_of(self.channel, offset)
        place = (offset, key)
        # One after the other: a tick's keys in their order, all of them before the next tick.
        assert self._latest is None or (offset, keys.index(key)) > self._latest, f"{self.name}: {place} out of order"
        self._latest = (offset, keys.index(key))
        if place in self.heard:
            assert offset == self.next, f"{self.name}: {place} came twice, and it had said that it had it"
            self.repeated += 1
        self.heard.add(place)
        assert offset >= self.next
        assert message["next"] == offset + (key == keys[-1])
        self.next = message["next"]

    def expected(self) -> set[tuple[int, str | None]]:
        """All that it has to have been told."""
        assert self.first is not None
        assert self.next is not None
        offsets = [offset for offset in range(self.first, self.next) if offset not in self.lost]
        if self.channel != "basket":
            return {(offset, None) for offset in offsets}
        return {(offset, key) for offset in offsets for key in keys_of(offset) if self.key in (None, key)}


async def at_most(seconds: float, coroutine: Any) -> None:
    """Let something go on for so long."""
    with suppress(TimeoutError):
        await asyncio.wait_for(coroutine, seconds)
