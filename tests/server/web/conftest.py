"""A gateway with REST routes and a client to it, in process."""

from collections.abc import Callable
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import ChannelSelection, GatewayChannels, GatewayModule, GatewayStruct, MountRestRoutes
from csp_gateway.testing import GatewayTestClient


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
def serve(gateway_client: Callable[..., GatewayTestClient]) -> Callable[..., GatewayTestClient]:
    """``serve(*modules, channels=…, ui=…, **settings)`` gives a client; its ``gateway`` is the gateway."""

    def start(*modules: GatewayModule, channels: Any = None, **options: Any) -> GatewayTestClient:
        return gateway_client(channels or Ch(), *(modules or [Feed(), MountRestRoutes()]), **options)

    return start


@pytest.fixture
def client(serve: Callable[..., GatewayTestClient]) -> GatewayTestClient:
    return serve()
