"""One client of live delivery, over a WebSocket or as server-sent events: what it follows, and how it ends."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from csp_gateway.server.web.live.framing import batch
from csp_gateway.server.web.live.line import Line
from csp_gateway.server.web.live.subscription import Subscription
from csp_gateway.wire.closing import Closing

__all__ = ["WRITE_SECONDS", "Client", "Visitor"]

WRITE_SECONDS = 5.0
"""Seconds that a full line may stay full where a subscription wants to be disconnected then; ten times that for all."""
_FAILED = 1011
"""RFC 6455's code for an error of the server."""
_LEAVING = 3.0
"""Seconds in which a client that is asked to leave is still told what it has not read."""
_LOOK = 0.02
"""Seconds after which it is looked again whether it has been."""


class Visitor(NamedTuple):
    """Who a client is, as far as that is known."""

    kind: str
    """``websocket`` or ``events``."""
    address: str
    agent: str


class Client:
    """What one client follows. On the event loop alone.

    Args:
        on_gone: called once, when it is to be told nothing more.
    """

    def __init__(self, line: Line, visitor: Visitor, on_gone: Callable[[Client], None]) -> None:
        self.id = uuid.uuid4().hex[:12]
        self.line = line
        self.visitor = visitor
        self.came = datetime.now(UTC)
        self.subscriptions: dict[str, Subscription] = {}
        self.speaks = False
        """Whether it knows messages other than those of the older package."""
        self.packs = False
        """Whether the newest of what it said was MessagePack."""
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._leaves: tuple[Closing, str] | None = None
        self.is_gone = False
        """Whether it is told nothing more."""
        line.on_full = self._full
        line.on_writable = self._writable

    def tell(self, message: dict[str, Any], *, packed: bool = False) -> None:
        """Write one message of its own."""
        self.line.write(batch([orjson.dumps(message)], self.line.framing(packed=packed)))

    async def room(self) -> None:
        """Wait until its line is not full: nothing more is read of a client that reads nothing."""
        await self._room.wait()

    def slow(self) -> None:
        """It does not read what it asked for."""
        self.end(Closing.SLOW, "slow: what was asked for is not read in time; come back and go on from where you were")

    def failed(self) -> None:
        """What it asked for cannot be told, for a reason that nobody foresaw."""
        self.end(_FAILED, "what was asked for cannot be told; the gateway's log says why")

    def leave(self, code: Closing, reason: str, spread: float) -> None:
        """Ask it to come back some other time, once it has been told what it has not read.

        Args:
            spread: seconds among which clients are spread when they come back.
        """
        if self.is_gone or self._leaves is not None:
            return
        pause = random.uniform(0.0, spread)
        self._leaves = (code, f"{reason}; come back in {pause:.1f} s")
        if self.speaks:
            closing = {"code": int(code), "reason": reason, "retry_after": pause}
            self.tell({"channel": "closing", "closing": closing}, packed=self.packs)
        self._loop.call_later(_LEAVING, self._left)
        self._look()

    def end(self, code: int, reason: str) -> None:
        """End the connection."""
        if self.is_gone:
            return
        self.gone()
        self.line.close(code, reason)

    def gone(self) -> None:
        """The connection has ended."""
        if self.is_gone:
            return
        self.is_gone = True
        if self._timer is not None:
            self._timer.cancel()
        self._room.set()
        self.line.on_full = self.line.on_writable = None
        self._on_gone(self)

    # What its line says.

    def _full(self) -> None:
        self._room.clear()
        if self._timer is None:
            self._timer = self._loop.call_later(WRITE_SECONDS, self._still_full)

    def _still_full(self, again: int = 9) -> None:
        picky = any(each.options.policy == "disconnect" for each in self.subscriptions.values())
        if picky or not again:
            self.slow()
        else:
            self._timer = self._loop.call_later(WRITE_SECONDS, self._still_full, again - 1)

    def _writable(self) -> None:
        self._room.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for subscription in list(self.subscriptions.values()):
            subscription.catch_up()
        self._leave_when_told()

    def _look(self) -> None:
        if not self.is_gone:
            self._leave_when_told()
            self._loop.call_later(_LOOK, self._look)

    def _leave_when_told(self) -> None:
        if self._leaves is None:
            return
        for subscription in self.subscriptions.values():
            subscription.hurry()
        if not any(each.behind for each in self.subscriptions.values()):
            self._left()

    def _left(self) -> None:
        if self._leaves is not None:
            self.end(*self._leaves)
