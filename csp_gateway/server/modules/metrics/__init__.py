"""The gateway's figures for Prometheus."""

from csp_gateway.server.modules.metrics.mount import MountMetrics

__all__ = ["MountMetrics"]
