"""Structs and errors as replies."""

import json
from typing import Any

import pytest
from fastapi import Body, FastAPI, HTTPException
from fastapi.testclient import TestClient

from csp_gateway import GatewayStruct, NoProviderException, NotRunningError, SendRefusedError, errors
from csp_gateway.server.web.reply import invalid, mount_errors, structs_reply


class Count(GatewayStruct):
    n: int


@pytest.mark.parametrize(("value", "numbers"), [(None, []), (Count(n=1), [1]), ([Count(n=1), Count(n=2)], [1, 2])])
def test_a_tick_is_always_an_array(value: Any, numbers: list[int]) -> None:
    reply = structs_reply(value)
    assert [record["n"] for record in json.loads(reply.body)] == numbers
    assert reply.media_type == "application/json"


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (NoProviderException("nobody"), 404, None),
        (NotRunningError("over"), 503, "1"),
        (SendRefusedError("full"), 503, "1"),
        (errors.WrongEdgeError("odd"), 500, None),
    ],
)
def test_an_error_is_its_status_and_its_sentence(error: Exception, status: int, retry: str | None) -> None:
    api = FastAPI()
    mount_errors(api)

    @api.get("/")
    async def fail() -> None:
        raise error

    answer = TestClient(api).get("/")
    assert (answer.status_code, answer.json()["detail"]) == (status, str(error))
    assert answer.headers.get("retry-after") == retry
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["status"], answer.json()["instance"]) == (status, "/")


def malformed(api: FastAPI) -> TestClient:
    mount_errors(api)

    @api.post("/")
    async def take(n: int = Body(embed=True)) -> int:
        return 1 // n

    return TestClient(api, raise_server_exceptions=False)


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"n": NaN}', b'{"n": Infinity}', b'{"n": "\\ud800"}']
)
def test_what_is_malformed_is_422_on_every_route(body: bytes) -> None:
    answer = malformed(FastAPI()).post("/", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    (detail,) = answer.json()["detail"]
    assert {"type", "loc", "msg", "input"} <= set(detail)


@pytest.mark.parametrize("kind", ["text/plain", None])
def test_what_is_not_said_to_be_json_is_told_so_on_every_route(kind: str | None) -> None:
    api = FastAPI()
    mount_errors(api)

    @api.post("/")
    async def take(sizes: dict[str, int]) -> dict[str, int]:
        return sizes

    client = TestClient(api)
    (detail,) = client.post("/", content=b'{"n": 1}', headers={"content-type": kind} if kind else {}).json()["detail"]
    assert (detail["type"], detail["loc"], detail["input"]) == ("json_type", ["body"], '{"n": 1}')
    assert "Content-Type: application/json" in detail["msg"]
    (detail,) = client.post("/", json=[]).json()["detail"]
    assert detail["type"] == "dict_type"


def test_the_unforeseen_is_500_in_json() -> None:
    answer = malformed(FastAPI()).post("/", json={"n": 0})
    assert answer.status_code == 500
    assert answer.json()["detail"] == "The gateway failed with ZeroDivisionError; its log has the traceback"


def test_other_http_errors_are_as_they_were() -> None:
    assert malformed(FastAPI()).get("/nowhere").json()["detail"] == "Not Found"


def test_an_input_is_shown_as_far_as_a_reader_wants_to_see_it() -> None:
    deep: Any = float("nan")
    for _ in range(50):
        deep = {"k": [deep]}
    error = {"type": "t", "loc": ("body",), "msg": "m", "input": [deep, b"\xff" * 9999, {1, 2}, *["x" * 9999] * 300]}
    reply = invalid([error])
    assert len(reply.body) < 10_000
    assert json.loads(reply.body)["detail"][0]["loc"] == ["body"]


def test_a_405_names_every_method_of_its_path() -> None:
    api = FastAPI()
    mount_errors(api)
    for method in ("GET", "POST"):
        api.add_api_route("/here", lambda: 1, methods=[method])
    answer = TestClient(api).delete("/here")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


def test_a_hint_stands_beside_what_was_said_before_of_a_path_where_nothing_is() -> None:
    api = FastAPI()
    mount_errors(api, lambda request: f"not {request.url.path}" if request.url.path == "/near" else None)

    @api.get("/own")
    async def own() -> None:
        raise HTTPException(404, "Not Found")

    client = TestClient(api)
    assert (near := client.get("/near").json())["detail"] == "Not Found"
    assert near["hint"] == "not /near"
    assert "hint" not in client.get("/far").json()
    mount_errors(api, lambda _: "never")
    assert "hint" not in TestClient(api).get("/own").json()
