"""A user's function, connected like a module after all others."""

from collections.abc import Callable
from typing import Any

import csp
from csp.impl.wiring.edge import Edge

from csp_gateway.server.channels import GatewayChannels

__all__ = ["UserGraph"]


class UserGraph:
    """What ``start(user_graph=…)`` is given: an edge it returns is the output ``user_graph``."""

    requires = None
    block_set_channels_until = None
    connects_first = False

    def __init__(self, build: Callable[[GatewayChannels], Any]) -> None:
        self._build = build

    def connect(self, channels: GatewayChannels) -> None:
        """Call the function; without an edge the output is a single True."""
        made = self._build(channels)
        csp.add_graph_output("user_graph", made if isinstance(made, Edge) else csp.const(True))
