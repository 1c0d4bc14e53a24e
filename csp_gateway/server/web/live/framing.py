"""How messages lie on the wire: a WebSocket frame of text or bytes, or a server-sent event."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

import msgspec
import orjson

__all__ = ["Batch", "Framing", "batch", "event", "framed", "packable"]

_TEXT = 0x81
_BINARY = 0x82
_SHORT = 126
_LONG = 65_536
_LONG_INTEGER = re.compile(rb"[:,\[](-?\d{19,4000})")
_LEAST, _MOST = -(2**63), 2**64 - 1


class Framing(Enum):
    """What a message is to a client."""

    TEXT = "text"
    """The payload of a text frame, for a server that frames it itself."""
    BYTES = "bytes"
    """The payload of a binary frame in MessagePack, for a server that frames it itself."""
    TEXT_FRAME = "text frame"
    """A whole text frame, which can be written to any socket (RFC 6455, 5.2: a server's frames are not masked)."""
    BINARY_FRAME = "binary frame"
    """The same of MessagePack."""
    EVENT = "event"
    """One event of a ``text/event-stream``."""

    @property
    def is_packed(self) -> bool:
        """Whether it is MessagePack."""
        return self in (Framing.BYTES, Framing.BINARY_FRAME)


class Batch(NamedTuple):
    """Messages that are written together, to any number of clients."""

    framing: Framing
    messages: list[bytes]
    """Each as it lies on the wire."""
    joined: bytes
    """All of them in one piece."""


def batch(payloads: list[bytes], framing: Framing) -> Batch:
    """Messages in JSON, to be written together."""
    messages = [framed(payload, framing) for payload in payloads]
    return Batch(framing, messages, messages[0] if len(messages) == 1 else b"".join(messages))


def framed(payload: bytes, framing: Framing) -> bytes:
    """A message in JSON as it lies on the wire."""
    if framing is Framing.TEXT_FRAME:  # as most are; an enum's hash, in Python 3.11, is a call of Python
        return _frame(_TEXT, payload)
    return _WAYS[framing](payload)


def packable(data: bytes) -> bool:
    """Whether MessagePack can say what is JSON: it has no integers beyond 64 bits."""
    if all(_LEAST <= int(found) <= _MOST for found in _LONG_INTEGER.findall(data)):
        return True
    try:
        json.loads(data, parse_int=_within)  # what was found may be in a text
    except OverflowError:
        return False
    return True


def _within(digits: str) -> int:
    number = int(digits)
    if not _LEAST <= number <= _MOST:
        raise OverflowError(digits)
    return number


def event(payload: bytes, identifier: bytes = b"", name: bytes = b"") -> bytes:
    """One server-sent event; JSON as we write it has no line breaks."""
    head = (b"id: %b\n" % identifier if identifier else b"") + (b"event: %b\n" % name if name else b"")
    return b"%bdata: %b\n\n" % (head, payload)


def _packed(payload: bytes) -> bytes:
    return msgspec.msgpack.encode(orjson.loads(payload))


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < _SHORT:
        return bytes((first, size)) + payload
    if size < _LONG:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


_WAYS: dict[Framing, Callable[[bytes], bytes]] = {
    Framing.TEXT: lambda payload: payload,
    Framing.BYTES: _packed,
    Framing.TEXT_FRAME: lambda payload: _frame(_TEXT, payload),
    Framing.BINARY_FRAME: lambda payload: _frame(_BINARY, _packed(payload)),
    Framing.EVENT: event,
}
