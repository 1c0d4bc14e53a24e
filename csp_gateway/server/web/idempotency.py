"""Requests with an ``Idempotency-Key``: what is tried again is done once, and answered as it was before."""

import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, NoReturn, TypeVar

from fastapi import Request

from csp_gateway.server.web.problem import KEY_DONE, KEY_IN_USE, KEY_REUSED, Kind, RefusedRequest

__all__ = ["KEPT_BYTES", "KEPT_KEYS", "KEPT_SECONDS", "Replies", "caller_of", "is_key"]

KEPT_KEYS = 100_000
"""Keys that are known, so that none ticks twice; the oldest goes first."""
KEPT_BYTES = 64 * 1024 * 1024
"""Bytes that the answers to them may have together. The oldest goes first, and its key stays."""
KEPT_SECONDS = 3600.0
"""How long each is known."""

T = TypeVar("T")

_CREDENTIALS = ("authorization", "cookie", "x-api-key")
_Name = tuple[bytes, str]
"""Who asked, and the key."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def is_key(key: str) -> bool:
    """Whether a text may be an ``Idempotency-Key``: 1 to 255 visible ASCII characters.

    >>> is_key("8e03978e-40d5"), is_key(""), is_key("a b")
    (True, False, False)
    """
    return _KEY.fullmatch(key) is not None


def caller_of(request: Request) -> bytes:
    """A digest of the credentials of a request; nobody's are all the same."""
    given = [value for name in _CREDENTIALS for value in request.headers.getlist(name)]
    return _fingerprint([each.encode() for each in (*given, *request.query_params.getlist("token"))])


class _Kept(NamedTuple):
    request: bytes
    until: float


class _Reply(NamedTuple, Generic[T]):
    reply: T
    size: int


class Replies(Generic[T]):
    """The answers to requests that had a key; any thread may ask.

    Args:
        size_of: the bytes of an answer.
        clock: seconds that only grow.
    """

    def __init__(self, size_of: Callable[[T], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._size_of = size_of
        self._clock = clock
        self._known: OrderedDict[_Name, _Kept] = OrderedDict()
        self._replies: OrderedDict[_Name, _Reply[T]] = OrderedDict()
        self._in_flight: dict[_Name, bytes] = {}
        self._bytes = 0
        self._counts = {"replayed": 0, "refused": 0, "dropped": 0}
        self._lock = threading.Lock()

    def once(self, key: str, request: Sequence[bytes], act: Callable[[], T], *, caller: bytes = b"") -> tuple[T, bool]:
        """What ``act`` gives, or gave when the key was new; and whether that was before.

        Args:
            caller: who asks; keys of several callers do not meet.
            request: all that must be the same when it is tried again.

        Raises:
            RefusedRequest: 422, the key was given with another request; 409, that request is still being read, or was
                done and its answer is too old, or too large, to be kept.
            Exception: whatever ``act`` raises; the key is free again then.
        """
        fingerprint, name = _fingerprint(request), (caller, key)
        with self._lock:
            self._make_room()
            kept = self._known.get(name)
            known = self._in_flight.get(name) if kept is None else kept.request
            if known is not None and known != fingerprint:
                self._refuse(
                    KEY_REUSED,
                    f"Idempotency-Key {key!r} was given with another request before: another channel, body or wait. "
                    f"Give each request a key of its own, and only what is tried again the same",
                )
            if kept is not None:
                if name not in self._replies:
                    self._refuse(
                        KEY_DONE,
                        f"The request with Idempotency-Key {key!r} was done, and its answer is no longer kept; "
                        f"do not try it again",
                    )
                self._counts["replayed"] += 1
                return self._replies[name].reply, True
            if known is not None:
                self._refuse(KEY_IN_USE, f"The request with Idempotency-Key {key!r} is in progress; try again")
            self._in_flight[name] = fingerprint
        try:
            reply = act()
        except BaseException:
            with self._lock:
                del self._in_flight[name]
            raise
        with self._lock:
            del self._in_flight[name]
            size = self._size_of(reply)
            self._known[name] = _Kept(fingerprint, self._clock() + KEPT_SECONDS)
            self._replies[name] = _Reply(reply, size)
            self._bytes += size
            self._make_room()
        return reply, False

    def statistics(self) -> dict[str, int]:
        """``keys`` known, answers ``kept`` and their ``bytes`` now; since the start ``replayed``, ``refused``,
        ``dropped``.
        """
        with self._lock:
            return {"keys": len(self._known), "kept": len(self._replies), "bytes": self._bytes, **self._counts}

    def _refuse(self, kind: Kind, sentence: str) -> NoReturn:
        self._counts["refused"] += 1
        raise RefusedRequest(kind, sentence, {"retry-after": "1"} if kind is KEY_IN_USE else None)

    def _make_room(self) -> None:
        """Forget the keys that are too old, and the oldest of too many; drop the oldest of too large answers."""
        now = self._clock()
        while self._known and (next(iter(self._known.values())).until <= now or len(self._known) > KEPT_KEYS):
            name, _ = self._known.popitem(last=False)
            if name in self._replies:
                self._drop(name)
        while self._bytes > KEPT_BYTES:
            self._drop(next(iter(self._replies)))

    def _drop(self, name: _Name) -> None:
        self._bytes -= self._replies.pop(name).size
        self._counts["dropped"] += 1


def _fingerprint(request: Sequence[bytes]) -> bytes:
    digest = hashlib.sha256()
    for part in request:
        digest.update(b"%d:" % len(part))  # so that no two requests read alike one after the other
        digest.update(part)
    return digest.digest()
