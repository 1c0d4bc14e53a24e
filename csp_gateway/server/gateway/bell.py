"""How an engine is told to stop: politely through its graph, or at once."""

import threading
from typing import Any

from csp import ts
from csp.impl.pushadapter import PushInputAdapter
from csp.impl.wiring import py_push_adapter_def

__all__ = ["Bell", "StoppedAtOnce"]


class StoppedAtOnce(Exception):
    """What a run that was stopped at once ends with."""


class _BellImpl(PushInputAdapter):  # type: ignore[misc]  # csp has no types
    def __init__(self, bell: "Bell") -> None:
        self._bell = bell

    def start(self, starttime: Any, endtime: Any) -> None:
        self._bell.hang(self)

    def stop(self) -> None:
        self._bell.hang(None)


_bell_adapter = py_push_adapter_def("stop", _BellImpl, ts[bool], bell=object, memoize=False)


class Bell:
    """Ticks when the engine is to stop; make it while the graph is built.

    Ringing is a tick like any other. An engine that is behind real time works off its timers before it takes one, and
    may never come to it: for that there is ``stop_at_once``. Without an engine both do nothing.
    """

    def __init__(self) -> None:
        self._impl: Any = None
        self._lock = threading.Lock()
        self.edge = _bell_adapter(self)

    def hang(self, impl: Any) -> None:
        """The engine has the bell's adapter from now on, or no more: what it had is gone from memory then."""
        with self._lock:
            self._impl = impl

    def ring(self) -> None:
        """Let the engine stop once it has taken what came before."""
        with self._lock:
            if self._impl is not None:
                self._impl.push_tick(True)

    def stop_at_once(self) -> None:
        """Let the engine stop after the cycle it is in; the run ends with ``StoppedAtOnce``, without outputs."""
        with self._lock:
            if self._impl is not None:
                self._impl.shutdown_engine(StoppedAtOnce("stopped while it was behind real time"))
