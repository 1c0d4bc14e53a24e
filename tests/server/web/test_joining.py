"""The head of an answer goes out with its body, in one piece; nothing else is held back."""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any

import pytest

from csp_gateway.server.web.joining import JoiningProtocol
from tests.server.web.raw import connected, until

WRITTEN: list[bytes] = []


class _Seen:
    """A transport, and what was written to it, call by call."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        WRITTEN.append(bytes(data))
        self._transport.write(data)

    def writelines(self, pieces: Any) -> None:
        WRITTEN.append(b"".join(pieces))
        self._transport.writelines(pieces)


class _Watched(JoiningProtocol):
    def connection_made(self, transport: Any) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(_Seen(transport))  # type: ignore[arg-type]


def serving(app: Callable[..., Any]) -> AbstractContextManager[socket.socket]:
    """A connection to a server of ``app``; what it writes is in ``WRITTEN``."""
    WRITTEN.clear()
    return connected(app, _Watched)


def answering(body: list[bytes], headers: list[tuple[bytes, bytes]], status: int = 200) -> Callable[..., Any]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for left, piece in zip(range(len(body) - 1, -1, -1), body, strict=True):
            await send({"type": "http.response.body", "body": piece, "more_body": left > 0})

    return app


@pytest.mark.parametrize("size", [0, 3, 100_000])
def test_an_answer_whose_length_is_known_is_written_at_once(size: int) -> None:
    body = b"x" * size
    with serving(answering([body], [(b"content-length", b"%d" % size)])) as client:
        for _ in range(2):
            client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            assert until(client, b"\r\n\r\n" + body).startswith(b"HTTP/1.1 200")
    assert [len(each.partition(b"\r\n\r\n")[2]) for each in WRITTEN] == [size, size]


def test_the_body_after_the_first_piece_is_not_held_back() -> None:
    with serving(answering([b"ab", b"cd", b"ef"], [(b"content-length", b"6")])) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert until(client, b"abcdef")
    assert WRITTEN[0].endswith(b"\r\n\r\nab")
    assert WRITTEN[1:] == [b"cd", b"ef"]


def test_the_head_of_a_stream_goes_before_its_body() -> None:
    goes_on = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.to_thread(goes_on.wait, 10)
        await send({"type": "http.response.body", "body": b"late"})

    with serving(app) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 200")
        goes_on.set()
        assert until(client, b"0\r\n\r\n").startswith(b"4\r\nlate")


@pytest.mark.parametrize(
    ("method", "status", "headers"),
    [("HEAD", 200, [(b"content-length", b"5")]), ("GET", 304, []), ("GET", 204, [])],
    ids=["head", "not-modified", "no-content"],
)
def test_an_answer_without_a_body_is_not_held_back(
    method: str, status: int, headers: list[tuple[bytes, bytes]]
) -> None:
    with serving(answering([b""], headers, status)) as client:
        for _ in range(2):
            client.sendall(f"{method} / HTTP/1.1\r\nhost: a\r\n\r\n".encode())
            assert until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 %d" % status)


def test_that_a_body_may_be_sent_is_said_before_the_answer() -> None:
    with serving(answering([b"ok"], [(b"content-length", b"2")])) as client:
        client.sendall(b"POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
        assert until(client, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"in")
        assert until(client, b"\r\n\r\nok").startswith(b"HTTP/1.1 200")


def test_requests_that_come_together_are_answered_in_their_order() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = scope["path"].encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    with serving(app) as client:
        client.sendall(b"".join(b"GET /%d HTTP/1.1\r\nhost: a\r\n\r\n" % each for each in range(5)))
        until(client, b"/4")
    assert [each[-2:] for each in WRITTEN] == [b"/0", b"/1", b"/2", b"/3", b"/4"]


def test_a_head_whose_body_never_comes_is_written_at_the_end() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})

    with serving(app) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 200")
        assert client.recv(10) == b""


def test_what_waits_for_its_body_can_be_cut_off() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        scope["extensions"]["csp_gateway.cut"]()

    with serving(app) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        with suppress(ConnectionResetError):
            assert client.recv(10) == b""
