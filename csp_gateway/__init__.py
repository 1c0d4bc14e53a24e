"""csp_gateway turns a Python graph of ticking data into a complete application.

``from csp_gateway import *`` brings the names below and nothing else; each is loaded when it is first touched.
"""

from importlib.metadata import version
from typing import TYPE_CHECKING

from csp_gateway._lazy import lazy_names
from csp_gateway.errors import (
    BuildFailedError,
    ConfigError,
    DeclarationError,
    EngineError,
    GatewayException,
    NoProviderException,
    NotRunningError,
    PortTakenError,
    RestFailedError,
    SendRefusedError,
    ShutdownError,
    StartError,
    StartTimeoutError,
    UnknownChannelError,
    WiringError,
    WrongEdgeError,
)

if TYPE_CHECKING:
    from csp import ts

    from csp_gateway.server.channels import Channels, ChannelSelection, ChannelsType, GatewayChannels
    from csp_gateway.server.config import load_config, load_gateway
    from csp_gateway.server.gateway import Gateway
    from csp_gateway.server.module import GatewayModule, Module
    from csp_gateway.server.modules.rest import MountRestRoutes
    from csp_gateway.server.modules.tables import MountPerspectiveTables, TableConfig
    from csp_gateway.server.settings import GatewaySettings
    from csp_gateway.server.structs import GatewayStruct, IdType, get_counter, global_lookup, is_gateway_struct_like
    from csp_gateway.server.web import Error404, GatewayWebApp, get_default_responses

__version__ = version("csp-gateway")

__all__ = [
    "BuildFailedError",
    "ChannelSelection",
    "Channels",
    "ChannelsType",
    "ConfigError",
    "DeclarationError",
    "EngineError",
    "Error404",
    "Gateway",
    "GatewayChannels",
    "GatewayException",
    "GatewayModule",
    "GatewaySettings",
    "GatewayStruct",
    "GatewayWebApp",
    "IdType",
    "Module",
    "MountPerspectiveTables",
    "MountRestRoutes",
    "NoProviderException",
    "NotRunningError",
    "PortTakenError",
    "RestFailedError",
    "SendRefusedError",
    "ShutdownError",
    "StartError",
    "StartTimeoutError",
    "TableConfig",
    "UnknownChannelError",
    "WiringError",
    "WrongEdgeError",
    "get_counter",
    "get_default_responses",
    "global_lookup",
    "is_gateway_struct_like",
    "load_config",
    "load_gateway",
    "ts",
]

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
    "MountPerspectiveTables": "csp_gateway.server.modules.tables",
    "MountRestRoutes": "csp_gateway.server.modules.rest",
    "TableConfig": "csp_gateway.server.modules.tables",
    "get_counter": "csp_gateway.server.structs",
    "get_default_responses": "csp_gateway.server.web",
    "global_lookup": "csp_gateway.server.structs",
    "is_gateway_struct_like": "csp_gateway.server.structs",
    "load_config": "csp_gateway.server.config",
    "load_gateway": "csp_gateway.server.config",
    "ts": "csp",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
