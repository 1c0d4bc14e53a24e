"""GatewayClient: what it is as a whole."""

from __future__ import annotations

import threading

import pytest

import csp_gateway
from csp_gateway import GatewayClient, GatewayClientConfig


def test_it_has_all_its_older_names() -> None:
    assert csp_gateway.Client is csp_gateway.SyncGatewayClient is GatewayClient
    assert issubclass(GatewayClient, csp_gateway.SyncGatewayClientMixin)
    assert issubclass(GatewayClient, csp_gateway.BaseGatewayClient)


def test_what_it_has_opened_it_closes(omnibus: str) -> None:
    before = threading.active_count()
    with GatewayClient(GatewayClientConfig(host=omnibus)) as client:
        client.last("example")
        stream = client.stream(["example"], timeout=10)
        next(stream)
        assert threading.active_count() > before
    assert threading.active_count() == before
    assert list(stream) == []
    with pytest.raises(RuntimeError, match="closed"):
        client.last("example")


def test_all_is_closed_even_if_the_streams_do_not_end(omnibus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise OSError("so")

    with GatewayClient(host=omnibus) as client:
        client.subscribe("example")
        monkeypatch.setattr(client._background(), "close", fails)
        with pytest.raises(OSError, match="so"):
            client.close()
        with pytest.raises(RuntimeError, match="closed"):
            client.last("example")
        monkeypatch.undo()


def test_many_threads_may_ask_at_once(client: GatewayClient) -> None:
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(len(client.last("example")))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == [1] * 8


def test_who_reads_a_stream_while_the_client_is_closed_comes_to_its_end(omnibus: str) -> None:
    client = GatewayClient(host=omnibus)
    stream = client.stream(["never_ticks"])
    read: list[object] = []
    reader = threading.Thread(target=lambda: read.append(list(stream)))
    reader.start()
    stream.connected()
    client.close()
    reader.join(10)
    assert read == [[]]
