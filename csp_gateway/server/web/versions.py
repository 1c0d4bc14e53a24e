"""The versions of the API: a router for each kind of route in each of them, and where a route is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.params import Depends as Dependency
from fastapi.routing import APIRoute

from csp_gateway.errors import GatewayException, did_you_mean
from csp_gateway.server.settings import GatewaySettings
from csp_gateway.server.web.struct_bodies import StructRoute

__all__ = ["Versions"]


class Versions:
    """The half of ``GatewayWebApp`` that knows of no channel: routers, paths, and who may ask.

    Args:
        settings: ``API_PREFIX``, ``API_VERSION_DEFAULT`` and ``ROOT_PATH`` are read.
    """

    TAGS: ClassVar[dict[str, str]] = {
        "api": "Utility",
        "auth": "Auth",
        "controls": "Controls",
        "history": "History",
        "last": "Last",
        "lookup": "Lookup",
        "next": "Next",
        "send": "Requests (send)",
        "stage": "Stage",
        "state": "State",
    }
    """Routers by kind: ``api`` is at the API's path, every other below it under its own name."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.settings = settings
        self._routers: dict[tuple[str, str], APIRouter] = {}
        self._own = APIRouter(route_class=StructRoute)
        self._public = APIRouter(route_class=StructRoute)
        self._dependencies: list[Dependency] = []
        self._included = False

    def get_router(self, kind: str = "api", version: str | None = None) -> APIRouter:
        """The router to add routes to.

        Args:
            kind: ``api`` for routes under the API's path, a verb for routes under the verb, ``app`` for routes at the
                root, and ``public`` for those at the root that everybody may ask, whatever ``add_middleware`` says.
            version: API version; the settings' default if None. A version is made when it is first asked for.

        Raises:
            KeyError: no such kind; the message names those there are.
        """
        if kind in ("app", "public"):
            return self._public if kind == "public" else self._own
        if kind not in self.TAGS:
            kinds = [*self.TAGS, "app", "public"]
            raise KeyError(f"no router {kind!r}; {did_you_mean(kind, kinds)}; there are {', '.join(kinds)}")
        key = (kind, self.api_version(version))
        if key not in self._routers:
            prefix = "" if kind == "api" else f"/{kind}"
            self._routers[key] = APIRouter(prefix=prefix, tags=[self.TAGS[kind]], route_class=StructRoute)
        return self._routers[key]

    def add_middleware(self, dependency: Dependency | Callable[..., Any]) -> None:
        """Have a FastAPI dependency called before every route but the public ones; it raises to turn one away.

        Of sockets too, so it asks for an ``HTTPConnection`` rather than a ``Request``.

        Args:
            dependency: a callable, or ``Depends(…)`` or ``Security(…)`` of one.

        Raises:
            TypeError: it is neither.
            GatewayException: the routes are served already, without it.
        """
        if self._included:
            raise GatewayException("the routes are served already: call add_middleware in a module's rest")
        if not isinstance(dependency, Dependency) and not callable(dependency):
            raise TypeError(f"a middleware here is a FastAPI dependency: a callable or Depends(…), not {dependency!r}")
        self._dependencies.append(dependency if isinstance(dependency, Dependency) else Depends(dependency))

    @property
    def guarded(self) -> bool:
        """Whether a dependency is to be called before a request is answered."""
        return bool(self._dependencies)

    # Where things are.

    def api_version(self, version: str | None = None) -> str:
        """A version as it stands in paths: without slashes around it; the default for None and for nothing."""
        return (version or "").strip("/") or self.settings.API_VERSION_DEFAULT

    @property
    def api_versions(self) -> list[str]:
        """The versions there are, sorted; the default is always one."""
        return sorted({self.api_version(), *(version for _, version in self._routers)})

    def api_path(self, path: str = "", version: str | None = None) -> str:
        """The path of an API route, such as ``/api/v1/last``."""
        return f"{self.settings.api(self.api_version(version))}/{path.lstrip('/')}".rstrip("/")

    def api_version_for(self, kind: str = "api", version: str | None = None, path: str = "") -> str:
        """The path of a route of one kind, such as ``/api/v2/last/trades`` for ``("last", "v2", "trades")``.

        Raises:
            KeyError: no such kind.
        """
        if kind not in self.TAGS:
            raise KeyError(f"no routes of kind {kind!r} have a version; {did_you_mean(kind, self.TAGS)}")
        return self.api_path(path if kind == "api" else f"{kind}/{path.lstrip('/')}", version)

    def root_path_url(self, request: Request, url: str) -> str:
        """A path as a browser has to ask for it: below the prefix under which a proxy serves the gateway.

        URLs with a host, relative ones, and paths that are below it already stay as they are.
        """
        root = request.scope.get("root_path", "").rstrip("/") or self.settings.ROOT_PATH
        below = url == root or url.startswith((f"{root}/", f"{root}?", f"{root}#"))
        return url if not root or below or not url.startswith("/") or url.startswith("//") else f"{root}{url}"

    def is_api_request(self, request: Request) -> bool:
        """Whether a request is for the API, of whatever version, and not for a page or a file."""
        return self.is_api_path(self.own_path(request))

    def is_api_path(self, path: str) -> bool:
        """Whether a path, without the prefix of a proxy, is the API's, of whatever version."""
        prefix = self.settings.API_PREFIX
        begin = (f"/{prefix}/",) if prefix else tuple(f"{self.settings.api(each)}/" for each in self.api_versions)
        return f"{path}/".startswith(begin)

    def own_path(self, request: Request) -> str:
        """The path of a request without the prefix under which a proxy serves the gateway."""
        path: str = request.scope["path"]
        root = request.scope.get("root_path", "").rstrip("/") or self.settings.ROOT_PATH
        return path[len(root) :] if root and path.startswith(f"{root}/") else path

    def serves_below(self, path: str) -> bool:
        """Whether a module has added a route at a path or below it, without the prefix of a proxy."""
        routers = [(self.settings.api(version), router) for (_, version), router in self._routers.items()]
        served = [
            f"{prefix}{getattr(each, 'path', '')}/" for prefix, of in [*routers, ("", self._own)] for each in of.routes
        ]
        return any(each.startswith(f"{path}/") for each in served)

    # All together.

    def include_in(self, api: FastAPI) -> None:
        """Serve all routes that were added; those of the default version come first."""
        self._included = True
        default = self.api_version()
        for (kind, version), router in sorted(self._routers.items(), key=lambda item: (item[0][1] != default, item[0])):
            if version != default:
                self._tell_apart(kind, version, router)
            if self.guarded:
                _ask_dependencies_first(router)
            api.include_router(router, prefix=self.settings.api(version), dependencies=self._dependencies)
        if self.settings.API_PREFIX:
            # The last of all, and so the answer only where no module has another.
            path = f"/{self.settings.API_PREFIX}"
            self._own.add_api_route(path, self._listed, tags=["Utility"], summary="Versions", operation_id="versions")
        api.include_router(self._own, dependencies=self._dependencies)
        api.include_router(self._public)

    def _tell_apart(self, kind: str, version: str, router: APIRouter) -> None:
        """Let the documentation have the operations of another version under tags and ids of their own."""
        suffix, ending = f" ({version})", re.sub(r"\W+", "_", version)
        router.tags = [f"{self.TAGS[kind]}{suffix}"]
        for route in router.routes:
            if isinstance(route, APIRoute):
                route.tags = [f"{tag}{suffix}" if tag in self.TAGS.values() else tag for tag in route.tags]
                if route.operation_id:
                    route.operation_id = route.unique_id = f"{route.operation_id}_{ending}"

    async def _listed(self) -> dict[str, Any]:
        """The versions of the API, and where each of them is."""
        root = self.settings.ROOT_PATH
        paths = [{"version": each, "path": f"{root}{self.settings.api(each)}"} for each in self.api_versions]
        return {"default": self.api_version(), "versions": paths}


def _ask_dependencies_first(router: APIRouter) -> None:
    """Put before each route that has a handler of its own, which FastAPI calls at once, one that calls it in turn."""
    for place, route in reversed(list(enumerate(router.routes))):
        if isinstance(route, APIRoute) and type(route).get_route_handler is not APIRoute.get_route_handler:
            router.routes.insert(place, _asking_first(route))


def _asking_first(route: APIRoute) -> APIRoute:
    handler = route.get_route_handler()

    async def endpoint(request: Request) -> Response:
        return await handler(request)

    return APIRoute(
        route.path,
        endpoint,
        methods=route.methods,
        dependencies=route.dependencies,
        response_model=None,
        include_in_schema=False,
    )
