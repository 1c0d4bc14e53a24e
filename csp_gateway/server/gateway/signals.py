"""SIGINT and SIGTERM as a request to stop, for as long as the gateway holds the main thread."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["interrupt", "stop_on_signals"]

_STOPPING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGUSR1") if hasattr(signal, name)]


@contextmanager
def stop_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` on each stopping signal; the handlers from before come back at the end.

    Outside the main thread, where Python delivers no signals, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: stop()) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt() -> None:
    """What Ctrl-C does while nothing runs that could be stopped well."""
    raise KeyboardInterrupt
