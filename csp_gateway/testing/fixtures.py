"""Fixtures for pytest: gateways that run, or serve, and are stopped when the test ends.

Name this file in the ``conftest.py`` at the top of your tests: ``pytest_plugins = ["csp_gateway.testing.fixtures"]``.

Each fixture is a function to call, any number of times, with a ``Gateway``, or with channels, modules and settings:
``gateway_client(MyChannels(), MyModule(), MountRestRoutes(), TITLE="Desk")``. Names in small letters are options of
``Gateway.start``.

A node that raises fails the test, unless ``gateway.stop()`` has told the test before. ``run_gateway`` and
``gateway_client`` let it pass where they are called with ``may_fail=True``.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from csp_gateway import testing

if TYPE_CHECKING:
    from csp_gateway.server.channels import GatewayChannels
    from csp_gateway.server.gateway import Gateway
    from csp_gateway.server.module import GatewayModule
    from csp_gateway.testing.in_process import GatewayTestClient

__all__ = ["gateway_client", "run_gateway", "serve_gateway"]

# The package is asked for names only when a fixture is used: who does not ask for a client needs none installed.


@pytest.fixture
def run_gateway() -> "Iterator[Callable[..., Gateway]]":
    """Starts a gateway in real time, without the web, and gives it back."""
    with ExitStack() as stack:

        def run(gateway: "Gateway | GatewayChannels", *modules: "GatewayModule", **options: Any) -> "Gateway":
            made, start = testing.gateway_of(gateway, *modules, **options)
            return stack.enter_context(testing.running_gateway(made, **start))

        yield run


@pytest.fixture
def gateway_client() -> "Iterator[Callable[..., GatewayTestClient]]":
    """Starts a gateway with its web side in process, and gives a client of it; ``client.gateway`` is the gateway."""
    with ExitStack() as stack:

        def connect(
            gateway: "Gateway | GatewayChannels", *modules: "GatewayModule", **options: Any
        ) -> "GatewayTestClient":
            made, start = testing.gateway_of(gateway, *modules, **options)
            return stack.enter_context(testing.client_to(made, **start))

        yield connect


@pytest.fixture
def serve_gateway() -> "Iterator[Callable[..., str]]":
    """Serves a gateway on a free port, and gives its URL; it fails the test if the gateway comes to a bad end."""
    with ExitStack() as stack:

        def serve(gateway: "Gateway | GatewayChannels", *modules: "GatewayModule", **options: Any) -> str:
            made, start = testing.gateway_of(gateway, *modules, **options)
            return stack.enter_context(testing.serving_gateway(made, **start))

        yield serve
