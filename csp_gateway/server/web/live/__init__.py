"""Ticks pushed to whoever follows: over WebSockets, and as server-sent events."""

from csp_gateway.server.web.live.asyncapi import Stream
from csp_gateway.server.web.live.asyncapi_routes import mount_asyncapi
from csp_gateway.server.web.live.cutting import CuttableProtocol
from csp_gateway.server.web.live.hub import Hub
from csp_gateway.server.web.live.mount import mount_stream
from csp_gateway.server.web.live.protocol import FrameProtocol
from csp_gateway.server.web.live.session import Rules

__all__ = ["CuttableProtocol", "FrameProtocol", "Hub", "Rules", "Stream", "mount_asyncapi", "mount_stream"]
