"""The front answers what FastAPI would, byte for byte."""

from typing import Any

import pytest
from fastapi.testclient import TestClient


@pytest.fixture
def long_way(client: Any) -> TestClient:
    """The same gateway without its front."""
    return TestClient(client.gateway.web_app.get_fastapi())


@pytest.mark.parametrize("path", ["/api/v1/last/my_counts", "/api/v1/last/several", "/api/v1/last/silent"])
def test_last_is_the_same_both_ways(client: Any, long_way: TestClient, path: str) -> None:
    for body in (None, [{"n": 1}], [{"n": 2}, {"n": 3}]):
        if body:
            client.post("/api/v1/send/my_counts", json=body)
            client.post("/api/v1/send/several", json=body)
            client.gateway.channels.last("my_counts")
            client.gateway.channels.last("several")
        short, long = client.get(path), long_way.get(path)
        assert (short.status_code, short.content) == (long.status_code, long.content)
        assert short.headers["content-type"] == long.headers["content-type"]
        assert int(short.headers["content-length"]) == len(short.content)


@pytest.mark.parametrize("body", [b'{"n": "x"}', b"{", b"3", b'{"n":1,"nn":2}', b'[{"n":1},{"n":[]}]', b"[[]]"])
def test_a_refused_send_is_the_same_both_ways(client: Any, long_way: TestClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    short = client.post("/api/v1/send/my_counts", content=body, headers=headers)
    long = long_way.post("/api/v1/send/my_counts", content=body, headers=headers)
    assert (short.status_code, short.json()) == (long.status_code, long.json())
    assert short.status_code == 422


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_what_does_not_say_it_is_json_is_refused_both_ways(client: Any, long_way: TestClient, kind: str | None) -> None:
    # A page of another origin can send these without asking; it must not be able to send to a channel.
    headers = {"content-type": kind} if kind else {}
    for way in (client, long_way):
        answer = way.post("/api/v1/send/my_counts", content=b'{"n": 1}', headers=headers)
        assert answer.status_code == 422
        assert "sent as application/json" in answer.json()["detail"][0]["msg"]
    assert client.gateway.channels.statistics()["sends"]["my_counts"]["sent"] == 0


def test_other_methods_and_paths_pass(client: Any) -> None:
    assert client.delete("/api/v1/last/my_counts").status_code == 405
    assert client.get("/openapi.json").status_code == 200
