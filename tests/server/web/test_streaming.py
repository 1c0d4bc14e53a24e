"""Replies that are made while they are sent."""

import asyncio
import http.client
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from fastapi import FastAPI, Response

from csp_gateway.errors import GatewayException, NotRunningError, QueriesRefusedError
from csp_gateway.server.channels.queries import Queries
from csp_gateway.server.settings import GatewaySettings
from csp_gateway.server.web import serve, streaming
from csp_gateway.server.web.formats import Format
from csp_gateway.server.web.reply import mount_errors
from csp_gateway.server.web.serve import WebServer
from csp_gateway.server.web.streaming import tabular_reply

KIB = 1024
ENOUGH = 64 * 1024 * KIB
"""More than all buffers between a server and a client who does not read."""


class Pieces:
    """What an answer is made of, and what has become of it."""

    def __init__(self, sizes: Iterator[int], end: Callable[[], None] = lambda: None) -> None:
        self.made = 0
        self.threads: set[str] = set()
        self.closed = threading.Event()
        self._sizes = sizes
        self._end = end

    def __call__(self, _: Any) -> Iterator[bytes]:
        try:
            for size in self._sizes:
                self.threads.add(threading.current_thread().name)
                self.made += size
                yield b"x" * size
            self._end()
        finally:
            self.closed.set()


def of(size: int, times: int) -> Iterator[int]:
    return iter([size] * times)


@contextmanager
def served(pieces: Pieces, ask: Any = None) -> Iterator[http.client.HTTPConnection]:
    """A connection to a server that answers this at ``/rows``."""
    queries = Queries()
    app = FastAPI()
    mount_errors(app)

    @app.get("/rows")
    async def rows() -> Response:
        return await tabular_reply(Format("text/plain; charset=utf-8", pieces), None, ask or queries.ask, {"x-a": "b"})

    server = WebServer(GatewaySettings(), {"port": 0})
    thread = threading.Thread(target=server.serve, args=(app, lambda: queries.close(NotRunningError("over"))))
    thread.start()
    port = int(server.url.rpartition(":")[2])
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            yield connection
    finally:
        server.ask_to_stop(hurry=True)
        thread.join(20)


def ask_for_rows(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
    connection.request("GET", "/rows")
    return connection.getresponse()


def test_what_is_one_chunk_is_sent_whole() -> None:
    pieces = Pieces(of(100, 3))
    with served(pieces) as connection:
        answer = ask_for_rows(connection)
        assert answer.read() == b"x" * 300
        assert answer.headers["content-length"] == "300"
        assert (answer.headers["vary"], answer.headers["x-a"]) == ("Accept", "b")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert pieces.closed.is_set()


def test_nothing_is_sent_whole_too() -> None:
    with served(Pieces(of(1, 0))) as connection:
        assert ask_for_rows(connection).headers["content-length"] == "0"


@pytest.mark.parametrize("size", [1, 10 * KIB, 64 * KIB, 1024 * KIB])
def test_what_is_more_is_streamed_from_the_query_pool(size: int) -> None:
    times = max(3, 200 * KIB // size)
    pieces = Pieces(of(size, times))
    with served(pieces) as connection:
        answer = ask_for_rows(connection)
        assert answer.read() == b"x" * size * times
        assert answer.headers["transfer-encoding"] == "chunked"
        assert (answer.headers["vary"], answer.headers["x-a"]) == ("Accept", "b")
        answer = ask_for_rows(connection)  # and the connection goes on
        assert answer.read() == b""
    assert all(name.startswith("csp-queries") for name in pieces.threads)


def test_a_client_that_does_not_read_holds_up_the_making_and_not_the_pool() -> None:
    pieces = Pieces(of(64 * KIB, ENOUGH // (64 * KIB)))
    with served(pieces) as connection:
        connection.sock = socket.create_connection((connection.host, connection.port))
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * KIB)
        answer = ask_for_rows(connection)
        made = -1
        while pieces.made != made:  # until it stands still
            made = pieces.made
            time.sleep(0.1)
        assert 0 < made < ENOUGH // 2
        with closing(http.client.HTTPConnection(connection.host, connection.port, timeout=20)) as another:
            assert ask_for_rows(another).status == 200
        assert answer.read(KIB) == b"x" * KIB


def test_a_client_that_leaves_ends_the_making() -> None:
    pieces = Pieces(of(64 * KIB, ENOUGH // (64 * KIB)))
    with served(pieces) as connection:
        ask_for_rows(connection).read(10)
        connection.close()
        assert pieces.closed.wait(15)
        assert pieces.made < ENOUGH


def test_a_client_that_leaves_while_a_chunk_is_made_ends_it_at_the_next_piece(caplog: Any) -> None:
    go_on, begun = threading.Event(), threading.Event()

    def sizes() -> Iterator[int]:
        yield 64 * KIB
        begun.set()
        assert go_on.wait(15)
        while True:
            yield 1

    pieces = Pieces(sizes())
    with served(pieces) as connection:
        answer = ask_for_rows(connection)
        answer.read(10)
        assert begun.wait(15)
        answer.close()
        connection.close()
        asked = http.client.HTTPConnection(connection.host, connection.port, timeout=20)
        asked.request("GET", "/nothing")  # once it is answered, the server has seen who has left
        assert asked.getresponse().status == 404
        asked.close()
        go_on.set()
        assert pieces.closed.wait(15)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_an_error_before_the_first_byte_is_a_status() -> None:
    def fail() -> None:
        raise GatewayException("no JSON for it")

    with served(Pieces(of(100, 3), fail)) as connection:
        answer = ask_for_rows(connection)
        assert (answer.status, json.loads(answer.read())["detail"]) == (500, "no JSON for it")


@pytest.mark.parametrize("error", [GatewayException("no JSON for it"), ValueError("no JSON for it")])
def test_an_error_after_it_breaks_the_transfer_off(error: Exception, caplog: Any) -> None:
    def fail() -> None:
        raise error

    pieces = Pieces(of(64 * KIB, 3), fail)
    with served(pieces) as connection:
        answer = ask_for_rows(connection)
        assert answer.status == 200
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
    assert pieces.closed.is_set()
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert "the answer to GET /rows was broken off: no JSON for it" in str(errors[0].exc_info)


def test_who_has_begun_to_read_is_not_refused() -> None:
    queries, asked = Queries(), 0

    def ask(question: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked in (2, 3, 5):
            raise QueriesRefusedError("too many")
        return queries.ask(question)

    with served(Pieces(of(64 * KIB, 3)), ask) as connection:
        assert len(ask_for_rows(connection).read()) == 3 * 64 * KIB
    queries.close(NotRunningError("over"))
    assert asked == 7


def test_who_has_not_is_told_to_come_again() -> None:
    def ask(_: Any) -> Any:
        raise QueriesRefusedError("too many")

    pieces = Pieces(of(100, 3))
    with served(pieces, ask) as connection:
        answer = ask_for_rows(connection)
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert pieces.made == 0


def test_the_end_of_the_gateway_breaks_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_ENDING", 0.1)
    queries = Queries()
    pieces = Pieces(of(64 * KIB, ENOUGH // (64 * KIB)))
    with served(pieces, queries.ask) as connection:
        answer = ask_for_rows(connection)
        queries.close(NotRunningError("over"))
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
        assert pieces.closed.wait(15)


@pytest.mark.parametrize("reads", [False, True], ids=["stalls", "reads"])
def test_the_end_is_quiet_and_soon_whatever_a_client_does(
    reads: bool, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr(serve, "_ENDING", 0.2)
    pieces, queries = Pieces(of(64 * KIB, ENOUGH // (64 * KIB))), Queries()
    app = FastAPI()
    mount_errors(app)

    @app.get("/rows")
    async def rows() -> Response:
        return await tabular_reply(Format("text/plain", pieces), None, queries.ask)

    server = WebServer(GatewaySettings(), {"port": 0})
    thread = threading.Thread(target=server.serve, args=(app, lambda: queries.close(NotRunningError("over"))))
    thread.start()
    port = int(server.url.rpartition(":")[2])
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        answer = ask_for_rows(connection)
        answer.read(KIB)
        server.ask_to_stop()
        if reads:
            with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
                answer.read()
        thread.join(5)
        assert not thread.is_alive()
    assert pieces.closed.is_set()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_task_that_is_cancelled_lets_go() -> None:
    pieces = Pieces(of(64 * KIB, 100))
    queries = Queries()

    async def main() -> None:
        reply = await tabular_reply(Format("text/plain", pieces), None, queries.ask)
        full = asyncio.Event()

        async def send(message: Any) -> None:
            if message.get("body"):
                full.set()
                await asyncio.Event().wait()

        async def receive() -> Any:
            await asyncio.Event().wait()

        task = asyncio.ensure_future(reply({"type": "http", "method": "GET", "path": "/"}, receive, send))
        await full.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert pieces.closed.is_set()
    queries.close(NotRunningError("over"))


def test_a_client_that_takes_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_STALLED", 0.2)
    pieces = Pieces(of(256 * KIB, 1_000))
    with served(pieces) as connection:
        connection.request("GET", "/rows")
        assert pieces.closed.wait(20), "what was made for it is let go, though it neither reads nor leaves"
        assert pieces.made < ENOUGH


def test_the_end_is_told_once_however_it_comes() -> None:
    ended: list[str] = []
    queries = Queries()

    async def reply(pieces: Pieces, name: str) -> Response:
        format = Format("text/plain", pieces)
        return await tabular_reply(format, None, queries.ask, on_end=lambda: ended.append(name))

    def fails() -> None:
        raise GatewayException("no")

    async def all_of_them() -> None:
        await reply(Pieces(of(1, 1)), "whole")
        with pytest.raises(GatewayException):
            await reply(Pieces(of(1, 1), fails), "failed")
        streamed = await reply(Pieces(of(100 * KIB, 3)), "streamed")
        assert ended == ["whole", "failed"]

        async def receive() -> Any:
            await asyncio.sleep(60)

        async def send(_: Any) -> None: ...

        await streamed({"method": "GET", "path": "/rows"}, receive, send)

    asyncio.run(all_of_them())
    queries.close(NotRunningError("over"))
    assert ended == ["whole", "failed", "streamed"]
