"""MountMetrics: the gateway's figures over HTTP, as Prometheus reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import csp
from fastapi import Header
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from pydantic import Field, PrivateAttr, field_validator

from csp_gateway.server.channels import ChannelSelection
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.modules.metrics.cycles import Cycles, sample_cycles
from csp_gateway.server.modules.metrics.figures import Figures
from csp_gateway.server.modules.metrics.observed import Observed

if TYPE_CHECKING:
    from csp_gateway.server.settings import GatewaySettings
    from csp_gateway.server.web import GatewayWebApp

__all__ = ["MountMetrics"]


class MountMetrics(GatewayModule):
    """Serves ``/metrics``: engine, channels, queues, requests, event loop and process.

    Most is counted anyway and read at a scrape. What is counted for this alone: each request, how late the event loop
    is, and of ten engine cycles a second how long they take.
    """

    requires: ChannelSelection | None = ChannelSelection(include=[])
    route: str = Field(default="/metrics", description="Path, at the root.")

    @field_validator("route")
    @classmethod
    def _from_the_root(cls, route: str) -> str:
        if not route.strip("/"):
            raise ValueError(f"the figures cannot be at {route!r}, where the page is: take /metrics")
        return f"/{route.strip('/')}"

    _cycles: Cycles = PrivateAttr(default_factory=Cycles)

    def connect(self, channels: Any) -> None:
        """Time some of the engine's cycles; none in simulated time, where a sample would keep a run from its end."""
        self._cycles = Cycles()
        if csp.is_configured_realtime():
            sample_cycles(csp.const(True), self._cycles)

    def rest(self, app: GatewayWebApp) -> None:
        """Add the route, and watch the requests."""
        prefix = f"/{app.settings.API_PREFIX}/" if app.settings.API_PREFIX else "/"
        registry = CollectorRegistry()

        def layer(inner: Any) -> Observed:
            observed = Observed(inner, prefix, [*app.TAGS, "sql"])
            registry.register(Figures(app.gateway, observed, self._cycles, app.statistics))
            return observed

        app.wrap(layer)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

        # No coroutine: a scrape reads files of the system and asks DuckDB, and belongs on a thread.
        @app.get_router("app").get(
            self.route,
            tags=["Health"],
            summary="Figures for Prometheus",
            operation_id="metrics",
            response_class=PlainTextResponse,
        )
        def metrics(accept: Annotated[str, Header(include_in_schema=False)] = "") -> Response:
            encode, media_type = choose_encoder(accept)
            return Response(encode(registry), headers={"content-type": media_type, "cache-control": "no-store"})

    def info(self, settings: GatewaySettings) -> str | None:
        """Where the figures are."""
        return f"metrics   {settings.ROOT_PATH}{self.route}"
