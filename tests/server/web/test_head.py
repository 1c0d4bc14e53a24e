"""HEAD."""

import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest

from csp_gateway import Gateway, MountRestRoutes
from csp_gateway.testing import GatewayTestClient
from tests.server.web import conftest

PATHS = ["last/my_counts", "last/my_counts?token=1", "last/", "state/", "history/my_counts", "next/silent?timeout=0.05"]


@pytest.mark.parametrize("path", PATHS)
def test_it_is_what_get_answers_without_the_body(client: Any, path: str) -> None:
    client.post("/api/v1/send/my_counts", json={"n": 1})
    got, head = client.get(f"/api/v1/{path}"), client.head(f"/api/v1/{path}")
    assert (head.status_code, head.content) == (got.status_code, b"")
    for name in ("content-type", "content-length", "etag", "cache-control", "vary"):
        assert head.headers.get(name) == got.headers.get(name)


def test_what_is_not_to_be_got_has_no_head(client: GatewayTestClient) -> None:
    answer = client.head("/api/v1/send/my_counts")
    assert (answer.status_code, answer.headers["allow"], answer.content) == (405, "POST", b"")
    assert client.post("/api/v1/last/my_counts").headers["allow"] == "GET, HEAD"


def test_the_document_says_nothing_of_it(client: GatewayTestClient) -> None:
    operations = client.get("/openapi.json").json()["paths"].values()
    assert not any("head" in each for each in operations)


def test_a_connection_can_be_used_again(serve_gateway: Any) -> None:
    url = serve_gateway(Gateway(channels=conftest.Ch(), modules=[conftest.Feed(), MountRestRoutes()]))
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    for path in ("/api/v1/last/my_counts", "/docs", "/api/v1/last/my_counts", "/openapi.json"):
        connection.request("HEAD", path)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
    connection.close()
