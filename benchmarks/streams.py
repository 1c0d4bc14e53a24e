"""The servers that are listened to, each a program of its own: ours, and bare uvicorn and picows that send the same.

``python -m benchmarks.streams ours|uvicorn|picows RATE`` listens on a free port of 127.0.0.1, says which on the first
line of its output, and tells every client ``RATE`` messages a second, until it is killed or two minutes have passed.
The bare ones write a message once and hand it to one client after the other, which is the least that they ask for.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import csp
import uvicorn
import uvloop
from csp import ts
from picows import WSListener, WSMsgType, WSTransport, ws_create_server

from benchmarks.market import Market, Quote, Quotes, quote
from csp_gateway import Gateway, GatewaySettings, MountRestRoutes, MountWebSocketRoutes

__all__ = ["STREAM", "Server", "streaming"]

STREAM = "/api/v1/stream"

_LIFETIME = timedelta(minutes=2)
_BEHIND = 100
"""Messages that a bare server makes up for when it was late; what is beyond them it does not send."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Server(NamedTuple):
    """One that runs."""

    port: int
    pid: int


@contextmanager
def streaming(kind: str, rate: float) -> Iterator[Server]:
    """A server of this file in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.streams", kind, str(rate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield Server(int(server.stdout.readline()), server.pid)
        finally:
            server.kill()


class Stamped(Quotes):
    """Quotes that say when they were made, and how long the engine's thread has worked since the one before."""

    @csp.node
    def quote(self, clock: ts[bool]) -> ts[Quote]:
        """A new quote at every tick."""
        with csp.state():
            s_worked = 0
        if csp.ticked(clock):
            now = time.thread_time_ns()
            made = quote(time.time_ns())
            made.quantity, s_worked = now - s_worked, now
            return made


def ours(rate: float) -> None:
    """A gateway whose quotes are followed."""
    port = _free_port()
    print(port, flush=True)
    Gateway(
        settings=GatewaySettings(PORT=port),
        modules=[Stamped(rate=rate), MountRestRoutes(force_mount_all=True), MountWebSocketRoutes()],
        channels=Market(),
    ).start(rest=True, endtime=_LIFETIME)


def _message() -> bytes:
    return b'{"channel":"quotes","data":[%b]}' % quote(time.time_ns()).model_dump_json().encode()


async def _ticking(rate: float) -> Any:
    """A message whenever one is due."""
    begun, sent = time.perf_counter(), 0
    while True:
        due = int((time.perf_counter() - begun) * rate)
        sent = max(sent, due - _BEHIND)
        while sent < due:
            sent += 1
            yield _message()
            await asyncio.sleep(0)  # in which uvloop writes what it was given
        await asyncio.sleep(min(0.002, 1 / rate))


def bare_uvicorn(rate: float) -> None:
    """An ASGI application that sends every message to one client after the other."""
    clients: dict[Send, None] = {}
    telling: list[asyncio.Task[None]] = []

    async def tell() -> None:
        async for message in _ticking(rate):
            event = {"type": "websocket.send", "text": message.decode()}
            for send in list(clients):
                await send(event)

    async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        if not telling:
            telling.append(asyncio.ensure_future(tell()))
        while (event := await receive())["type"] != "websocket.disconnect":
            if event.get("text"):
                clients[send] = None
        clients.pop(send, None)

    port = _free_port()
    print(port, flush=True)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
    )


def bare_picows(rate: float) -> None:
    """The same with picows, which writes to a transport without waiting."""
    clients: dict[WSTransport, None] = {}

    class Listener(WSListener):
        def on_ws_frame(self, transport: WSTransport, _frame: Any) -> None:
            clients[transport] = None

        def on_ws_disconnected(self, transport: WSTransport) -> None:
            clients.pop(transport, None)

    async def serve() -> None:
        port = _free_port()
        await ws_create_server(lambda _: Listener(), "127.0.0.1", port)
        print(port, flush=True)
        async for message in _ticking(rate):
            for client in list(clients):
                client.send(WSMsgType.TEXT, message)

    uvloop.run(serve())


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    timer = threading.Timer(_LIFETIME.total_seconds(), os._exit, [0])
    timer.daemon = True
    timer.start()
    {"ours": ours, "uvicorn": bare_uvicorn, "picows": bare_picows}[sys.argv[1]](float(sys.argv[2]))
