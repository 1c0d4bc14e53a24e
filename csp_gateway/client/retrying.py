"""Attempts: which requests are made again when no good answer came, and after how long."""

from __future__ import annotations

import random
from collections.abc import Mapping

import httpx2

from csp_gateway.client.calls import Call
from csp_gateway.errors import ServerTimeoutError, ServerUnreachableError

__all__ = ["Attempts"]

_COME_BACK = (429, 503)
_PROBLEM = "application/problem+json"
"""What a gateway refuses by, and no proxy in front of one."""
_LONGEST = 5.0
"""Seconds: a gateway that wants to be left alone for longer is told to whoever asked."""
_FIRST = 0.2
"""Seconds before the second attempt where nobody says; each further one waits twice as long, and all of them jitter."""


class Attempts:
    """How often a request has been made.

    A request that has not reached a gateway is made again, whatever it is; one that may have been done, only if to do
    it twice does no harm.

    Args:
        retries: how many attempts there may be after the first.
    """

    def __init__(self, call: Call, retries: int) -> None:
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
            waited = f"{self._call.timeout:g} s" if self._call.timeout is not None else "the time that it has"
            said = f"{self._named} was not answered within {waited}; `timeout` gives it more"
            raise ServerTimeoutError(said) from None
        else:
            again, said = self._call.repeatable, f"the connection was lost during {self._named}: {error!r}"
        if not again or not self._left:
            raise ServerUnreachableError(said) from None
        return self._next()

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
            return self._next()
        return max(asked, self._next()) if asked <= _LONGEST else None

    @property
    def _named(self) -> str:
        return f"{self._call.method} {self._call.path}"

    def _next(self) -> float:
        self._left -= 1
        wait, self._wait = self._wait, self._wait * 2
        return wait * random.uniform(0.5, 1.0)
