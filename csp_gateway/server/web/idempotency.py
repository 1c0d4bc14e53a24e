"""Requests with an ``Idempotency-Key``: what is tried again is done once, and answered as it was before."""

import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from csp_gateway.server.web.problem import KEY_IN_USE, KEY_REUSED, RefusedRequest

__all__ = ["KEPT_BYTES", "KEPT_REPLIES", "KEPT_SECONDS", "Replies", "is_key"]

KEPT_REPLIES = 10_000
"""Answers that are kept for who tries again; the oldest goes first."""
KEPT_BYTES = 64 * 1024 * 1024
"""Bytes that they may have together."""
KEPT_SECONDS = 3600.0
"""How long each is kept."""

T = TypeVar("T")

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def is_key(key: str) -> bool:
    """Whether a text may be an ``Idempotency-Key``: 1 to 255 visible ASCII characters.

    >>> is_key("8e03978e-40d5"), is_key(""), is_key("a b")
    (True, False, False)
    """
    return _KEY.fullmatch(key) is not None


class _Kept(NamedTuple, Generic[T]):
    request: bytes
    reply: T
    size: int
    until: float


class Replies(Generic[T]):
    """The answers to requests that had a key; any thread may ask.

    Args:
        size_of: the bytes of an answer.
        clock: seconds that only grow.
    """

    def __init__(self, size_of: Callable[[T], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._size_of = size_of
        self._clock = clock
        self._kept: OrderedDict[str, _Kept[T]] = OrderedDict()
        self._in_flight: dict[str, bytes] = {}
        self._bytes = 0
        self._counts = {"replayed": 0, "refused": 0, "dropped": 0}
        self._lock = threading.Lock()

    def once(self, key: str, request: Sequence[bytes], act: Callable[[], T]) -> tuple[T, bool]:
        """What ``act`` gives, or gave when the key was new; and whether that was before.

        Args:
            request: all that must be the same when it is tried again.

        Raises:
            RefusedRequest: 422, the key was given with another request; 409, that request is still being read.
            Exception: whatever ``act`` raises; the key is free again then.
        """
        fingerprint = _fingerprint(request)
        with self._lock:
            self._make_room()
            kept = self._kept.get(key)
            known = self._in_flight.get(key) if kept is None else kept.request
            if known is not None and known != fingerprint:
                self._counts["refused"] += 1
                raise RefusedRequest(
                    KEY_REUSED,
                    f"Idempotency-Key {key!r} was given with another request before: another channel, body or wait. "
                    f"Give each request a key of its own, and only what is tried again the same",
                )
            if kept is not None:
                self._counts["replayed"] += 1
                return kept.reply, True
            if known is not None:
                self._counts["refused"] += 1
                wait = {"retry-after": "1"}
                raise RefusedRequest(
                    KEY_IN_USE, f"The request with Idempotency-Key {key!r} is in progress; try again", wait
                )
            self._in_flight[key] = fingerprint
        try:
            reply = act()
        except BaseException:
            with self._lock:
                del self._in_flight[key]
            raise
        with self._lock:
            del self._in_flight[key]
            size = self._size_of(reply)
            self._kept[key] = _Kept(fingerprint, reply, size, self._clock() + KEPT_SECONDS)
            self._bytes += size
            self._make_room()
        return reply, False

    def statistics(self) -> dict[str, int]:
        """Answers ``kept`` and their ``bytes`` now; ``replayed``, ``refused`` and ``dropped`` since the start."""
        with self._lock:
            return {"kept": len(self._kept), "bytes": self._bytes, **self._counts}

    def _make_room(self) -> None:
        """Drop what is too old, and the oldest of what is too much."""
        now = self._clock()
        while self._kept:
            oldest = next(iter(self._kept.values()))
            if oldest.until > now and len(self._kept) <= KEPT_REPLIES and self._bytes <= KEPT_BYTES:
                return
            self._kept.popitem(last=False)
            self._bytes -= oldest.size
            self._counts["dropped"] += 1


def _fingerprint(request: Sequence[bytes]) -> bytes:
    digest = hashlib.sha256()
    for part in request:
        digest.update(b"%d:" % len(part))  # so that no two requests read alike one after the other
        digest.update(part)
    return digest.digest()
