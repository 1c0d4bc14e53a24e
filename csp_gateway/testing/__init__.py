"""How to test an application built on us; each name is loaded on first use."""

from typing import TYPE_CHECKING

from csp_gateway._lazy import lazy_names

if TYPE_CHECKING:
    from csp_gateway.testing.harness import GatewayTestHarness
    from csp_gateway.testing.in_process import GatewayTestClient, client_to
    from csp_gateway.testing.running import gateway_of, running_gateway
    from csp_gateway.testing.serving import serving_gateway

__all__ = [
    "GatewayTestClient",
    "GatewayTestHarness",
    "client_to",
    "gateway_of",
    "running_gateway",
    "serving_gateway",
]

_HOMES = {
    "GatewayTestClient": "csp_gateway.testing.in_process",
    "GatewayTestHarness": "csp_gateway.testing.harness",
    "client_to": "csp_gateway.testing.in_process",
    "gateway_of": "csp_gateway.testing.running",
    "running_gateway": "csp_gateway.testing.running",
    "serving_gateway": "csp_gateway.testing.serving",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
