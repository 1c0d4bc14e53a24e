"""The servers that are listened to, each a program of its own: ours, and bare uvicorn and picows that send the same.

``python -m benchmarks.streams ours|uvicorn|picows`` listens on a free port of 127.0.0.1 and says which on the first
line of its output. Each line that it reads is how many messages a second it tells every client from then on, at first
none; at the end of its input it ends. The bare ones write a message once and hand it to one client after the other,
all that are due before the event loop has its turn, which is the least that they ask for.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import csp
import uvicorn
import uvloop
from csp import ts
from picows import WSListener, WSMsgType, WSTransport, ws_create_server

from benchmarks.market import Market, Quote, Quotes, quote
from csp_gateway import Gateway, MountRestRoutes, MountWebSocketRoutes
from csp_gateway.testing import serving_gateway

__all__ = ["Server", "streaming"]

_BEHIND = 100
"""Messages that a bare server makes up for when it was late; what is beyond them it does not send."""
_NAP = 0.001
"""Seconds that a bare server sleeps at least: uvloop's clock has no finer ones."""
_IDLE = 0.02
"""Seconds after which it is looked again whether anything is to be told."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Server(NamedTuple):
    """One that runs."""

    port: int
    pid: int
    pace: Callable[[float], None]
    """Has it tell every client so many messages a second from now on."""


@contextmanager
def streaming(*kinds: str) -> Iterator[dict[str, Server]]:
    """Servers of this file, each in a process of its own, by kind."""
    given: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    begun = {
        kind: subprocess.Popen([sys.executable, "-m", "benchmarks.streams", kind], text=True, **given) for kind in kinds
    }
    try:
        yield {kind: _running(process) for kind, process in begun.items()}
    finally:
        for process in begun.values():
            process.kill()
            process.communicate()


def _running(process: subprocess.Popen[str]) -> Server:
    said, told = process.stdin, process.stdout
    assert said is not None
    assert told is not None

    def pace(rate: float) -> None:
        said.write(f"{rate}\n")
        said.flush()

    return Server(int(told.readline()), process.pid, pace)


class _Pace:
    """How many messages a second are due, as it was last said to the process."""

    rate = 0.0

    def listen(self) -> None:
        """Hear it from the input, and end the process with it."""
        for line in sys.stdin:
            self.rate = float(line)
        os._exit(0)


_pace = _Pace()


class Stamped(Quotes):
    """Quotes that say when they were made, and how long the engine's thread has worked since the one before."""

    @csp.node
    def paced(self) -> ts[Quote]:
        """A new quote whenever one is due."""
        with csp.alarms():
            due = csp.alarm(bool)
        with csp.state():
            s_worked = 0
        with csp.start():
            csp.schedule_alarm(due, timedelta(seconds=_IDLE), True)
        if csp.ticked(due):
            rate = _pace.rate
            csp.schedule_alarm(due, timedelta(seconds=1 / rate if rate else _IDLE), True)
            if rate:
                now = time.thread_time_ns()
                made = quote(time.time_ns())
                made.quantity, s_worked = now - s_worked, now
                return made

    def connect(self, channels: Market) -> None:
        """Quotes out."""
        channels.set_channel(Market.quotes, self.paced())


def ours() -> None:
    """A gateway whose quotes are followed."""
    modules = [Stamped(), MountRestRoutes(force_mount_all=True), MountWebSocketRoutes()]
    with serving_gateway(Gateway(modules=modules, channels=Market())) as url:
        print(urlsplit(url).port, flush=True)
        threading.Event().wait()


def _message() -> bytes:
    return b'{"channel":"quotes","data":[%b]}' % quote(time.time_ns()).model_dump_json().encode()


async def _ticking() -> AsyncIterator[list[bytes]]:
    """The messages that are due, whenever there are any."""
    rate = begun = 0.0
    sent = 0
    while True:
        now = time.perf_counter()
        if _pace.rate != rate:
            rate, begun, sent = _pace.rate, now, 0
        if not rate:
            await asyncio.sleep(_IDLE)
            continue
        due = int((now - begun) * rate)
        if due > sent:
            yield [_message() for _ in range(min(due - sent, _BEHIND))]
            sent = due
        await asyncio.sleep(max(_NAP, begun + (sent + 1) / rate - time.perf_counter()))


def bare_uvicorn() -> None:
    """An ASGI application that sends every message to one client after the other."""
    clients: dict[Send, None] = {}
    telling: list[asyncio.Task[None]] = []

    async def tell() -> None:
        async for messages in _ticking():
            events = [{"type": "websocket.send", "text": message.decode()} for message in messages]
            for send in list(clients):
                try:
                    for event in events:
                        await send(event)
                except Exception:  # it has left; ASGI says so with an error of each server's own
                    clients.pop(send, None)

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


def bare_picows() -> None:
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
        async for messages in _ticking():
            for client in list(clients):
                for message in messages:
                    client.send(WSMsgType.TEXT, message)

    uvloop.run(serve())


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    threading.Thread(target=_pace.listen, daemon=True).start()
    {"ours": ours, "uvicorn": bare_uvicorn, "picows": bare_picows}[sys.argv[1]]()
