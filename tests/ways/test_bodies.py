"""Bodies that are too large, too slow or too deep are refused over real sockets, and others do not notice."""

import json
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

from tests.ways.trouble import API, Bed, Caller, Ch, Told, ask, modules, until

MEGABYTE = 2**20
LARGE = 50 * MEGABYTE
CHUNKED = "Transfer-Encoding: chunked"
JSON = "Content-Type: application/json"


def is_closed(caller: Caller) -> bool:
    """Whether the other end has closed the connection, in good order or not."""
    try:
        return caller.socket.recv(1) == b""
    except ConnectionError:
        return True


def too_large(told: Told) -> None:
    assert (told.status, told.problem) == (413, "body-too-large")
    assert told.headers["connection"] == "close"


PATHS = [f"{API}/{path}" for path in ("send/notes", "send/notes?wait=ticked", "state/notes", "sql", "stage/others")]


def test_a_large_body_is_refused_before_it_is_read(serve_gateway: Callable[..., str]) -> None:
    url = serve_gateway(Ch(), *modules(Bed()))
    for path in PATHS:
        with Caller(url) as caller:
            caller.begin("POST", path, length=LARGE)
            told = caller.told()
            too_large(told)
            assert told.seconds < 1
            assert is_closed(caller)


def test_a_large_body_in_chunks_is_read_no_further_than_it_may_be(serve_gateway: Callable[..., str]) -> None:
    url = serve_gateway(Ch(), *modules(Bed()), MAX_BODY_BYTES=MEGABYTE)
    chunk = b"10000\r\n" + b" " * 2**16 + b"\r\n"
    for path in PATHS:
        with Caller(url) as caller:
            caller.begin("POST", path, b"", CHUNKED, JSON)
            for _ in range(MEGABYTE // 2**16):
                caller.socket.sendall(chunk)
            caller.socket.sendall(b"1\r\n \r\n")
            too_large(caller.told())
            assert is_closed(caller)


def test_who_does_not_stop_sending_is_cut_off(serve_gateway: Callable[..., str]) -> None:
    url = serve_gateway(Ch(), *modules(Bed()))
    chunk = b"100000\r\n" + b" " * MEGABYTE + b"\r\n"
    for path in PATHS[:2]:
        with Caller(url) as caller:
            caller.begin("POST", path, b"", CHUNKED, JSON)
            taken = 0
            with suppress(ConnectionError):
                while taken < LARGE:
                    caller.socket.sendall(chunk)
                    taken += MEGABYTE
            assert taken < LARGE
        assert ask(url, "GET", f"{API}/last/notes").status == 200


def test_a_slow_body_ends_with_its_deadline(serve_gateway: Callable[..., str]) -> None:
    url = serve_gateway(Ch(), *modules(Bed()), REQUEST_SECONDS=0.3)
    with ExitStack() as stack:
        begun = time.monotonic()
        callers = []
        for path in PATHS:
            for start in (b"", b'{"n":'):
                callers.append(stack.enter_context(Caller(url)))
                callers[-1].begin("POST", path, start, length=100)
        for caller in callers:
            told = caller.told()
            assert (told.status, told.problem) == (504, "request-timeout")
            assert told.headers["connection"] == "close"
            assert is_closed(caller)
        assert time.monotonic() - begun < 1.3


def test_a_body_that_comes_byte_by_byte_is_read(serve_gateway: Callable[..., str]) -> None:
    url = serve_gateway(Ch(), *modules(Bed()))
    body = b'{"n": 1}'
    for path in PATHS[:2]:
        with Caller(url) as caller:
            caller.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            caller.begin("POST", path, length=len(body))
            for byte in body:
                caller.socket.sendall(bytes([byte]))
            assert caller.told().status == 200


def test_slow_bodies_are_requests_in_progress(serve_gateway: Callable[..., str]) -> None:
    url = serve_gateway(Ch(), *modules(Bed()), MAX_REQUESTS=4)
    with ExitStack() as stack:
        callers = [stack.enter_context(Caller(url)) for _ in range(4)]
        for caller in callers:
            caller.begin("POST", f"{API}/send/notes", b'{"n":', length=100)
        until(lambda: ask(url, "POST", f"{API}/send/notes", {"n": 1}).status == 503)
        for path in PATHS:
            told = ask(url, "POST", path, {"n": 1})
            assert (told.status, told.problem, told.headers["retry-after"]) == (503, "too-many-requests", "1")
        for path in ("/livez", "/readyz", f"{API}/last/notes"):
            assert ask(url, "GET", path).status == 200
        callers[0].socket.sendall(b"1}".ljust(95))
        assert callers[0].told().status == 200
        assert ask(url, "POST", f"{API}/send/notes", {"n": 1}).status == 200


DEEP = b"[" * 100_000 + b"]" * 100_000


def test_deep_json_is_refused_quickly(serve_gateway: Callable[..., str]) -> None:
    url = serve_gateway(Ch(), *modules(Bed()))
    for body in (DEEP, DEEP[:100_000], b'{"n":' + DEEP + b"}"):
        for path in PATHS:
            told = ask(url, "POST", path, body)
            assert (told.status, told.problem) == (422, "invalid-request"), path
            assert told.json["detail"][0]["type"] == "json_depth"
            assert told.seconds < 0.5


def test_as_deep_as_may_be_is_read(serve_gateway: Callable[..., str]) -> None:
    url = serve_gateway(Ch(), *modules(Bed()))
    for depth, deep in ((64, False), (65, True)):
        told = ask(url, "POST", f"{API}/send/notes", b"[" * depth + b"]" * depth)
        assert told.status == 422
        assert ("json_depth" in json.dumps(told.json)) is deep
