"""GatewayClient and its company, loaded on first use; nothing of the server is."""

from typing import TYPE_CHECKING

from csp_gateway._lazy import lazy_names

if TYPE_CHECKING:
    from csp_gateway.client.config import (
        ClientConfig,
        ClientConfiguration,
        GatewayClientConfig,
        GatewayClientConfiguration,
    )
    from csp_gateway.client.returns import ReturnType

__all__ = [
    "ClientConfig",
    "ClientConfiguration",
    "GatewayClientConfig",
    "GatewayClientConfiguration",
    "ReturnType",
]

_HOMES = {
    "ClientConfig": "csp_gateway.client.config",
    "ClientConfiguration": "csp_gateway.client.config",
    "GatewayClientConfig": "csp_gateway.client.config",
    "GatewayClientConfiguration": "csp_gateway.client.config",
    "ReturnType": "csp_gateway.client.returns",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
