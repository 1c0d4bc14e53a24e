"""A gateway with REST routes and a client to it, in process."""

from collections.abc import Callable, Iterator
from typing import Any

import csp
import pytest
from csp import ts
from fastapi.testclient import TestClient

from csp_gateway import (
    ChannelSelection,
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewaySettings,
    GatewayStruct,
    MountRestRoutes,
)


class Count(GatewayStruct):
    """A number."""

    n: int
    note: str = ""


class Ch(GatewayChannels):
    my_counts: ts[Count] = None
    several: ts[list[Count]] = None
    silent: ts[Count] = None
    nobody: ts[Count] = None


class Feed(GatewayModule):
    """Provides all but ``nobody``; ``my_counts`` and ``several`` can be sent to."""

    requires: ChannelSelection | None = []

    def connect(self, channels: Ch) -> None:
        channels.add_send_channel(Ch.my_counts)
        channels.add_send_channel(Ch.several)
        channels.set_channel(Ch.silent, csp.null_ts(Count))


@pytest.fixture
def serve() -> Iterator[Callable[..., TestClient]]:
    """``serve(*modules, channels=…, settings=…)`` gives a client; its ``gateway`` is the gateway."""
    clients: list[Any] = []

    def start(*modules: GatewayModule, channels: Any = None, ui: bool = False, **settings: Any) -> TestClient:
        gateway = Gateway(
            modules=list(modules) or [Feed(), MountRestRoutes()],
            channels=channels or Ch(),
            settings=GatewaySettings(**settings),
        )
        gateway.start(rest=True, ui=ui, _in_test=True)
        client: Any = TestClient(gateway.web_app, base_url="http://localhost")
        client.gateway = gateway
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.close()
        if client.gateway.running:
            client.gateway.stop()


@pytest.fixture
def client(serve: Callable[..., TestClient]) -> TestClient:
    return serve()
