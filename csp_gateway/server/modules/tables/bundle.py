"""Perspective's browser bundle, served from the installed wheel, so that server and browser are of one version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import perspective
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

__all__ = ["ASSETS_PATH", "bundle"]

ASSETS_PATH = f"psp/{perspective.__version__}/"
"""Where the bundle is served: with the version in it, a browser may keep it for ever."""


class _KeptForEver(StaticFiles):
    """Files that never change under their URL.

    They are sent as they are: 6.3 MB once a browser, of which gzip would save a third at the price of a copy in memory
    — most of it is WebAssembly that is compressed already.
    """

    async def get_response(self, path: str, scope: Any) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code in (200, 206, 304):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def bundle() -> StaticFiles:
    """An application that serves ``perspective-anywidget.js`` and ``.css``."""
    return _KeptForEver(directory=Path(perspective.__file__).parent / "widget" / "static")
