"""The versions of the API, and where a route is."""

from typing import Any

import pytest
from fastapi import Depends, FastAPI, HTTPException, Request, Security
from fastapi.requests import HTTPConnection
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse

from csp_gateway import GatewayException, GatewaySettings
from csp_gateway.server.web.versions import Versions


def versions(**settings: Any) -> Versions:
    return Versions(GatewaySettings(**settings))


def served(of: Versions) -> TestClient:
    api = FastAPI()
    of.include_in(api)
    return TestClient(api, base_url="http://localhost")


def add(of: Versions, kind: str, path: str, version: str | None = None, **options: Any) -> None:
    async def where() -> str:
        return f"{kind} {path}"

    of.get_router(kind, version).add_api_route(path, where, **options)


def test_a_kind_has_a_router_for_each_version_and_unknown_ones_are_named() -> None:
    of = versions()
    assert of.get_router("last") is of.get_router("last", "v1") is of.get_router("last", "/v1/")
    assert of.get_router("last", "v2") is not of.get_router("last")
    for kind in Versions.TAGS:
        of.get_router(kind)
    assert of.get_router("app") is not of.get_router("public")
    with pytest.raises(KeyError, match="did you mean 'stage'"):
        of.get_router("stages")


def test_paths() -> None:
    of = versions(API_PREFIX="/rest/", API_VERSION_DEFAULT="v3")
    assert (of.api_version(), of.api_version("/v2/"), of.api_version("/")) == ("v3", "v2", "v3")
    assert of.api_path() == "/rest/v3"
    assert of.api_path("/last/x", "v2/") == "/rest/v2/last/x"
    assert of.api_version_for("last", "v2", "x") == "/rest/v2/last/x"
    assert of.api_version_for("auth") == "/rest/v3/auth"
    assert of.api_version_for(path="hello") == "/rest/v3/hello"
    with pytest.raises(KeyError, match="did you mean 'last'"):
        of.api_version_for("lst")


def test_all_versions_are_listed() -> None:
    of = versions()
    add(of, "api", "/hello", "v2")
    add(of, "last", "/hello", "v10")
    assert of.api_versions == ["v1", "v10", "v2"]
    client = served(of)
    paths = [{"version": each, "path": f"/api/{each}"} for each in of.api_versions]
    assert client.get("/api").json() == {"default": "v1", "versions": paths}
    assert client.get("/api/v2/hello").json() == "api /hello"
    assert client.get("/api/v1/hello").status_code == 404


def test_the_prefix_of_a_proxy_is_in_the_list() -> None:
    assert served(versions(ROOT_PATH="desk")).get("/api").json()["versions"][0]["path"] == "/desk/api/v1"


def test_a_modules_own_route_at_the_prefix_wins() -> None:
    of = versions()
    add(of, "app", "/api")
    assert served(of).get("/api").json() == "app /api"


def test_operations_of_other_versions_have_tags_and_ids_of_their_own() -> None:
    of = versions()
    for version in (None, "v2", "beta/3"):
        add(of, "last", "/x", version, operation_id="get_x")
        add(of, "api", "/y", version, operation_id="get_y", tags=["Mine"])
    document = served(of).get("/openapi.json").json()["paths"]
    found = {
        path: (operations["get"]["tags"], operations["get"]["operationId"]) for path, operations in document.items()
    }
    assert found == {
        "/api": (["Utility"], "versions"),
        "/api/v1/last/x": (["Last"], "get_x"),
        "/api/v1/y": (["Utility", "Mine"], "get_y"),
        "/api/v2/last/x": (["Last (v2)"], "get_x_v2"),
        "/api/v2/y": (["Utility (v2)", "Mine"], "get_y_v2"),
        "/api/beta/3/last/x": (["Last (beta/3)"], "get_x_beta_3"),
        "/api/beta/3/y": (["Utility (beta/3)", "Mine"], "get_y_beta_3"),
    }


def refuse(connection: HTTPConnection) -> None:
    if connection.query_params.get("token") != "K":
        raise HTTPException(403, "unauthorized")


@pytest.mark.parametrize("dependency", [refuse, Depends(refuse), Security(refuse)])
def test_a_dependency_stands_before_all_but_the_public_routes(dependency: Any) -> None:
    of = versions()
    for kind in ("api", "last", "auth"):
        add(of, kind, "/x")
    add(of, "last", "/x", "v2")
    add(of, "app", "/page")
    add(of, "public", "/open")
    assert not of.guarded
    of.add_middleware(dependency)
    assert of.guarded
    add(of, "app", "/later")
    client = served(of)
    guarded = ["/api/v1/x", "/api/v1/last/x", "/api/v1/auth/x", "/api/v2/last/x", "/page", "/later", "/api"]
    assert [client.get(path).status_code for path in guarded] == [403] * 7
    assert [client.get(f"{path}?token=K").status_code for path in guarded] == [200] * 7
    assert client.get("/open").status_code == 200


def test_sockets_are_turned_away_too() -> None:
    of = versions()

    async def socket(websocket: Any) -> None:
        raise AssertionError("nobody gets here")

    of.get_router("api").add_api_websocket_route("/stream", socket)
    of.add_middleware(refuse)
    with pytest.raises(WebSocketDenialResponse) as denied, served(of).websocket_connect("/api/v1/stream"):
        pass
    assert denied.value.status_code == 403


def test_what_is_no_dependency_or_comes_too_late_is_refused() -> None:
    of = versions()
    with pytest.raises(TypeError, match="a callable or Depends"):
        of.add_middleware("refuse")  # type: ignore[arg-type]
    served(of)
    with pytest.raises(GatewayException, match="served already"):
        of.add_middleware(refuse)


@pytest.mark.parametrize("prefixed", [True, False])
def test_where_a_browser_has_to_ask(prefixed: bool) -> None:
    of = versions(ROOT_PATH="/desk")
    scope = {"type": "http", "path": "/desk/api/v1" if prefixed else "/api/v1", "root_path": "/desk", "headers": []}
    request = Request(scope)
    assert of.is_api_request(request)
    told = {
        "/login": "/desk/login",
        "/desk/login": "/desk/login",
        "/desk?x": "/desk?x",
        "/desktop": "/desk/desktop",
        "login": "login",
        "//other/login": "//other/login",
        "https://other/login": "https://other/login",
    }
    assert {url: of.root_path_url(request, url) for url in told} == told


@pytest.mark.parametrize(
    ("path", "is_api"), [("/api/v1/last", True), ("/api", True), ("/apiary", False), ("/", False), ("/docs", False)]
)
def test_what_is_of_the_api(path: str, is_api: bool) -> None:
    request = Request({"type": "http", "path": path, "headers": []})
    assert versions().is_api_request(request) is is_api
    assert versions().root_path_url(request, "/x") == "/x"
