"""SyncPool: connections over HTTP, which can be closed while others wait on them; a forked child has its own."""

from __future__ import annotations

import contextlib
import socket
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import httpx2

from csp_gateway.client.forked import Origin
from csp_gateway.errors import ClientClosedError

__all__ = ["SyncPool"]

_LEAVE_SECONDS = 1.0
"""For how long those who wait are given to be gone, before their connections are closed."""
_MADE = ("connect_tcp.complete", "start_tls.complete")
_SENDS = "http11.send_request_headers.started"


class SyncPool:
    """Connections over HTTP. Any thread may call.

    Args:
        options: what httpx is told once.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._kept = _Connections(options)

    @property
    def lock(self) -> threading.Lock:
        """One for whoever has the pool; a child has one of its own, which nobody can have held when it was forked."""
        return self._connections().lock

    def build(self, **request: Any) -> httpx2.Request:
        """A request that has not been sent."""
        return self._connections().http.build_request(**request)

    @contextlib.contextmanager
    def answer(self, request: httpx2.Request, *, follows: bool) -> Iterator[httpx2.Response]:
        """The answer to a request, of which the headers have come.

        Raises:
            ClientClosedError: the pool was closed, before or meanwhile.
            httpx2.RequestError: there is none.
        """
        connections, waits = self._connections(), threading.get_ident()
        connections.waiting.append(waits)
        try:
            if connections.closed.is_set():
                raise ClientClosedError()
            connections.watch(request)
            response = connections.http.send(request, stream=True, follow_redirects=follows)
            with contextlib.closing(response):
                yield response
        except (httpx2.RequestError, httpx2.StreamError, OSError, RuntimeError):
            if connections.closed.is_set():
                raise ClientClosedError() from None
            raise
        finally:
            connections.waiting.remove(waits)

    def sleep(self, seconds: float) -> None:
        """Wait between two requests.

        Raises:
            ClientClosedError: the pool was closed meanwhile.
        """
        if self._connections().closed.wait(seconds):
            raise ClientClosedError()

    def close(self) -> None:
        """Wake all who wait, and close all connections. It can be called again, on any thread."""
        self._connections().close()

    def _connections(self) -> _Connections:
        if self._kept.origin.is_elsewhere:
            self._kept = self._kept.of_child(self._options)
        return self._kept


class _Connections:
    """Those of one process."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.origin = Origin()
        self.closed = threading.Event()
        self.waiting: list[int] = []
        """The threads that wait for answers."""
        self.http = httpx2.Client(**options, event_hooks={"response": [self._watch_on]})
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._noting = threading.RLock()
        self.lock = threading.Lock()

    def of_child(self, options: dict[str, Any]) -> _Connections:
        """New ones. Those of the parent are let go of, without a word to the gateway, which they would reach too."""
        made = _Connections(options)
        if self.closed.is_set():
            made.closed.set()
        for each in list(self._sockets):
            each.close()
        return made

    def watch(self, request: httpx2.Request) -> None:
        """Note the socket of a request, if a connection is made for it; httpx tells of those that it makes, and only
        so. As telling costs time, it is to stop once there is a connection."""
        extensions = request.extensions

        def told(event: str, info: dict[str, Any]) -> None:
            if event.endswith(_MADE):
                self._note(info["return_value"])
            elif event == _SENDS and info["request"].method != b"CONNECT":  # which a proxy is asked before
                extensions.pop("trace", None)

        extensions["trace"] = told

    def close(self) -> None:
        self.closed.set()
        with self._noting:
            sockets = list(self._sockets)
        for each in sockets:
            with contextlib.suppress(OSError):  # it was closed, or never connected
                socket.socket.shutdown(each, socket.SHUT_RDWR)
        me = threading.get_ident()
        _until(lambda: all(each == me for each in self.waiting))
        self.http.close()

    def _watch_on(self, response: httpx2.Response) -> None:
        """Where another place is to be asked, a connection may be made to it."""
        if response.has_redirect_location:
            self.watch(response.request)

    def _note(self, stream: Any) -> None:
        with self._noting:
            self._sockets.add(stream.get_extra_info("socket"))
        if self.closed.is_set():
            stream.close()
            raise ClientClosedError()


def _until(true: Callable[[], bool]) -> None:
    """Wait for others to be gone, for a bounded time."""
    pause = threading.Event()
    for _ in range(int(_LEAVE_SECONDS / 0.005)):
        if true():
            return
        pause.wait(0.005)
