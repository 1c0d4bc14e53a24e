"""A server of one ASGI app with a protocol of ours, and a bare connection to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

__all__ = ["connected", "until"]


@contextmanager
def connected(app: Any, protocol: Any, **options: Any) -> Iterator[socket.socket]:
    """A connection to a server of ``app``; ``options`` are uvicorn's."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=protocol, lifespan="off", log_config=None, **options)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with socket.create_connection(listener.getsockname(), timeout=10) as connection:
            yield connection
    finally:
        server.should_exit = True
        thread.join(10)


def until(connection: socket.socket, end: bytes) -> bytes:
    """What comes, up to ``end``."""
    said = b""
    while not said.endswith(end):
        piece = connection.recv(1_000_000)
        assert piece, said
        said += piece
    return said
