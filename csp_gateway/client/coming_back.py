"""When to connect again: after which ends of a connection that helps, and after how long."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus, InvalidURI, WebSocketException

from csp_gateway.client.following import Leaving
from csp_gateway.errors import ServerUnreachableError, StreamClosedError
from csp_gateway.wire.closing import LAST_TO_COME_BACK

__all__ = ["CAUSES", "ComingBack", "Ending", "ending_of"]

_MOST_DOUBTFUL = 3
"""So often in a row a connection may end for what may be the same again."""

_DOUBTFUL = 1011
_TOO_LARGE = 1009
_FINAL = {
    1002: "what was said is no WebSocket frame",
    1003: "it does not take such messages",
    1007: "what was said is no UTF-8",
    1008: "it does not let you in: check api_key, or bearer_token, and what they may do",
    1009: "what was said is too large",
    1010: "it does not have an extension that was asked for",
}
"""Close codes after which it would be the same again."""
_PASSING = (408, 425, 429)
"""HTTP statuses below 500 after which it helps to come back."""
_REFUSED = {
    401: "it does not let you in: give the config an api_key, or a bearer_token",
    403: "it does not let you in: check api_key, or bearer_token; or no live connections are served there: check the "
    "path, and whether MountWebSocketRoutes is among its modules",
    404: "no live connections are served there: is MountWebSocketRoutes among its modules, and is this its path?",
}

CAUSES = (OSError, EOFError, WebSocketException)
"""What a connection, or an attempt at one, ends with."""


class Ending(NamedTuple):
    """How a connection, or an attempt at one, has ended.

    Attributes:
        why: in words.
        code: the close code that the gateway sent, or the HTTP status of its refusal; 0 if it said neither.
        final: whether it would be the same again.
        doubtful: whether it may be the same again.
        retry_after: seconds after which it helps to come back; None if nobody says.
        strange: whether no gateway speaks so: it would be the same again, unless one was heard there before.
    """

    why: str
    code: int = 0
    final: bool = False
    doubtful: bool = False
    retry_after: float | None = None
    strange: bool = False


def ending_of(error: BaseException, leaving: Leaving | None = None) -> Ending:
    """What an error means that a connection has ended with.

    Args:
        leaving: what the gateway said before.
    """
    if isinstance(error, InvalidStatus):
        return _refusal(error.response.status_code, error.response.headers.get("Retry-After"))
    if isinstance(error, InvalidMessage) and not isinstance(error.__cause__, EOFError | OSError):
        said = error.__cause__ or error
        return Ending(f"what answers there is no gateway: check host and port ({said})", strange=True)
    if isinstance(error, InvalidURI):
        return Ending("that is no address", final=True)  # the error would show the credentials that are in it
    if isinstance(error, ssl.SSLCertVerificationError):
        return Ending(f"its certificate cannot be trusted: {error.verify_message}", final=True)
    if isinstance(error, ConnectionClosed) and error.rcvd is not None:
        return _closed(error.rcvd.code, error.rcvd.reason, leaving)
    if isinstance(error, ConnectionClosed) and error.sent is not None and error.sent.code == _TOO_LARGE:
        return Ending("one message is larger than max_message_bytes", _TOO_LARGE, final=True)
    if isinstance(error, ConnectionClosed) and error.sent is not None:
        return Ending(f"what it said could not be read: {error.sent.reason or error.sent.code}", doubtful=True)
    if isinstance(error, TimeoutError):
        return Ending("it did not answer")
    return Ending(str(error) or type(error).__name__)


def _closed(code: int, reason: str, leaving: Leaving | None) -> Ending:
    if leaving is not None and leaving.code == code:
        return Ending(leaving.reason, code, final=leaving.retry_after is None, retry_after=leaving.retry_after)
    if code in _FINAL:
        return Ending(f"{_FINAL[code]}{f' ({reason})' if reason else ''}", code, final=True)
    why = reason or f"it closed the connection with code {code}"
    return Ending(why, code, final=code > LAST_TO_COME_BACK, doubtful=code == _DOUBTFUL)


def _refusal(status: int, retry_after: str | None) -> Ending:
    why = _REFUSED.get(status, "no live connection could be made")
    final = status < 500 and status not in _PASSING
    return Ending(f"{why} (HTTP {status})", status, final=final, retry_after=_seconds(retry_after))


def _seconds(retry_after: str | None) -> float | None:
    """A ``Retry-After``, which is a number of seconds or a date; None if it is neither."""
    try:
        return None if retry_after is None else max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(str(retry_after)).timestamp() - time.time())
    except ValueError:
        return None


class ComingBack:
    """Whether to try again, and when.

    Args:
        where: the URL, without credentials.
        timeout: seconds without a connection after which it is given up; 0: at once; None: never.
        backoff: seconds to wait at most before the second attempt, and before any, unless the gateway says more.
        clock: tells the time in seconds.
        draw: a number from 0 to the given one, so that not all come back at once.
    """

    def __init__(
        self,
        where: str,
        timeout: float | None,
        backoff: tuple[float, float],
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[float], float] = lambda most: random.uniform(0.0, most),
    ) -> None:
        self._where = where
        self._timeout = timeout
        self._first, self._longest = backoff
        self._clock = clock
        self._draw = draw
        self._since = clock()
        self._heard = False
        self._met = False
        self._attempts = 0
        self._doubtful = 0

    def alive(self) -> None:
        """Something was heard of the gateway over the connection that there is."""
        self._heard = self._met = True

    def told(self) -> None:
        """A message has come: it is not the same as before."""
        self.alive()
        self._doubtful = 0

    def after(self, ending: Ending) -> float:
        """Seconds to wait before the next attempt.

        Raises:
            StreamClosedError: it would be the same again.
            ServerUnreachableError: there was no connection for too long.
        """
        if self._heard:
            self._heard = False
            self._attempts = 0
            self._since = self._clock()
        self._doubtful += ending.doubtful
        final = ending.final or (ending.strange and not self._met)
        if final or self._doubtful >= _MOST_DOUBTFUL:
            times = "" if final else f", {_MOST_DOUBTFUL} times in a row"
            raise StreamClosedError(
                f"the gateway at {self._where} has ended the stream{times}: {ending.why}", ending.code
            )
        left = float("inf") if self._timeout is None else self._since + self._timeout - self._clock()
        if left <= 0:
            raise ServerUnreachableError(f"no live connection to {self._where} for {self._timeout:g} s: {ending.why}")
        pause = self._draw(min(self._longest, self._first * 2 ** min(self._attempts, 10)))
        self._attempts += 1
        if ending.retry_after is not None:
            # What it says before it ends a connection is spread already.
            pause = ending.retry_after if ending.code >= 1000 else ending.retry_after + pause
        return min(pause, left)
