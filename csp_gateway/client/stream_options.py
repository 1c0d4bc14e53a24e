"""StreamOptions: how patient a live connection is, and how much it holds."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from csp_gateway.errors import WrongArgumentError

__all__ = ["StreamOptions"]

_SECONDS = ("answer_timeout", "open_timeout", "ping_interval", "ping_timeout")
_COUNTS = ("most_messages", "most_bytes", "max_message_bytes")


@dataclass(frozen=True, kw_only=True)
class StreamOptions:
    """How patient a live connection is, and how much it holds.

    Attributes:
        connection_timeout: seconds without a connection after which it is given up; 0: at once; None: never.
        answer_timeout: seconds after which a message that was said should have been answered.
        backoff: seconds that are waited at most before the second attempt to connect, and at most before any; how long
            is drawn, so that not all clients come back at once.
        open_timeout: seconds for one attempt to connect.
        ping_interval: seconds between pings.
        ping_timeout: seconds without anything from the gateway, after a ping, until it is taken for dead.
        most_messages: that may have been received and not been read; then no more is read from the gateway, whose
            ``policy`` says what becomes of the rest.
        most_bytes: the same in bytes.
        max_message_bytes: of one message; a larger one ends the stream.
        path: of the socket, below the API: the ``prefix`` of ``MountWebSocketRoutes``.

    Raises:
        WrongArgumentError: a ``TypeError``: one of them cannot be so.
    """

    connection_timeout: float | None = 60.0
    answer_timeout: float = 10.0
    backoff: tuple[float, float] = (0.5, 5.0)
    open_timeout: float = 10.0
    ping_interval: float = 10.0
    ping_timeout: float = 10.0
    most_messages: int = 10_000
    most_bytes: int = 64 * 1024 * 1024
    max_message_bytes: int = 256 * 1024 * 1024
    path: str = "stream"

    def __post_init__(self) -> None:
        """Refuse here what would be an error, or no end of waiting, where the connection is made."""
        patience = self.connection_timeout
        if patience is not None and not _is_number(patience, 0):
            raise _wrong("connection_timeout", "seconds from 0 on, or None for ever", patience)
        for name in _SECONDS:
            given = getattr(self, name)
            if not (_is_number(given, 0) and given):
                raise _wrong(name, "seconds, more than 0", given)
        backoff: Any = self.backoff
        if not (
            isinstance(backoff, tuple | list) and len(backoff) == 2 and all(_is_number(each, 0) for each in backoff)
        ):
            raise _wrong("backoff", "seconds before the second attempt and before any, such as (0.5, 5.0)", backoff)
        for name in _COUNTS:
            given = getattr(self, name)
            if not (isinstance(given, Integral) and int(given) >= 1):
                raise _wrong(name, "a whole number from 1 on", given)
        if not isinstance(self.path, str):
            raise _wrong("path", 'a text, such as "stream"', self.path)


def _is_number(given: Any, least: float) -> bool:
    return isinstance(given, Real) and float(given) >= least


def _wrong(name: str, taken: str, given: Any) -> WrongArgumentError:
    return WrongArgumentError(f"StreamOptions: {name} is {taken}; and not {given!r:.80}")
