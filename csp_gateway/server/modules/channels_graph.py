"""MountChannelsGraph: which module gets and sets which channel, over REST."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request
from pydantic import Field, field_validator

from csp_gateway.server.channels import ChannelSelection, GatewayChannels
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.web import refuse_unknown

if TYPE_CHECKING:
    from csp_gateway.server.settings import GatewaySettings
    from csp_gateway.server.web import GatewayWebApp

__all__ = ["MountChannelsGraph"]


class MountChannelsGraph(GatewayModule):
    """Serves ``channels.graph()``: for each channel, who gets it and who sets it."""

    requires: ChannelSelection | None = ChannelSelection(include=[])
    route: str = Field(default="/channels_graph", description="Where it is, under the API's path.")

    @field_validator("route")
    @classmethod
    def _one_leading_slash(cls, route: str) -> str:
        if not route.strip("/"):
            raise ValueError("the graph needs a path of its own under the API's, such as /channels_graph")
        return f"/{route.strip('/')}"

    def connect(self, channels: GatewayChannels) -> None:
        """It takes no part in the graph."""

    def rest(self, app: GatewayWebApp) -> None:
        """Add the route."""
        graph = app.channels.graph()  # every module is connected: it does not change any more

        async def channels_graph(request: Request) -> dict[str, dict[str, list[str]]]:
            refuse_unknown(request, ())
            return graph

        app.get_router("api", self.api_version).add_api_route(
            self.route,
            channels_graph,
            methods=["GET"],
            summary="Channels graph",
            description=(
                "For each channel the modules that get it and that set it, by their classes: `Desk<BUY>` is of one key "
                "of a basket, `Send[orders]` what is sent from outside, `Stage[orders]` what is released."
            ),
            operation_id="channels_graph",
        )

    def info(self, settings: GatewaySettings) -> str:
        """Where the route is."""
        return f"graph     {settings.public_api(self.api_version)}{self.route}"
