"""The server's public names, each loaded on first use."""

from typing import TYPE_CHECKING

from csp_gateway._lazy import lazy_names

if TYPE_CHECKING:
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
    from csp_gateway.server.settings import GatewaySettings, Settings
    from csp_gateway.server.staging import (
        Staging,
        StagingAction,
        StagingEvent,
        StagingRequest,
        apply_stage_requests,
        build_staging_node,
    )
    from csp_gateway.server.state import State, StateType, build_track_state_node
    from csp_gateway.server.structs import GatewayStruct, IdType, get_counter, global_lookup, is_gateway_struct_like
    from csp_gateway.server.web import Error404, GatewayWebApp, get_default_responses
    from csp_gateway.wire import Filter, FilterCondition, FilterWhere, FilterWhereLambdaMap, Query

__all__ = [
    "Answer",
    "ChannelSelection",
    "Channels",
    "ChannelsType",
    "Error404",
    "Filter",
    "FilterCondition",
    "FilterWhere",
    "FilterWhereLambdaMap",
    "Gateway",
    "GatewayChannels",
    "GatewayModule",
    "GatewaySettings",
    "GatewayStruct",
    "GatewayWebApp",
    "IdType",
    "Keep",
    "Module",
    "MountPerspectiveTables",
    "MountRestRoutes",
    "Page",
    "Query",
    "Sendable",
    "Settings",
    "Stage",
    "Staging",
    "StagingAction",
    "StagingEvent",
    "StagingRequest",
    "State",
    "StateType",
    "TableConfig",
    "Tick",
    "apply_stage_requests",
    "build_staging_node",
    "build_track_state_node",
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
]

_HOMES = {
    "Answer": "csp_gateway.server.channels",
    "ChannelSelection": "csp_gateway.server.channels",
    "Channels": "csp_gateway.server.channels",
    "ChannelsType": "csp_gateway.server.channels",
    "Error404": "csp_gateway.server.web",
    "Filter": "csp_gateway.wire",
    "FilterCondition": "csp_gateway.wire",
    "FilterWhere": "csp_gateway.wire",
    "FilterWhereLambdaMap": "csp_gateway.wire",
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
    "Query": "csp_gateway.wire",
    "Sendable": "csp_gateway.server.channels",
    "Settings": "csp_gateway.server.settings",
    "Stage": "csp_gateway.server.channels",
    "Staging": "csp_gateway.server.staging",
    "StagingAction": "csp_gateway.server.staging",
    "StagingEvent": "csp_gateway.server.staging",
    "StagingRequest": "csp_gateway.server.staging",
    "State": "csp_gateway.server.state",
    "StateType": "csp_gateway.server.state",
    "TableConfig": "csp_gateway.server.modules.tables",
    "Tick": "csp_gateway.server.channels",
    "apply_stage_requests": "csp_gateway.server.staging",
    "build_staging_node": "csp_gateway.server.staging",
    "build_track_state_node": "csp_gateway.server.state",
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
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
