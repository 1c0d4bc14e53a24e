"""From YAML to a gateway."""

from csp_gateway.server.config.load import load_config, load_gateway

__all__ = ["load_config", "load_gateway"]
