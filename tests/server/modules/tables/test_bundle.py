"""Perspective's browser bundle."""

import asyncio

import httpx2
import perspective

from csp_gateway.server.modules.tables.bundle import ASSETS_PATH, bundle


def get(path: str, **headers: str) -> httpx2.Response:
    async def ask() -> httpx2.Response:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(bundle()), base_url="http://here") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(ask())


def test_the_bundle_is_served_under_its_version_and_kept_for_ever() -> None:
    assert perspective.__version__ in ASSETS_PATH
    for name, kind in (("perspective-anywidget.js", "javascript"), ("perspective-anywidget.css", "css")):
        answer = get(f"/{name}")
        assert answer.status_code == 200
        assert kind in answer.headers["content-type"]
        assert "immutable" in answer.headers["cache-control"]
        assert get(f"/{name}", **{"If-None-Match": answer.headers["etag"]}).status_code == 304
