"""Settled: what is there when a gateway is open stays while it is; the garbage collector passes over it till then.

A full collection holds all threads up while it looks at every object there is. Imports, models and routes leave
200,000, which takes 0.3 s, in which nobody is told anything.
"""

import gc
import threading
from typing import ClassVar

__all__ = ["Settled"]

_FROZEN = 5_000
"""Frozen objects that somebody has frozen; Python 3.12 by itself counts some hundred that live for ever."""


class Settled:
    """What a gateway holds settled, if it is the first of its process: others come upon what those before have left.

    A program that has frozen objects before by itself is left to its own ways.
    """

    _lock: ClassVar = threading.Lock()
    _is_first: ClassVar = True

    def __init__(self) -> None:
        self._over = False
        self._holds = False

    def hold(self) -> None:
        """The gateway is open, if it has not ended meanwhile: what is there is passed over from now on."""
        with self._lock:
            if Settled._is_first and not self._over and gc.get_freeze_count() < _FROZEN:
                Settled._is_first = False
                self._holds = True
                gc.freeze()

    def release(self) -> None:
        """The gateway has ended: everything is looked at again."""
        with self._lock:
            self._over = True
            if self._holds:
                self._holds = False
                gc.unfreeze()
