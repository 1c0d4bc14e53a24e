"""MountRestRoutes: which verbs on which channels."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pydantic import Field

from csp_gateway.server.channels import ChannelSelection, GatewayChannels
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.structs import is_gateway_struct_like

if TYPE_CHECKING:
    from csp_gateway.server.settings import GatewaySettings
    from csp_gateway.server.web import GatewayWebApp

__all__ = ["MountRestRoutes"]

_log = logging.getLogger(__name__)


class MountRestRoutes(GatewayModule):
    """Serves ``last``, ``next``, ``send`` and ``lookup`` for channels that carry structs."""

    requires: ChannelSelection | None = ChannelSelection(include=[])
    force_mount_all: bool = Field(
        default=False, description="Mount every verb for every channel, whatever is selected below."
    )
    mount_last: ChannelSelection = Field(
        default=ChannelSelection(), description="Channels whose newest tick can be asked for."
    )
    mount_next: ChannelSelection = Field(
        default=ChannelSelection(), description="Channels whose coming tick can be waited for."
    )
    mount_send: ChannelSelection = Field(
        default=ChannelSelection(),
        description="Channels that can be sent to, if a module calls `add_send_channel` for them.",
    )
    mount_lookup: ChannelSelection = Field(
        default=ChannelSelection(), description="Channels whose structs can be looked up by id."
    )
    keep_sent_identity: bool = Field(
        default=False, description="Believe the id and timestamp of what is sent, instead of making new ones."
    )

    def connect(self, channels: GatewayChannels) -> None:
        """Keep the newest tick of the channels at hand."""
        for field in self._chosen(self.mount_last, channels):
            if is_gateway_struct_like(channels.declared[field].element):
                channels.expose(field)

    def rest(self, app: GatewayWebApp) -> None:
        """Add the routes."""
        channels = app.channels
        for field in self._chosen(self.mount_last, channels):
            app.add_last_api(field, self.api_version)
        for field in self._chosen(self.mount_next, channels):
            app.add_next_api(field, self.api_version)
        for field in self._chosen(self.mount_lookup, channels):
            app.add_lookup_api(field, self.api_version)
        sendable = channels.sendable()
        missing = []
        for field in self._chosen(self.mount_send, channels):
            if field in sendable:
                app.add_send_api(field, self.api_version, keep_identity=self.keep_sent_identity)
            else:
                missing.append(field)
        if missing:
            _log.info("Requested channels missing send routes are: %s", missing)
        app.add_available_channels(["last", "next", "lookup", "send"], self.api_version)

    def info(self, settings: GatewaySettings) -> str:
        """Where the routes are."""
        return f"verbs     {settings.api(self.api_version)}/{{last,next,send,lookup}}/<channel>"

    def _chosen(self, selection: ChannelSelection, channels: GatewayChannels) -> list[str]:
        return (ChannelSelection() if self.force_mount_all else selection).select_from(channels)
