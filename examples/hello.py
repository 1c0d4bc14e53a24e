"""The first example: an engine, a REST API and a live page, on http://localhost:8000."""

from csp_gateway import *
from csp_gateway.server.demo import ExampleGatewayChannels, ExampleModule

# instantiate gateway
gateway = Gateway(
    settings=GatewaySettings(),
    modules=[
        ExampleModule(),
        MountPerspectiveTables(),
        MountRestRoutes(force_mount_all=True),
    ],
    channels=ExampleGatewayChannels(),
)

# Run the gateway
# UI available at http://localhost:8000
# REST Docs available at http://localhost:8000/redoc
gateway.start(rest=True, ui=True)
