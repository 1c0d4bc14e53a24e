"""python -m csp_gateway.server.demo: the first example."""

import argparse
import sys

from csp_gateway import Gateway, GatewaySettings, MountPerspectiveTables, MountRestRoutes, VariableError
from csp_gateway.server.demo import ExampleGatewayChannels, ExampleModule

try:
    settings = GatewaySettings()
except VariableError as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(error.exit_status)

gateway = Gateway(
    settings=settings,
    modules=[
        ExampleModule(),
        MountPerspectiveTables(),
        MountRestRoutes(force_mount_all=True),
    ],
    channels=ExampleGatewayChannels(),
)

if __name__ == "__main__":
    argparse.ArgumentParser(
        "python -m csp_gateway.server.demo",
        description="Start the first example: one channel that ticks, its page, and the REST API.",
        epilog="Settings are environment variables: CSP_GATEWAY_PORT=8001 python -m csp_gateway.server.demo",
    ).parse_args()
    # The page is at http://localhost:8000, the REST API's documentation at http://localhost:8000/redoc.
    gateway.start(rest=True, ui=True)
