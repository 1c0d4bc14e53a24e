"""The servers that are asked, each a program of its own: ours, and a bare ASGI application under the same uvicorn.

``python -m benchmarks.servers gateway <rate>``, ``state <rows>`` or ``bare`` listens on a free port of 127.0.0.1, says
which on the first line of its output, and ends on SIGINT or after two minutes.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import uvicorn

from benchmarks.market import Book, Market, Positions, Quotes, quote
from csp_gateway import Gateway, GatewaySettings, MountRestRoutes

__all__ = ["serving"]

_LIFETIME = timedelta(minutes=2)

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """A server of this file in a process of its own; its URL."""
    command = [sys.executable, "-m", "benchmarks.servers", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


def gateway(rate: float) -> None:
    """Quotes ticking ``rate`` times a second, with REST."""
    port = _free_port()
    print(port, flush=True)
    Gateway(
        settings=GatewaySettings(PORT=port),
        modules=[Quotes(rate=rate), MountRestRoutes(force_mount_all=True)],
        channels=Market(),
    ).start(rest=True, endtime=_LIFETIME)


def state(rows: int) -> None:
    """A state of so many rows, beside quotes that tick 100 times a second."""
    port = _free_port()
    print(port, flush=True)
    Gateway(
        settings=GatewaySettings(PORT=port),
        modules=[Positions(rows=rows), MountRestRoutes(force_mount_all=True)],
        channels=Book(),
    ).start(rest=True, endtime=_LIFETIME)


def bare() -> None:
    """One answer, always the same bytes: the least that an ASGI application can do."""
    body = b"[" + quote().model_dump_json().encode() + b"]"
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))],
    }
    end = {"type": "http.response.body", "body": body}

    async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await send(start)
        await send(end)

    port = _free_port()
    print(port, flush=True)
    # As csp_gateway.server.web.serve sets it.
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        http="httptools",
        loop="uvloop",
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)
    timer = threading.Timer(_LIFETIME.total_seconds(), setattr, (server, "should_exit", True))
    timer.daemon = True
    timer.start()
    server.run()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        bare()
    elif sys.argv[1] == "state":
        state(int(sys.argv[2]))
    else:
        gateway(float(sys.argv[2]))
