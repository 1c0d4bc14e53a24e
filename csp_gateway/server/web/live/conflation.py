"""The newest record of each key, kept for a client until it can be told."""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

from csp_gateway.server.structs.weigh import weigh
from csp_gateway.server.web.live.told import MANY_RECORDS, Told

__all__ = ["MOST_BYTES", "MOST_KEYS", "Conflation", "reader_of"]

MOST_KEYS = 4_096
"""Records that are kept for one subscription; the one that has waited longest is dropped for another."""

MOST_BYTES = 16 * 1024 * 1024
"""Bytes of them, by an estimate; as much as a channel's history keeps."""
_SELDOM = 31
"""Of how many that come one is weighed; the heaviest that was counts for all. An odd number: see ``History``."""


class Newest(NamedTuple):
    """What is kept of a key."""

    told: Told
    key: Any
    """Of the basket."""
    records: list[Any]


class Conflation:
    """What a client has not been told yet: the newest per key, and how much that replaced.

    Args:
        reads: what tells records apart, beside the key of a basket; None: a whole tick replaces the one before.
        keys: how many keys the basket has; all of them may be kept, if they are not too heavy.
    """

    def __init__(self, reads: Callable[[Any], Any] | None, keys: int = 0) -> None:
        self._reads = reads
        self._most = max(MOST_KEYS, keys)
        self._newest: dict[Any, Newest] = {}
        self._room = self._most
        self._heaviest = 0
        self._unweighed = 0
        self.skipped = 0
        """Ticks or records that were replaced since ``take``."""
        self.dropped = 0
        """Those that had to go for ``MOST_KEYS`` or ``MOST_BYTES`` since ``take``."""

    def __bool__(self) -> bool:
        return bool(self._newest)

    def merge(self, told: Told, key: Any, records: list[Any]) -> None:
        """Keep what ticked of one key of the basket."""
        if self._reads is None:
            self._keep((key,), Newest(told, key, records))
            return
        for record in records:
            self._keep((key, self._reads(record)), Newest(told, key, [record]))

    def _keep(self, place: tuple[Any, ...], newest: Newest) -> None:
        if not self._unweighed:
            self._weigh(newest.records)
        self._unweighed = (self._unweighed + 1) % _SELDOM
        # At the end again: the order is that of the offsets.
        if self._newest.pop(place, None) is not None:
            self.skipped += 1
        while len(self._newest) >= self._room:
            del self._newest[next(iter(self._newest))]
            self.dropped += 1
        self._newest[place] = newest

    def _weigh(self, records: list[Any]) -> None:
        self._heaviest = max(weigh(records), self._heaviest if self._newest else 0)
        self._room = max(1, min(self._most, MOST_BYTES // self._heaviest))

    def absorb(self, other: Conflation, keys: frozenset[Any] | None = None) -> None:
        """Keep what another one has kept, as if it had come now.

        Args:
            keys: only of these keys of the basket; None: of all.
        """
        self.skipped += other.skipped
        self.dropped += other.dropped
        alike = self._reads is other._reads
        for place, newest in other._newest.items():
            if keys is not None and newest.key not in keys:
                continue
            if alike:
                self._keep(place, newest)
            else:
                self.merge(newest.told, newest.key, newest.records)

    @property
    def first(self) -> int | None:
        """The least offset of what is kept; None if nothing is."""
        return next((newest.told.tick.offset for newest in self._newest.values()), None)

    def take(self, most: float = math.inf, before: float = math.inf) -> list[Newest]:
        """What is kept, by offset; what one tick said of one key together. It is kept no more.

        Args:
            most: so many at most; the rest is kept. Each is of 500 records at most.
            before: only what ticked before this offset.
        """
        taken: list[Newest] = []
        places = []
        for place, newest in self._newest.items():
            last = taken[-1] if taken else None
            if last is not None and _go_together(last, newest):
                last.records.extend(newest.records)
            elif len(taken) >= most or newest.told.tick.offset >= before:
                break
            else:
                taken.append(newest._replace(records=list(newest.records)))
            places.append(place)
        for place in places:
            del self._newest[place]
        self.skipped = self.dropped = 0
        return taken


def _go_together(last: Newest, newest: Newest) -> bool:
    return (
        last.told.tick.offset == newest.told.tick.offset and last.key == newest.key and len(last.records) < MANY_RECORDS
    )


def reader_of(path: str | tuple[str, ...]) -> Callable[[Any], Any]:
    """What reads the value that tells records apart; a record of which that cannot be told is one by itself."""
    read = attrgetter(*((path,) if isinstance(path, str) else path))

    def reads(record: Any) -> Any:
        try:
            value = read(record)
            hash(value)
        except Exception:  # it is unset, or cannot be hashed, or its class raises what it likes
            return (id(record),)
        return value

    return reads
