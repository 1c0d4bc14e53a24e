"""Every module by name, each loaded on first use."""

from typing import TYPE_CHECKING

from csp_gateway._lazy import lazy_names

if TYPE_CHECKING:
    from csp_gateway.server.modules.channels_graph import MountChannelsGraph
    from csp_gateway.server.modules.controls import MountControls
    from csp_gateway.server.modules.fields import MountFieldRestRoutes
    from csp_gateway.server.modules.gateway_mirror import GatewayMirror, MirrorStatus
    from csp_gateway.server.modules.metrics import MountMetrics
    from csp_gateway.server.modules.rest import MountRestRoutes
    from csp_gateway.server.modules.tables import MountPerspectiveTables, TableConfig
    from csp_gateway.server.modules.websocket import MountWebSocketRoutes

__all__ = [
    "GatewayMirror",
    "MirrorStatus",
    "MountChannelsGraph",
    "MountControls",
    "MountFieldRestRoutes",
    "MountMetrics",
    "MountPerspectiveTables",
    "MountRestRoutes",
    "MountWebSocketRoutes",
    "TableConfig",
]

_HOMES = {
    "GatewayMirror": "csp_gateway.server.modules.gateway_mirror",
    "MirrorStatus": "csp_gateway.server.modules.gateway_mirror",
    "MountChannelsGraph": "csp_gateway.server.modules.channels_graph",
    "MountControls": "csp_gateway.server.modules.controls",
    "MountFieldRestRoutes": "csp_gateway.server.modules.fields",
    "MountMetrics": "csp_gateway.server.modules.metrics",
    "MountPerspectiveTables": "csp_gateway.server.modules.tables",
    "MountRestRoutes": "csp_gateway.server.modules.rest",
    "MountWebSocketRoutes": "csp_gateway.server.modules.websocket",
    "TableConfig": "csp_gateway.server.modules.tables",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
