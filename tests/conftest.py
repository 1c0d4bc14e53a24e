"""Fixtures any test can use: gateways that run, and are stopped when the test ends."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from csp_gateway import Gateway, GatewayModule


@pytest.fixture
def run_gateway() -> Iterator[Callable[..., Gateway]]:
    """Start a gateway in real time without a web server; ``run_gateway(channels, *modules)``."""
    started: list[Gateway] = []

    def run(channels: Any, *modules: GatewayModule, **options: Any) -> Gateway:
        gateway = Gateway(channels=channels, modules=list(modules))
        started.append(gateway)
        gateway.start(**{"block": False, **options})
        return gateway

    yield run
    for gateway in started:
        if gateway.running:
            gateway.stop()
