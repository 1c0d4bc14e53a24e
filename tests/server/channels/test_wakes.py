"""The bell that wakes sleeping cells."""

from typing import Any

from csp import ts

from csp_gateway import GatewayChannels, GatewayModule, GatewayStruct
from csp_gateway.server.channels.cells import Cell
from csp_gateway.server.channels.wakes import Wakes


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: ts[Count] = None


class Doors(GatewayModule):
    def connect(self, channels: Ch) -> None:
        channels.add_send_channel(Ch.a)


def test_a_bell_without_an_engine_is_silent(run_gateway: Any) -> None:
    wakes = Wakes()
    wakes.ring(Cell("a"))
    gateway = run_gateway(Ch(), Doors())
    bus_wakes = gateway.channels._bus._wakes
    gateway.stop()
    bus_wakes.ring(Cell("a"))
