"""What one client is told of one channel: at its own pace, from its own place in the channel's history.

A client that reads is in a group, which is told all at once. One that does not keep up, or wants what nobody else does,
is alone: it goes through the history from its ``cursor``, or keeps the newest of each key until it can be told.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from csp_gateway.errors import GatewayException
from csp_gateway.server.web.live.conflation import Conflation, Newest
from csp_gateway.server.web.live.framing import Framing, batch
from csp_gateway.server.web.live.line import Line
from csp_gateway.server.web.live.options import Options
from csp_gateway.server.web.live.told import Told, gap
from csp_gateway.server.web.reply import written

if TYPE_CHECKING:
    from csp_gateway.server.web.live.feed import Feed

__all__ = ["Subscription", "View"]

_TURN = 64
"""Ticks that are told to one client in one turn of the event loop, when it catches up."""


class View(NamedTuple):
    """What those have in common who are told the same bytes."""

    keys: frozenset[Any] | None
    positions: bool
    framing: Framing


class Subscription:
    """One client's of one channel. On the event loop alone.

    Args:
        start: the offset of the first tick to be told.
        prelude: messages that come before it, in portions.
        on_slow: called when the client has lost its place and would rather be disconnected.
    """

    def __init__(
        self,
        feed: Feed,
        line: Line,
        options: Options,
        start: int,
        prelude: Sequence[list[bytes]],
        on_slow: Callable[[], None],
    ) -> None:
        self.options = options
        self.line = line
        self.view = View(options.keys, options.positions, line.framing(packed=options.packed))
        self.cursor = start
        """The offset of the first tick that it has not been told, when it is alone."""
        self.told = 0
        """Messages, but those that a group was told."""
        self.skipped = 0
        """Ticks and records that newer ones replaced."""
        self.dropped = 0
        """Ticks that were lost to it."""
        self._feed = feed
        self._on_slow = on_slow
        self._prelude = deque(prelude)
        self._waits = options.policy == "conflate" and bool(prelude)
        self._newest = self._conflation() if options.conflates or self._waits else None
        self._loop = asyncio.get_running_loop()
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._scheduled = False
        self._busy = False
        self._ended = False

    @property
    def behind(self) -> bool:
        """Whether there is anything that it has not been told."""
        return bool(self._prelude) or self.cursor < self._feed.next or bool(self._newest)

    def _conflation(self) -> Conflation:
        return Conflation(self.options.reads, len(self._feed.shape.keys))

    # Called by the feed.

    def fall_behind(self, tolds: Sequence[Told], upto: int) -> None:
        """The client could not be told these with its group."""
        self.cursor = tolds[0].tick.offset
        if self.options.policy == "conflate":
            self._newest = self._conflation()
            self.take(tolds, upto)

    def take(self, tolds: Sequence[Told], upto: int) -> None:
        """Ticks have come, and the next one is ``upto``; those it is not ready for it finds in the history."""
        if self._newest is not None:
            for told in tolds:
                if told.tick.offset >= self.cursor:
                    self._merge(told)
            self.cursor = max(self.cursor, upto)
            self._flush()
        elif self.cursor >= tolds[0].tick.offset and not (self.line.full or self._prelude or self._busy):
            self._tell([told for told in tolds if told.tick.offset >= self.cursor], upto)
            self._settle()

    def catch_up(self) -> None:
        """Tell what can be told now."""
        self._scheduled = False
        while self._prelude and not self.line.full and not self._ended:
            self._write(self._prelude.popleft())
        if self._prelude or self._busy or self._ended:
            return
        if self._newest is not None:
            self._flush()
            return
        spent = 0
        while self.cursor < self._feed.next and not self.line.full:
            if spent >= _TURN:
                self._schedule()
                return
            tolds = self._read()
            if not tolds:
                return
            spent += len(tolds)
            upto = tolds[-1].tick.offset + 1
            if any(told.is_large for told in tolds):
                self._busy = True
                self._feed.write_aside(tolds, lambda: self._resume(tolds, upto))  # noqa: B023  # returns with them
                return
            self._tell(tolds, upto)
        self._settle()

    def end(self) -> None:
        """Tell nothing from now on."""
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()

    # What it has lost, and what it catches up with.

    def _read(self) -> list[Told]:
        """The coming ticks; nothing where the client is to be disconnected instead."""
        tolds, lost = self._feed.read(self.cursor, _TURN)
        if lost:
            if self.options.policy == "disconnect":
                self._on_slow()
                return []
            self.dropped += lost
            self._write([gap(self._feed.shape.channel, self.cursor, self.cursor + lost, "overflow")])
            self.cursor += lost
        return tolds

    def _resume(self, tolds: Sequence[Told], upto: int) -> None:
        self._busy = False
        if not self._ended:
            self._tell(tolds, upto)
            self.catch_up()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self.catch_up)

    def _settle(self) -> None:
        """Go back to the group, once everything is told that the group was."""
        if not (self._ended or self.options.own or self.line.full or self.behind) and self.cursor == self._feed.next:
            self._feed.rejoin(self)

    # What it tells.

    def _tell(self, tolds: Sequence[Told], upto: int) -> None:
        messages = []
        for told in tolds:
            chosen = [(key, self._chosen(told, key)) for key in told.keys(self.options.keys)]
            kept = [(key, records) for key, records in chosen if records is None or records]
            for key, records in kept:
                coming = told.tick.offset + (key is kept[-1][0])
                messages.append(self._message(told, key, records, coming))
        self.cursor = max(self.cursor, upto)
        self._write(messages)

    def _merge(self, told: Told) -> None:
        assert self._newest is not None
        for key in told.keys(self.options.keys):
            records = self._chosen(told, key)
            if records is None or records:
                self._newest.merge(told, key, told.records(key) if records is None else records)

    def _flush(self) -> None:
        """Tell the newest of each key, if it is time."""
        if self._ended or self._newest is None or self.line.full or self._prelude or self._busy:
            return
        if self._newest and self._loop.time() < self._due:
            if self._timer is None:
                self._timer = self._loop.call_at(self._due, self._when_due)
            return
        self._tell_newest(self._newest)
        if not self.options.conflates:
            self._newest = None
            self._settle()

    def _when_due(self) -> None:
        self._timer = None
        self._flush()

    def _tell_newest(self, kept: Conflation) -> None:
        if not kept:
            return
        self._due = self._loop.time() + self.options.interval
        skipped, dropped = kept.skipped, kept.dropped
        newest = kept.take()
        self.skipped += skipped
        messages = []
        if dropped:
            self.dropped += dropped
            first = newest[0].told.tick.offset
            messages.append(gap(self._feed.shape.channel, first, self.cursor, "too_many_keys", dropped))
        for each, after in zip(newest, [*newest[1:], None], strict=True):
            coming = self.cursor if after is None else after.told.tick.offset
            said = b',"skipped":%d' % skipped if skipped and each is newest[0] else b""
            messages.append(self._message(each.told, each.key, _whole(each), coming, said))
        self._write(messages)

    def _chosen(self, told: Told, key: Any) -> list[Any] | None:
        """The records of a key that are wanted; None for all of them."""
        where = self.options.where
        if where is None:
            return None
        records = told.records(key)
        chosen = [record for record in records if where(record)]
        return None if len(chosen) == len(records) and chosen else chosen

    def _message(self, told: Told, key: Any, records: list[Any] | None, coming: int, said: bytes = b"") -> bytes:
        offset = told.tick.offset
        try:
            data = told.data(key) if records is None else written(records)
        except GatewayException:
            data = None
        if data is None:
            return gap(self._feed.shape.channel, offset, offset + 1, "unwritable")
        data = self.options.picked(data)
        where = told.positions(self._feed.history.epoch, coming) if self.options.positions else b""
        return told.message(key, data, where + said)

    def _write(self, messages: list[bytes]) -> None:
        if messages and not self._ended:
            self.told += len(messages)
            self.line.write(batch(messages, self.view.framing))


def _whole(newest: Newest) -> list[Any] | None:
    """Its records; None where they are all that the tick said of the key."""
    said = newest.told.records(newest.key)
    same = len(said) == len(newest.records) and all(a is b for a, b in zip(said, newest.records, strict=True))
    return None if same else newest.records
