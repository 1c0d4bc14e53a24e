"""Controls: what is said to the gateway itself, and what it answers, on a channel ``controls``."""

from __future__ import annotations

import json
import threading
import weakref
from typing import Any

from csp_gateway.server.structs.gateway_struct import GatewayStruct

__all__ = ["Controls"]

_LOCKS: dict[int, threading.Lock] = {}
"""By the identity of a struct, as long as it lives: a struct has no room for what is no field."""
_making = threading.Lock()


class Controls(GatewayStruct):
    """One control, by its name, and how it went; not kept for the look-up by id.

    Whoever changes ``data`` of one that has ticked does so between ``lock`` and ``unlock``: others may be reading.
    """

    name: str = "none"
    status: str = "none"
    data: dict[str, Any] = {}
    data_str: str = ""

    def lock(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take this struct for oneself; whether it was had. As ``threading.Lock.acquire``, and not reentrant either."""
        return self._own_lock().acquire(blocking, timeout)

    def unlock(self) -> None:
        """Give it free again.

        Raises:
            RuntimeError: it was not taken.
        """
        self._own_lock().release()

    def update_str(self) -> None:
        """Write ``data`` as JSON text to ``data_str``, unless something stands there already."""
        if not self.data_str:
            self.data_str = json.dumps(self.data)

    def _own_lock(self) -> threading.Lock:
        with _making:
            if id(self) not in _LOCKS:
                _LOCKS[id(self)] = threading.Lock()
                weakref.finalize(self, _LOCKS.pop, id(self), None).atexit = False
            return _LOCKS[id(self)]


Controls.omit_from_lookup()
