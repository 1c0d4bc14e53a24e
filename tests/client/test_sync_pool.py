"""Connections over HTTP, which can be closed while others wait on them; a forked child has its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from csp_gateway import GatewayClient
from csp_gateway.client.sync_pool import SyncPool
from csp_gateway.errors import ClientClosedError
from tests.client.forking import forks, in_child


class Ports(BaseHTTPRequestHandler):
    """Answers with the port that is asked from; sends elsewhere who asks for ``/?port``."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        _, _, port = self.path.partition("?")
        said = b"" if port else str(self.client_address[1]).encode()
        self.send_response(302 if port else 200)
        if port:
            self.send_header("Location", f"http://127.0.0.1:{port}/")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def ports() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Ports) as server:
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever, args=[0.01])
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            serving.join()


@contextmanager
def mute() -> Iterator[tuple[int, threading.Event]]:
    """The port of a server that never says a word, and when it has been asked."""
    asked, ends = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as door:

        def hear() -> None:
            with door.accept()[0] as one:
                one.recv(1)
                asked.set()
                ends.wait(20)

        hearing = threading.Thread(target=hear)
        hearing.start()
        yield door.getsockname()[1], asked
        ends.set()
        hearing.join()


def asked(pool: SyncPool, url: str) -> str:
    with pool.answer(pool.build(method="GET", url=url, timeout=20), follows=True) as response:
        return response.read().decode()


def raised_by(work: Callable[[], object], meanwhile: Callable[[], object]) -> list[BaseException]:
    """What a function raises on another thread."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    running = threading.Thread(target=run, daemon=True)
    running.start()
    meanwhile()
    running.join(5)
    return raised


@pytest.mark.parametrize("redirected", [False, True])
def test_who_waits_while_it_is_closed_is_told_at_once(redirected: bool) -> None:
    pool = SyncPool({})
    with ports() as url, mute() as (port, heard):
        there = f"{url}?{port}" if redirected else f"http://127.0.0.1:{port}/"

        def meanwhile() -> None:
            assert heard.wait(20)
            pool.close()

        (error,) = raised_by(lambda: asked(pool, there), meanwhile)
    assert isinstance(error, ClientClosedError)
    assert str(error) == "this client was closed: make another one"


def test_who_waits_between_two_attempts_is_told_at_once() -> None:
    pool = SyncPool({})
    (error,) = raised_by(lambda: pool.sleep(60), pool.close)
    assert isinstance(error, ClientClosedError)


def test_what_is_closed_asks_no_more() -> None:
    pool = SyncPool({})
    pool.close()
    pool.close()
    with pytest.raises(ClientClosedError):
        asked(pool, "http://127.0.0.1:1/")


def test_a_client_that_waits_for_a_tick_can_be_closed(omnibus: str) -> None:
    client = GatewayClient(host=omnibus)
    client.channels()

    def meanwhile() -> None:
        while not client._pool._kept.waiting:
            threading.Event().wait(0.01)
        client.close()

    (error,) = raised_by(lambda: client.next("never_ticks"), meanwhile)
    assert isinstance(error, ClientClosedError)


@forks
def test_a_child_has_connections_of_its_own_and_leaves_its_parents_alone() -> None:
    pool = SyncPool({})
    with ports() as url:
        ours = asked(pool, url)
        theirs = in_child(lambda: (asked(pool, url), pool.close())[0])
        assert theirs.isdecimal()
        assert theirs != ours == asked(pool, url)
        pool.close()
    assert in_child(lambda: asked(pool, "http://127.0.0.1:1/")).startswith("ClientClosedError")


@forks
def test_a_child_waits_for_nobody_who_stayed_behind() -> None:
    pool = SyncPool({})
    with pool.lock:
        assert in_child(lambda: pool.lock.acquire(timeout=5)) == "True"
    pool.close()
