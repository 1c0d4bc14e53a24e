"""What is at hand is written by the connection itself; everything else goes the way it would go without."""

import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from csp_gateway.server.web.at_once import AtOnce
from csp_gateway.server.web.connection import _RUN, ConnectionProtocol
from tests.server.web.raw import connected, until


class App:
    """Answers at once where the path says so, else in a task; notes which."""

    def __init__(self) -> None:
        self.ways: list[str] = []

    def at_once(self, scope: Any, body: bytes) -> AtOnce | None:
        path = scope["path"]
        if path.startswith("/broken"):
            raise ZeroDivisionError("at once")
        if not path.startswith("/quick"):
            return None
        self.ways.append("at once")
        said = path.encode() + b" " + body
        return AtOnce(200, [(b"content-length", b"%d" % len(said)), (b"x-way", b"quick")], said)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.ways.append("task")
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        said = scope["path"].encode() + b" " + body
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
        await send({"type": "http.response.body", "body": said})


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def client(app: App) -> Iterator[socket.socket]:
    with serving(app) as connection:
        yield connection


def serving(app: Any, **options: Any) -> AbstractContextManager[socket.socket]:
    """A connection to a server of ``app``."""
    return connected(app, ConnectionProtocol, access_log=False, **options)


def get(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "host: a", *headers, "", ""]).encode()


def post(path: str, body: bytes) -> bytes:
    return f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def test_what_is_at_hand_is_answered_without_a_task(client: socket.socket, app: App) -> None:
    for _ in range(3):
        client.sendall(get("/quick"))
        head, _, _ = until(client, b"/quick ").partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        assert lines[0] == b"HTTP/1.1 200 OK"
        # As on every answer of uvicorn's.
        assert {line.partition(b":")[0] for line in lines[1:]} == {b"date", b"server", b"content-length", b"x-way"}
    assert app.ways == ["at once"] * 3


def test_a_body_that_comes_with_its_head_is_given(client: socket.socket, app: App) -> None:
    client.sendall(post("/quick", b"in"))
    assert until(client, b"/quick in")
    assert app.ways == ["at once"]


def test_a_body_that_is_still_to_come_is_waited_for_by_a_task(client: socket.socket, app: App) -> None:
    request = post("/quick", b"in")
    client.sendall(request[:-1])
    while not app.ways:  # the task has begun; it has the deadline
        threading.Event().wait(0.001)
    client.sendall(request[-1:])
    assert until(client, b"/quick in")
    assert app.ways == ["task"]


def test_what_is_not_at_hand_is_answered_by_a_task(client: socket.socket, app: App) -> None:
    client.sendall(get("/slow") + post("/slow", b"in"))
    assert until(client, b"/slow in").count(b"HTTP/1.1 200") == 2
    assert app.ways == ["task", "task"]


def test_requests_that_come_together_are_answered_in_their_order(client: socket.socket, app: App) -> None:
    paths = ["/quick/0", "/slow/1", "/quick/2", "/quick/3", "/slow/4", "/quick/5"]
    client.sendall(b"".join(map(get, paths)))
    said = until(client, b"/quick/5 ")
    places = [said.index(path.encode()) for path in paths]
    assert places == sorted(places)
    assert said.count(b"HTTP/1.1 200") == len(paths)


def test_a_packet_full_of_requests_does_not_hold_up_the_others(client: socket.socket, app: App) -> None:
    client.sendall(b"".join(get(f"/quick/{each}") for each in range(3 * _RUN)) + get("/quick/end"))
    assert until(client, b"/quick/end ").count(b"HTTP/1.1 200") == 3 * _RUN + 1
    # One that is a task lets all others have their turn; those that came behind it wait for it.
    assert app.ways[: _RUN + 1] == [*["at once"] * _RUN, "task"]


@pytest.mark.parametrize("head", [get("/quick", "connection: close"), b"GET /quick HTTP/1.0\r\nhost: a\r\n\r\n"])
def test_the_last_answer_of_a_connection_is_a_task_s(app: App, head: bytes) -> None:
    with serving(app) as client:
        client.sendall(head)
        assert b"connection: close" in until(client, b"/quick ")
        assert client.recv(10) == b""
    assert app.ways == ["task"]


def test_a_client_that_asks_first_is_told_to_go_on(client: socket.socket, app: App) -> None:
    client.sendall(b"POST /quick HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
    assert until(client, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"in")
    assert until(client, b"/quick in")


def test_an_error_is_logged_and_answered_as_any_other(
    client: socket.socket, app: App, caplog: pytest.LogCaptureFixture
) -> None:
    client.sendall(get("/broken"))
    assert until(client, b"Internal Server Error").startswith(b"HTTP/1.1 500")
    assert "ZeroDivisionError: at once" in caplog.text
    assert app.ways == []


def test_more_connections_than_may_be_are_refused(app: App) -> None:
    with serving(app, limit_concurrency=1) as client:
        client.sendall(get("/quick"))
        assert until(client, b"Service Unavailable").startswith(b"HTTP/1.1 503")
    assert app.ways == []


def test_of_an_application_that_cannot_be_asked_all_is_a_task_s(app: App) -> None:
    async def plain(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    with serving(plain) as client:
        client.sendall(get("/quick"))
        assert until(client, b"/quick ")
    assert app.ways == ["task"]


def test_a_client_that_does_not_read_is_answered_by_tasks_which_wait(app: App) -> None:
    body = b"x" * 4_000_000

    def large(scope: Any, _: bytes) -> AtOnce:
        app.ways.append("at once")
        return AtOnce(200, [(b"content-length", b"%d" % len(body))], body)

    app.at_once = large  # type: ignore[method-assign]
    with serving(app) as client:
        client.sendall(get("/quick") * 3)
        while "task" not in app.ways:
            threading.Event().wait(0.001)
        # The first filled what the system takes; the second was not written behind it.
        assert app.ways == ["at once", "task"]
        assert until(client, b"/quick ").count(b"HTTP/1.1 200") == 3
