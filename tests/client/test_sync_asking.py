"""A call made over HTTP, and its answer waited for, through what can go wrong on the way."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from csp_gateway import GatewayClient, ServerRouteNotMountedException, ServerTimeoutError, ServerUnreachableError
from csp_gateway.client.catalogue import Catalogue
from csp_gateway.client.gateway_client import Answer, BaseGatewayClient
from tests.client.test_sync_verbs import RECORD


def test_no_gateway_is_told_with_its_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with (
            GatewayClient(host="127.0.0.1", port=port, retries=0) as client,
            pytest.raises(ServerUnreachableError, match=f"no gateway answers at http://127.0.0.1:{port}"),
        ):
            client.last("example")


def test_a_server_that_never_answers_is_waited_for_no_longer_than_said() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        GatewayClient(host="127.0.0.1", port=silent.getsockname()[1]) as client,
    ):
        began = time.monotonic()
        with pytest.raises(ServerTimeoutError, match=r"GET /readyz was not answered within 0\.2 s"):
            client.health(timeout=0.2)
        assert time.monotonic() - began < 5


def test_a_connection_that_is_cut_is_made_again(omnibus: str) -> None:
    """Between the client and the gateway stands one who hangs up on the first."""
    host, port = omnibus.removeprefix("http://").split(":")
    with socket.create_server(("127.0.0.1", 0)) as door:

        def pass_on() -> None:
            door.accept()[0].close()
            inner, _ = door.accept()
            outer = socket.create_connection((host, int(port)))
            threading.Thread(target=_copy, args=(inner, outer), daemon=True).start()
            _copy(outer, inner)

        passing = threading.Thread(target=pass_on, daemon=True)
        passing.start()
        with GatewayClient(host="127.0.0.1", port=door.getsockname()[1]) as client:
            assert client.last("example")
    passing.join(10)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with source, sink, suppress(OSError):  # either side may leave as it likes
        while data := source.recv(65_536):
            sink.sendall(data)


def test_the_document_is_fetched_once_and_anew_when_wanted(client: GatewayClient) -> None:
    spec = client.openapi_spec
    spec["paths"].clear()
    assert client.openapi_spec["paths"]
    known = client._catalogue
    assert client.last("example")
    assert client._catalogue is known
    client.refresh()
    assert client._catalogue is not known


def test_progress_is_told_of_what_has_come(omnibus: str) -> None:
    seen: list[int] = []
    with GatewayClient(host=omnibus, progress=seen.append) as client:
        assert client.last("example")
    assert len(seen) >= 2
    assert seen[-1] > 100


def test_a_timeout_is_for_the_document_and_all_attempts_together() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        GatewayClient(host="127.0.0.1", port=silent.getsockname()[1]) as client,
    ):
        began = time.monotonic()
        with pytest.raises(ServerTimeoutError, match=r"openapi\.json was not answered within 0\.3 s"):
            client.last("example", timeout=0.3)
        assert time.monotonic() - began < 0.8


@contextmanager
def slow(seconds: float) -> Iterator[int]:
    """A gateway that tells what it has after so long, and never answers what is sent; its port."""
    ends = threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ends.wait(seconds)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"paths": {"/api/v1/send/example": {"post": {}}}}')

        def do_POST(self) -> None:
            ends.wait(20)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield server.server_port
        finally:
            ends.set()
            server.shutdown()
            serving.join(10)


def test_the_first_send_has_one_timeout_for_the_document_and_its_answer() -> None:
    with slow(0.8) as port, GatewayClient(host="127.0.0.1", port=port) as client:
        began = time.monotonic()
        with pytest.raises(ServerTimeoutError, match=r"send/example was not answered within 1 s"):
            client.send("example", {}, timeout=1.0)
        assert time.monotonic() - began < 1.6


def outdated(client: BaseGatewayClient, *paths: str) -> list[Answer]:
    """What the client learns from now on, who has known another gateway, of these paths."""
    learn: Callable[[Answer], None] = client._learn
    learnt: list[Answer] = []

    def noted(answer: Answer) -> None:
        learn(answer)
        learnt.append(answer)

    client._catalogue = Catalogue({"paths": {path: {"get": {}, "post": {}} for path in paths}}, "/api/v1")
    client._learn = noted  # type: ignore[method-assign]
    return learnt


def test_what_another_gateway_has_is_learnt_when_it_is_asked_for(client: GatewayClient) -> None:
    learnt = outdated(client)
    assert client.last("example")
    assert client.last("example")
    assert len(learnt) == 1
    outdated(client)
    assert len(client.send("str_basket", {"a": RECORD}, wait="ticked")) == 1


@pytest.mark.parametrize("known", ["/api/v1/last/exampl", "/api/v1/last/other"])
def test_what_another_gateway_has_not_is_told_after_one_more_look(client: GatewayClient, known: str) -> None:
    learnt = outdated(client, known)
    with pytest.raises(ServerRouteNotMountedException, match="did you mean 'example'"):
        client.last("exampl")
    assert len(learnt) == 1
    with pytest.raises(ServerRouteNotMountedException, match="Route not mounted in group send: exampl"):
        client.send("exampl", {})
    assert len(learnt) == 2
