"""GatewayClient and its company, loaded on first use; nothing of the server is."""

from typing import TYPE_CHECKING

from csp_gateway._lazy import lazy_names

if TYPE_CHECKING:
    from csp_gateway.client.aio import AsyncClient, AsyncGatewayClient
    from csp_gateway.client.async_verbs import AsyncGatewayClientMixin
    from csp_gateway.client.config import (
        ClientConfig,
        ClientConfiguration,
        GatewayClientConfig,
        GatewayClientConfiguration,
    )
    from csp_gateway.client.followed import Gap
    from csp_gateway.client.gateway_client import BaseGatewayClient
    from csp_gateway.client.response_wrapper import ResponseWrapper
    from csp_gateway.client.returns import ResponseType, ReturnType
    from csp_gateway.client.stream_options import StreamOptions
    from csp_gateway.client.sync import Client, GatewayClient, SyncGatewayClient
    from csp_gateway.client.sync_verbs import SyncGatewayClientMixin
    from csp_gateway.wire.commands import Follow

__all__ = [
    "AsyncClient",
    "AsyncGatewayClient",
    "AsyncGatewayClientMixin",
    "BaseGatewayClient",
    "Client",
    "ClientConfig",
    "ClientConfiguration",
    "Follow",
    "Gap",
    "GatewayClient",
    "GatewayClientConfig",
    "GatewayClientConfiguration",
    "ResponseType",
    "ResponseWrapper",
    "ReturnType",
    "StreamOptions",
    "SyncGatewayClient",
    "SyncGatewayClientMixin",
]

_HOMES = {
    "AsyncClient": "csp_gateway.client.aio",
    "AsyncGatewayClient": "csp_gateway.client.aio",
    "AsyncGatewayClientMixin": "csp_gateway.client.async_verbs",
    "BaseGatewayClient": "csp_gateway.client.gateway_client",
    "Client": "csp_gateway.client.sync",
    "ClientConfig": "csp_gateway.client.config",
    "ClientConfiguration": "csp_gateway.client.config",
    "Follow": "csp_gateway.wire.commands",
    "Gap": "csp_gateway.client.followed",
    "GatewayClient": "csp_gateway.client.sync",
    "GatewayClientConfig": "csp_gateway.client.config",
    "GatewayClientConfiguration": "csp_gateway.client.config",
    "ResponseType": "csp_gateway.client.returns",
    "ResponseWrapper": "csp_gateway.client.response_wrapper",
    "ReturnType": "csp_gateway.client.returns",
    "StreamOptions": "csp_gateway.client.stream_options",
    "SyncGatewayClient": "csp_gateway.client.sync",
    "SyncGatewayClientMixin": "csp_gateway.client.sync_verbs",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
