"""The page: its configuration written into it, its files, and what stands in for it when it was not built."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from csp_gateway.server.settings import GatewaySettings
from csp_gateway.server.web.page import mount_meta, mount_page, page_config

INDEX = """<!doctype html><html><head><title>Gateway</title>
<script type="application/json" id="gateway-config">{}</script>
<script type="module" src="./static/index-1.js"></script></head><body></body></html>"""


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    (tmp_path / "static").mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "static" / "index-1.js").write_text("export {}")
    return tmp_path


def browser(bundle: Path, config: dict[str, Any] | None = None, **settings: Any) -> TestClient:
    api = FastAPI()
    known, told = GatewaySettings(**settings), config if config is not None else {}
    mount_meta(api, known, told)
    mount_page(api, known, told, bundle=bundle)
    return TestClient(api)


def written_config(page: str) -> dict[str, Any]:
    start = page.index('id="gateway-config">') + len('id="gateway-config">')
    config: dict[str, Any] = json.loads(page[start : page.index("</script>", start)])
    return config


def test_the_page_carries_its_configuration(bundle: Path) -> None:
    page = browser(bundle, {"tables": {"socket": "api/v1/perspective"}}, TITLE="Desk").get("/").text
    config = written_config(page)
    assert (config["title"], config["api"], config["basePath"]) == ("Desk", "api/v1", "")
    assert config["tables"] == {"socket": "api/v1/perspective"}
    assert "<title>Desk</title>" in page


def test_modules_may_add_to_the_configuration_after_the_page_is_mounted(bundle: Path) -> None:
    config: dict[str, Any] = {}
    client = browser(bundle, config)
    assert "tables" not in client.get("/ui-config").json()
    config["tables"] = {"meta": "m"}
    assert client.get("/ui-config").json()["tables"] == {"meta": "m"}
    assert written_config(client.get("/").text)["tables"] == {"meta": "m"}


def test_a_title_cannot_break_out_of_the_page(bundle: Path) -> None:
    title = '</script></title><script>alert("1")</script>\\u003c\\1'
    page = browser(bundle, TITLE=title).get("/").text
    assert written_config(page)["title"] == title
    assert "<script>alert" not in page


def test_the_page_may_load_and_call_nothing_but_its_own_origin(bundle: Path) -> None:
    headers = browser(bundle).get("/").headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    allowed = {source for sources in policy.values() for source in sources.split()}
    assert allowed == {"'self'", "'none'", "'unsafe-inline'", "'wasm-unsafe-eval'", "blob:", "data:"}
    assert "unsafe-inline" not in policy["script-src"]
    assert headers["cache-control"] == "no-cache"


def test_files_are_kept_by_browsers_for_a_week(bundle: Path) -> None:
    client = browser(bundle)
    script = client.get("/static/index-1.js")
    assert script.text == "export {}"
    assert script.headers["cache-control"] == "public, max-age=604800"
    missing = client.get("/static/nothing.js")
    assert missing.status_code == 404
    assert "cache-control" not in missing.headers


def test_the_icon_is_an_icon(bundle: Path) -> None:
    reply = browser(bundle).get("/favicon.ico")
    assert reply.headers["content-type"] == "image/vnd.microsoft.icon"
    assert reply.content[:4] == b"\0\0\1\0"


def test_under_a_prefix_paths_are_relative_to_it(bundle: Path) -> None:
    page = browser(bundle, ROOT_PATH="/desk").get("/").text
    assert '<head><base href="/desk/">' in page
    assert "<base" not in browser(bundle).get("/").text


def test_head_is_answered_and_none_of_it_is_in_the_api_documentation(bundle: Path) -> None:
    client = browser(bundle)
    assert client.head("/").status_code == client.head("/ui-config").status_code == 200
    assert client.get("/openapi.json").json()["paths"] == {}


def test_the_configuration_names_what_the_page_can_be_dressed_with() -> None:
    config = page_config(GatewaySettings(), {})
    assert {"title", "description", "headerLogo", "footerLogo", "customCss", "customJs", "basePath"} <= set(config)
    assert not [path for path in (config["api"], config["docs"], config["redoc"]) if path.startswith("/")]


def test_without_a_bundle_the_page_says_why_and_what_to_do(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "not-built.txt").write_text("Node.js v18.1.0 is <too> old.\n")
    with caplog.at_level(logging.WARNING):
        client = browser(tmp_path, TITLE="Desk & Co")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "too> old" in caplog.text
    reply = client.get("/")
    assert reply.status_code == 200
    assert "Desk &amp; Co" in reply.text
    assert "Node.js v18.1.0 is &lt;too&gt; old." in reply.text
    assert "Node.js 20.19" in reply.text
    assert client.get("/favicon.ico").status_code == 200
    assert client.get("/static/index-1.js").status_code == 404


def test_without_any_trace_of_a_build_it_says_what_is_not_there(tmp_path: Path) -> None:
    assert str(tmp_path / "index.html") in browser(tmp_path).get("/").text
