"""``/livez``, ``/readyz``, and what is answered before there is an application."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from csp_gateway.server.web.health import Condition, Entrance, mount_health

RUNNING = Condition("running", None, 0.01, 0.2)


def application() -> FastAPI:
    app = FastAPI()

    @app.get("/here")
    async def here() -> str:
        return "here"

    @app.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close(1000)

    return app


@pytest.mark.parametrize(
    ("condition", "live", "ready"),
    [
        (RUNNING, 200, 200),
        (Condition("starting", "starting"), 200, 503),
        (Condition("stalled", "stalled", 0.0, 7.24), 200, 503),
        (Condition("lagging", "lagging", 9.0, 0.1), 200, 503),
        (Condition("running", "draining", 0.0, 0.1), 200, 503),
        (Condition("stopped", "stopped"), 200, 503),
        (Condition("failed", "failed"), 503, 503),
    ],
    ids=lambda value: value.reason if isinstance(value, Condition) else None,
)
def test_each_condition_has_its_status(condition: Condition, live: int, ready: int) -> None:
    client = TestClient(Entrance(lambda: condition, "/desk"))
    for prefix in ("", "/desk"):
        assert client.get(f"{prefix}/livez").status_code == live
        answer = client.get(f"{prefix}/readyz")
        assert answer.status_code == ready
        assert answer.headers.get("retry-after") == (None if ready == 200 else "1")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json() == {
            "status": "ready" if ready == 200 else "not ready",
            "reason": condition.reason,
            "detail": condition.detail,
            "engine": condition.engine,
            "lag_seconds": condition.lag_seconds,
            "heartbeat_age_seconds": condition.heartbeat_age_seconds,
        }


def test_a_reason_is_also_a_sentence() -> None:
    assert (
        Condition("stalled", "stalled", 0, 7.24).detail == "no cycle of the engine has ended for 7.2 s: a node is busy"
    )
    assert Condition("lagging", "lagging", 9.04, 0).detail == "the engine is 9.0 s behind the clock"


def test_until_it_opens_all_else_is_503() -> None:
    entrance = Entrance(lambda: RUNNING)
    client = TestClient(entrance)
    for answer in (client.get("/here"), client.post("/livez", content=b"x")):
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        path = "/here" if answer.request.method == "GET" else "/livez"
        assert answer.json() == {
            "type": "urn:csp-gateway:problem:not-running",
            "title": "The engine does not run",
            "status": 503,
            "detail": "the gateway is starting",
            "instance": path,
        }
    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect("/socket") as socket:
        socket.receive_text()
    assert closed.value.code == 1013
    entrance.open(application())
    assert client.get("/here").json() == "here"
    assert client.get("/livez").json()["status"] == "live"
    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect("/socket") as socket:
        socket.receive_text()
    assert closed.value.code == 1000


def lifespan(entrance: Entrance) -> list[Any]:
    """What a server that asks for the lifespan is told while ``entrance`` opens or gives up, and then stops."""

    async def run() -> list[Any]:
        told: list[Any] = []
        asked = iter(["lifespan.startup", "lifespan.shutdown"])

        async def receive() -> Any:
            return {"type": next(asked)}

        async def send(message: Any) -> None:
            told.append(message)

        await entrance({"type": "lifespan", "state": {}}, receive, send)
        return told

    return asyncio.run(run())


def test_whoever_asks_for_a_lifespan_waits_for_the_application() -> None:
    entrance = Entrance(lambda: RUNNING)
    entrance.open(application())
    assert [each["type"] for each in lifespan(entrance)] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_of_a_start_that_failed_a_lifespan_is_told_why() -> None:
    entrance = Entrance(lambda: RUNNING)
    entrance.give_up(ValueError("no graph"))
    entrance.give_up(ValueError("once more"))
    assert lifespan(entrance) == [{"type": "lifespan.startup.failed", "message": "no graph"}]


def test_they_are_routes_too_and_documented() -> None:
    app = FastAPI()
    mount_health(app, lambda: Condition("failed", "failed"))
    client = TestClient(app)
    assert client.get("/livez").json()["status"] == "dead"
    assert client.get("/readyz").status_code == 503
    for path in ("/livez", "/readyz"):
        described = client.get("/openapi.json").json()["paths"][path]["get"]
        assert described["tags"] == ["Health"]
        assert set(described["responses"]) == {"200", "503"}
