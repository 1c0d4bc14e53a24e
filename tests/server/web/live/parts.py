"""Parts of live delivery that a test moves by hand: a feed whose ticks it makes, a line that it fills and empties."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import msgspec

from csp_gateway import GatewayStruct
from csp_gateway.server.channels import Cell
from csp_gateway.server.channels.cells import BasketCell
from csp_gateway.server.channels.history import History
from csp_gateway.server.channels.limits import HistoryLimits
from csp_gateway.server.web.live.feed import Feed
from csp_gateway.server.web.live.framing import Batch, Framing
from csp_gateway.server.web.live.options import options_of
from csp_gateway.server.web.live.subscription import Subscription
from csp_gateway.server.web.verbs import Shape
from csp_gateway.server.web.workers import Workers
from csp_gateway.wire.commands import Follow

START = datetime(2026, 1, 1)


class Quote(GatewayStruct):
    symbol: str
    n: int


def quote(n: int, symbol: str = "A") -> Quote:
    return Quote(symbol=symbol, n=n)


def looped(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that runs in an event loop of its own."""

    @functools.wraps(test)
    def run(*given: Any, **named: Any) -> None:
        asyncio.run(test(*given, **named))

    return run


class Ear:
    """A line that keeps what it is told."""

    def __init__(self) -> None:
        self.full = False
        self.on_writable: Callable[[], None] | None = None
        self.on_full: Callable[[], None] | None = None
        self.batches: list[Batch] = []
        self.closed: tuple[int, str] | None = None

    def framing(self, *, packed: bool) -> Framing:
        return Framing.BYTES if packed else Framing.TEXT

    def write(self, batch: Batch) -> None:
        self.batches.append(batch)

    def waiting(self) -> int:
        return 7

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def fill(self) -> None:
        self.full = True
        if self.on_full is not None:
            self.on_full()

    def empty(self) -> None:
        self.full = False
        if self.on_writable is not None:
            self.on_writable()

    @property
    def heard(self) -> list[dict[str, Any]]:
        """All it was told, each message as the client would read it."""
        return [read(each, batch.framing) for batch in self.batches for each in batch.messages]

    @property
    def counts(self) -> list[int]:
        """The numbers of the records it was told."""
        return [record["n"] for message in self.heard for record in message.get("data", ())]

    def forget(self) -> None:
        self.batches.clear()


class Silent:
    """Channels of a hub that follows none."""

    class outside:
        @staticmethod
        def when_closed(_: Any) -> None: ...


def read(payload: bytes, framing: Framing) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(payload) if framing is Framing.TEXT else msgspec.msgpack.decode(payload)
    return said


class Made:
    """A feed of channel ``quotes``, of which a test makes the ticks."""

    def __init__(
        self,
        *,
        listed: bool = False,
        keys: tuple[Any, ...] = (),
        items: int = 1000,
        keyby: tuple[str, ...] | None = None,
    ) -> None:
        self.shape = Shape("quotes", Quote, listed, dict if keys else None, {str(key): key for key in keys})
        self.cell: Cell = BasketCell("quotes", dict, keys) if keys else Cell("quotes")
        self.history = History(HistoryLimits(items=items), "run", many=listed or bool(keys))
        self.cell.history = self.history
        self.cell.awake = True
        self.workers = Workers()
        self.armed: list[Feed] = []
        self.keyby = keyby
        self.feed = Feed(self.shape, self.cell, keyby, self.workers, self.armed.append)
        self.slow = self.failed = 0

    def tick(self, value: Any) -> None:
        """As the engine's thread does it."""
        self.history.append(START + timedelta(milliseconds=self.history.next), value)
        self.cell.keep(value)

    def ticks(self, *counts: int) -> None:
        """Ticks of single records, each told at once."""
        for n in counts:
            self.tick(quote(n))
            self.feed.pump()

    def subscription(
        self, ear: Ear, *, start: int | None = None, prelude: list[list[bytes]] | None = None, **wanted: Any
    ) -> Subscription:
        """One that is not told anything yet."""
        self.feed.begin()
        options = options_of(self.shape, Follow(channel="quotes", **wanted), self.keyby)
        start = self.history.next if start is None else start
        return Subscription(self.feed, ear, options, start, prelude or [], self._slow, self._fail)

    def follow(self, ear: Ear, **wanted: Any) -> Subscription:
        """One that is told what ticks from now on."""
        subscription = self.subscription(ear, **wanted)
        self.feed.follow(subscription)
        return subscription

    def _slow(self) -> None:
        self.slow += 1

    def _fail(self) -> None:
        self.failed += 1


async def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait until something is true."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not true():
        assert asyncio.get_running_loop().time() < deadline, "it has not come true"
        await asyncio.sleep(0.001)
