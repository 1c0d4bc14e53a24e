"""A route that raises costs its own request, and nobody else's."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from csp_gateway import Gateway, GatewayModule, GatewaySettings
from csp_gateway.server.demo import ExampleGatewayChannels, ExampleModule
from csp_gateway.server.web.answered import outlasting
from csp_gateway.server.web.connection import ConnectionProtocol
from csp_gateway.testing import serving_gateway
from tests.server.web.raw import connected, until


class Crashing(GatewayModule):
    """Two routes that raise, and one that does not."""

    def connect(self, channels: Any) -> None:
        """Nothing of the graph."""

    def rest(self, app: Any) -> None:
        """One route of each sort."""
        router = app.get_router("api")

        @router.get("/crash")
        def crash() -> int:
            return 1 // 0

        @router.get("/crash_async")
        async def crash_async() -> int:
            return 1 // 0

        @router.get("/double")
        def double(k: int = 2) -> int:
            return 2 * k


@pytest.mark.parametrize("path", ["crash", "crash_async"])
def test_the_connection_of_a_route_that_raised_goes_on(path: str, caplog: pytest.LogCaptureFixture) -> None:
    gateway = Gateway(
        settings=GatewaySettings(), modules=[ExampleModule(), Crashing()], channels=ExampleGatewayChannels()
    )
    with serving_gateway(gateway) as url, httpx.Client(base_url=f"{url}/api/v1") as client:
        for _ in range(3):
            failed = client.get(path)
            assert failed.status_code == 500
            assert "ZeroDivisionError" in failed.json()["detail"]
            assert "connection" not in failed.headers
            answered = client.get("double")  # on the same connection
            assert answered.json() == 4
            assert failed.extensions["network_stream"] is answered.extensions["network_stream"]
    told = [record for record in caplog.records if record.exc_info and record.levelno == logging.ERROR]
    assert [record.getMessage() for record in told] == [f"GET '/api/v1/{path}' raised; it has been answered"] * 3
    assert all(record.exc_info and record.exc_info[0] is ZeroDivisionError for record in told)


def test_a_path_cannot_say_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def app(*_: Any) -> None:
        raise ZeroDivisionError

    answered = SimpleNamespace(response_complete=True)
    run: Any = outlasting(app, answered)
    asyncio.run(run({"method": "GET", "path": "/a\nERROR"}, None, None))
    (told,) = caplog.records
    assert told.getMessage() == r"GET '/a\nERROR' raised; it has been answered"


def test_an_answer_that_breaks_off_ends_the_connection() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ZeroDivisionError

    with connected(app, ConnectionProtocol, access_log=False) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        assert until(client, b"half\r\n")
        assert client.recv(10) == b""  # and no end of the body
