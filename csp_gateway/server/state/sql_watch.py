"""Queries that are stopped: when their time is over, or when who asked has gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["WATCH", "Cancellation", "Watch"]

_AGAIN = 0.05
"""Seconds until a query is told again to stop: it does not hear it between two of its statements. So often, too, it is
looked whether somebody waits for it."""
_IDLE = 1.0
"""Seconds for which the thread waits for another query before it ends."""


class Cancellation:
    """Says that nobody waits for an answer any more; from any thread, once and for good."""

    def __init__(self) -> None:
        self.cancelled = False
        self._callback: Callable[[], None] | None = None
        self._lock = threading.Lock()

    def cancel(self) -> None:
        """Stop the query, whether it has begun or not."""
        with self._lock:
            self.cancelled, callback = True, self._callback
        if callback is not None:
            callback()

    def on_cancel(self, callback: Callable[[], None] | None) -> None:
        """What to call then; at once if it is so already. None: nothing any more."""
        with self._lock:
            self._callback = callback
        if self.cancelled and callback is not None:
            callback()


class Watched:
    """One query that is watched, and why it was stopped, if it was: ``"time"`` or ``"cancel"``."""

    def __init__(self, interrupt: Callable[[], object], deadline: float, gone: Callable[[], bool]) -> None:
        self.interrupt = interrupt
        self.gone = gone
        self.due = deadline
        self.stopped: str | None = None


class Watch:
    """One thread for all queries; it ends when there have been none for a second."""

    def __init__(self, name: str = "csp-sql-watch") -> None:
        self._name = name
        self._watched: set[Watched] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(
        self,
        interrupt: Callable[[], object],
        seconds: float,
        cancellation: Cancellation | None,
        gone: Callable[[], bool] = lambda: False,
    ) -> Iterator[Watched]:
        """Call ``interrupt``, again and again, from when the time is over until the block is left.

        Args:
            gone: whether nobody waits any more, which is as if it were cancelled; called under a lock.
        """
        watched = Watched(interrupt, time.monotonic() + seconds, gone)
        with self._changed:
            self._watched.add(watched)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            if seconds < _AGAIN:  # sooner than the thread looks by itself
                self._changed.notify()
        if cancellation is not None:
            cancellation.on_cancel(lambda: self._cancel(watched))
        try:
            yield watched
        finally:
            if cancellation is not None:
                cancellation.on_cancel(None)
            with self._changed:
                self._watched.discard(watched)

    def _cancel(self, watched: Watched) -> None:
        with self._changed:
            watched.stopped = watched.stopped or "cancel"
            watched.due = 0.0
            self._changed.notify()

    def _run(self) -> None:
        idle_since = time.monotonic()
        with self._changed:
            while True:
                now = time.monotonic()
                for watched in self._watched:
                    if watched.stopped is None and watched.gone():
                        watched.stopped, watched.due = "cancel", now
                    if watched.due <= now:
                        watched.stopped = watched.stopped or "time"
                        # Under the lock: so it never meets a cursor that its query is done with.
                        watched.interrupt()
                        watched.due = now + _AGAIN
                idle_since = now if self._watched else idle_since
                if now - idle_since >= _IDLE:
                    self._thread = None
                    return
                self._changed.wait(min([_AGAIN, *(each.due - now for each in self._watched)]))


WATCH = Watch()
"""The process's one."""
