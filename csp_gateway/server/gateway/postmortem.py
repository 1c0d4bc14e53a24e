"""Postmortem: what was so when a gateway failed, written down in a folder of its own."""

import json
import logging
import os
import re
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from csp_gateway.errors import (
    BuildFailedError,
    EngineError,
    GatewayException,
    RestFailedError,
    ShutdownError,
    StartTimeoutError,
)
from csp_gateway.server.gateway.parts import GatewayParts
from csp_gateway.server.gateway.snapshot import gateway_now, threads_now
from csp_gateway.server.gateway.watchdog import Watchdog

__all__ = ["Postmortem"]

_log = logging.getLogger("csp_gateway")

_FAILURES = (EngineError, BuildFailedError, RestFailedError, StartTimeoutError, ShutdownError)
"""Of our own errors those that something within has failed for; the others refuse what they were given, and say why."""
_SECONDS = 1.0
"""How long the end of the gateway waits for it: the disk may be what has failed."""
_MOST_CHARACTERS = 2**20
_FOLDER = re.compile(r"\d{8}T\d{6}\.\d{6}Z-\d+-\w+", re.ASCII)
_FILES = ("error.txt", "threads.txt", "report.json")


class Postmortem:
    """Writes at most one folder for one run, and lets go of the oldest folders.

    Args:
        parts: the gateway; ``POSTMORTEM_FOLDER`` and ``POSTMORTEMS`` of its settings are read.
        watchdog: knows how its engine did.
    """

    def __init__(self, parts: GatewayParts, watchdog: Watchdog) -> None:
        self._parts = parts
        self._watchdog = watchdog
        self._lock = threading.Lock()
        self._begun = False

    def write(self, error: BaseException) -> None:
        """Write down what is so now, and note at the error where that is.

        Nothing is written for a Ctrl-C, nor for what was refused before anything ran. It raises nothing: what keeps it
        from writing is logged, and ``error`` is what matters.
        """
        keep = self._parts.settings.POSTMORTEMS
        with self._lock:
            if self._begun or not keep or not _is_failure(error):
                return
            self._begun = True
        # On a thread of its own, which may hang, and is left behind then.
        writer = threading.Thread(target=self._write, args=(error, keep), name="gateway-postmortem", daemon=True)
        writer.start()
        writer.join(_SECONDS)
        if writer.is_alive():
            _log.warning("what was so when the gateway failed was not written down within %g s", _SECONDS)

    def _write(self, error: BaseException, keep: int) -> None:
        try:
            given = self._parts.settings.POSTMORTEM_FOLDER
            top = Path(given).absolute() if given else _own_folder()
            top.mkdir(parents=True, exist_ok=True)
            now = datetime.now(UTC)
            folder = top / f"{now:%Y%m%dT%H%M%S.%fZ}-{os.getpid()}-{type(error).__name__}"
            folder.mkdir(mode=0o700)
            # The most telling first, in case there is no time or no room for the rest.
            texts: list[Callable[[], str]] = [lambda: _traceback(error), threads_now, lambda: self._report(error, now)]
            for file, text in zip(_FILES, texts, strict=True):
                (folder / file).write_text(_bounded(text()), encoding="utf-8", errors="backslashreplace")
            error.add_note(f"What was so when it failed is written down in {folder}")
            _let_go_of_the_oldest(top, keep)
        except Exception as trouble:
            _log.warning(
                "what was so when the gateway failed cannot be written down (%s: %s); see the setting "
                "POSTMORTEM_FOLDER",
                type(trouble).__name__,
                trouble,
            )

    def _report(self, error: BaseException, now: datetime) -> str:
        engine_time, condition = self._watchdog.engine_time, self._watchdog.condition()
        report: dict[str, Any] = {
            "error": {"kind": type(error).__name__, "says": str(error), "cause": _cause(error)},
            "time": now.isoformat(),
            "engine": {
                "time": None if engine_time is None else engine_time.replace(tzinfo=UTC).isoformat(),
                "condition": condition.engine,
                "lag_seconds": condition.lag_seconds,
                "heartbeat_age_seconds": condition.heartbeat_age_seconds,
            },
        }
        return json.dumps(report | gateway_now(self._parts), indent=2, default=str) + "\n"


def _is_failure(error: BaseException) -> bool:
    if isinstance(error, GatewayException):
        return isinstance(error, _FAILURES)
    return isinstance(error, Exception)


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _cause(error: BaseException) -> str | None:
    cause = error.__cause__
    return None if cause is None else f"{type(cause).__name__}: {cause}"


def _bounded(text: str) -> str:
    half = _MOST_CHARACTERS // 2
    return text if len(text) <= 2 * half else f"{text[:half]}\n… {len(text) - 2 * half:,} characters …\n{text[-half:]}"


def _own_folder() -> Path:
    """A folder in the system's temporary one, where others must not have put theirs.

    Raises:
        PermissionError: they have.
    """
    if sys.platform == "win32":  # where each user has a temporary folder
        return Path(tempfile.gettempdir()) / "csp-gateway-postmortems"
    folder = Path(tempfile.gettempdir()) / f"csp-gateway-postmortems-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PermissionError(f"{folder} is not this user's alone")
    return folder


def _let_go_of_the_oldest(top: Path, keep: int) -> None:
    ours = sorted(each for each in top.iterdir() if _FOLDER.fullmatch(each.name) and not each.is_symlink())
    for folder in ours[:-keep]:
        try:
            for file in _FILES:
                (folder / file).unlink(missing_ok=True)
            folder.rmdir()
        except FileNotFoundError:
            continue  # another gateway lets go of it too
        except OSError as trouble:
            _log.warning("an old postmortem cannot be removed: %s", trouble)
