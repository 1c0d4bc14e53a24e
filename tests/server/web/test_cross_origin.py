"""A preflight that is refused says why as every other refusal does; one that is allowed is Starlette's."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from csp_gateway.server.web.cross_origin import CrossOrigin

HOME = "https://desk.example"


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    app.add_middleware(CrossOrigin, allow_origins=[HOME], allow_credentials=True, allow_methods=["GET", "POST"])
    return TestClient(app)


def preflight(client: TestClient, **headers: str) -> Any:
    asked = {"Origin": HOME, "Access-Control-Request-Method": "POST"}
    return client.options("/api/v1/last/trades", headers=asked | {k.replace("_", "-"): v for k, v in headers.items()})


def test_what_is_allowed_is_allowed(client: TestClient) -> None:
    answer = preflight(client)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == HOME


def test_a_page_of_another_origin_is_told_as_the_guard_tells_it(client: TestClient) -> None:
    answer = preflight(client, Origin="https://elsewhere.example")
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert "access-control-allow-origin" not in answer.headers
    told = answer.json()
    assert told["type"] == "urn:csp-gateway:problem:foreign-origin"
    assert "BACKEND_CORS_ORIGINS" in told["detail"]
    assert "'https://elsewhere.example'" in told["detail"]
    assert told["instance"] == "/api/v1/last/trades"


@pytest.mark.parametrize(
    ("header", "value", "named"),
    [
        ("Access_Control_Request_Method", "DELETE", "method"),
        ("Access_Control_Request_Headers", "x-other", "headers"),
        ("Access_Control_Request_Private_Network", "true", "private-network"),
    ],
    ids=["method", "header", "network"],
)
def test_what_an_allowed_page_may_not_is_named(client: TestClient, header: str, value: str, named: str) -> None:
    answer = preflight(client, **{header: value})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert named in answer.json()["detail"]
