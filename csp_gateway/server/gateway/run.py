"""Run: one life of a gateway, its engine and its web, and how they end together."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from csp_gateway.errors import EngineError, ShutdownError
from csp_gateway.server.gateway.announce import announce, start_lines
from csp_gateway.server.gateway.answering import Answering
from csp_gateway.server.gateway.closing import close_modules
from csp_gateway.server.gateway.engine import Engine
from csp_gateway.server.gateway.held import warn_of_held_threads
from csp_gateway.server.gateway.opening import Opening
from csp_gateway.server.gateway.parts import GatewayParts
from csp_gateway.server.gateway.postmortem import Postmortem
from csp_gateway.server.gateway.settled import Settled
from csp_gateway.server.gateway.signals import interrupt, stop_on_signals
from csp_gateway.server.gateway.watchdog import Watchdog
from csp_gateway.server.web import Condition, Entrance, GatewayWebApp, WebServer

__all__ = ["Run"]

_log = logging.getLogger("csp_gateway")

_DRAIN_SECONDS = 5.0
_PATIENCE_SECONDS = 2.0
_STOP_SECONDS = 10.0
_FAILED_SECONDS = 2
"""What requests are still given when the engine has failed, and nothing that they wait for comes any more."""


class Run:
    """What one start of a gateway brings up, and its end takes down; a gateway that starts again has a new one.

    Args:
        parts: modules, channels and settings.
        graph: builds the graph, on the engine's thread.
        make_app: makes the web application, once the engine runs; None if there is to be none.
        server: listens already; None if nothing is to be served.
        detached: whether ``start`` returns while the engine runs on.
        starttime: as for ``Engine``.
        endtime: as for ``Engine``.
        realtime: as for ``Engine``.
        shutdown_timeout: seconds all modules' ``shutdown`` may take together.
    """

    def __init__(
        self,
        parts: GatewayParts,
        graph: Callable[[], Any],
        make_app: Callable[[], GatewayWebApp] | None,
        server: WebServer | None,
        *,
        detached: bool,
        starttime: datetime | None,
        endtime: datetime | timedelta | None,
        realtime: bool,
        shutdown_timeout: float,
    ) -> None:
        self._parts = parts
        self._make_app = make_app
        self._server = server
        self._detached = detached
        self._shutdown_timeout = shutdown_timeout
        self._realtime = realtime
        self._answering: Answering | None = None
        self._opening: Opening | None = None
        self._end_wanted = threading.Event()
        self._closing = threading.Lock()
        self._all_ended = threading.Event()
        self._failures: list[ShutdownError] = []
        """What went wrong while everything was let go of."""
        self.web_app: GatewayWebApp | None = None
        """The web side, once it is there."""
        self.watchdog = Watchdog(parts.settings.STALL_SECONDS, parts.settings.LAG_SECONDS)
        self._postmortem = Postmortem(parts, self.watchdog)
        self._settled = Settled()
        self.engine = Engine(
            graph,
            starttime=starttime,
            endtime=endtime,
            realtime=realtime,
            on_running=self._engine_runs,
            on_ended=self._engine_ended,
            on_beat=self.watchdog.beat if realtime else None,
        )

    # What it is.

    @property
    def over(self) -> bool:
        """Whether everything has been let go of; a node or a ``connect`` that does not return may still be there."""
        return self._all_ended.is_set()

    @property
    def url(self) -> str | None:
        """Where it serves; None while it does not."""
        return self._server.url if self._server is not None else None

    @property
    def health(self) -> Condition:
        """How it does."""
        return self.watchdog.condition()

    # Its start.

    def start(self, build_seconds: float) -> Any:
        """Start the engine, then the web; unless detached, stay until the end. What fails is ended before it is raised.

        Returns:
            The outputs; if detached and without web the engine.
        """
        try:
            if self._server is not None:
                return self._serve(self._server, build_seconds)
            return self._run(build_seconds)
        except BaseException as error:
            self._postmortem.write(error)
            self._abandon()
            raise

    def _run(self, build_seconds: float) -> Any:
        with stop_on_signals(interrupt):
            self.engine.start(build_seconds)
            if self._make_app is not None:
                self.web_app = self._make_app()
            self._is_open()
            if self._detached:
                return self.engine if self._make_app is None else None
        with stop_on_signals(self._signalled):
            self._end_wanted.wait()
            self._stop_engine()
            return self._close()

    def _serve(self, server: WebServer, build_seconds: float) -> Any:
        """Serve, at first only that it is starting; the start goes on beside."""
        assert self._make_app is not None
        settings = self._parts.settings
        entrance = Entrance(lambda: self.health, settings.ROOT_PATH)
        self._answering = Answering(entrance)
        url = server.url  # which it does not know any more if it is stopped before it is open

        def opened(app: GatewayWebApp) -> None:
            self.web_app = app
            self._is_open()
            announce(start_lines(settings, url, app.ui, self._parts.enabled_modules))

        self._opening = Opening(
            server,
            entrance,
            self._answering,
            start=lambda: self.engine.start(build_seconds),
            make=self._make_app,
            on_open=opened,
        )
        with stop_on_signals(self._signalled):
            self._opening.serve(on_stopping=self._stop_engine)
            self._stop_engine()
            return self._close()

    # Its end: whoever comes first does it, whoever comes later waits for it.

    def stop(self) -> Any:
        """End it; the outputs, None from inside, which can only ask for the end.

        Raises:
            EngineError: the engine had failed.
            ShutdownError: all went well but for the end.
        """
        if self._runs_here():
            self._ask_to_stop()
            self.engine.stop_engine()
            return None
        if self._detached:
            self._stop_engine()
            return self._close()
        # Whoever is in start() does it.
        self._ask_to_stop()
        self._all_ended.wait()
        return self.engine.join(timeout=_STOP_SECONDS)

    def _runs_here(self) -> bool:
        """Whether its end waits for the caller: a node, the event loop, or what works for a request."""
        if threading.current_thread() is self.engine.thread:
            return True
        if self._server is not None and self._server.runs_here():
            return True
        return self._answering is not None and self._answering.here()

    def _signalled(self) -> None:
        if self._opening is None or not self._opening.interrupt():
            self._ask_to_stop(hurry=self._end_wanted.is_set())

    def _ask_to_stop(self, hurry: bool = False) -> None:
        """Take note that an end is wanted; may be called in a signal handler."""
        self._end_wanted.set()
        self.watchdog.drains()
        if self._server is not None:
            self._server.ask_to_stop(hurry)

    def _stop_engine(self) -> None:
        """Let the engine see what was sent, then end it."""
        self.watchdog.drains()
        if self.engine.is_alive():
            channels = self._parts.channels
            left = channels.drain(_DRAIN_SECONDS) if channels.outside.running else 0
            if left:
                _log.warning("sent or released values lost: %d, which the engine had not taken when it ended", left)
            if not self.engine.end(_PATIENCE_SECONDS, _STOP_SECONDS):
                busy = f"the engine had not ended after {_STOP_SECONDS:g} s: a node is still busy"
                self._failures.append(ShutdownError(busy))

    def _is_open(self) -> None:
        self.watchdog.opened()
        if self._realtime:
            self._settled.hold()

    def _engine_runs(self) -> None:
        self.watchdog.runs()
        self._parts.channels.outside.open(threading.get_ident(), self._realtime)

    def _engine_ended(self, error: BaseException | None) -> None:
        self.watchdog.ended(error)
        reason = "the gateway has stopped" if error is None else str(error)
        self._parts.channels.outside.close(reason, error)
        if error is not None:
            if self._server is not None:
                self._server.shorten_the_end(_FAILED_SECONDS)
            self._postmortem.write(error)
        self._ask_to_stop()
        if self._detached:
            if isinstance(error, EngineError):
                # Nobody may ever ask for the outputs, which would raise it.
                _log.error("%s", error, exc_info=error)
            self._close_modules()

    def _close(self) -> Any:
        """Let go of everything; the outputs."""
        self._close_modules()
        # It lets go of its queries at the last.
        outputs = self.engine.join(timeout=0 if self._failures else _STOP_SECONDS)
        if self._failures:
            failure = _one_of(self._failures)
            self._postmortem.write(failure)
            raise failure
        return outputs

    def _abandon(self) -> None:
        """The start failed: end what runs, without hiding why."""
        if self.engine.thread.ident is not None:
            self.engine.end(_PATIENCE_SECONDS, _DRAIN_SECONDS)
        if self._opening is not None:
            self._opening.join()
        if self._server is not None:
            self._server.close()
        self._close_modules()

    def _close_modules(self) -> None:
        with self._closing:
            if not self._all_ended.is_set():
                if self.web_app is not None:
                    self.web_app.close()
                self._failures += close_modules(self._parts.enabled_modules, self._shutdown_timeout)
                if self._server is not None:
                    warn_of_held_threads()
                self._server = None
                self._settled.release()
                self._all_ended.set()


def _one_of(failures: list[ShutdownError]) -> ShutdownError:
    if len(failures) == 1:
        return failures[0]
    failure = ShutdownError("; ".join(str(each) for each in failures))
    failure.__cause__ = ExceptionGroup("what went wrong at the end", failures)
    return failure
