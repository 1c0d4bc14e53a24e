"""Whether this is a forked process, which has what its parent made, its sockets and its locks, and no thread of it."""

from __future__ import annotations

import os
import threading

from csp_gateway.errors import StreamClosedError

__all__ = ["ForkedLock", "Origin"]


class Origin:
    """The process in which something was made: this one, unless it was forked since."""

    def __init__(self) -> None:
        self._pid = os.getpid()

    @property
    def is_elsewhere(self) -> bool:
        """Whether it was another process, of which this is a child."""
        return os.getpid() != self._pid

    def check(self) -> None:
        """Go on in that process alone.

        Raises:
            StreamClosedError: this is a child of it, where what was opened does not go on.
        """
        if self.is_elsewhere:
            raise StreamClosedError("it goes on in the process that this one was forked from: open it anew here", 1000)


class ForkedLock:
    """A lock that its holder may take again, and of which each process has its own.

    That of the parent may be held for ever: by a thread that the child does not have.
    """

    def __init__(self) -> None:
        self._locks: dict[int, threading.RLock] = {}

    def __enter__(self) -> None:
        self._locks.setdefault(os.getpid(), threading.RLock()).acquire()

    def __exit__(self, *_: object) -> None:
        self._locks[os.getpid()].release()
