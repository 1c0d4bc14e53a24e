"""The routes of the tables: what there is, the saved layouts, and the socket."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any, Protocol

from fastapi import APIRouter
from perspective import Server
from starlette.websockets import WebSocket

from csp_gateway.server.modules.tables.session import Viewer

__all__ = ["Doorway", "Shown", "mount_routes"]

MOST_VIEWERS = 200
"""Sockets open at once; each costs what its views cost."""


class Shown(Protocol):
    """What the routes tell of the tables; called in a worker thread, for some of it waits for an update in progress."""

    def tables(self) -> dict[str, dict[str, str]]:
        """Table → column → type."""

    def layouts(self) -> dict[str, str]:
        """Layout → JSON text."""

    def meta(self) -> dict[str, Any]:
        """All that the page wants to know before it opens the socket."""


class Doorway:
    """Lets viewers in, no more than ``MOST_VIEWERS`` at once; pages of other hosts do not get as far as here.

    Args:
        server: whose tables are shown.
        pool: where requests are worked on.
        tables: names that no viewer may give a view.
    """

    def __init__(self, server: Server, pool: Executor, tables: set[str]) -> None:
        self._server = server
        self._pool = pool
        self._taken = tables
        self._viewers: set[Viewer] = set()
        self._refused = 0
        self._turned_away = 0

    async def enter(self, socket: WebSocket) -> None:
        """Serve one socket; 1013 when there are too many."""
        if len(self._viewers) >= MOST_VIEWERS:
            self._turned_away += 1
            await socket.close(1013, "too many viewers")
            return
        viewer = Viewer(socket, self._server, self._pool, self._taken)
        self._viewers.add(viewer)
        try:
            await viewer.run()
        finally:
            self._viewers.discard(viewer)
            self._refused += viewer.refused

    def statistics(self) -> dict[str, int]:
        """``viewers`` there are; ``turned_away`` at the door; ``refused`` requests that would have written."""
        refused = self._refused + sum(viewer.refused for viewer in self._viewers)
        return {"viewers": len(self._viewers), "turned_away": self._turned_away, "refused": refused}


def mount_routes(router: APIRouter, shown: Shown, doorway: Doorway) -> None:
    """Add ``WS perspective`` and ``GET perspective/{tables,layouts,meta}``."""
    router.add_api_websocket_route("/perspective", doorway.enter)
    for name, answer, summary in (
        ("tables", shown.tables, "The tables, their columns and types"),
        ("layouts", shown.layouts, "The saved layouts, each as JSON text"),
        ("meta", shown.meta, "What a page needs to know of the tables"),
    ):
        router.add_api_route(
            f"/perspective/{name}",
            answer,
            summary=summary,
            tags=["Utility"],
            operation_id=f"get_perspective_{name}",
        )
