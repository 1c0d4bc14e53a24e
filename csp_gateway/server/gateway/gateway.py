"""Gateway: settings, modules and channels, started and stopped together."""

import inspect
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pydantic import PrivateAttr

from csp_gateway.errors import NotRunningError, StartError
from csp_gateway.server.channels import GatewayChannels
from csp_gateway.server.gateway.drawing import draw_graph
from csp_gateway.server.gateway.parts import GatewayParts
from csp_gateway.server.gateway.routes import add_routes
from csp_gateway.server.gateway.run import Run
from csp_gateway.server.gateway.span import span_of
from csp_gateway.server.web import Condition, GatewayWebApp, WebServer, refuse_unknown_options

__all__ = ["Gateway"]


class Gateway(GatewayParts):
    """A complete application: modules wired over channels, and the web in front of them."""

    _run: Run | None = PrivateAttr(None)
    """The newest."""
    _starting: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    # What it is.

    @property
    def running(self) -> bool:
        """Whether the engine runs."""
        return self._run is not None and self._run.engine.is_alive() and self.channels.outside.running

    @property
    def web_app(self) -> GatewayWebApp | None:
        """The web side, once started with ``rest=True``."""
        return None if self._run is None else self._run.web_app

    @property
    def url(self) -> str | None:
        """Where it serves; None while it does not."""
        return None if self._run is None else self._run.url

    @property
    def health(self) -> Condition:
        """How it does: what ``/livez`` and ``/readyz`` say."""
        return Condition("stopped", "stopped") if self._run is None else self._run.health

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
        starttime: datetime | str | None = None,
        endtime: datetime | timedelta | float | str | None = None,
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
            starttime: engine time to start from (UTC), also as ISO 8601 text; None for now.
            endtime: engine time to end at, or how long to run, also in seconds or as text; None for never.
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
            StartError: an option says nothing that can be.
            StartTimeoutError: the graph was not running in time.
            ShutdownError: all went well but for the end: a module's ``shutdown`` raised, or a node would not return.
        """
        if show:
            return draw_graph(lambda: self.graph(user_graph))
        refuse_unknown_options(uvicorn_options, _OPTIONS)
        rest = rest or ui
        begins, ends = span_of(starttime, endtime)
        build_seconds, shutdown_seconds = _seconds(build_timeout), _seconds(module_shutdown_timeout)
        with self._starting:
            self._refuse_a_second_start()
            self._run = run = Run(
                self,
                lambda: self.graph(user_graph),
                (lambda: self._make_web_app(ui)) if rest else None,
                WebServer(self.settings, uvicorn_options) if rest and not _in_test else None,
                detached=_in_test or not (rest or block),
                starttime=begins,
                endtime=ends,
                realtime=realtime,
                shutdown_timeout=shutdown_seconds,
            )
        return run.start(build_seconds)

    def stop(self) -> Any:
        """End the gateway: web server, engine, modules. Returns the graph's outputs.

        From inside the gateway (a node, a route), which cannot wait for its own end, it only asks for the end and
        returns None.

        Raises:
            NotRunningError: it was never started.
            EngineError: the engine had failed; the node's exception is the cause.
            ShutdownError: all went well but for a module's ``shutdown``.
        """
        if self._run is None:
            raise NotRunningError("the gateway was not started: there is nothing to stop")
        return self._run.stop()

    def _make_web_app(self, ui: bool) -> GatewayWebApp:
        app = GatewayWebApp(self, ui=ui or self.settings.UI)
        add_routes(app, self.enabled_modules)
        return app

    def _refuse_a_second_start(self) -> None:
        if self._run is not None and not self._run.over:
            raise StartError("this gateway is running already: stop it first")
        if self._run is not None and self._run.engine.is_alive():
            raise StartError("the last run has not ended yet: a node or a module's connect is still busy")
        if self.channels.outside.running:
            raise StartError("its channels belong to another gateway, which runs: give each an object of its own")


_OPTIONS = [
    name
    for name, each in inspect.signature(Gateway.start).parameters.items()
    if name not in ("self", "_in_test") and each.kind is not each.VAR_KEYWORD
]
"""What ``start`` itself takes."""


def _seconds(time: float | timedelta | str) -> float:
    return time.total_seconds() if isinstance(time, timedelta) else float(time)
