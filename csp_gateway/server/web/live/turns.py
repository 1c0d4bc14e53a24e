"""Turns on the event loop: who says more than others has to wait, so that they do not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any

__all__ = ["Turns"]

_SHARE = 0.25
"""Of the event loop's time, that for what one client says."""
_AT_ONCE = 0.002
"""Seconds that it may take beyond its share before it waits: who says little never does."""
_LONGEST = 0.5
"""Seconds that it waits at most before it is looked again: it may have left."""


class Turns:
    """Those of one client: its messages are done as they come, within its share of the time.

    What it says meanwhile is not read; beyond what its connection holds, it cannot be sent.

    Args:
        clock: tells seconds.
        sleep: waits for some.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._owed = 0.0
        self._seen = clock()

    async def take(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do something for the client, and then wait if it has had more than its share."""
        await _Counted(doing, self._clock, self._count)
        now = self._clock()
        self._owed = max(0.0, self._owed - _SHARE * (now - self._seen))
        self._seen = now
        if self._owed > _AT_ONCE:
            await self._sleep(min(_LONGEST, self._owed / _SHARE))

    def _count(self, seconds: float) -> None:
        self._owed += seconds


class _Counted:
    """Something to await, of which the time is counted that it has the loop for itself; not what it waits for."""

    def __init__(
        self, doing: Coroutine[Any, Any, None], clock: Callable[[], float], count: Callable[[float], None]
    ) -> None:
        self._doing = doing
        self._clock = clock
        self._count = count

    def __await__(self) -> Generator[Any, Any, None]:
        step: Callable[[], Any] = partial(self._doing.send, None)
        while True:
            begun = self._clock()
            try:
                awaited = step()
            except StopIteration:
                return
            finally:
                self._count(self._clock() - begun)
            try:
                yield awaited
            except BaseException as error:  # such as that it is cancelled: told to who waits
                step = partial(self._doing.throw, error)
            else:
                step = partial(self._doing.send, None)
