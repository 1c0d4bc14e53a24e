"""A connection can be cut off by whoever answers, though the client has not read what was written to it."""

import asyncio
import socket
import threading
from typing import Any

import uvicorn

from csp_gateway.server.web.live.cutting import CUT, CuttableProtocol


def test_what_is_not_read_does_not_hold_the_end_up() -> None:
    done = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        piece = {"type": "http.response.body", "body": b"x" * 1_000_000, "more_body": True}
        try:
            async with asyncio.timeout(0.3):
                while True:
                    await send(piece)
        except TimeoutError:
            scope["extensions"][CUT]()
        done.set()

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=CuttableProtocol, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with socket.create_connection(listener.getsockname()) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            assert done.wait(10)
            for _ in range(1000):
                if not server.server_state.connections:
                    break
                threading.Event().wait(0.005)
            assert not server.server_state.connections
    finally:
        server.should_exit = True
        thread.join(10)
