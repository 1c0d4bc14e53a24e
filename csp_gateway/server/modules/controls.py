"""MountControls: whether the gateway lives, how it is doing, and its end, over REST."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from csp_gateway.errors import ConfigError
from csp_gateway.server.channels import ChannelSelection, GatewayChannels
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.structs import Controls

if TYPE_CHECKING:
    from csp_gateway.server.settings import GatewaySettings
    from csp_gateway.server.web import GatewayWebApp

__all__ = ["MountControls"]

_CHANNEL = "controls"


class MountControls(GatewayModule):
    """Serves ``controls/heartbeat``, ``controls/stats`` and ``controls/shutdown``.

    It asks the engine over a channel ``controls: ts[Controls] = None``, which the channels class has to declare.
    """

    requires: ChannelSelection | None = ChannelSelection(include=[])
    mount_heartbeat: bool = Field(default=True, description="Let the engine be asked for a sign of life.")
    mount_stats: bool = Field(default=True, description="Tell how the process and the engine are doing.")
    mount_shutdown: bool = Field(default=True, description="Let the gateway be ended.")

    def connect(self, channels: GatewayChannels) -> None:
        """Let the channel be sent to, and keep its newest ticks at hand.

        Raises:
            ConfigError: there is no such channel, or it carries something else.
        """
        line = f"add the line `{_CHANNEL}: ts[Controls] = None` to {type(channels).__name__}, or leave the module out"
        if _CHANNEL not in channels.declared:
            raise ConfigError(f"MountControls asks the engine over a channel {_CHANNEL!r}, and there is none: {line}")
        declaration = channels.declared[_CHANNEL]
        if declaration.is_basket or declaration.ticks is not Controls:
            raise ConfigError(
                f"MountControls asks the engine over the channel {_CHANNEL!r}, which is {declaration} here: {line}"
            )
        channels.add_send_channel(_CHANNEL)
        channels.expose(_CHANNEL)

    def rest(self, app: GatewayWebApp) -> None:
        """Add the routes."""
        for name in self._mounted():
            app.add_controls_api(name, self.api_version)
        app.add_controls_available_channels(version=self.api_version)

    def info(self, settings: GatewaySettings) -> str | None:
        """Where the routes are."""
        names = ",".join(self._mounted())
        return f"controls  {settings.public_api(self.api_version)}/controls/{{{names}}}" if names else None

    def _mounted(self) -> list[str]:
        return [name for name in ("heartbeat", "stats", "shutdown") if getattr(self, f"mount_{name}")]
