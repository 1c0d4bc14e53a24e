"""The gateway with every feature, served for all tests of the client that do not change what others see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from csp_gateway import (
    Gateway,
    GatewayClient,
    MountChannelsGraph,
    MountControls,
    MountFieldRestRoutes,
    MountRestRoutes,
    MountWebSocketRoutes,
)
from csp_gateway.server.demo.omnibus import ExampleGatewayChannels, ExampleModule
from csp_gateway.testing import serving_gateway


@pytest.fixture(scope="module")
def omnibus() -> Iterator[str]:
    """Its URL."""
    modules = [
        ExampleModule(),
        MountRestRoutes(force_mount_all=True),
        MountWebSocketRoutes(),
        MountControls(),
        MountFieldRestRoutes(fields=["metadata"]),
        MountChannelsGraph(),
    ]
    with serving_gateway(Gateway(channels=ExampleGatewayChannels(), modules=modules)) as url:
        with GatewayClient(host=url) as waiting:
            waiting.next("example")  # a machine may be quick enough to ask before anything has ticked
        yield url


@pytest.fixture
def client(omnibus: str) -> Iterator[GatewayClient]:
    with GatewayClient(host=omnibus) as made:
        yield made
