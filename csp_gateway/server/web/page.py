"""The UI's page, and the configuration written into it."""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from csp_gateway.server.settings import GatewaySettings

__all__ = ["BUNDLE", "mount_meta", "mount_page", "page_config"]

logger = logging.getLogger(__name__)

BUNDLE = Path(__file__).parent.parent / "build"
"""Where the build hook puts what ``js/`` builds."""

_TEMPLATES = Path(__file__).parent / "templates"
_CONFIG_PLACE = re.compile(r'(<script type="application/json" id="gateway-config">).*?(</script>)', re.DOTALL)
_TITLE_PLACE = re.compile(r"(<title>).*?(</title>)", re.DOTALL)
_HEAD = "<head>"

# The viewer compiles WebAssembly and starts workers from blobs, and styles its own elements inline; beyond that
# nothing but our own origin is loaded from, sent to, or allowed to frame the page.
_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval' blob:",
        "worker-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_ASSET_CACHE = "public, max-age=604800"


class _Assets(StaticFiles):
    """The built files; their names carry a hash of their content, so a browser may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = _ASSET_CACHE
        return response


def page_config(settings: GatewaySettings, extra: Mapping[str, Any]) -> dict[str, Any]:
    """What the page is told of the gateway; the answer of ``GET /ui-config``.

    Args:
        settings: Names, version and paths of the gateway.
        extra: What modules have added, such as ``tables``; it wins over the settings.

    Returns:
        JSON-ready values. Every path in it is relative to the page's own address.
    """
    return {
        "title": settings.TITLE,
        "version": settings.VERSION,
        "description": settings.DESCRIPTION,
        "email": settings.contact.get("email", ""),
        "basePath": settings.ROOT_PATH,
        "api": settings.API_STR.lstrip("/"),
        "docs": "docs",
        "redoc": "redoc",
        "headerLogo": None,
        "footerLogo": None,
        "customCss": [],
        "customJs": [],
        **extra,
    }


def mount_meta(api: FastAPI, settings: GatewaySettings, config: Mapping[str, Any]) -> None:
    """Serve ``/ui-config`` and ``/favicon.ico``, whether there is a page or not.

    Args:
        api: The application to add the routes to.
        settings: Names, version and paths of the gateway.
        config: Read at every request, so that modules may add to it after this call.
    """

    async def ui_config() -> JSONResponse:
        return JSONResponse(page_config(settings, config), headers={"Cache-Control": "no-cache"})

    async def favicon() -> FileResponse:
        return FileResponse(_TEMPLATES / "favicon.ico", headers={"Cache-Control": _ASSET_CACHE})

    for path, endpoint in (("/ui-config", ui_config), ("/favicon.ico", favicon)):
        api.add_api_route(path, endpoint, methods=["GET", "HEAD"], include_in_schema=False)


def mount_page(api: FastAPI, settings: GatewaySettings, config: Mapping[str, Any], *, bundle: Path = BUNDLE) -> None:
    """Serve the page at ``/``, and its files under ``/static``.

    Without a bundle, ``/`` says so and how to mend it, and a warning is logged; nothing else of the gateway changes.

    Args:
        api: The application to add the routes to.
        settings: Names, version and paths of the gateway.
        config: Read at every request, so that modules may add to it after this call.
        bundle: Folder of the built page.
    """
    index = bundle / "index.html"
    if index.is_file():
        template = index.read_text("utf-8")
        api.mount("/static", _Assets(directory=bundle / "static"), name="static")
    else:
        template = ""
        logger.warning("The page was not built, / will say how to mend it: %s", _reason(bundle))

    async def page() -> HTMLResponse:
        text = _filled(template, settings, config) if template else _not_built(settings, bundle)
        return HTMLResponse(text, headers=_PAGE_HEADERS)

    api.add_api_route("/", page, methods=["GET", "HEAD"], include_in_schema=False)


def _filled(template: str, settings: GatewaySettings, config: Mapping[str, Any]) -> str:
    """The built page with its configuration, its title and, under a prefix, the base of its relative paths."""
    # "<" would let a title such as "</script>" end the element the configuration is written into.
    data = json.dumps(page_config(settings, config)).replace("<", "\\u003c")
    text = _CONFIG_PLACE.sub(lambda found: f"{found[1]}{data}{found[2]}", template, count=1)
    text = _TITLE_PLACE.sub(lambda found: f"{found[1]}{html.escape(settings.TITLE)}{found[2]}", text, count=1)
    if settings.ROOT_PATH:
        text = text.replace(_HEAD, f'{_HEAD}<base href="{html.escape(settings.ROOT_PATH)}/">', 1)
    return text


def _not_built(settings: GatewaySettings, bundle: Path) -> str:
    """The page that stands in for one that was not built."""
    values = {"title": settings.TITLE, "version": settings.VERSION, "reason": _reason(bundle)}
    template = Template((_TEMPLATES / "not_built.html").read_text("utf-8"))
    return template.substitute({name: html.escape(value) for name, value in values.items()})


def _reason(bundle: Path) -> str:
    """Why there is no bundle, as the build hook left it."""
    try:
        return (bundle / "not-built.txt").read_text("utf-8").strip()
    except OSError:
        return f"there is no {bundle / 'index.html'}"
