"""Held threads: those of routes that go on when all else has ended, and without which the process cannot."""

import logging
import sys
import threading
import time
import traceback
from concurrent.futures import thread as pools
from pathlib import Path
from types import FrameType

__all__ = ["warn_of_held_threads"]

_log = logging.getLogger("csp_gateway")

_PREFIXES = ("AnyIO worker thread", "web-worker")
_PATIENCE_SECONDS = 0.2
"""How long those that have nothing to do take to end."""


def warn_of_held_threads() -> None:
    """Say of each thread that still works for a request where it is; the server has ended.

    Python ends only when they have, whatever becomes of everything else, and nothing can end them.
    """
    until = time.monotonic() + _PATIENCE_SECONDS
    held = [each for each in threading.enumerate() if not each.daemon and each.name.startswith(_PREFIXES)]
    for thread in held:
        thread.join(max(0.0, until - time.monotonic()))
    frames = sys._current_frames()  # noqa: SLF001  # as in snapshot.py
    for thread in held:
        if thread.is_alive() and thread.ident in frames and not _is_idle(frames[thread.ident]):
            at = traceback.extract_stack(frames[thread.ident], limit=1)[0]
            where = f"{Path(at.filename).name}:{at.lineno}, in {at.name}"
            _log.warning("the process ends only when a route has, on %s: %s", thread.name, where)


def _is_idle(frame: FrameType) -> bool:
    """Whether a thread of a pool waits for work, as those of another gateway do: it ends with the process by itself."""
    return frame.f_code.co_name == "_worker" and frame.f_code.co_filename == pools.__file__
