"""Gateway: settings, modules and channels, started and stopped together."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pydantic import PrivateAttr

from csp_gateway.errors import NotRunningError, ShutdownError, StartError
from csp_gateway.server.channels import GatewayChannels
from csp_gateway.server.gateway.announce import announce, start_lines
from csp_gateway.server.gateway.closing import close_modules
from csp_gateway.server.gateway.drawing import draw_graph
from csp_gateway.server.gateway.engine import Engine
from csp_gateway.server.gateway.opening import Opening
from csp_gateway.server.gateway.parts import GatewayParts
from csp_gateway.server.gateway.routes import add_routes
from csp_gateway.server.gateway.signals import interrupt, stop_on_signals
from csp_gateway.server.gateway.watchdog import Watchdog
from csp_gateway.server.web import Condition, Entrance, GatewayWebApp, WebServer, refuse_unknown_options

__all__ = ["Gateway"]

_log = logging.getLogger("csp_gateway")

_DRAIN_SECONDS = 5.0
_PATIENCE_SECONDS = 2.0
_STOP_SECONDS = 10.0
_FAILED_SECONDS = 2
"""What requests are still given when the engine has failed, and nothing that they wait for comes any more."""


class Gateway(GatewayParts):
    """A complete application: modules wired over channels, and the web in front of them."""

    _engine: Engine | None = PrivateAttr(None)
    _web_app: GatewayWebApp | None = PrivateAttr(None)
    _server: WebServer | None = PrivateAttr(None)
    _opening: Opening | None = PrivateAttr(None)
    _watchdog: Watchdog | None = PrivateAttr(None)
    _closing: threading.Lock = PrivateAttr(default_factory=threading.Lock)
    _closed: bool = PrivateAttr(True)
    _end_wanted: threading.Event = PrivateAttr(default_factory=threading.Event)
    _all_ended: threading.Event = PrivateAttr(default_factory=threading.Event)
    _detached: bool = PrivateAttr(False)
    """Whether start() has returned, or will, while the engine runs on."""
    _shutdown_timeout: float = PrivateAttr(60.0)
    _failures: list[str] = PrivateAttr(default_factory=list)
    """What went wrong while everything was let go of."""

    # What it is.

    @property
    def running(self) -> bool:
        """Whether the engine runs."""
        return self._engine is not None and self._engine.is_alive() and self.channels.outside.running

    @property
    def web_app(self) -> GatewayWebApp | None:
        """The web side, once started with ``rest=True``."""
        return self._web_app

    @property
    def url(self) -> str | None:
        """Where it serves; None while it does not."""
        return self._server.url if self._server is not None else None

    @property
    def health(self) -> Condition:
        """How it does: what ``/livez`` and ``/readyz`` say."""
        return Condition("stopped", "stopped") if self._watchdog is None else self._watchdog.condition()

    # Its life.

    def start(
        self,
        user_graph: Callable[[GatewayChannels], Any] | None = None,
        realtime: bool = True,
        block: bool = True,
        show: bool = False,
        rest: bool = False,
        ui: bool = False,
        *,
        _in_test: bool = False,
        starttime: datetime | None = None,
        endtime: datetime | timedelta | None = None,
        build_timeout: float | timedelta | str = 30,
        module_shutdown_timeout: float | timedelta | str = 60,
        **uvicorn_options: Any,
    ) -> Any:
        """Run the application.

        Args:
            user_graph: a last piece of graph, called with the channels.
            realtime: False runs in simulated time from ``starttime`` to ``endtime``.
            block: wait for the end and return the graph's outputs; False returns at once, and ``stop`` ends it.
            show: draw the graph to ``outputs/gateway.png`` instead of running it (needs graphviz).
            rest: serve the API, in this thread, until the gateway is stopped, whatever ``block`` says.
            ui: serve the page too; implies ``rest``.
            starttime: engine time to start from (UTC); None for now.
            endtime: engine time to end at, or how long to run; None for never.
            build_timeout: seconds until the graph must run.
            module_shutdown_timeout: seconds all modules' ``shutdown`` may take together.
            uvicorn_options: options of ``uvicorn.Config``, such as ``ssl_keyfile``.

        Returns:
            The graph's outputs; with ``block=False`` a handle with ``stop_engine``, ``join`` and ``is_alive``.

        Raises:
            BuildFailedError, RestFailedError: a module raised; its exception is the cause.
            WiringError: channels cannot be joined: no provider, unknown name, wrong type.
            EngineError: a node raised; its exception is the cause.
            PortTakenError: another program listens there.
            StartTimeoutError: the graph was not running in time.
            ShutdownError: all went well but for the end: a module's ``shutdown`` raised, or a node would not return.
        """
        if show:
            return draw_graph(lambda: self.graph(user_graph))
        refuse_unknown_options(uvicorn_options)
        rest = rest or ui
        build_seconds, shutdown_seconds = _seconds(build_timeout), _seconds(module_shutdown_timeout)
        self._claim()
        try:
            self._server = WebServer(self.settings, uvicorn_options) if rest and not _in_test else None
        except BaseException:
            self._closed = True
            raise
        self._web_app = self._opening = None
        self._shutdown_timeout, self._failures = shutdown_seconds, []
        self._end_wanted.clear()
        self._all_ended.clear()
        self._detached = _in_test or not (rest or block)
        self._watchdog = Watchdog(self.settings.STALL_SECONDS, self.settings.LAG_SECONDS)
        self._engine = Engine(
            lambda: self.graph(user_graph),
            starttime=starttime,
            endtime=endtime,
            realtime=realtime,
            on_running=lambda: self._engine_runs(realtime),
            on_ended=self._engine_ended,
            on_beat=self._watchdog.beat if realtime else None,
        )
        try:
            return self._run(rest, ui, build_seconds)
        except BaseException:
            self._abandon()
            raise

    def _run(self, rest: bool, ui: bool, build_seconds: float) -> Any:
        """Start the engine, then the web; unless detached, stay until the end."""
        engine, watchdog = self._engine, self._watchdog
        assert engine is not None
        assert watchdog is not None
        if self._server is not None:
            return self._serve(self._server, ui, watchdog, lambda: engine.start(build_seconds))
        with stop_on_signals(interrupt):
            engine.start(build_seconds)
            if rest:
                self._web_app = self._make_web_app(ui)
            watchdog.opened()
            if self._detached:
                return None if rest else engine
        with stop_on_signals(self._signalled):
            self._end_wanted.wait()
            self._stop_engine()
            return self._close()

    def _serve(self, server: WebServer, ui: bool, watchdog: Watchdog, start: Callable[[], None]) -> Any:
        """Serve, at first only that it is starting; the start goes on beside."""
        entrance = Entrance(lambda: self.health, self.settings.ROOT_PATH)
        url = server.url  # which it does not know any more if it is stopped before it is open

        def opened(app: GatewayWebApp) -> None:
            self._web_app = app
            watchdog.opened()
            announce(start_lines(self.settings, url, app.ui, self.enabled_modules))

        self._opening = Opening(server, entrance, start=start, make=lambda: self._make_web_app(ui), on_open=opened)
        with stop_on_signals(self._signalled):
            self._opening.serve(on_stopping=self._stop_engine)
            self._stop_engine()
            return self._close()

    def _make_web_app(self, ui: bool) -> GatewayWebApp:
        app = GatewayWebApp(self, ui=ui or self.settings.UI)
        add_routes(app, self.enabled_modules)
        return app

    def stop(self) -> Any:
        """End the gateway: web server, engine, modules. Returns the graph's outputs.

        From inside the gateway (a node, a route on the event loop), which cannot wait for its own end, it only asks
        for the end and returns None.

        Raises:
            NotRunningError: it was never started.
            EngineError: the engine had failed; the node's exception is the cause.
            ShutdownError: all went well but for a module's ``shutdown``.
        """
        if self._engine is None:
            raise NotRunningError("the gateway was not started: there is nothing to stop")
        if threading.current_thread() is self._engine.thread or (self._server and self._server.runs_here()):
            self._ask_to_stop()
            self._engine.stop_engine()
            return None
        if self._detached:
            self._stop_engine()
            return self._close()
        # Whoever is in start() does it.
        self._ask_to_stop()
        self._all_ended.wait()
        return self._engine.join(timeout=_STOP_SECONDS)

    def _claim(self) -> None:
        """This start is the one that runs."""
        with self._closing:
            if not self._closed:
                raise StartError("this gateway is running already: stop it first")
            if self._engine is not None and self._engine.is_alive():
                raise StartError("the last run has not ended yet: a node or a module's connect is still busy")
            if self.channels.outside.running:
                raise StartError("its channels belong to another gateway, which runs: give each an object of its own")
            self._closed = False

    # Its end: whoever comes first does it, whoever comes later waits for it.

    def _signalled(self) -> None:
        if self._opening is None or not self._opening.interrupt():
            self._ask_to_stop(hurry=self._end_wanted.is_set())

    def _ask_to_stop(self, hurry: bool = False) -> None:
        """Take note that an end is wanted; may be called in a signal handler."""
        self._end_wanted.set()
        if self._watchdog is not None:
            self._watchdog.drains()
        if self._server is not None:
            self._server.ask_to_stop(hurry)

    def _stop_engine(self) -> None:
        """Let the engine see what was sent, then end it."""
        if self._watchdog is not None:
            self._watchdog.drains()
        engine = self._engine
        if engine is not None and engine.is_alive():
            left = self.channels.drain(_DRAIN_SECONDS) if self.channels.outside.running else 0
            if left:
                _log.warning("sent or released values lost: %d, which the engine had not taken when it ended", left)
            if not engine.end(_PATIENCE_SECONDS, _STOP_SECONDS):
                self._failures.append(f"the engine had not ended after {_STOP_SECONDS:g} s: a node is still busy")

    def _engine_runs(self, realtime: bool) -> None:
        assert self._watchdog is not None
        self._watchdog.runs()
        self.channels.outside.open(threading.get_ident(), realtime)

    def _engine_ended(self, error: BaseException | None) -> None:
        if self._watchdog is not None:
            self._watchdog.ended(error)
        reason = "the gateway has stopped" if error is None else str(error)
        self.channels.outside.close(reason, error)
        if error is not None and self._server is not None:
            self._server.shorten_the_end(_FAILED_SECONDS)
        self._ask_to_stop()
        if self._detached:
            self._close_modules()

    def _close(self) -> Any:
        """Let go of everything; the outputs."""
        engine = self._engine
        assert engine is not None
        self._close_modules()
        outputs = engine.join(timeout=0 if self._failures else _STOP_SECONDS)  # it lets go of its queries at the last
        if self._failures:
            raise ShutdownError("; ".join(self._failures))
        return outputs

    def _abandon(self) -> None:
        """The start failed: end what runs, without hiding why."""
        if self._engine is not None and self._engine.thread.ident is not None:
            self._engine.end(_PATIENCE_SECONDS, _DRAIN_SECONDS)
        if self._opening is not None:
            self._opening.join()
        if self._server is not None:
            self._server.close()
        self._close_modules()

    def _close_modules(self) -> None:
        with self._closing:
            if not self._closed:
                if self._web_app is not None:
                    self._web_app.close()
                self._failures += close_modules(self.enabled_modules, self._shutdown_timeout)
                self._server, self._closed = None, True
                self._all_ended.set()


def _seconds(time: float | timedelta | str) -> float:
    return time.total_seconds() if isinstance(time, timedelta) else float(time)
