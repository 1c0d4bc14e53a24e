"""Tables on a real socket, and Perspective's own Python client to look at them."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import perspective
import pytest
from csp import ts
from websockets.sync.client import ClientConnection, connect

from csp_gateway import (
    ChannelSelection,
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewaySettings,
    GatewayStruct,
    MountPerspectiveTables,
)
from csp_gateway.server.modules.tables import protocol
from csp_gateway.server.web import WebServer


class Trade(GatewayStruct):
    symbol: str
    quantity: int
    price: float


class Ch(GatewayChannels):
    trades: ts[Trade] = None
    fills: ts[list[Trade]] = None
    nobody: ts[Trade] = None


class Market(GatewayModule):
    """Trades and fills are what a test sends."""

    requires: ChannelSelection | None = []

    def connect(self, channels: Ch) -> None:
        channels.add_send_channel(Ch.trades)
        channels.add_send_channel(Ch.fills)


class Viewer:
    """One socket with Perspective's client on it. The client blocks the interpreter while it waits for an answer, so
    the answer is read where the request is sent; what is told unasked, by ``listen``."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.client = perspective.Client(self._ask)

    def _ask(self, message: bytes) -> None:
        request = protocol.read(message)
        self.socket.send(message)
        while not request.watches and self.listen() != request.msg_id:
            pass

    def listen(self) -> int:
        """Hand the client the next message; which request it answers."""
        message = self.socket.recv(10)
        assert isinstance(message, bytes)
        self.client.handle_response(message)
        return protocol.answered(message)[0]


class Served:
    """A gateway with tables, served on a port of its own until the test ends."""

    def __init__(self, tables: MountPerspectiveTables, **settings: Any) -> None:
        self.tables = tables
        self.gateway = Gateway(modules=[Market(), tables], channels=Ch(), settings=GatewaySettings(PORT=0, **settings))
        self.gateway.start(rest=True, _in_test=True)
        self._server = WebServer(self.gateway.settings, {"log_level": "error"})
        self._thread = threading.Thread(target=self._server.serve, args=(self.gateway.web_app, lambda: None))
        self._thread.start()
        self.url = self._server.url
        self._sockets = ExitStack()

    @property
    def socket_url(self) -> str:
        return f"{self.url.replace('http', 'ws', 1)}/api/v1/perspective"

    def connect(self, **options: Any) -> ClientConnection:
        return self._sockets.enter_context(connect(self.socket_url, max_size=None, **options))

    def viewer(self, **options: Any) -> Viewer:
        return Viewer(self.connect(**options))

    def send(self, **fields: Any) -> None:
        self.gateway.channels.send(Ch.trades, Trade(**fields))

    def stop(self) -> None:
        self._sockets.close()
        self._server.ask_to_stop()
        self._thread.join()
        if self.gateway.running:
            self.gateway.stop()


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """``serve(**options of MountPerspectiveTables)``."""
    started: list[Served] = []

    def start(*, settings: dict[str, Any] | None = None, **options: Any) -> Served:
        tables = MountPerspectiveTables(**{"update_interval": "PT0.01S", **options})
        started.append(Served(tables, **settings or {}))
        return started[-1]

    yield start
    for served in started:
        served.stop()


@pytest.fixture
def until() -> Callable[[Callable[[], Any]], Any]:
    """Wait until a condition holds, at most ten seconds; its value."""

    def wait(condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 10
        while not (value := condition()):
            assert time.monotonic() < deadline, "the condition never held"
            time.sleep(0.005)
        return value

    return wait
