"""csp_gateway turns a Python graph of ticking data into a complete application.

``from csp_gateway import *`` brings the names below and nothing else; each is loaded when it is first touched.
"""

from importlib.metadata import version

from csp_gateway._lazy import lazy_names
from csp_gateway.errors import *  # noqa: F403  # errors.py lists what is public
from csp_gateway.errors import __all__ as _errors

__version__ = version("csp-gateway")

_HOMES = {
    "ChannelSelection": "csp_gateway.server",
    "Channels": "csp_gateway.server",
    "ChannelsType": "csp_gateway.server",
    "Error404": "csp_gateway.server",
    "Gateway": "csp_gateway.server",
    "GatewayChannels": "csp_gateway.server",
    "GatewayModule": "csp_gateway.server",
    "GatewaySettings": "csp_gateway.server",
    "GatewayStruct": "csp_gateway.server",
    "GatewayWebApp": "csp_gateway.server",
    "IdType": "csp_gateway.server",
    "Module": "csp_gateway.server",
    "MountPerspectiveTables": "csp_gateway.server",
    "MountRestRoutes": "csp_gateway.server",
    "get_counter": "csp_gateway.server",
    "get_default_responses": "csp_gateway.server",
    "global_lookup": "csp_gateway.server",
    "is_gateway_struct_like": "csp_gateway.server",
    "load_config": "csp_gateway.server",
    "load_gateway": "csp_gateway.server",
    "ts": "csp",
}

__all__ = [*(name for name in _errors if name != "did_you_mean"), *_HOMES]
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
