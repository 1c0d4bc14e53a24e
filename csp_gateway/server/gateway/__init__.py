"""Gateway: the application as one object."""

from csp_gateway.server.gateway.gateway import Gateway

__all__ = ["Gateway"]
