"""The documentation pages ask nothing of another host."""

import re
from typing import Any

import pytest


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/redoc", "/redoc/"])
def test_a_page_loads_only_what_is_served_here(client: Any, path: str) -> None:
    page = client.get(path, follow_redirects=False)
    assert page.status_code == 200
    urls = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert urls
    for url in urls:
        assert url.startswith("/")
        if url != "/favicon.ico":
            assert client.get(url).status_code == 200


def test_the_scripts_name_no_other_host_for_pictures(client: Any) -> None:
    assert "cdn.redoc.ly" not in client.get("/docs-assets/redoc.standalone.js").text


def test_behind_a_proxy_the_prefix_is_kept(serve: Any) -> None:
    page = serve(ROOT_PATH="/desk").get("/docs").text
    assert "'/desk/openapi.json'" in page
    assert 'src="/desk/docs-assets/swagger-ui-bundle.js"' in page


def test_title_version_and_contact(serve: Any) -> None:
    info = serve(TITLE="Desk", VERSION="1.2", AUTHOR="Ann", EMAIL="ann@example.com").get("/openapi.json").json()["info"]
    assert (info["title"], info["version"]) == ("Desk", "1.2")
    assert info["contact"] == {"name": "Ann", "email": "ann@example.com"}


def test_any_address_will_do(serve: Any) -> None:
    assert serve(EMAIL="#desk on chat").get("/openapi.json").json()["info"]["contact"] == {"email": "#desk on chat"}


@pytest.mark.parametrize("settings", [{}, {"EMAIL": "example@domain.com"}, {"EMAIL": ""}])
def test_who_is_nobody_is_no_contact(serve: Any, settings: dict[str, Any]) -> None:
    client = serve(**settings)
    assert "contact" not in client.get("/openapi.json").json()["info"]
    assert client.get("/ui-config").json()["email"] == ""


def test_without_a_page_home_is_the_documentation(client: Any) -> None:
    answer = client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/redoc")


def test_behind_a_proxy_the_api_says_where_it_is(serve: Any) -> None:
    client = serve(ROOT_PATH="desk/")
    assert client.get("/openapi.json").json()["servers"] == [{"url": "/desk"}]
    assert client.get("/", follow_redirects=False).headers["location"] == "/desk/redoc"
    # Whether the proxy takes the prefix away or not.
    assert client.get("/api/v1/last/my_counts").json() == client.get("/desk/api/v1/last/my_counts").json() == []


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_a_title_is_text(serve: Any, path: str) -> None:
    page = serve(TITLE="</title><script>alert(1)</script>").get(path)
    assert "<script>alert" not in page.text
    assert page.headers["x-content-type-options"] == "nosniff"
