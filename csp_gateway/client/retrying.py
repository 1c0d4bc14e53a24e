"""Attempts: which requests are made again when no good answer came, and after how long."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping

import httpx2

from csp_gateway.client.calls import Call
from csp_gateway.errors import ServerTimeoutError, ServerUnreachableError

__all__ = ["Attempts", "Patience"]

_COME_BACK = (429, 503)
_PROBLEM = "application/problem+json"
"""What a gateway refuses by, and no proxy in front of one."""
_LONGEST = 5.0
"""Seconds: a gateway that wants to be left alone for longer is told to whoever asked."""
_MOMENT = 0.001
_FIRST = 0.2
"""Seconds before the second attempt where nobody says; each further one waits twice as long, and all of them jitter."""


class Patience:
    """How long a caller waits in all: for every attempt, and for the document that is read before.

    Args:
        seconds: in all; None for ever.
        left: of these from now on, where some are gone.
    """

    def __init__(self, seconds: float | None, left: float | None = None) -> None:
        self.seconds = seconds
        left = seconds if left is None else left
        self._until = None if left is None else time.monotonic() + left

    @property
    def left(self) -> float | None:
        """Seconds that are left, a moment at least; None for ever."""
        return None if self._until is None else max(_MOMENT, self._until - time.monotonic())

    def allows(self, wait: float) -> bool:
        """Whether there is time for another attempt after so many seconds."""
        return self._until is None or time.monotonic() + wait < self._until


class Attempts:
    """How often a request has been made.

    A request that has not reached a gateway is made again, whatever it is; one that may have been done, only if to do
    it twice does no harm.

    Args:
        retries: how many attempts there may be after the first.
        patience: of whoever asked; that of the call if None.
    """

    def __init__(self, call: Call, retries: int, patience: Patience | None = None) -> None:
        is_limited = patience is not None and patience.seconds is not None
        self.patience = patience if patience is not None and is_limited else Patience(call.timeout)
        self._call = call
        self._left = retries
        self._wait = _FIRST

    def after_failure(self, error: httpx2.RequestError, url: str) -> float:
        """Seconds to wait before the next attempt, as there was no answer.

        Raises:
            ServerTimeoutError: it did not come in time.
            ServerUnreachableError: no gateway was reached, or the connection was lost; and there is no attempt left.
        """
        if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
            again, said = True, f"no gateway answers at {url}: {error}; is it running, and is this its address?"
        elif isinstance(error, httpx2.TimeoutException):
            waited = f"{self.patience.seconds:g} s" if self.patience.seconds is not None else "the time that it has"
            said = f"{self._named} was not answered within {waited}; `timeout` gives it more"
            raise ServerTimeoutError(said) from None
        else:
            again, said = self._call.repeatable, f"the connection was lost during {self._named}: {error!r}"
        if again and self._left and self.patience.allows(wait := self._next()):
            return wait
        raise ServerUnreachableError(said) from None

    def after_answer(self, status: int, headers: Mapping[str, str]) -> float | None:
        """Seconds to wait before the next attempt; None if the answer stands."""
        if self._call.asks_again and status == 504 and headers.get("content-type", "").startswith(_PROBLEM):
            return 0.0
        in_progress = status == 409 and "retry-after" in headers
        if (status not in _COME_BACK and not in_progress) or not self._call.repeatable or not self._left:
            return None
        try:
            asked = float(headers.get("retry-after", ""))
        except ValueError:
            asked = 0.0
        wait = max(asked, self._next())
        return wait if asked <= _LONGEST and self.patience.allows(wait) else None

    @property
    def _named(self) -> str:
        return f"{self._call.method} {self._call.path}"

    def _next(self) -> float:
        self._left -= 1
        wait, self._wait = self._wait, self._wait * 2
        return wait * random.uniform(0.5, 1.0)
