"""The channels' outside over HTTP."""

from csp_gateway.server.web.app import GatewayWebApp
from csp_gateway.server.web.health import Condition, Entrance
from csp_gateway.server.web.serve import WebServer, refuse_unknown_options
from csp_gateway.server.web.verbs import Error404, get_default_responses, refuse_unknown

__all__ = [
    "Condition",
    "Entrance",
    "Error404",
    "GatewayWebApp",
    "WebServer",
    "get_default_responses",
    "refuse_unknown",
    "refuse_unknown_options",
]
