"""One struct, one channel, one module."""

# A node's signature is csp's own language: type variables in quotes, no return type.
# mypy: disable-error-code="untyped-decorator,no-untyped-def"

from datetime import timedelta

import csp
from csp import ts

from csp_gateway.server.channels import GatewayChannels
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.structs import GatewayStruct

__all__ = ["ExampleData", "ExampleGatewayChannels", "ExampleModule"]


class ExampleData(GatewayStruct):
    """What ticks."""

    x: int


class ExampleGatewayChannels(GatewayChannels):
    """Where it ticks."""

    example: ts[ExampleData] = None


class ExampleModule(GatewayModule):
    """Counts."""

    interval: timedelta = timedelta(seconds=1)

    @csp.node
    def subscribe(self, trigger: ts[bool]) -> ts[ExampleData]:
        """1, 2, 3, … at every trigger."""
        with csp.state():
            s_last = 0
        if csp.ticked(trigger):
            s_last += 1
            return ExampleData(x=s_last)

    def connect(self, channels: ExampleGatewayChannels) -> None:
        """Set the channel; others may send to it as well."""
        data = self.subscribe(csp.timer(interval=self.interval, value=True))
        channels.set_channel(ExampleGatewayChannels.example, data)
        channels.add_send_channel(ExampleGatewayChannels.example)
