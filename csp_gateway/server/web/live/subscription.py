"""What one client is told of one channel: at its own pace, from its own place in the channel's history.

A client that reads is in a group, which is told all at once. One that does not keep up, or wants what nobody else does,
is alone: it goes through the history from its ``cursor``, or keeps the newest of each key until it can be told.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from csp_gateway.server.web.live.conflation import Conflation
from csp_gateway.server.web.live.framing import Batch, Framing, batch
from csp_gateway.server.web.live.line import PORTION_BYTES, Line, portion
from csp_gateway.server.web.live.options import Options
from csp_gateway.server.web.live.told import Told, gap
from csp_gateway.server.web.live.wording import Wording

if TYPE_CHECKING:
    from csp_gateway.server.web.live.feed import Feed

__all__ = ["Subscription", "View"]

_TURN = 64
"""Ticks that are told to one client in one turn of the event loop, when it catches up."""
_NEWEST = 100
"""Messages of the newest that are made for one client in one turn."""


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
        on_failed: called when what it wants cannot be told.
        begins: keys of a basket that begin later than ``start``, and the offset at which each does.
    """

    def __init__(
        self,
        feed: Feed,
        line: Line,
        options: Options,
        start: int,
        prelude: Sequence[list[bytes]],
        on_slow: Callable[[], None],
        on_failed: Callable[[], None],
        begins: Mapping[Any, int] | None = None,
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
        self.together = False
        """Whether it is told what comes with its group."""
        self._feed = feed
        self._on_slow = on_slow
        self._on_failed = on_failed
        self._wording = Wording(options, feed.history.epoch, begins or {})
        self._prelude = deque(prelude)
        self._newest = self._conflation() if options.conflates else None
        self._turn = 1
        """Ticks that are told at once."""
        self._portion = 1
        """Messages of the newest that are written at once."""
        self._loop = asyncio.get_running_loop()
        self._due = 0.0
        self._until: float | None = None
        """The offset before which the newest are being told, in several turns."""
        self._timer: asyncio.TimerHandle | None = None
        self._scheduled = False
        self._busy = False
        self._ended = False

    @property
    def behind(self) -> bool:
        """Whether there is anything that it has not been told."""
        if self.together:
            return self._feed.busy
        return bool(self._prelude) or self.cursor < self._feed.next or bool(self._newest)

    @property
    def begins(self) -> dict[Any, int]:
        """Keys of a basket that begin later than at ``cursor``."""
        return {key: offset for key, offset in self._wording.begins.items() if offset > self.cursor}

    def succeed(self, before: Subscription, keys: frozenset[Any] | None) -> None:
        """Take over what another one of the same client and channel has kept, and was not told.

        Args:
            keys: only of these; None: all of them.
        """
        self.told, self.skipped, self.dropped = before.told, before.skipped, before.dropped
        self._prelude.extendleft(reversed(before._prelude))
        if before._newest:
            # What a worker is still merging is not in it: it is read again from where ``before`` has got to.
            self._newest = self._newest or self._conflation()
            self._newest.absorb(before._newest, keys)

    # Called by the feed.

    def lose(self, missing: Batch, count: int) -> None:
        """So many ticks were lost to it together with its group."""
        self.dropped += count
        if self.options.policy == "disconnect":
            self._on_slow()
        else:
            self.line.write(missing)

    def fall_behind(self, tolds: Sequence[Told], upto: int) -> None:
        """The client could not be told these with its group."""
        self.cursor = tolds[0].tick.offset
        if self.options.policy == "conflate":
            self._newest = self._conflation()
            self.take(tolds, upto)

    def take(self, tolds: Sequence[Told], upto: int) -> None:
        """Ticks have come, and the next one is ``upto``; those it is not ready for it finds in the history."""
        if self._busy or self._ended or not self._is_ready():
            return
        if self.cursor < tolds[0].tick.offset or (self._newest is None and len(tolds) > self._turn):
            self._schedule()
            return
        if self._go_on([told for told in tolds if told.tick.offset >= self.cursor], upto):
            self._flush()
            self._settle()

    def catch_up(self) -> None:
        """Tell what can be told now."""
        self._scheduled = False
        while self._prelude and not self.line.full and not self._ended:
            self._write(self._prelude.popleft())
        if self._busy or self._ended:
            return
        spent = 0
        while self.cursor < self._feed.next and self._is_ready():
            if spent >= _TURN:
                self._schedule()
                return
            tolds = self._read()
            spent += len(tolds)
            if not tolds or not self._go_on(tolds, tolds[-1].tick.offset + 1):
                return
        self._flush()
        self._settle()

    def hurry(self) -> None:
        """Tell what is kept for later as soon as it can be told."""
        self._due = 0.0
        self._flush()

    def fail(self) -> None:
        """What is wanted cannot be told, which is in the log; the client is disconnected."""
        self._busy = False
        if not self._ended:
            self._on_failed()

    def end(self) -> None:
        """Tell nothing from now on."""
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()

    # How it gets on.

    def _is_ready(self) -> bool:
        """Whether the coming ticks can be told, or kept."""
        if self._newest is None and self.line.full and self.options.policy == "conflate":
            self._newest = self._conflation()
        return self._newest is not None or not (self.line.full or self._prelude)

    def _read(self) -> list[Told]:
        """The coming ticks; nothing where the client is to be disconnected instead."""
        tolds, lost = self._feed.read(self.cursor, _TURN if self._newest is not None else self._turn)
        if lost:
            # What goes while it begins is not for want of reading: it would come back to the same.
            if self.options.policy == "disconnect" and self.told:
                self._on_slow()
                return []
            self.dropped += lost
            self._write([gap(self._feed.shape.channel, self.cursor, self.cursor + lost, "overflow")])
            self.cursor += lost
        return tolds

    def _go_on(self, tolds: Sequence[Told], upto: int) -> bool:
        """Tell or keep these; False if a worker thread has to make the messages first, which goes on by itself then."""
        if any(told.is_large and (self.options.own or not told.is_written) for told in tolds):
            self._busy = True
            fresh = None if self._newest is None else self._conflation()
            self._feed.aside(
                lambda: self._words(tolds, fresh), lambda messages: self._resume(messages, fresh, upto), self.fail
            )
            return False
        self._step(self._words(tolds, self._newest), upto)
        return True

    def _words(self, tolds: Sequence[Told], into: Conflation | None) -> list[bytes]:
        if into is None:
            return self._wording.messages(tolds)
        self._wording.merge(tolds, into)
        return []

    def _step(self, messages: list[bytes], upto: int) -> None:
        ticks, self.cursor = upto - self.cursor, max(self.cursor, upto)
        size = self._write(messages)
        self._turn = min(_TURN, portion(ticks, size, self._turn))

    def _resume(self, messages: list[bytes], fresh: Conflation | None, upto: int) -> None:
        self._busy = False
        if not self._ended:
            if self._newest is not None and fresh is not None:
                self._newest.absorb(fresh)
            self._step(messages, upto)
            self.catch_up()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self.catch_up)

    def _flush(self) -> None:
        """Tell the newest of each key, if it is time; in one turn of the event loop not too much of it."""
        if self._newest is None or self.line.full or self._prelude or self._busy or self._ended:
            return
        if self._newest and self._until is None:
            if self._loop.time() < self._due:
                self._timer = self._timer or self._loop.call_at(self._due, self._when_due)
                return
            # What comes meanwhile has its own time, or this would have no end.
            self._until = self.cursor if self.options.interval else math.inf
        if self._until is not None and self._tell_newest(self._until):
            self._until, self._due = None, self._loop.time() + self.options.interval
            if self._newest:
                self._timer = self._timer or self._loop.call_at(self._due, self._when_due)
        if not self._newest and not self.options.conflates:
            self._newest = None

    def _tell_newest(self, until: float) -> bool:
        """Tell a portion of them; whether nothing is left that ticked before ``until``."""
        assert self._newest is not None
        count = size = 0
        while (first := self._newest.first) is not None and first < until:
            if self.line.full:
                return False  # the rest when there is room, and it may be newer then
            if count >= _NEWEST or size >= PORTION_BYTES:
                self._schedule()
                return False
            self.skipped += self._newest.skipped
            self.dropped += self._newest.dropped
            most = min(self._portion, _NEWEST - count)
            messages = self._wording.newest(self._newest, self.cursor, most, until)
            written = self._write(messages)
            self._portion = portion(len(messages), written, self._portion)
            count, size = count + len(messages), size + written
        return True

    def _when_due(self) -> None:
        self._timer = None
        self._flush()

    def _settle(self) -> None:
        """Go back to the group, once everything is told that the group was."""
        if self._ended or self.options.own or self.line.full or self.behind:
            return
        if self.cursor == self._feed.next and self.cursor >= self._wording.together_from:
            self._feed.rejoin(self)

    def _conflation(self) -> Conflation:
        return Conflation(self.options.reads, len(self._feed.shape.keys))

    def _write(self, messages: list[bytes]) -> int:
        """Write messages; how many bytes that is."""
        if not messages or self._ended:
            return 0
        written = batch(messages, self.view.framing)
        self.told += len(messages)
        self.line.write(written)
        return len(written.joined)
