"""What a subscription of its own is told of ticks: the records it wants, with the fields it wants."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from csp_gateway.errors import GatewayException
from csp_gateway.server.web.live.conflation import Conflation, Newest
from csp_gateway.server.web.live.framing import packable
from csp_gateway.server.web.live.options import Options
from csp_gateway.server.web.live.told import Told, gap
from csp_gateway.server.web.reply import written

__all__ = ["Wording"]


class Wording:
    """Makes the messages of one subscription. On the event loop, or on a worker's thread while nobody else asks it.

    Args:
        epoch: the run of the gateway.
        begins: keys of a basket that are not told from the first tick on, and the offset at which each begins.
    """

    def __init__(self, options: Options, epoch: str, begins: Mapping[Any, int]) -> None:
        self._options = options
        self._epoch = epoch
        self.begins = begins
        self.together_from = max(begins.values(), default=0)
        """The offset from which on all keys are told."""

    def messages(self, tolds: Sequence[Told]) -> list[bytes]:
        """What is wanted of some ticks, oldest first."""
        messages = []
        for told in tolds:
            chosen = [(key, self._chosen(told, key)) for key in self._keys(told)]
            kept = [(key, records) for key, records in chosen if records is None or records]
            for key, records in kept:
                # Before the last key of a tick, the tick has not arrived.
                messages.append(self._message(told, key, records, told.tick.offset + (key is kept[-1][0])))
        return messages

    def merge(self, tolds: Sequence[Told], into: Conflation) -> None:
        """Keep what is wanted of some ticks, until it is told."""
        for told in tolds:
            for key in self._keys(told):
                records = self._chosen(told, key)
                if records is None or records:
                    into.merge(told, key, told.records(key) if records is None else records)

    def newest(self, kept: Conflation, upto: int, most: float = math.inf, before: float = math.inf) -> list[bytes]:
        """What has been kept, which is kept no more.

        Args:
            upto: the offset to go on from once all of it has arrived.
            most: messages, beside one of what was lost; the rest is kept.
            before: only what ticked before this offset.
        """
        skipped, dropped = kept.skipped, kept.dropped
        newest = kept.take(most, before)
        upto = upto if kept.first is None else kept.first
        messages = []
        if dropped:
            told = newest[0].told
            messages.append(gap(told.shape.channel, told.tick.offset, upto, "too_many_keys", dropped))
        for each, after in zip(newest, [*newest[1:], None], strict=True):
            coming = upto if after is None else after.told.tick.offset
            said = b',"skipped":%d' % skipped if skipped and each is newest[0] else b""
            messages.append(self._message(each.told, each.key, _selected(each), coming, said))
        return messages

    def _keys(self, told: Told) -> list[Any]:
        keys = told.keys(self._options.keys)
        if told.tick.offset >= self.together_from:
            return keys
        return [key for key in keys if told.tick.offset >= self.begins.get(key, 0)]

    def _chosen(self, told: Told, key: Any) -> list[Any] | None:
        """The records of a key that are wanted; None for all of them."""
        where = self._options.where
        if where is None or self._options.removals is not None:
            return None
        records = told.records(key)
        chosen = [record for record in records if where(record)]
        return None if len(chosen) == len(records) and chosen else chosen

    def _message(self, told: Told, key: Any, records: list[Any] | None, coming: int, said: bytes = b"") -> bytes:
        offset = told.tick.offset
        ended = self._options.ended(told.records(key) if records is None else records)
        try:
            data = told.data(key) if records is None else written(records)
        except GatewayException:
            data = None
        if data is None:
            return gap(told.shape.channel, offset, offset + 1, "unwritable")
        picked = self._options.picked(data, ended)
        if self._options.packed and not packable(picked):
            return gap(told.shape.channel, offset, offset + 1, "unwritable")
        where = told.positions(self._epoch, coming) if self._options.positions else b""
        if ended:
            said += b',"ended":%b' % orjson.dumps(sorted(ended))
        return told.message(key, picked, where + said)


def _selected(newest: Newest) -> list[Any] | None:
    """Its records; None where they are all that the tick said of the key, whose JSON there may be already."""
    said = newest.told.records(newest.key)
    same = len(said) == len(newest.records) and all(a is b for a, b in zip(said, newest.records, strict=True))
    return None if same else newest.records
