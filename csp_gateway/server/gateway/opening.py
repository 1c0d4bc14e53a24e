"""Opening: a gateway comes up on a thread of its own, beside a server that answers from the beginning."""

import threading
from collections.abc import Awaitable, Callable

from csp_gateway.server.web import Entrance, GatewayWebApp, WebServer

__all__ = ["Opening"]

_PATIENCE_SECONDS = 3.0
"""How long a start that was interrupted is waited for: a module's ``rest`` may be in the middle of something."""


class Opening:
    """The start of one gateway that serves.

    Args:
        server: listens already.
        entrance: opens once there is an application.
        app: what it serves: the entrance, or what stands before it.
        start: starts the engine, and waits until it runs.
        make: makes the web application, once the engine runs.
        on_open: called with it when all is served.
    """

    def __init__(
        self,
        server: WebServer,
        entrance: Entrance,
        app: Callable[..., Awaitable[None]],
        *,
        start: Callable[[], None],
        make: Callable[[], GatewayWebApp],
        on_open: Callable[[GatewayWebApp], None],
    ) -> None:
        self._server = server
        self._entrance = entrance
        self._app = app
        self._start = start
        self._make = make
        self._on_open = on_open
        self._error: BaseException | None = None
        self._up = False
        self._ended = threading.Event()
        self._interrupted = False

    def serve(self, on_stopping: Callable[[], None]) -> None:
        """Serve in this thread until the server is asked to stop; what fails on the way up comes out of here.

        Args:
            on_stopping: called when the end begins, if the gateway was up by then.

        Raises:
            KeyboardInterrupt: it was interrupted before it was up.
        """
        aside = threading.Thread(target=self._run, name="gateway-opening", daemon=True)
        try:
            # Only when uvicorn is loaded: two threads that import at once may meet modules that are half there.
            self._server.serve(self._app, lambda: on_stopping() if self._up else None, aside.start)
        except BaseException as error:
            # So uvicorn ends when it is told that the lifespan failed, which then has a better reason.
            if not isinstance(error, SystemExit) or self._error is None:
                self._interrupted = True
                raise
        if self._interrupted:
            raise KeyboardInterrupt
        self._ended.wait()
        if self._error is not None:
            raise self._error

    def join(self) -> None:
        """Wait, not for long, until nothing is done any more for a start that was given up."""
        self._ended.wait(_PATIENCE_SECONDS)

    def interrupt(self) -> bool:
        """Give up if it is not up yet; whether that was so. May be called in a signal handler."""
        if self._up or self._ended.is_set():
            return False
        self._interrupted = True
        self._entrance.give_up(InterruptedError("the gateway was interrupted while it started"))
        self._server.ask_to_stop(hurry=True)
        return True

    def _run(self) -> None:
        try:
            self._start()
            # An engine that was given up ends its start without an error once its build is over.
            app = None if self._interrupted else self._make()
            if app is not None and not self._interrupted:
                self._entrance.open(app)
                self._up = True
                self._on_open(app)
        except BaseException as error:
            self._error = error
            # The server stops at the latter; an application that is awaited would hold it up.
            self._entrance.give_up(error)
            self._server.ask_to_stop()
        finally:
            self._ended.set()
