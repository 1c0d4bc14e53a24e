"""python -m csp_gateway.server.demo: the first example."""

from csp_gateway import Gateway, GatewaySettings, MountPerspectiveTables, MountRestRoutes
from csp_gateway.server.demo import ExampleGatewayChannels, ExampleModule

gateway = Gateway(
    settings=GatewaySettings(),
    modules=[
        ExampleModule(),
        MountPerspectiveTables(),
        MountRestRoutes(force_mount_all=True),
    ],
    channels=ExampleGatewayChannels(),
)

if __name__ == "__main__":
    # The page is at http://localhost:8000, the REST API's documentation at http://localhost:8000/redoc.
    gateway.start(rest=True, ui=True)
