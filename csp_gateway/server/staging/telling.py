"""Who listens to the stagings of one channel, told in order, by whichever thread comes first."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from csp_gateway.server.staging.areas import Change
from csp_gateway.server.staging.journal import Happening, Packing, happenings

__all__ = ["UNTOLD_LIMIT", "Listener", "Telling"]

UNTOLD_LIMIT = 1_000
"""Changes that may wait for a listener that is busy; older ones are not told, and counted."""

_log = logging.getLogger("csp_gateway")

Listener = Callable[[list[Happening]], None]
"""Told what one call or request did, as a list of (action, staging id, records)."""


class Telling:
    """Changes are noted in the order in which they are made, and told in it.

    Who has made a change tells it, unless another thread is telling already: then that one does, and nobody waits. So a
    listener is never called twice at once, and may itself change what it is told of.

    Args:
        channel: whose stagings they are, for the log.
        packing: how its items are taken apart.
    """

    def __init__(self, channel: str, packing: Packing) -> None:
        self.failed = 0
        """How often a listener raised."""
        self.missed = 0
        """How many changes could not be told."""
        self._channel = channel
        self._packing = packing
        self._listeners: list[Listener] = []
        self._untold: deque[Sequence[Change]] = deque()
        self._turn = threading.Lock()

    @property
    def untold(self) -> int:
        """How many changes wait to be told."""
        return len(self._untold)

    def listen(self, listener: Listener) -> None:
        """Tell ``listener`` from now on; what it raises is logged, and disturbs nobody."""
        self._listeners.append(listener)

    def note(self, changes: Sequence[Change]) -> None:
        """What one call did; by one thread at a time."""
        if not changes or not self._listeners:
            return
        if len(self._untold) >= UNTOLD_LIMIT:
            self._untold.popleft()
            self.missed += 1
        self._untold.append(changes)

    def tell(self) -> None:
        """Tell what was noted, if nobody is at it."""
        while self._untold and self._turn.acquire(blocking=False):
            try:
                while self._untold:
                    self._tell_one(self._untold.popleft())
            finally:
                self._turn.release()

    def _tell_one(self, changes: Sequence[Change]) -> None:
        happened = [each for change in changes for each in happenings(change, self._packing)]
        for listener in self._listeners:
            try:
                listener(list(happened))
            except Exception:
                self.failed += 1
                _log.exception("channel %r: a staging listener raised", self._channel)
