"""A TCP proxy that does to connections what networks do, by rules: at a byte, at a WebSocket frame, or after a time.

It runs in a thread of its own, and keeps a log of what it did, for tests to assert on.
"""

import asyncio
import itertools
import math
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from tests.ways.frames import Frames

Way = Literal["up", "down"]
"""``up``: from the client to the server."""
Action = Literal["drop", "reset", "cut", "delay", "stall", "throttle", "corrupt"]

PIECE = 64 * 1024
"""Bytes that are read at once."""


@dataclass(frozen=True)
class Rule:
    """What is done, and when: ``byte``, ``frame`` and ``after`` are three ways to say it, of which one is given.

    Attributes:
        action: ``drop`` closes both sides in good order, ``reset`` without it; ``cut`` sends half of the frame and
            drops; ``delay`` holds whatever comes from then on for ``seconds``; ``stall`` neither reads nor sends for
            ``seconds``; ``throttle`` sends ``rate`` bytes a second from then on; ``corrupt`` turns over the bits of
            the next byte.
        byte: before the n-th byte that goes this way, the first is 0.
        frame: before the n-th WebSocket frame, the first is 0; a head that came in two pieces has begun already.
        after: so many seconds after the client came.
        connection: the n-th connection alone; None: any.
        times: in so many connections at most.
    """

    action: Action
    way: Way = "down"
    byte: int | None = None
    frame: int | None = None
    after: float | None = None
    seconds: float = math.inf
    rate: float = 0.0
    connection: int | None = None
    times: float = math.inf

    def __post_init__(self) -> None:
        assert [self.byte, self.frame, self.after].count(None) == 2, "at a byte, at a frame, or after a time"
        assert (self.action == "cut") <= (self.frame is not None), "what is cut is a frame"


class Event(NamedTuple):
    """What the proxy did: an action, ``opened`` or ``closed``; and how many bytes had gone this way before."""

    connection: int
    what: str
    way: Way | None
    byte: int
    when: float


@dataclass
class Flow:
    """One direction of one connection."""

    way: Way
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    rules: list[Rule]
    act: Callable[[Rule, "Flow"], None]
    gone: int = 0
    """Bytes that went this way."""
    frames: Frames = field(default_factory=Frames)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """Set where nothing is held back."""
    lag: float = 0.0
    rate: float = math.inf
    corrupts: bool = False

    async def run(self) -> None:
        self.held.set()
        while True:
            await self.held.wait()
            data = await self.reader.read(PIECE)
            if not data:
                return
            self.frames.feed(data)
            if self.lag:
                await asyncio.sleep(self.lag)
            await self._pass(data)

    async def _pass(self, data: bytes) -> None:
        """Send it on, and stop where a rule says so."""
        while data:
            due = [(place, rule) for rule in self.rules if (place := self._place(rule)) is not None]
            place, rule = min(due, key=lambda each: each[0], default=(math.inf, None))
            ahead = int(min(len(data), max(0, place - self.gone)))
            await self._send(data[:ahead])
            data = data[ahead:]
            if rule is not None and place <= self.gone:
                self.rules.remove(rule)
                self.act(rule, self)
                await self.held.wait()

    def _place(self, rule: Rule) -> int | None:
        """The byte at which a rule is due, if that is known."""
        if rule.byte is not None:
            return rule.byte
        if rule.frame is None or rule.frame >= len(self.frames.starts):
            return None
        start, size = self.frames.starts[rule.frame]
        return start + size // 2 if rule.action == "cut" else start

    async def _send(self, data: bytes) -> None:
        if self.corrupts and data:
            data, self.corrupts = bytes([data[0] ^ 0xFF]) + data[1:], False
        portion = len(data) if self.rate == math.inf else max(1, int(self.rate / 50))
        for begin in range(0, len(data), portion or 1):
            await self.held.wait()
            sent = data[begin : begin + portion]
            self.writer.write(sent)
            await self.writer.drain()
            self.gone += len(sent)
            if self.rate != math.inf:
                await asyncio.sleep(len(sent) / self.rate)


class RuleProxy:
    """Listens on a free port of 127.0.0.1, and passes on to ``port``, which may be set anew at any time.

    Args:
        rules: of every connection; or what gives those of the n-th.
        buffer: bytes of the system's buffers on both sides, so that what stands still is soon noticed; 0: as they are.
    """

    def __init__(self, port: int, rules: Iterable[Rule] | Callable[[int], Iterable[Rule]] = (), buffer: int = 0):
        self.target = port
        self.port = 0
        self.events: list[Event] = []
        self._rules = rules if callable(rules) else list(rules)
        self._fired: Counter[Rule] = Counter()
        self._buffer = buffer
        self._numbers = itertools.count()
        self._open: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve()], name="rule-proxy")

    def __enter__(self) -> "RuleProxy":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)
        assert not self._thread.is_alive()
        self._loop.close()

    def did(self, *actions: str) -> list[Event]:
        """What it did so far, of these actions."""
        return [event for event in list(self.events) if event.what in actions]

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task: Any = asyncio.current_task()
        self._open.add(task)
        number = next(self._numbers)
        self._log(number, "opened", None)
        writers = [writer]
        try:
            farther, onward = await asyncio.open_connection("127.0.0.1", self.target)
            writers.append(onward)
            for each in writers if self._buffer else ():
                _narrow(each, self._buffer)
            await self._pass_on(number, (reader, onward), (farther, writer))
        except (OSError, asyncio.CancelledError):
            pass  # it was reset; nobody listens there; or the proxy ends
        finally:
            for each in writers:
                each.close()
            self._open.discard(task)
            self._log(number, "closed", None)

    async def _pass_on(self, number: int, *ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        """Until either side ends it, or a rule does."""
        given = self._rules(number) if callable(self._rules) else self._rules
        mine = [rule for rule in given if rule.connection in (None, number)]
        over = asyncio.Event()

        def act(rule: Rule, flow: Flow) -> None:
            self._fired[rule] += 1
            if self._fired[rule] > rule.times:
                return
            self._log(number, rule.action, flow)
            if rule.action not in ("drop", "reset", "cut"):
                _slow(rule, flow)
                return
            if rule.action == "reset":
                _reset(flows[0].writer, flows[1].writer)
            flow.held.clear()
            over.set()

        flows = [
            Flow(way, *streams, [rule for rule in mine if rule.way == way and rule.after is None], act)
            for way, streams in zip(("up", "down"), ways, strict=True)
        ]
        later = asyncio.get_running_loop().call_later
        timers = [later(rule.after, act, rule, flows[rule.way == "down"]) for rule in mine if rule.after is not None]
        tasks = [asyncio.ensure_future(each) for each in (flows[0].run(), flows[1].run(), over.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (*timers, *tasks):
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _log(self, number: int, what: str, flow: Flow | None) -> None:
        way, gone = (flow.way, flow.gone) if flow else (None, 0)
        self.events.append(Event(number, what, way, gone, time.monotonic()))


def _narrow(writer: asyncio.StreamWriter, buffer: int) -> None:
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, option, buffer)
    writer.transport.set_write_buffer_limits(buffer)


def _slow(rule: Rule, flow: Flow) -> None:
    if rule.action == "delay":
        flow.lag = rule.seconds
    elif rule.action == "throttle":
        flow.rate = rule.rate
    elif rule.action == "corrupt":
        flow.corrupts = True
    else:
        flow.held.clear()
        if rule.seconds != math.inf:
            asyncio.get_running_loop().call_later(rule.seconds, flow.held.set)


def _reset(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        with suppress(OSError):  # the other side has closed it already
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
