"""How this process and its machine are doing, in figures."""

import os
import socket
import threading
import time
from datetime import UTC, datetime
from typing import Any

import psutil

__all__ = ["Figures"]

_SELDOM = 0.2
"""Seconds between two measurements of the processor: over a shorter time they say nothing."""


class Figures:
    """Figures of this process, measured when they are asked for; some of them read files of the system.

    A load of the processor is that since the measurement before, so the first is of the time since this was made.
    """

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._lock = threading.Lock()
        self._measured = time.monotonic()
        self._load = (psutil.cpu_percent(), self._process.cpu_percent())

    def read(self) -> dict[str, Any]:
        """The figures, all of them JSON.

        ``cpu`` and ``memory`` are the machine's, in percent; ``memory-total`` is what it has, in bytes, and
        ``memory-available`` how much of that is free to be taken, in percent. ``process-cpu`` is in percent of one
        core, ``process-memory`` in bytes.
        """
        memory = psutil.virtual_memory()
        cpu, process_cpu = self._measure()
        return {
            "cpu": cpu,
            "memory": memory.percent,
            "memory-total": memory.total,
            "memory-available": round(100 * memory.available / memory.total, 2),
            "process-cpu": process_cpu,
            "process-memory": self._process.memory_info().rss,
            "pid": os.getpid(),
            "active_threads": threading.active_count(),
            "threads": sorted(thread.name for thread in threading.enumerate()),
            "now": datetime.now(UTC).isoformat(),
            "host": socket.gethostname(),
            "user": self._process.username(),
        }

    def _measure(self) -> tuple[float, float]:
        with self._lock:
            now = time.monotonic()
            if now - self._measured >= _SELDOM:
                self._measured = now
                self._load = (psutil.cpu_percent(), self._process.cpu_percent())
            return self._load
