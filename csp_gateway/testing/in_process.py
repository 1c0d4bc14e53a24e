"""A gateway and a client of its web side, in one process and without a socket between them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from fastapi.testclient import TestClient
from starlette.testclient import WebSocketTestSession

from csp_gateway.server.gateway import Gateway
from csp_gateway.testing.running import stopped_after

__all__ = ["GatewayTestClient", "client_to"]


class GatewayTestClient(TestClient):
    """Starlette's test client, which knows the gateway it talks to."""

    gateway: Gateway

    def websocket_connect(self, url: str, *given: Any, **named: Any) -> WebSocketTestSession:
        """As Starlette has it, to the host of all other requests: a gateway refuses those that it does not know."""
        return super().websocket_connect(str(self.base_url.copy_with(scheme="ws").join(url)), *given, **named)


@contextmanager
def client_to(gateway: Gateway, *, may_fail: bool = False, **options: Any) -> Iterator[GatewayTestClient]:
    """Run a gateway with its web side, for as long as the ``with`` block lasts, and talk to it.

    Requests go through the whole of the web side, from the first check of the host to the reply, but over no network.

    Args:
        may_fail: the block lets a node raise, and that is no failure of the test.
        options: of ``gateway.start``, such as ``ui=True``.

    Raises:
        EngineError, ShutdownError: after the block, as ``running_gateway``.
    """
    gateway.start(**{"rest": True, "_in_test": True, **options})
    assert gateway.web_app is not None
    with (
        stopped_after(gateway, may_fail),
        closing(GatewayTestClient(gateway.web_app, base_url="http://localhost")) as client,
    ):
        client.gateway = gateway
        yield client
