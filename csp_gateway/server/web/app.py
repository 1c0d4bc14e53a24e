"""GatewayWebApp: FastAPI, a router for every verb and version, and what modules may add to them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.dependencies import models
from starlette.types import Receive, Scope, Send

from csp_gateway.server.structs import GatewayStruct, is_gateway_struct_like
from csp_gateway.server.web.at_once import AtOnce, ask_at_once
from csp_gateway.server.web.caching import never_stored
from csp_gateway.server.web.compress import Compress
from csp_gateway.server.web.cross_origin import CrossOrigin
from csp_gateway.server.web.deadline import Deadline
from csp_gateway.server.web.docs import mount_docs, redirect_home
from csp_gateway.server.web.guard import Guard
from csp_gateway.server.web.health import mount_health
from csp_gateway.server.web.live import mount_asyncapi
from csp_gateway.server.web.page import mount_meta, mount_page
from csp_gateway.server.web.reply import mount_errors
from csp_gateway.server.web.struct_bodies import StructRoute
from csp_gateway.server.web.verb_routes import VerbRoutes

if TYPE_CHECKING:
    from csp_gateway.server.gateway import Gateway

__all__ = ["GatewayWebApp"]

_EXPOSED = [
    *("ETag", "Idempotent-Replayed", "Link", "Retry-After", "X-Acknowledged"),
    *("X-Epoch", "X-Next-Cursor", "X-Reason", "X-Recovered", "X-Remaining"),
]
"""Headers that pages of other origins may read."""


class GatewayWebApp(VerbRoutes):
    """The web side of one gateway, given to each module's ``rest``.

    It is an ASGI application itself; what is added after ``seal`` is not served.
    """

    def __init__(self, gateway: Gateway, *, ui: bool) -> None:
        super().__init__(gateway, self._ask_fastapi)
        self.ui = ui
        self.logger = logging.getLogger("csp_gateway.web")
        self.page_config: dict[str, Any] = {}
        """What modules tell the page; read when the page is asked for."""
        settings = self.settings
        self.app = FastAPI(
            title=settings.TITLE,
            description=settings.DESCRIPTION,
            version=settings.VERSION,
            docs_url=None,
            redoc_url=None,
            # One schema a class: otherwise every struct is in the documentation twice, as -Input and -Output.
            separate_input_output_schemas=False,
        )
        self.app.router.route_class = StructRoute
        self.app.gateway = gateway  # type: ignore[attr-defined]  # where modules of the older package look for it
        self._entrance: Any = Guard(self._front, settings, self.workers)
        mount_errors(self.app, lambda request: self.hint(self.own_path(request)))
        mount_health(self.app, lambda: gateway.health)
        mount_docs(self.app, settings.contact, self.patience.most, self._structs)
        # The newest is the outermost: what takes long, the deadline covers.
        self.app.add_middleware(Compress, least=settings.COMPRESS_BYTES, workers=self.workers)
        self.app.add_middleware(Deadline, patience=self.patience)
        if settings.BACKEND_CORS_ORIGINS:
            origins = [str(origin).rstrip("/") for origin in settings.BACKEND_CORS_ORIGINS]
            self.app.add_middleware(
                CrossOrigin,
                allow_origins=origins,
                allow_credentials=True,
                allow_methods=["*"],
                allow_headers=["*"],
                expose_headers=_EXPOSED,
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request: the guard first, then the front."""
        root = self.settings.ROOT_PATH
        if root:
            # Some proxies take the prefix away, and some do not: from here on it is in root_path alone.
            path = scope.get("path", "")
            stripped = path[len(root) :] or "/" if f"{path}/".startswith(f"{root}/") else path
            scope = {**scope, "root_path": root, "path": stripped}
        await self._entrance(scope, receive, send)

    def at_once(self, scope: Scope, body: bytes) -> AtOnce | None:
        """What is at hand for a request, if every layer before the front lets it through so; see ``at_once.py``."""
        ask = ask_at_once(self._entrance) if not self.settings.ROOT_PATH else None
        return ask(scope, body) if ask is not None else None

    async def _ask_fastapi(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = self.settings.ROOT_PATH
        if scope["type"] == "http" and self.is_api_path(scope["path"]):
            send = never_stored(send)
        if root and "path" in scope:
            # As ASGI has it; what redirects says where to without the prefix otherwise.
            scope = {**scope, "path": f"{root}{scope['path']}"}
        await self.app(scope, receive, send)

    def _structs(self) -> list[type[GatewayStruct]]:
        elements = [declaration.element for declaration in self.channels.declared.values()]
        return [element for element in dict.fromkeys(elements) if is_gateway_struct_like(element)]

    def get_fastapi(self) -> FastAPI:
        """The FastAPI application."""
        return self.app

    def wrap(self, layer: Callable[[Any], Any]) -> None:
        """Put an ASGI application before all that is served, the front's answers too.

        Args:
            layer: given what it is to pass on to, answers the application.
        """
        self._entrance = layer(self._entrance)

    def seal(self) -> None:
        """Serve all that was added."""
        self.mount_lists()
        self.include_in(self.app)
        mount_meta(self.app, self.settings, self.page_config)
        if self.streams:
            mount_asyncapi(self.app, self.hub, self.settings, self.streams)
        if self.ui:
            mount_page(self.app, self.settings, self.page_config)
        else:
            redirect_home(self.app)

    def close(self) -> None:
        """Let go of its threads, and be let go of; what still needs a thread is answered 503."""
        self.workers.close()
        # FastAPI 0.165 remembers up to 4,096 endpoints for the rest of the process, and with them all that they know.
        for each in vars(models).values():
            if hasattr(each, "cache_clear"):
                each.cache_clear()
