"""Runs uvicorn until told to stop, or until the engine dies."""

import asyncio
import contextlib
import errno
import inspect
import os
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvicorn

from csp_gateway.errors import PortTakenError, StartError, did_you_mean
from csp_gateway.server.settings import GatewaySettings
from csp_gateway.server.web.connection import ConnectionProtocol
from csp_gateway.server.web.live import FrameProtocol

__all__ = ["WebServer"]

_OPTIONS = [name for name in inspect.signature(uvicorn.Config).parameters if name != "app"]

_BACKLOG = 256
"""Connections that wait to be accepted: all are at once, some 0.3 s in which the event loop does nothing else."""

_DEFAULTS: dict[str, Any] = {
    "access_log": False,
    "backlog": _BACKLOG,
    "http": ConnectionProtocol,
    "lifespan": "off",
    "log_config": None,
    "loop": "asyncio" if sys.platform == "win32" else "uvloop",
    "timeout_graceful_shutdown": 10,
    "ws": FrameProtocol,
    "ws_max_size": 1024 * 1024,
    "ws_per_message_deflate": False,  # it costs a fifth of what can be told at most
    "ws_ping_interval": 25.0,
    "ws_ping_timeout": 8.0,
}


_MOMENT = 0.05
"""Seconds after which it looks again whether it is to hurry."""
_ENDING = 2.0
"""Seconds, once the engine has ended, until answers that are being sent are cut off; their clients may never read."""


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, on_stopping: Callable[[], None], on_loaded: Callable[[], None] | None
    ) -> None:
        super().__init__(config)
        self._on_loaded = on_loaded
        self._on_stopping = on_stopping
        self.thread: threading.Thread | None = None
        self.lingers = 0.0
        """Seconds that it goes on to answer when it is to end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the gateway: uvicorn would raise them again after a clean end."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.thread = threading.current_thread()
        if self._on_loaded is not None:
            self._on_loaded()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # First the engine: whoever waits for a tick is answered, and no request holds the server up.
        with ThreadPoolExecutor(1, "web-stopping") as aside:
            await asyncio.get_running_loop().run_in_executor(aside, self._on_stopping)
        await self._linger()
        cutting = asyncio.ensure_future(self._cut_off())
        await super().shutdown(sockets)
        cutting.cancel()

    async def _linger(self) -> None:
        """Answer for a moment longer, so that whoever asks what has become of the gateway is told."""
        for _ in range(int(self.lingers / _MOMENT)):
            if not self.force_exit:
                await asyncio.sleep(_MOMENT)

    async def _cut_off(self) -> None:
        """End the connections whose answers were begun and are not sent to their end."""
        await asyncio.sleep(_ENDING)
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)  # a WebSocket has none
            if cycle is not None and cycle.response_started:
                cycle.transport.abort()


class WebServer:
    """One listening socket and the server on it.

    It listens from the moment it is made, so that a taken port is known before anything else is started.

    Args:
        settings: where to listen.
        options: of ``uvicorn.Config``; ``host`` and ``port`` win over the settings.

    Raises:
        StartError: uvicorn has no such option, or the files of TLS cannot be used.
        PortTakenError: another program listens there.
    """

    def __init__(self, settings: GatewaySettings, options: dict[str, Any]) -> None:
        refuse_unknown_options(options)
        _refuse_unusable_tls(options)
        self._options = {**_DEFAULTS, **options}
        self._host = str(self._options.pop("host", settings.BIND))
        self._socket = _listen(self._host, int(self._options.pop("port", settings.PORT)))
        self._port: int = self._socket.getsockname()[1]
        self._server: _Server | None = None
        self._stop_asked = False

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the gateway."""
        scheme = "https" if self._options.get("ssl_certfile") or self._options.get("ssl_context_factory") else "http"
        host = "localhost" if self._host in ("127.0.0.1", "0.0.0.0", "::", "::1", "") else self._host
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self._port}"

    def serve(self, app: Any, on_stopping: Callable[[], None], on_loaded: Callable[[], None] | None = None) -> None:
        """Serve ``app`` in this thread until ``ask_to_stop``.

        Args:
            app: an ASGI application.
            on_stopping: called once, in a thread of its own, when the end begins and requests may still be open.
            on_loaded: called once uvicorn has imported all it needs, just before it answers.
        """
        config = uvicorn.Config(app, **self._options)
        self._server = _Server(config, on_stopping, on_loaded)
        self._server.should_exit = self._stop_asked
        # A notebook's thread has a loop that runs already; there the server gets a thread of its own.
        with ThreadPoolExecutor(1, thread_name_prefix="web-server") as aside, contextlib.closing(self):
            if _loop_runs_here():
                aside.submit(self._server.run, sockets=[self._socket]).result()
            else:
                self._server.run(sockets=[self._socket])

    def runs_here(self) -> bool:
        """Whether the caller is in the server's event loop, which must not wait for the server's end."""
        return self._server is not None and self._server.thread is threading.current_thread()

    def ask_to_stop(self, hurry: bool = False) -> None:
        """Let the server come to an end; from any thread, and from signal handlers.

        Args:
            hurry: do not wait for requests in progress.
        """
        self._stop_asked = True
        if self._server is not None:
            self._server.force_exit |= hurry
            self._server.should_exit = True

    def shorten_the_end(self, seconds: int) -> None:
        """Give requests in progress no more than that when the end begins, and answer new ones for half of it.

        From any thread.
        """
        if self._server is not None:
            patience = self._server.config.timeout_graceful_shutdown
            seconds = seconds if patience is None else min(patience, seconds)
            self._server.lingers = seconds / 2
            self._server.config.timeout_graceful_shutdown = seconds - seconds // 2

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()


def refuse_unknown_options(options: dict[str, Any], own: Collection[str] = ()) -> None:
    """Hold that uvicorn has the options that are given to ``start``, whether it is to serve or not.

    Args:
        own: those of ``start`` itself, one of which may be meant.

    Raises:
        StartError: it has not; the message names the nearest.
    """
    for name in options:
        if name not in _OPTIONS:
            near = did_you_mean(name, [*own, *_OPTIONS])
            known = (
                near if near.startswith("did you mean") else f"{did_you_mean(name, own)}; and those of uvicorn.Config"
            )
            raise StartError(f"neither start nor uvicorn has an option {name!r}; {known}")


def _refuse_unusable_tls(options: dict[str, Any]) -> None:
    """Hold that there is a certificate wherever something else of TLS is given, and that it can be used."""
    given = [name for name in options if name.startswith("ssl_") and options[name]]
    certificate, key = options.get("ssl_certfile"), options.get("ssl_keyfile")
    if given and not certificate and not options.get("ssl_context_factory"):
        raise StartError(f"{given[0]} is given and ssl_certfile is not: https needs ssl_certfile, a certificate in PEM")
    if certificate:
        password = options.get("ssl_keyfile_password")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password)
        except OSError as error:  # of which SSLError is one
            files = f"ssl_certfile={str(certificate)!r}" + (f" and ssl_keyfile={str(key)!r}" if key else "")
            lost = [name for name, file in (("ssl_certfile", certificate), ("ssl_keyfile", key)) if not _is_there(file)]
            why = f"{lost[0]} is no file that can be read" if lost else f"not a certificate and its key ({error})"
            raise StartError(f"https cannot be spoken with {files}: {why}") from error


def _is_there(file: Any) -> bool:
    return file is None or os.access(file, os.R_OK)


def _loop_runs_here() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    if sys.platform != "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        by_port = "another port with GatewaySettings(PORT=…), CSP_GATEWAY_PORT=… or port=… on the command line"
        by_address = "an address of this machine with GatewaySettings(BIND=…) or CSP_GATEWAY_BIND=…"
        todo = {errno.EADDRINUSE: f"stop what listens there, or choose {by_port}", errno.EACCES: f"choose {by_port}"}
        raise PortTakenError(
            f"cannot listen on {host}:{port} ({error.strerror or error}): "
            f"{todo.get(error.errno or 0, f'choose {by_address}')}"
        ) from error
    return listener
