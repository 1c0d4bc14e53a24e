"""OpenAPI, Swagger and ReDoc, with all their assets served from here: nothing is asked of another host."""

import html
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from csp_gateway.server.structs import GatewayStruct
from csp_gateway.server.web.openapi import complete
from csp_gateway.server.web.refusals import document_refusals

__all__ = ["mount_docs", "redirect_home"]

_ASSETS = Path(fastapi_offline.__file__).parent / "static"
_URL = "/docs-assets"
_FOREIGN_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
_NO_PICTURE = b"data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="


def mount_docs(
    api: FastAPI,
    contact: dict[str, str],
    most_seconds: Callable[[str], float],
    structs: Callable[[], Iterable[type[GatewayStruct]]],
) -> None:
    """Serve ``/docs`` and ``/redoc``, with and without a trailing slash, and the files they load.

    Args:
        api: its OpenAPI schema is what they show.
        contact: who answers questions, as OpenAPI has it: ``name``, ``email``.
        most_seconds: that a request to a path may take.
        structs: whose records it carries; asked when the schema is made.
    """
    _complete(api, contact, most_seconds, structs)
    redoc = (_ASSETS / "redoc.standalone.js").read_bytes().replace(_FOREIGN_LOGO, _NO_PICTURE)

    title = html.escape(api.title)  # FastAPI's templates take it as HTML

    async def redoc_script() -> Response:
        return Response(redoc, media_type="text/javascript", headers={"cache-control": "public, max-age=604800"})

    async def swagger_page(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        return _unsniffed(
            get_swagger_ui_html(
                openapi_url=f"{root}/openapi.json",
                title=f"{title} — API",
                swagger_js_url=f"{root}{_URL}/swagger-ui-bundle.js",
                swagger_css_url=f"{root}{_URL}/swagger-ui.css",
                swagger_favicon_url=f"{root}/favicon.ico",
            )
        )

    async def redoc_page(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        return _unsniffed(
            get_redoc_html(
                openapi_url=f"{root}/openapi.json",
                title=f"{title} — API reference",
                redoc_js_url=f"{root}{_URL}/redoc.standalone.js",
                redoc_favicon_url=f"{root}/favicon.ico",
                with_google_fonts=False,
            )
        )

    for path, page in (("/docs", swagger_page), ("/redoc", redoc_page)):
        api.add_api_route(path, page, include_in_schema=False)
        api.add_api_route(f"{path}/", page, include_in_schema=False)
    api.add_api_route(f"{_URL}/redoc.standalone.js", redoc_script, include_in_schema=False)
    api.mount(_URL, StaticFiles(directory=_ASSETS), name="docs-assets")


def _complete(
    api: FastAPI,
    contact: dict[str, str],
    most_seconds: Callable[[str], float],
    structs: Callable[[], Iterable[type[GatewayStruct]]],
) -> None:
    build = api.openapi

    def completed() -> dict[str, Any]:
        if api.openapi_schema is None:
            schema = build()
            complete(schema, contact, structs())
            document_refusals(schema, most_seconds)
        return api.openapi_schema or {}

    api.openapi = completed  # type: ignore[method-assign]  # the way FastAPI's documentation extends a schema


def _unsniffed(page: HTMLResponse) -> HTMLResponse:
    page.headers["x-content-type-options"] = "nosniff"
    return page


def redirect_home(api: FastAPI) -> None:
    """Without a page, ``/`` leads to the documentation."""

    async def home(request: Request) -> RedirectResponse:
        return RedirectResponse(f"{request.scope.get('root_path', '')}/redoc", 307)

    api.add_api_route("/", home, include_in_schema=False)
