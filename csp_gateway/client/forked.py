"""Whether this is a forked process, which has what its parent made, its sockets and its locks, and no thread of it."""

from __future__ import annotations

import os

__all__ = ["Origin"]


class Origin:
    """The process in which something was made: this one, unless it was forked since."""

    def __init__(self) -> None:
        self._pid = os.getpid()

    @property
    def is_elsewhere(self) -> bool:
        """Whether it was another process, of which this is a child."""
        return os.getpid() != self._pid
