"""The server's public names, each loaded on first use."""

from csp_gateway._lazy import lazy_names

_HOMES = {
    "ChannelSelection": "csp_gateway.server.channels",
    "Channels": "csp_gateway.server.channels",
    "ChannelsType": "csp_gateway.server.channels",
    "Error404": "csp_gateway.server.web",
    "Gateway": "csp_gateway.server.gateway",
    "GatewayChannels": "csp_gateway.server.channels",
    "GatewayModule": "csp_gateway.server.module",
    "GatewaySettings": "csp_gateway.server.settings",
    "GatewayStruct": "csp_gateway.server.structs",
    "GatewayWebApp": "csp_gateway.server.web",
    "IdType": "csp_gateway.server.structs",
    "Module": "csp_gateway.server.module",
    "MountPerspectiveTables": "csp_gateway.server.modules",
    "MountRestRoutes": "csp_gateway.server.modules",
    "Settings": "csp_gateway.server.settings",
    "get_counter": "csp_gateway.server.structs",
    "get_default_responses": "csp_gateway.server.web",
    "global_lookup": "csp_gateway.server.structs",
    "is_gateway_struct_like": "csp_gateway.server.structs",
    "load_config": "csp_gateway.server.config",
    "load_gateway": "csp_gateway.server.config",
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
