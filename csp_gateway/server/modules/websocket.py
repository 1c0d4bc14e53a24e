"""MountWebSocketRoutes: which channels are pushed to whoever follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from csp_gateway.errors import ConfigError
from csp_gateway.server.channels import ChannelSelection, GatewayChannels
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.web.verbs import why_not

if TYPE_CHECKING:
    from csp_gateway.server.settings import GatewaySettings
    from csp_gateway.server.web import GatewayWebApp

__all__ = ["MountWebSocketRoutes"]


class MountWebSocketRoutes(GatewayModule):
    """Serves a WebSocket over which channels are followed as they tick, and sent to.

    A selection that takes all channels passes over those that carry no structs; one that names such a channel is
    refused.
    """

    requires: ChannelSelection | None = ChannelSelection(include=[])
    selection: ChannelSelection = Field(default=ChannelSelection(), description="Channels that can be followed.")
    readonly: bool = Field(default=False, description="Refuse whatever is sent.")
    prefix: str = Field(default="/stream", pattern=r"^/[^/].*$", description="Where the socket is, below the API.")
    ping_time_s: float = Field(default=1, gt=0, le=3600, description="Seconds between heartbeats, for who wants them.")
    debug: bool = Field(default=False, description="Kept for configurations of the older package; it changes nothing.")

    def connect(self, channels: GatewayChannels) -> None:
        """Keep the newest ticks of the channels at hand.

        Raises:
            ConfigError: the selection names a channel that carries no structs.
        """
        for field in self._chosen(channels):
            channels.expose(field)

    def rest(self, app: GatewayWebApp) -> None:
        """Add the routes."""
        app.add_stream_api(
            self._chosen(app.channels),
            self.api_version,
            prefix=self.prefix,
            readonly=self.readonly,
            beat_seconds=self.ping_time_s,
        )

    def info(self, settings: GatewaySettings) -> str:
        """Where the socket is."""
        return f"stream    {settings.public_api(self.api_version)}{self.prefix}"

    def _chosen(self, channels: GatewayChannels) -> list[str]:
        chosen = []
        for field in self.selection.select_from(channels):
            why = why_not(channels.declared[field])
            if why is None:
                chosen.append(field)
            elif self.selection.include is not None:
                raise ConfigError(f"MountWebSocketRoutes selects {field!r}: {why}")
        return chosen
