"""GET /asyncapi.json and /asyncapi: what is said on live connections, for programs and for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from csp_gateway.server.settings import GatewaySettings
from csp_gateway.server.web.live.asyncapi import Stream, document
from csp_gateway.server.web.live.asyncapi_page import page
from csp_gateway.server.web.live.hub import Hub

__all__ = ["mount_asyncapi"]

_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


def mount_asyncapi(api: FastAPI, hub: Hub, settings: GatewaySettings, streams: Sequence[Stream]) -> None:
    """Serve the document and its page; both are made when they are first asked for.

    Args:
        streams: all there are, by then.
    """
    made: dict[str, Any] = {}

    def whole() -> dict[str, Any]:
        if not made:
            made.update(document(hub, streams, _info(settings)))
        return made

    async def for_programs(request: Request) -> Response:
        url = request.base_url
        here = {"host": url.netloc, "protocol": "wss" if url.scheme == "https" else "ws"}
        prefix = _root(request)
        server = {**here, **({"pathname": prefix} if prefix else {})}
        told = {"asyncapi": "", "info": {}, "defaultContentType": "", "servers": {"here": server}, **whole()}
        return JSONResponse(told, headers={"cache-control": "no-cache"})

    async def for_people(request: Request) -> Response:
        url, prefix = request.base_url, _root(request)
        return HTMLResponse(page(whole(), prefix, f"{url.scheme}://{url.netloc}{prefix}"), headers=_HEADERS)

    api.add_api_route("/asyncapi.json", for_programs, include_in_schema=False)
    for path in ("/asyncapi", "/asyncapi/"):
        api.add_api_route(path, for_people, include_in_schema=False)


def _root(request: Request) -> str:
    prefix: str = request.scope.get("root_path", "").rstrip("/")
    return prefix


def _info(settings: GatewaySettings) -> dict[str, Any]:
    # AsyncAPI's schema takes nothing but an address.
    contact = {name: text for name, text in settings.contact.items() if name != "email" or "@" in text}
    info: dict[str, Any] = {"title": settings.TITLE, "version": settings.VERSION, "description": settings.DESCRIPTION}
    return {**info, **({"contact": contact} if contact else {})}
