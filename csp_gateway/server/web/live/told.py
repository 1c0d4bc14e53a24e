"""One tick as it is told: its records as JSON, written once for all who are told of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any

import orjson

from csp_gateway.errors import GatewayException
from csp_gateway.server.channels import Tick
from csp_gateway.server.web.live.framing import packable
from csp_gateway.server.web.reply import written
from csp_gateway.server.web.verbs import Shape

__all__ = ["MANY_RECORDS", "Told", "gap", "heads_of", "message", "messages_of", "place_of"]

MANY_RECORDS = 500
"""Records of a tick that are written on the event loop; more are written by a worker thread."""

_log = logging.getLogger(__name__)

_PLACED = re.compile(
    rb'\{"channel":"([^"\\]+)"(?:,"key":"(?:[^"\\]|\\.)*")?(?:,"snapshot":true)?,"offset":-?\d+,"next":(\d+),"epoch"'
)


class Told:
    """A tick of a channel, on its way to clients.

    Args:
        heads: key → how a message of it begins; see ``heads_of``.
    """

    __slots__ = ("_data", "_heads", "shape", "tick")

    def __init__(self, shape: Shape, tick: Tick, heads: dict[Any, bytes]) -> None:
        self.shape = shape
        self.tick = tick
        self._heads = heads
        self._data: dict[Any, bytes | None] = {}

    @property
    def values(self) -> dict[Any, Any]:
        """What ticked: key → value; of a channel that is no basket, under None."""
        return {None: self.tick.value} if self.shape.container is None else self.tick.value

    def keys(self, wanted: frozenset[Any] | None) -> list[Any]:
        """The keys that ticked, of those that are wanted."""
        if self.shape.container is None:
            return [None]
        value = self.tick.value
        if wanted is not None and len(wanted) == 1:  # as most are that want some keys alone
            return [key for key in wanted if key in value]
        return [key for key in value if wanted is None or key in wanted]

    def records(self, key: Any) -> list[Any]:
        """What ``last`` would say of the key if it were asked now."""
        return self.shape.records(self.values[key], of_key=True)

    @property
    def is_large(self) -> bool:
        """Whether it has so many records that a worker thread is to write them."""
        shape, value = self.shape, self.tick.value
        if shape.container is None:
            return shape.listed and len(value) > MANY_RECORDS
        return (sum(map(len, value.values())) if shape.listed else len(value)) > MANY_RECORDS

    @property
    def is_written(self) -> bool:
        """Whether the records of all keys are written."""
        return len(self._data) == len(self.values)

    def write(self) -> None:
        """Write the records of all keys. On any thread."""
        self._data = {key: self._written(key) for key in self.values}

    def data(self, key: Any) -> bytes | None:
        """The records of a key as a JSON array; None if JSON cannot say them, which is logged."""
        if key not in self._data:
            self._data[key] = self._written(key)
        return self._data[key]

    def _written(self, key: Any) -> bytes | None:
        try:
            return written(self.records(key))
        except GatewayException as error:
            _log.error("channel %r, offset %d, is not told: %s", self.shape.channel, self.tick.offset, error)
            return None

    def message(self, key: Any, data: bytes, extra: bytes = b"") -> bytes:
        """The message that tells one key's records; see ``message``."""
        return message(self._heads[key], data, extra)

    def positions(self, epoch: str, upto: int | None) -> bytes:
        """The members of a message that say where it is: for ``extra``.

        Args:
            upto: the offset to go on from once the message has arrived; None if there is none.
        """
        time = self.tick.time.isoformat()
        coming = b"" if upto is None else b',"next":%d' % upto
        return b',"offset":%d%b,"epoch":"%b","time":"%b"' % (self.tick.offset, coming, epoch.encode(), time.encode())


def heads_of(shape: Shape) -> dict[Any, bytes]:
    """How the messages of a channel begin, by key; of a channel that is no basket, under None."""
    channel = b'{"channel":%b' % orjson.dumps(shape.channel)
    if shape.container is None:
        return {None: channel}
    return {key: b'%b,"key":%b' % (channel, orjson.dumps(spelled)) for spelled, key in shape.keys.items()}


def message(head: bytes, data: bytes, extra: bytes = b"") -> bytes:
    """A message that tells records.

    Args:
        head: how it begins; see ``heads_of``.
        data: the records, as a JSON array.
        extra: more members, each with a comma before it.
    """
    return b'%b%b,"data":%b}' % (head, extra, data)


def place_of(payload: bytes) -> tuple[str, int] | None:
    """The channel of a message, and the offset to go on from once it has arrived; None if it does not say so."""
    found = _PLACED.match(payload)
    return (found[1].decode(), int(found[2])) if found else None


def gap(channel: str, start: int | None, end: int, reason: str, count: int | None = None) -> bytes:
    """The message that ticks are missing, from offset ``start`` to before ``end``.

    Args:
        start: None if it is of another run.
        count: how many, if they do not follow one another; null of another run, where nobody knows.
    """
    if count is None and start is not None:
        count = end - start
    told = {"channel": channel, "from": start, "to": end, "count": count, "reason": reason}
    return orjson.dumps({"channel": "gap", "gap": told})


def messages_of(
    tolds: Iterable[Told], wanted: frozenset[Any] | None, epoch: str | None, *, packed: bool = False
) -> list[bytes]:
    """The messages that tell some ticks, oldest first.

    Args:
        epoch: given if they are to say where they are.
        packed: whether they will be MessagePack.
    """
    messages = []
    for told in tolds:
        keys = told.keys(wanted)
        offset = told.tick.offset
        for key in keys:
            data = told.data(key)
            if data is None or (packed and not packable(data)):
                messages.append(gap(told.shape.channel, offset, offset + 1, "unwritable"))
                continue
            # Before the last key of a tick, the tick has not arrived.
            upto = offset + (key is keys[-1])
            messages.append(told.message(key, data, told.positions(epoch, upto) if epoch is not None else b""))
    return messages
