"""The newest ticks of one channel in a bounded ring, each with its offset and engine time."""

from bisect import bisect_left
from collections import deque
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Literal, NamedTuple

from csp_gateway.server.channels.limits import HistoryLimits
from csp_gateway.server.structs.weigh import weigh

__all__ = ["History", "Page", "Tick"]

_SELDOM = 31
"""Of how many ticks one is weighed, once they weigh alike. An odd number: ticks of two sizes may take turns."""
_ENTRY = 176
"""Bytes of a tick's place in the ring, beside its value."""
_MOST_AGED = 64
"""Ticks that one tick lets go for their age: after a pause that may be all there are, and the engine waits for it."""
_FEW = 1_000
"""Ticks of a page that are taken out of the ring one by one: who reads all of it page by page pays for each once."""
_LONGEST = 100 * 365 * 86_400
"""Seconds beyond which an age is as good as none; further on the calendar ends."""

_Entry = tuple[int, datetime, Any, int]
"""A tick, and its weight."""


class Tick(NamedTuple):
    """One tick as it is kept."""

    offset: int
    """Its number in this run of the channel: the first is 0, and none is left out."""
    time: datetime
    """The engine's time when it ticked, naive UTC; several ticks may have the same."""
    value: Any
    """What ticked; of a basket, the keys that ticked in one engine cycle: ``{key: value}``."""


class Page(NamedTuple):
    """What a history answers.

    Attributes:
        ticks: the oldest first; from one to the next no offset is left out.
        epoch: the run of the channel that the offsets count in.
        next: the offset to go on from.
        left: how many ticks from there on were kept already, beyond the limit that was asked for.
        recovered: whether ``ticks`` begin where was asked: nothing before them was lost.
        reason: why not. ``epoch_changed``: the offset is of another run. ``expired``: the ticks there had to go.
            ``ticks`` are then the oldest that are kept.
    """

    ticks: tuple[Tick, ...]
    epoch: str
    next: int
    left: int = 0
    recovered: bool = True
    reason: Literal["epoch_changed", "expired"] | None = None


class History:
    """The newest ticks of one channel, counted from the first that was appended; values as they are, not copies.

    The engine's thread appends; any thread may read, and neither waits for the other. The newest tick is always kept.
    Ages are looked at when the channel ticks: one that has stopped keeps what it has.

    The limit in bytes is held against an estimate. One tick in 31 is weighed, more while their weights differ, and a
    tick between two of them counts as the one before it: a struct as much as that one, a list or the keys of a basket
    as many records.

    Args:
        limits: the most that is kept; older ticks go, and are counted.
        epoch: names this run of the channel; no other run has the same.
        many: whether a tick is a list of records, or a dict of them.
    """

    __slots__ = (
        "_age",
        "_expires",
        "_held",
        "_many",
        "_most",
        "_most_held",
        "_next",
        "_record",
        "_ring",
        "_too_heavy",
        "_too_old",
        "_weigh_at",
        "_weigh_every",
        "_weight",
        "epoch",
        "limits",
    )

    def __init__(self, limits: HistoryLimits, epoch: str, *, many: bool = False) -> None:
        self.limits = limits
        self.epoch = epoch
        self._many = many
        self._most = limits.items
        self._most_held = limits.bytes
        self._age = timedelta(seconds=min(limits.seconds, _LONGEST))
        self._ring: deque[_Entry] = deque()
        self._next = 0
        self._held = 0
        self._record = self._weight = 0
        self._weigh_at = 0
        self._weigh_every = 1
        self._expires = datetime.min
        self._too_old = 0
        self._too_heavy = 0

    # On the engine's thread.

    def append(self, now: datetime, value: Any) -> None:
        """Keep one more tick, of engine time ``now``. On the engine's thread; O(1), as every tick goes only once."""
        # Plain and in one piece: every tick of the channel pays for it.
        offset = self._next
        self._next = offset + 1
        if offset == self._weigh_at:
            self._weigh(value)
        weight = _ENTRY + self._record * len(value) if self._many else self._weight
        ring = self._ring
        ring.append((offset, now, value, weight))
        if len(ring) > self._most:
            weight -= ring.popleft()[3]
        if weight:  # else as much has gone as has come, as is usual
            self._held += weight
            if self._held > self._most_held:
                self._let_go_of_the_heavy()
        if now > self._expires:
            self._let_go_of_the_old(now)

    def _let_go_of_the_heavy(self) -> None:
        while self._held > self._most_held and len(self._ring) > 1:
            self._held -= self._ring.popleft()[3]
            self._too_heavy += 1

    def _let_go_of_the_old(self, now: datetime) -> None:
        ring, oldest = self._ring, now - self._age
        for _ in range(_MOST_AGED):
            if ring[0][1] >= oldest:
                break
            self._held -= ring.popleft()[3]
            self._too_old += 1
        # Too early if another limit lets go of the oldest before: then nothing is found to be too old.
        self._expires = ring[0][1] + self._age

    def _weigh(self, value: Any) -> None:
        record = weigh(value) // max(1, len(value) if self._many else 1)
        alike = record <= 2 * self._record and self._record <= 2 * record
        self._weigh_every = min(2 * self._weigh_every + 1, _SELDOM) if alike else 1
        self._weigh_at += self._weigh_every
        self._record = record
        self._weight = _ENTRY + record

    # On any thread. A copy of the ring is made in one step of the interpreter; the engine appends before or after it.

    @property
    def next(self) -> int:
        """The offset of the coming tick."""
        return self._next

    def after(self, offset: int, limit: int) -> Page:
        """As ``since``, for who follows the ticks as they come: it costs by what is new, not by what is kept.

        Args:
            offset: the first that is wanted; not beyond ``next``.
            limit: the most ticks to answer.
        """
        wanted = self._next - offset
        if wanted == 1 and self._ring and (newest_entry := self._ring[-1])[0] == offset:  # as it mostly is
            return Page((Tick(*newest_entry[:3]),), self.epoch, offset + 1)
        try:
            newest = list(islice(reversed(self._ring), wanted)) if wanted > 0 else []
        except RuntimeError:  # the engine has appended between two steps of the interpreter
            newest = []
        while newest and newest[-1][0] < offset:
            newest.pop()  # the coming tick was counted, and was not in the ring yet
        if not newest or newest[-1][0] > offset:
            # Too old, or the engine has appended meanwhile; or nothing is new.
            return self.since(offset, limit=limit)
        ticks = tuple(Tick(*entry[:3]) for entry in islice(reversed(newest), limit))
        return Page(ticks, self.epoch, offset + len(ticks), len(newest) - len(ticks))

    def since(self, offset: int | None = None, epoch: str | None = None, limit: int | None = None) -> Page:
        """The ticks from ``offset`` on.

        Args:
            offset: the first that is wanted, such as ``next`` of the page before. None: all that is kept.
            epoch: the run that ``offset`` counts in. None: this one.
            limit: the most ticks to answer: the first from ``offset`` on, or the newest if there is no ``offset``.

        Raises:
            ValueError: ``offset`` is below 0, or ``limit`` below 1.
        """
        if offset is not None and offset < 0:
            raise ValueError(f"offsets count from 0; there is none {offset}")
        if offset is not None and limit is not None and 0 < limit <= _FEW and epoch in (None, self.epoch):
            page = self._few(offset, limit)
            if page is not None:
                return page
        kept = self._ring.copy()
        first, end = (kept[0][0], kept[-1][0] + 1) if kept else (0, 0)
        if offset is None:
            start = first if limit is None else max(first, end - limit)
            return self._page(kept, start - first, len(kept), limit)
        if (epoch is not None and epoch != self.epoch) or offset > end:
            return self._page(kept, 0, len(kept), limit, "epoch_changed")
        if offset < first:
            return self._page(kept, 0, len(kept), limit, "expired")
        return self._page(kept, offset - first, len(kept), limit)

    def _few(self, offset: int, limit: int) -> Page | None:
        """The page of ``since`` without a copy of all that is kept; None where it is not that plain."""
        ring = self._ring
        try:
            first, end = ring[0][0], ring[-1][0] + 1
            stop = min(offset + limit, end)
            entries = [ring[wanted - first] for wanted in range(offset, stop)] if offset >= first else []
        except IndexError:  # the engine has let go of some between two steps of the interpreter
            return None
        if not entries or entries[0][0] != offset or entries[-1][0] != stop - 1:
            return None  # too old, or not there yet, or as before
        return Page(tuple(Tick(*entry[:3]) for entry in entries), self.epoch, stop, end - stop)

    def between(self, since: datetime | None = None, until: datetime | None = None, limit: int | None = None) -> Page:
        """The ticks at and after engine time ``since`` and before ``until``.

        Args:
            since: naive is UTC. None: all that is kept before ``until``.
            until: naive is UTC. None: up to the newest.
            limit: the most ticks to answer, the first of them; ``next`` and ``left`` tell where there are more.

        Raises:
            ValueError: ``limit`` is below 1.
        """
        kept = self._ring.copy()
        start = 0 if since is None else bisect_left(kept, _naive(since), key=_time_of)
        end = len(kept) if until is None else max(start, bisect_left(kept, _naive(until), key=_time_of))
        # The tick before the oldest that is kept may have had the same time.
        lost = since is not None and bool(kept) and kept[0][0] > 0 and _naive(since) <= kept[0][1]
        return self._page(kept, start, end, limit, "expired" if lost else None)

    def _page(
        self,
        kept: deque[_Entry],
        start: int,
        end: int,
        limit: int | None,
        reason: Literal["epoch_changed", "expired"] | None = None,
    ) -> Page:
        """Of what was kept, the ticks at positions from ``start`` to ``end``, at most ``limit`` of them."""
        if limit is not None and limit < 1:
            raise ValueError(f"a page has room for 1 tick at least, not {limit}")
        stop = end if limit is None else min(end, start + limit)
        ticks = tuple(Tick(*entry[:3]) for entry in islice(kept, start, stop))
        first = kept[0][0] if kept else 0
        return Page(ticks, self.epoch, first + stop, end - stop, reason is None, reason)

    def statistics(self) -> dict[str, Any]:
        """How much is kept, of which offsets, and what had to go for which of the limits.

        ``bytes`` is the estimate that is held against the limit.
        """
        first = self._ring[0][0] if self._ring else 0
        end = self._next
        old, heavy = self._too_old, self._too_heavy
        return {
            "kept": end - first,
            "first": first,
            "next": end,
            "bytes": self._held,
            "dropped": {"items": first - old - heavy, "seconds": old, "bytes": heavy},
            "limits": asdict(self.limits),
        }


def _time_of(entry: _Entry) -> datetime:
    return entry[1]


def _naive(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when
