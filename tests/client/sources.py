"""A gateway that ticks what a test sends to it, and ends with its ``with`` block; another may follow on its port."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Dict, List  # noqa: UP035  # csp reads typing.Dict and List

import csp
from csp import ts

from csp_gateway import (
    ChannelSelection,
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewaySettings,
    GatewayStruct,
    Keep,
    MountWebSocketRoutes,
)
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.testing import serving_gateway


class Quote(GatewayStruct):
    n: int
    text: str = ""


class Ch(GatewayChannels):
    quotes: Annotated[ts[Quote], Keep(items=50_000)] = None
    listed: ts[List[Quote]] = None  # noqa: UP006
    by_desk: Dict[str, ts[Quote]] = None  # noqa: UP006
    places: List[ts[Quote]] = None  # noqa: UP006

    def dynamic_keys(self) -> dict[str, Any]:
        return {"by_desk": ["EU", "US"], "places": 2}


ALL = ["quotes", "listed", "by_desk", "places"]


class Open(GatewayModule):
    """Lets all channels be sent to."""

    requires: ChannelSelection | None = []
    first: int = 0

    def connect(self, channels: Ch) -> None:
        for field in ALL:
            channels.add_send_channel(field)
            channels.expose(field)
        if self.first:
            first = csp.const([Quote(n=n) for n in range(self.first)])
            channels.set_channel("quotes", csp.unroll(first))
            channels.set_channel("by_desk", csp.unroll(first), "US")


@contextmanager
def source(port: int = 0, without: Sequence[str] = (), first: int = 0) -> Iterator[tuple[Gateway, GatewayClientConfig]]:
    """The gateway, and how to reach it.

    Args:
        without: channels that it does not serve.
        first: how many quotes tick, and of the desk US, before anybody reaches it.
    """
    stream = MountWebSocketRoutes(selection=[field for field in ALL if field not in without])
    gateway = Gateway(modules=[Open(first=first), stream], channels=Ch(), settings=GatewaySettings())
    with serving_gateway(gateway, port=port) as url:
        yield gateway, GatewayClientConfig(host=url)


def until(true: Callable[[], Any], seconds: float = 15.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.005)


def threads(start: str) -> list[str]:
    """The names of the threads whose name begins so."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(start)]
