"""Settled: what is there when a gateway is open stays while it is; the garbage collector passes over it till then.

A full collection holds all threads up while it looks at every object there is. Imports, models and routes leave
200,000, which takes 0.3 s, in which nobody is told anything.
"""

import gc
import threading
from typing import ClassVar

__all__ = ["Settled"]


class Settled:
    """What one gateway holds settled. A program that has frozen objects by itself is left to its own ways."""

    _lock: ClassVar = threading.Lock()
    _held: ClassVar[set["Settled"]] = set()

    def __init__(self) -> None:
        self._over = False

    def hold(self) -> None:
        """The gateway is open, if it has not ended meanwhile: what is there is passed over from now on."""
        with self._lock:
            if not self._over and (self._held or not gc.get_freeze_count()):
                self._held.add(self)
                gc.freeze()

    def release(self) -> None:
        """The gateway has ended. With the last that has, everything is looked at again."""
        with self._lock:
            self._over = True
            if self in self._held:
                self._held.remove(self)
                if not self._held:
                    gc.unfreeze()
