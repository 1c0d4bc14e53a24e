"""What a client's messages are written to: it takes them without waiting, says when it is full, and when no more."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

from csp_gateway.server.web.live.framing import Batch, Framing

__all__ = ["HIGH_BYTES", "LOW_BYTES", "PORTION_BYTES", "Line", "QueuedLine", "portion"]

HIGH_BYTES = 1024 * 1024
"""Bytes that may wait for one client; then it is full."""
LOW_BYTES = 256 * 1024
"""Bytes below which a line that was full is full no more."""
PORTION_BYTES = 64 * 1024
"""Bytes that are written to a line at once, as far as they can be foreseen: so many may wait beyond ``HIGH_BYTES``."""


class Line(Protocol):
    """Where one client's messages go. On the event loop alone."""

    full: bool
    """Whether nothing more should be written for now."""
    on_writable: Callable[[], None] | None
    """Called when it is full no more."""
    on_full: Callable[[], None] | None
    """Called when it becomes full."""

    def framing(self, *, packed: bool) -> Framing:
        """How its messages are to lie on the wire, in JSON or in MessagePack."""
        ...

    def write(self, batch: Batch) -> None:
        """Take messages; never waits. What is written after ``close`` is lost."""
        ...

    def waiting(self) -> int:
        """Bytes that were taken and are not sent yet."""
        ...

    def close(self, code: int, reason: str) -> None:
        """End the connection after what was taken, and soon even if that is not read."""
        ...


def portion(ticks: int, size: int, before: int) -> int:
    """How many ticks are to be written next, where so many took ``size`` bytes; at most twice as many as ``before``."""
    return max(1, min(2 * before, PORTION_BYTES * ticks // max(1, size)))


class QueuedLine:
    """A line that a task of the client's own empties.

    Args:
        send: sends one message, and waits until there is room for it.
        text: how JSON lies on the wire.
        linger: seconds in which what was taken may still be read once it is closed.
    """

    def __init__(self, send: Callable[[bytes, Framing], Awaitable[None]], text: Framing, linger: float) -> None:
        self.full = False
        self.on_writable: Callable[[], None] | None = None
        self.on_full: Callable[[], None] | None = None
        self.closed: tuple[int, str] | None = None
        """Code and reason, once it is closed."""
        self.sending: asyncio.Future[None] | None = None
        """What runs ``run``: it is cancelled where what was taken is not read."""
        self._linger = linger
        self._send = send
        self._text = text
        self._waiting: deque[tuple[bytes, Framing]] = deque()
        self._bytes = 0
        self._ready = asyncio.Event()

    def framing(self, *, packed: bool) -> Framing:
        """As ``Line``; without frames of our own, the server's."""
        return Framing.BYTES if packed else self._text

    def write(self, batch: Batch) -> None:
        """As ``Line``."""
        if self.closed is not None:
            return
        self._waiting.extend((each, batch.framing) for each in batch.messages)
        self._bytes += sum(map(len, batch.messages))
        self._ready.set()
        if self._bytes > HIGH_BYTES and not self.full:
            self.full = True
            if self.on_full is not None:
                self.on_full()

    def waiting(self) -> int:
        """As ``Line``."""
        return self._bytes

    def close(self, code: int, reason: str) -> None:
        """As ``Line``: ``run`` returns when it has sent what was taken."""
        if self.closed is None:
            self.closed = (code, reason)
            self._ready.set()
            if self.sending is not None:
                asyncio.get_running_loop().call_later(self._linger, self.sending.cancel)

    async def run(self) -> None:
        """Send what is written, until the line is closed."""
        while True:
            while self._waiting:
                message, framing = self._waiting.popleft()
                await self._send(message, framing)
                self._bytes -= len(message)
                if self.full and self._bytes < LOW_BYTES:
                    self.full = False
                    if self.on_writable is not None:
                        self.on_writable()
            if self.closed is not None:
                return
            self._ready.clear()
            await self._ready.wait()
