"""Modules shut down side by side, under one deadline."""

import logging
import threading
import time
from collections.abc import Sequence

from csp_gateway.errors import ShutdownError
from csp_gateway.server.module import GatewayModule

__all__ = ["close_modules"]

_log = logging.getLogger(__name__)


def close_modules(modules: Sequence[GatewayModule], timeout: float) -> list[ShutdownError]:
    """Call ``shutdown`` of each module, all at once, and wait at most ``timeout`` seconds in all.

    Where no thread can be begun any more, as at the interpreter's end, they are called in turn, and waited for.

    Returns:
        An error for each module that raised, which is the cause, or did not come to an end; empty when all is well.
        What a module raised is logged with its traceback too.
    """
    failures: list[ShutdownError] = []
    threads = []
    for module in modules:
        name = type(module).__name__
        thread = threading.Thread(target=_close, args=(module, name, failures), name=f"close-{name}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            _close(module, name, failures)
        else:
            threads.append((name, thread))
    deadline = time.monotonic() + timeout
    for name, thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            failures.append(ShutdownError(f"{name}.shutdown had not ended after {timeout:g} s"))
    return failures


def _close(module: GatewayModule, name: str, failures: list[ShutdownError]) -> None:
    try:
        module.shutdown()
    except Exception as error:
        _log.exception("%s.shutdown raised", name)
        failure = ShutdownError(f"{name}.shutdown raised {type(error).__name__}: {error}")
        failure.__cause__ = error
        failures.append(failure)
