"""How long until a gateway is imported, and until the demonstration answers, beside ``import csp`` alone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

from benchmarks.load import wait_for
from benchmarks.measure import Figure, compare, report

__all__ = ["main"]

_EXAMPLE = """
from csp_gateway import *
from csp_gateway.server.demo import ExampleGatewayChannels, ExampleModule
Gateway(
    settings=GatewaySettings(),
    modules=[ExampleModule(), MountPerspectiveTables(), MountRestRoutes(force_mount_all=True)],
    channels=ExampleGatewayChannels(),
)
"""


def main() -> list[Figure]:
    """The best of five of each, each in a fresh process, taking turns."""
    runs = [(program("import csp"), program(_EXAMPLE), program("import csp_gateway.errors"), demo()) for _ in range(5)]
    csp, example, errors, first = (min(times) for times in zip(*runs, strict=True))
    return report(
        [
            compare("import all that the example touches", example * 1e3, csp * 1e3, "ms", at_most=1.3),
            compare("import csp_gateway.errors, as a client would", errors * 1e3, csp * 1e3, "ms", at_most=0.2),
            compare("start of the demo to its first 200", first * 1e3, csp * 1e3, "ms", at_most=1.6),
        ]
    )


def program(text: str) -> float:
    """Seconds from the start of a fresh Python to its end."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", text], check=True)
    return time.perf_counter() - start


def demo() -> float:
    """Seconds from the start of the demonstration to its first answer."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    environment = {**os.environ, "CSP_GATEWAY_PORT": str(port)}
    command = [sys.executable, "-m", "csp_gateway.server.demo"]
    start = time.perf_counter()
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as running:
        try:
            wait_for(f"http://127.0.0.1:{port}/api/v1/last/example")
            return time.perf_counter() - start
        finally:
            running.kill()


if __name__ == "__main__":
    main()
