"""A gateway and its client in one process."""

import time
from datetime import timedelta

import csp
import pytest
from csp import ts

from csp_gateway import (
    EngineError,
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewayStruct,
    MountRestRoutes,
    MountWebSocketRoutes,
)
from csp_gateway.testing import GatewayTestClient, client_to


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    counts: ts[Count] = None


class Feed(GatewayModule):
    def connect(self, channels: Ch) -> None:
        channels.set_channel(Ch.counts, csp.const(Count(n=1)))
        channels.add_send_channel(Ch.counts)


def test_a_client_talks_to_a_gateway_that_runs() -> None:
    gateway = Gateway(modules=[Feed(), MountRestRoutes()], channels=Ch())
    with client_to(gateway) as client:
        assert isinstance(client, GatewayTestClient)
        assert client.gateway is gateway
        assert client.post("/api/v1/send/counts", json={"n": 2}).status_code == 200
        assert client.get("/api/v1/last/counts").json()[0]["n"] == 2
        assert gateway.channels.last(Ch.counts).n == 2
    assert not gateway.running


def test_the_page_and_other_options_of_start() -> None:
    gateway = Gateway(modules=[Feed(), MountRestRoutes()], channels=Ch())
    with client_to(gateway, ui=True, endtime=timedelta(hours=1)) as client:
        assert client.get("/").headers["content-type"].startswith("text/html")


def test_one_gateway_may_be_started_again() -> None:
    gateway = Gateway(modules=[Feed(), MountRestRoutes()], channels=Ch())
    for _ in range(2):
        with client_to(gateway) as client:
            assert client.get("/api/v1/last/counts").json()[0]["n"] == 1


def test_a_node_that_raises_fails_the_test() -> None:
    class Dies(GatewayModule):
        def connect(self, channels: Ch) -> None:
            csp.add_graph_output("n", csp.apply(channels.get_channel(Ch.counts), lambda count: 1 // (2 - count.n), int))

    def die(may_fail: bool) -> None:
        gateway = Gateway(modules=[Feed(), Dies(), MountRestRoutes()], channels=Ch())
        with client_to(gateway, may_fail=may_fail) as client:
            client.post("/api/v1/send/counts", json={"n": 2})
            while gateway.running:
                time.sleep(0.01)

    with pytest.raises(EngineError, match="ZeroDivisionError"):
        die(may_fail=False)
    die(may_fail=True)


def test_a_socket_is_let_in_like_any_other_request() -> None:
    with client_to(Gateway(modules=[Feed(), MountWebSocketRoutes()], channels=Ch())) as client:
        for url in ("/api/v1/stream", "ws://localhost/api/v1/stream"):
            with client.websocket_connect(url) as socket:
                socket.send_json({"action": "ping"})
                assert socket.receive_json()["result"] == {"pong": True}
