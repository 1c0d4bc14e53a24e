"""The first example: ExampleData, ExampleGatewayChannels, ExampleModule."""

from csp_gateway.server.demo.simple import ExampleData, ExampleGatewayChannels, ExampleModule

__all__ = ["ExampleData", "ExampleGatewayChannels", "ExampleModule"]
