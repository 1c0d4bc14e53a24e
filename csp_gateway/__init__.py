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
    DynamicChannelError,
    EngineError,
    GatewayException,
    NoProviderException,
    NotRunningError,
    PortTakenError,
    RestFailedError,
    ScriptError,
    SendRefusedError,
    ShutdownError,
    StartError,
    StartTimeoutError,
    StateMarkError,
    UnknownChannelError,
    WiringError,
    WrongEdgeError,
    WrongIndexerError,
    WrongTickError,
)

if TYPE_CHECKING:
    from csp import ts

    from csp_gateway.server.channels import (
        Answer,
        Channels,
        ChannelSelection,
        ChannelsType,
        GatewayChannels,
        Keep,
        Page,
        Sendable,
        Stage,
        Tick,
    )
    from csp_gateway.server.channels.baskets import (
        get_dict_basket_key_type,
        get_dict_basket_value_tstype,
        get_dict_basket_value_type,
        is_dict_basket,
        is_list_basket,
    )
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
    "Answer",
    "BuildFailedError",
    "ChannelSelection",
    "Channels",
    "ChannelsType",
    "ConfigError",
    "DeclarationError",
    "DynamicChannelError",
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
    "Keep",
    "Module",
    "MountPerspectiveTables",
    "MountRestRoutes",
    "NoProviderException",
    "NotRunningError",
    "Page",
    "PortTakenError",
    "RestFailedError",
    "ScriptError",
    "SendRefusedError",
    "Sendable",
    "ShutdownError",
    "Stage",
    "StartError",
    "StartTimeoutError",
    "StateMarkError",
    "TableConfig",
    "Tick",
    "UnknownChannelError",
    "WiringError",
    "WrongEdgeError",
    "WrongIndexerError",
    "WrongTickError",
    "get_counter",
    "get_default_responses",
    "get_dict_basket_key_type",
    "get_dict_basket_value_tstype",
    "get_dict_basket_value_type",
    "global_lookup",
    "is_dict_basket",
    "is_gateway_struct_like",
    "is_list_basket",
    "load_config",
    "load_gateway",
    "ts",
]

_HOMES = {
    "Answer": "csp_gateway.server.channels",
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
    "Keep": "csp_gateway.server.channels",
    "Module": "csp_gateway.server.module",
    "MountPerspectiveTables": "csp_gateway.server.modules.tables",
    "MountRestRoutes": "csp_gateway.server.modules.rest",
    "Page": "csp_gateway.server.channels",
    "Sendable": "csp_gateway.server.channels",
    "Stage": "csp_gateway.server.channels",
    "TableConfig": "csp_gateway.server.modules.tables",
    "Tick": "csp_gateway.server.channels",
    "get_counter": "csp_gateway.server.structs",
    "get_default_responses": "csp_gateway.server.web",
    "get_dict_basket_key_type": "csp_gateway.server.channels.baskets",
    "get_dict_basket_value_tstype": "csp_gateway.server.channels.baskets",
    "get_dict_basket_value_type": "csp_gateway.server.channels.baskets",
    "global_lookup": "csp_gateway.server.structs",
    "is_dict_basket": "csp_gateway.server.channels.baskets",
    "is_gateway_struct_like": "csp_gateway.server.structs",
    "is_list_basket": "csp_gateway.server.channels.baskets",
    "load_config": "csp_gateway.server.config",
    "load_gateway": "csp_gateway.server.config",
    "ts": "csp",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
