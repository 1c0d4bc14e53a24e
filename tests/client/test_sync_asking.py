"""A call made over HTTP, and its answer waited for, through what can go wrong on the way."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from csp_gateway import GatewayClient, ServerTimeoutError, ServerUnreachableError


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
    while data := source.recv(65_536):
        sink.sendall(data)
    sink.close()


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


def test_the_document_is_not_waited_for_much_longer_than_the_answer() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        GatewayClient(host="127.0.0.1", port=silent.getsockname()[1]) as client,
    ):
        began = time.monotonic()
        with pytest.raises(ServerTimeoutError, match=r"openapi\.json"):
            client.last("example", timeout=0.1)
        assert time.monotonic() - began < 5
