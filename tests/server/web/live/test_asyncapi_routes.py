"""Where the AsyncAPI document and its page are, and what they say of where they were found."""

from typing import Any
from urllib.parse import urlsplit

import httpx2

from csp_gateway import MountRestRoutes
from tests.server.web.live.desk import Desk, Served


def test_the_document_says_where_it_was_found(desk: Served) -> None:
    answer = httpx2.get(f"{desk.url}/asyncapi.json")
    assert answer.headers["cache-control"] == "no-cache"
    whole = answer.json()
    assert whole["servers"] == {"here": {"host": urlsplit(desk.url).netloc, "protocol": "ws"}}
    assert list(whole)[:4] == ["asyncapi", "info", "defaultContentType", "servers"]


def test_with_and_without_a_slash_and_guarded_by_its_policy(desk: Served) -> None:
    for path in ("/asyncapi", "/asyncapi/"):
        answer = httpx2.get(f"{desk.url}{path}")
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_behind_a_proxy_the_prefix_is_kept(serve: Any) -> None:
    desk = serve(ROOT_PATH="/desk")
    whole = httpx2.get(f"{desk.url}/desk/asyncapi.json").json()
    assert whole["servers"]["here"]["pathname"] == "/desk"
    assert whole["channels"]["stream"]["address"] == "/api/v1/stream"
    page = httpx2.get(f"{desk.url}/desk/asyncapi").text
    assert 'href="/desk/asyncapi.json"' in page
    assert f"{urlsplit(desk.url).port}/desk/api/v1/stream" in page


def test_who_answers_questions(serve: Any) -> None:
    info = httpx2.get(f"{serve(TITLE='Desk', AUTHOR='Ann', EMAIL='ann@example.com').url}/asyncapi.json").json()["info"]
    assert (info["title"], info["contact"]) == ("Desk", {"name": "Ann", "email": "ann@example.com"})
    info = httpx2.get(f"{serve(EMAIL='#desk on chat').url}/asyncapi.json").json()["info"]
    assert "contact" not in info


def test_without_a_stream_there_is_none(serve: Any) -> None:
    desk = serve(Desk(), MountRestRoutes())
    assert httpx2.get(f"{desk.url}/asyncapi.json").status_code == 404
