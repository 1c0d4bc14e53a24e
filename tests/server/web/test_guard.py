"""Whom the guard turns away, and what it says."""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request, WebSocket
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from csp_gateway import GatewaySettings
from csp_gateway.server.web.guard import Guard
from csp_gateway.server.web.reply import mount_errors
from csp_gateway.server.web.workers import Workers

api = FastAPI()
mount_errors(api)


@api.get("/")
async def read() -> str:
    return "read"


@api.post("/")
async def write(request: Request) -> int:
    return len(await request.body())


@api.post("/json")
async def parsed(body: dict[str, Any]) -> int:
    return len(body)


@api.websocket("/")
async def socket(viewer: WebSocket) -> None:
    await viewer.accept()
    await viewer.send_text("in")
    await viewer.close()


def behind(**settings: Any) -> TestClient:
    return TestClient(Guard(api, GatewaySettings(**settings), Workers()), base_url="http://localhost:8000")


OURS = ["localhost", "localhost:8000", "LocalHost:1", "127.0.0.1:8000", "[::1]", "[::1]:8000"]
OTHERS = [
    "evil.example.com",
    "evil.example.com:8000",
    "localhost.evil.example.com",
    "testserver",
    "10.0.0.1",
    "",
    "::1",
]


@pytest.mark.parametrize("bind", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_on_this_machine_it_answers_to_this_machine_s_names(bind: str) -> None:
    client = behind(BIND=bind)
    for host in OURS:
        assert client.get("/", headers={"host": host}).status_code == 200
    for host in OTHERS:
        answer = client.get("/", headers={"host": host})
        assert answer.status_code == 400
        assert "ALLOWED_HOSTS" in answer.json()["detail"]


def test_names_can_be_added_and_all_be_let_in() -> None:
    named = behind(ALLOWED_HOSTS=["Desk.example.com"])
    assert named.get("/", headers={"host": "desk.example.com:80"}).status_code == 200
    assert named.get("/").status_code == 200
    assert named.get("/", headers={"host": "evil.example.com"}).status_code == 400
    assert behind(ALLOWED_HOSTS=["*"]).get("/", headers={"host": "evil.example.com"}).status_code == 200


def test_on_the_network_it_answers_to_every_name_unless_some_are_given() -> None:
    assert behind(BIND="0.0.0.0").get("/", headers={"host": "desk"}).status_code == 200
    named = behind(BIND="0.0.0.0", ALLOWED_HOSTS=["desk"])
    assert named.get("/", headers={"host": "desk"}).status_code == 200
    assert named.get("/", headers={"host": "evil.example.com"}).status_code == 400


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("http://localhost:8000", True),
        ("https://desk.example.com", True),
        ("http://localhost:3000", False),
        ("http://evil.example.com", False),
        ("null", False),
    ],
)
def test_pages_of_other_hosts_neither_write_nor_open_sockets(origin: str | None, allowed: bool) -> None:
    client = behind(BACKEND_CORS_ORIGINS=["https://desk.example.com"])
    headers = {"origin": origin} if origin else {}
    assert client.get("/", headers=headers).status_code == 200
    answer = client.post("/", headers=headers, content=b"abc")
    assert answer.status_code == (200 if allowed else 403)
    if allowed:
        with client.websocket_connect("ws://localhost:8000/", headers=headers) as opened:
            assert opened.receive_text() == "in"
        return
    assert "BACKEND_CORS_ORIGINS" in answer.json()["detail"]
    with (
        pytest.raises(WebSocketDisconnect) as denied,
        client.websocket_connect("ws://localhost:8000/", headers=headers),
    ):
        pass
    assert denied.value.code == 1008


def test_a_socket_of_another_host_is_not_opened() -> None:
    with pytest.raises(WebSocketDisconnect) as denied, behind().websocket_connect("ws://evil.example.com/"):
        pass
    assert denied.value.code == 1008


def test_a_body_that_is_encoded_is_not_read() -> None:
    client = behind()
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = client.post("/json", content=gzip.compress(b"{}"), headers=headers)
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
    assert answer.json()["type"] == "urn:csp-gateway:problem:body-encoded"
    assert "'gzip'" in answer.json()["detail"]
    assert client.post("/json", content=b"{}", headers={**headers, "content-encoding": "Identity"}).json() == 0
    assert client.get("/", headers={"content-encoding": "gzip"}).status_code == 200


def test_a_refusal_is_not_stored() -> None:
    refused = [
        behind().get("/", headers={"host": "evil.example.com"}),
        behind().post("/", headers={"origin": "http://evil.example.com"}),
        behind(MAX_BODY_BYTES=1).post("/", content=b"abc"),
        behind(MAX_JSON_DEPTH=1).post("/json", json={"a": [[]]}),
    ]
    assert [answer.status_code for answer in refused] == [400, 403, 413, 422]
    assert {answer.headers.get("cache-control") for answer in refused[:3]} == {"no-store"}


@pytest.mark.parametrize("path", ["/", "/json"])
def test_a_body_has_a_limit_whether_it_says_its_size_or_not(path: str) -> None:
    client = behind(MAX_BODY_BYTES=100)

    def pieces() -> Iterator[bytes]:
        yield b'{"a": "'
        for _ in range(20):
            yield b"x" * 10

    json = {"content-type": "application/json"}
    assert client.post(path, content=b"{}" + b" " * 98, headers=json).status_code == 200
    for content in (b"x" * 101, pieces()):
        answer = client.post(path, content=content, headers=json)
        assert answer.status_code == 413
        assert "100 bytes" in answer.json()["detail"]
    assert client.post(path, content=b"x", headers={**json, "content-length": "-1"}).status_code == 413


def test_json_has_a_depth() -> None:
    client = behind(MAX_JSON_DEPTH=3)
    json = {"content-type": "application/json"}
    assert client.post("/json", content=b'{"a": [{"b": "[[[["}]}', headers=json).status_code == 200
    for content in (b'{"a": [{"b": []}]}', b"[" * 100_000):
        for headers in (json, {"content-type": ""}):
            answer = client.post("/json", content=content, headers=headers)
            assert answer.status_code == 422
            (wrong,) = answer.json()["detail"]
            assert (wrong["type"], wrong["ctx"]) == ("json_depth", {"max_depth": 3})
    assert client.post("/", content=b"[[[[[", headers={"content-type": "text/csv"}).json() == 5


def test_the_origin_of_no_host_is_none_of_ours() -> None:
    client = behind(ALLOWED_HOSTS=["*"])
    for host in ("", "localhost"):
        assert client.post("/", headers={"host": host, "origin": "null"}).status_code == 403
