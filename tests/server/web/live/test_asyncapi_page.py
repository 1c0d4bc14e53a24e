"""The page of the AsyncAPI document says what the document says, as text, and loads nothing."""

import html
import re
from typing import Any

import httpx2

from tests.server.web.live.desk import Served


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def test_everything_is_on_it(desk: Served) -> None:
    page = httpx2.get(f"{desk.url}/asyncapi").text
    whole = httpx2.get(f"{desk.url}/asyncapi.json").json()
    said = text_of(page)
    for name, message in whole["components"]["messages"].items():
        assert f'<section id="{"tick" if name.startswith("tick.") else "message"}-{name}">' in page
        for member, schema in message["payload"]["properties"].items():
            assert f"<code>{member}</code>" in page
            assert schema.get("description", "").replace("`", "") in said
    for each in whole["x-close-codes"]:
        assert str(each["code"]) in said
        assert each["description"].replace("`", "") in said
    for code, meaning in whole["x-error-codes"].items():
        assert f"<code>{code}</code>" in page
        assert meaning.replace("`", "") in said


def test_each_link_leads_somewhere(desk: Served) -> None:
    page = httpx2.get(f"{desk.url}/asyncapi").text
    inside = set(re.findall(r'href="#([^"]+)"', page))
    assert len(inside) > 15
    assert inside <= set(re.findall(r'id="([^"]+)"', page))
    outside = set(re.findall(r'(?:href|src)="([^#"]+)"', page))
    assert outside == {"/favicon.ico", "/asyncapi.json", "/redoc"}
    assert all(httpx2.get(f"{desk.url}{path}").status_code == 200 for path in outside)
    assert "<script" not in page


def test_a_title_and_a_description_are_text(serve: Any) -> None:
    desk = serve(TITLE="<script>alert(1)</script> $root")
    page = httpx2.get(f"{desk.url}/asyncapi").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; $root" in page
    assert "<script" not in page


def test_it_shows_how_to_begin_where_it_was_found(desk: Served) -> None:
    said = text_of(httpx2.get(f"{desk.url}/asyncapi").text)
    assert f"curl -N {desk.url.replace('localhost', '127.0.0.1')}/api/v1/stream/" in said.replace(
        "localhost", "127.0.0.1"
    )
    assert 'new WebSocket("ws://' in said
