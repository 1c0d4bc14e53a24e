"""GatewayWebApp: what modules may add, and what becomes of it."""

import gc
import weakref
from datetime import timedelta
from typing import Any

import csp
import pytest
from fastapi import HTTPException, Request

from csp_gateway import (
    Gateway,
    GatewayModule,
    GatewayWebApp,
    MountRestRoutes,
    get_default_responses,
)
from csp_gateway.testing import serving_gateway

from . import conftest


class Hello(GatewayModule):
    def connect(self, channels: Any) -> None:
        pass

    def rest(self, app: GatewayWebApp) -> None:
        @app.get_router("api").get("/hello", responses=get_default_responses())
        async def hello() -> str:
            return f"from {app.settings.TITLE}"

        @app.get_router("public").get("/open")
        async def opened() -> list[str]:
            return app.channels.sendable()


def test_a_module_adds_routes_of_its_own(serve: Any) -> None:
    client = serve(conftest.Feed(), Hello(), TITLE="Desk")
    assert client.get("/api/v1/hello").json() == "from Desk"
    assert client.get("/open").json() == ["my_counts", "several"]


def test_a_module_may_live_under_another_version_and_prefix(serve: Any) -> None:
    client = serve(conftest.Feed(), MountRestRoutes(api_version="v2"), API_PREFIX="/rest/")
    assert client.post("/rest/v2/send/my_counts", json={"n": 1}).status_code == 200
    assert client.get("/rest/v2/last/my_counts").json()[0]["n"] == 1
    assert client.get("/rest/v1/last/my_counts").status_code == 404


def test_an_unknown_router_names_those_there_are(client: Any) -> None:
    with pytest.raises(KeyError, match="did you mean 'send'"):
        client.gateway.web_app.get_router("sends")


def test_paths_and_where_things_are(client: Any) -> None:
    app = client.gateway.web_app
    assert app.api_path() == "/api/v1"
    assert app.api_path("last/x", "v3") == "/api/v3/last/x"
    assert app.get_fastapi() is app.app
    assert app.app.gateway is client.gateway


def test_other_origins_are_answered_when_they_are_named(serve: Any) -> None:
    origin = {"origin": "http://desk.example"}
    allowed = serve(BACKEND_CORS_ORIGINS=["http://desk.example"]).get("/api/v1/last/my_counts", headers=origin)
    assert allowed.headers["access-control-allow-origin"] == "http://desk.example"
    assert "X-Next-Cursor" in allowed.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in serve().get("/api/v1/last/my_counts", headers=origin).headers


def test_a_dead_engine_is_503_in_json(serve: Any) -> None:
    class Dies(conftest.Feed):
        def connect(self, channels: Any) -> None:
            super().connect(channels)
            csp.add_graph_output("dies", csp.apply(csp.const(True, timedelta(seconds=1)), lambda _: 1 // 0, int))

    client = serve(Dies(), MountRestRoutes(), may_fail=True)
    assert client.get("/api/v1/next/my_counts").status_code == 503
    for answer in (
        client.get("/api/v1/last/my_counts"),
        client.get("/api/v1/next/my_counts"),
        client.post("/api/v1/send/my_counts", json={"n": 1}),
        client.post("/api/v1/sql", json={"sql": "select 1"}),
    ):
        assert answer.status_code == 503
        assert "a node raised ZeroDivisionError" in answer.json()["detail"]
        assert answer.headers["retry-after"] == "1"


def test_the_versions_of_the_api(serve: Any) -> None:
    assert serve().get("/api").json() == {"default": "v1", "versions": [{"version": "v1", "path": "/api/v1"}]}
    both = serve(conftest.Feed(), MountRestRoutes(), MountRestRoutes(api_version="v2"), API_PREFIX="rest")
    assert [each["path"] for each in both.get("/rest").json()["versions"]] == ["/rest/v1", "/rest/v2"]


class Turnstile(GatewayModule):
    """Turns away who has no token."""

    def connect(self, channels: Any) -> None:
        pass

    def rest(self, app: GatewayWebApp) -> None:
        app.add_middleware(self.check)

    @staticmethod
    def check(request: Request) -> None:
        if request.query_params.get("token") != "K":
            raise HTTPException(403, "unauthorized")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "last/my_counts"),
        ("GET", "last/my-counts"),
        ("POST", "send/my_counts"),
        ("POST", "send/my-counts"),
        ("GET", "lookup/my_counts/1"),
        ("GET", "history/my_counts"),
        ("GET", "last/"),
    ],
)
def test_nothing_is_answered_before_a_modules_dependency_is_asked(serve: Any, method: str, path: str) -> None:
    client = serve(conftest.Feed(), MountRestRoutes(), Turnstile())
    body = {"json": {"n": 1}} if method == "POST" else {}
    assert client.request(method, f"/api/v1/{path}", **body).status_code == 403
    assert client.request(method, f"/api/v1/{path}?token=K", **body).status_code == 200
    assert client.get("/ui-config").status_code == 200


@pytest.mark.parametrize("prefix", ["", "/desk"])
def test_under_the_prefix_of_a_proxy_that_takes_it_away_or_does_not(serve: Any, prefix: str) -> None:
    client = serve(conftest.Feed(), MountRestRoutes(), ROOT_PATH="/desk", UI=False)
    assert client.post(f"{prefix}/api/v1/send/my_counts", json={"n": 3}).status_code == 200
    assert client.get(f"{prefix}/api/v1/last/my_counts").json()[0]["n"] == 3
    assert client.get(f"{prefix}/openapi.json").json()["servers"] == [{"url": "/desk"}]
    for page in ("docs", "docs/", "redoc", "redoc/"):
        assert "/desk/openapi.json" in client.get(f"{prefix}/{page}").text
    for path in ("/ui-config", "/favicon.ico", "/docs-assets/swagger-ui.css", "/docs-assets/redoc.standalone.js"):
        assert client.get(prefix + path).status_code == 200, path
    for path, query in (("last", "?a=1&b=%20"), ("state", "")):
        answer = client.get(f"{prefix}/api/v1/{path}{query}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (307, f"/desk/api/v1/{path}/{query}")
    answer = client.get(f"{prefix}/api/v1/last/my_counts/", follow_redirects=False)
    assert answer.headers["location"] == "http://localhost/desk/api/v1/last/my_counts"
    assert client.get(f"{prefix}/api").json()["versions"] == [{"version": "v1", "path": "/desk/api/v1"}]
    assert client.get(f"{prefix}/", follow_redirects=False).headers["location"] == "/desk/redoc"


def test_a_list_is_led_to_from_the_path_without_its_slash(client: Any) -> None:
    answer = client.get("/api/v1/last?x=1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/api/v1/last/?x=1")
    assert client.get("/api/v1/last").json() == client.get("/api/v1/last/").json()


def test_without_a_page_there_are_its_configuration_and_a_picture(client: Any) -> None:
    assert client.get("/ui-config").json()["title"] == "Gateway"
    assert client.get("/favicon.ico").status_code == 200
    assert client.head("/favicon.ico").status_code == 200
    assert client.get("/", follow_redirects=False).headers["location"] == "/redoc"
    assert client.gateway.web_app.app.gateway is client.gateway


def test_pages_of_other_origins_that_are_named_may_call_and_read_headers(serve: Any) -> None:
    client = serve(conftest.Feed(), MountRestRoutes(), BACKEND_CORS_ORIGINS=["https://desk.example.com"])
    ours = {"origin": "https://desk.example.com"}
    ask = {**ours, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    allowed = client.options("/api/v1/send/my_counts", headers=ask)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, ours["origin"])
    assert "POST" in allowed.headers["access-control-allow-methods"]
    assert client.options("/api/v1/send/my_counts", headers={**ask, "origin": "https://x.org"}).status_code == 403
    late = client.get("/api/v1/next/silent?timeout=0.01", headers=ours)
    for answer in (client.get("/api/v1/last/my_counts", headers=ours), late):
        assert answer.headers["access-control-allow-origin"] == ours["origin"]
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert {"ETag", "X-Acknowledged", "Idempotent-Replayed", "X-Next-Cursor", "Retry-After"} <= set(exposed)
    assert late.status_code == 504
    stranger = client.get("/api/v1/last/my_counts", headers={"origin": "https://x.org"})
    assert "access-control-allow-origin" not in stranger.headers


def test_an_api_without_prefix_begins_with_its_version(serve: Any) -> None:
    client = serve(
        conftest.Feed(), MountRestRoutes(), MountRestRoutes(api_version="v2"), API_PREFIX="", ROOT_PATH="/desk"
    )
    for version in ("v1", "v2"):
        assert client.post(f"/{version}/send/my_counts", json={"n": 1}).status_code == 200
        answer = client.get(f"/desk/{version}/last/my_counts?token=1")
        assert (answer.json()[0]["n"], client.get(f"/{version}/last/").headers["cache-control"]) == (1, "no-store")
        hint = client.get(f"/{version}/last/my_count").json()["hint"]
        assert hint == "there is no channel 'my_count'; did you mean 'my_counts'?"
    app = client.gateway.web_app
    assert (app.api_path("last/x"), app.is_api_path("/v2"), app.is_api_path("/docs")) == ("/v1/last/x", True, False)
    assert app.patience.waits("/v2/next/x")
    assert app.patience.waits("/desk/v1/next/x")
    assert "/v1/last/my_counts" in client.get("/openapi.json").json()["paths"]


def test_a_run_that_has_ended_is_let_go_of() -> None:
    gateway = Gateway(modules=[conftest.Feed(), MountRestRoutes()], channels=conftest.Ch())
    with serving_gateway(gateway):
        ended = weakref.ref(gateway.web_app)
    with serving_gateway(gateway):
        gc.collect()
        assert ended() is None
