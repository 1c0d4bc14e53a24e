"""Channels that are fed from another gateway's."""

from csp_gateway.server.modules.gateway_mirror.mirror import GatewayMirror
from csp_gateway.server.modules.gateway_mirror.status import MirrorStatus

__all__ = ["GatewayMirror", "MirrorStatus"]
