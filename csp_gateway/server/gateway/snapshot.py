"""Snapshot: what is so in a gateway at one moment, for who has to find out why it failed."""

import os
import platform
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from csp_gateway.errors import NoProviderException
from csp_gateway.server.channels import GatewayChannels
from csp_gateway.server.gateway.parts import GatewayParts
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.settings import GatewaySettings

__all__ = ["gateway_now", "threads_now"]

_DISTRIBUTIONS = ("csp-gateway", "csp", "ccflow", "duckdb", "fastapi", "perspective-python", "pydantic", "uvicorn")
_SECRET = ("KEY", "SECRET", "TOKEN", "PASS", "CREDENTIAL", "AUTHORIZATION", "COOKIE", "DSN", "PRIVATE")
_HIDDEN = "not shown"


def gateway_now(parts: GatewayParts) -> dict[str, Any]:
    """Versions, process, settings, modules, channels and figures; where one cannot be told, why.

    What may be secret is left out: settings that csp-gateway does not know, or whose names sound like it, what modules
    were given, the arguments and the environment of the process.
    """
    told: dict[str, Callable[[], Any]] = {
        "versions": _versions,
        "process": _process,
        "settings": lambda: _settings(parts.settings),
        "modules": lambda: [_module(each) for each in parts.enabled_modules],
        "channels": lambda: {"class": _path(type(parts.channels)), "ticks": _ticks(parts.channels)},
        "statistics": parts.channels.statistics,
    }
    return {name: _try(tell) for name, tell in told.items()}


def threads_now() -> str:
    """Where each thread of Python is, as text; without the thread that asks."""
    # There is no other way to see them by name: faulthandler knows none, and stops at a hundred threads.
    frames = sys._current_frames()  # noqa: SLF001
    told = []
    for thread in sorted(threading.enumerate(), key=lambda each: each.name):
        if thread.ident in frames and thread is not threading.current_thread():
            kind = ", daemon" if thread.daemon else ""
            stack = "".join(traceback.format_stack(frames[thread.ident]))
            told.append(f"{thread.name} ({thread.ident}{kind})\n{stack}")
    return "\n".join(told)


def _try(tell: Callable[[], Any]) -> Any:
    try:
        return tell()
    except Exception as error:
        # What failed may be what is told of; the rest is wanted all the more.
        return f"cannot be told: {type(error).__name__}: {error}"


def _versions() -> dict[str, str]:
    return {"python": sys.version, "platform": platform.platform()} | {name: version(name) for name in _DISTRIBUTIONS}


def _process() -> dict[str, Any]:
    return {"pid": os.getpid(), "folder": os.getcwd(), "processors": os.cpu_count()}


def _settings(settings: GatewaySettings) -> dict[str, Any]:
    known = GatewaySettings.model_fields
    return {
        name: _HIDDEN if name not in known or any(word in name.upper() for word in _SECRET) else value
        for name, value in settings.model_dump(mode="json").items()
    }


def _module(module: GatewayModule) -> dict[str, Any]:
    return {"class": _path(type(module)), "names": list(module.get_registered_names())}


def _path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _ticks(channels: GatewayChannels) -> dict[str, Any]:
    """Of each channel that keeps a history, how many ticks there were, and engine time of the newest; else None."""
    told: dict[str, Any] = {}
    for name in channels.declared:
        try:
            history = channels.outside.cell(name).history
        except NoProviderException:
            continue
        told[name] = None
        if history is not None:
            newest = history.since(limit=1).ticks
            told[name] = {"count": history.statistics()["next"], "newest": _iso(newest[-1].time) if newest else None}
    return told


def _iso(time: datetime) -> str:
    return time.replace(tzinfo=UTC).isoformat()
