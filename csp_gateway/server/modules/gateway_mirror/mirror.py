"""GatewayMirror: feeds channels of this gateway from those of another one."""

from typing import Any, Literal

from pydantic import Field, model_validator

from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.csp_stream import channel_and_key, patience
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.errors import ConfigError
from csp_gateway.server.channels import ChannelSelection, GatewayChannels
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.modules.gateway_mirror.crossing import edges_of
from csp_gateway.server.modules.gateway_mirror.intake import Intake
from csp_gateway.server.modules.gateway_mirror.listener import Listener, Wanted
from csp_gateway.server.modules.gateway_mirror.status import MirrorStatus
from csp_gateway.server.settings import GatewaySettings
from csp_gateway.server.structs import is_gateway_struct_like

__all__ = ["GatewayMirror"]


class GatewayMirror(GatewayModule):
    """Feeds channels of this gateway from those of another one, over its WebSocket.

    Records are read as those of this gateway's channel, and keep their ``id`` and ``timestamp``. Where the connection
    is lost, it comes back, and goes on where it was; of a gateway that was started again, all is told that it has kept
    since. The other gateway needs ``MountWebSocketRoutes``. In simulated time nothing comes.
    """

    requires: ChannelSelection | None = ChannelSelection(include=[])
    client: GatewayClientConfig = Field(description="Where the other gateway is, and how to be let in.")
    channels: dict[str, str] | list[str] = Field(
        min_length=1,
        description="The other gateway's channels, and this one's that they feed; a list, if both are called alike. "
        "`by_side/BUY` is one key of a basket.",
    )
    snapshot: bool | Literal["last", "state"] = Field(
        default=False, description="Begin with what the channels hold: `last` ticks, or the records of a `state`."
    )
    status_channel: str | None = Field(
        default=None, description="A channel for `MirrorStatus`, which is added where the class does not declare it."
    )
    connection_timeout: float = Field(
        default=-1, description="Seconds without a connection after which it is given up; 0: at once, -1: never."
    )
    on_lost: Literal["live_on", "stop"] = Field(
        default="live_on",
        description="What this gateway does when nothing more will come: say so and live on, or stop with the error.",
    )
    path: str = Field(default="stream", description="Where the other one's socket is, below its API.")

    @model_validator(mode="after")
    def _one_way_in(self) -> "GatewayMirror":
        if self.status_channel in self._pairs().values():
            raise ValueError(f"status_channel {self.status_channel!r} is a channel that is fed: give it one of its own")
        return self

    def dynamic_channels(self) -> dict[str, Any] | None:
        """The channel of the status."""
        return None if self.status_channel is None else {self.status_channel: MirrorStatus}

    def connect(self, channels: GatewayChannels) -> None:
        """Set the channels that are fed.

        Raises:
            ConfigError: a channel carries no structs.
            UnknownChannelError: there is no such channel; the message names the nearest.
        """
        fed = {field: (channels.declared[field], _keys_of(channels, field)) for field in self._pairs().values()}
        for field, (declaration, _) in fed.items():
            if not is_gateway_struct_like(declaration.element):
                raise ConfigError(f"GatewayMirror feeds channels of GatewayStructs, and {field!r} is {declaration}")
        intakes = {field: Intake(declaration, keys) for field, (declaration, keys) in fed.items()}
        wanted = [Wanted(*channel_and_key(there), intakes[here]) for there, here in self._pairs().items()]
        listener = Listener(
            self.client,
            patience(self.connection_timeout, StreamOptions(answer_timeout=60.0, path=self.path.strip("/"))),
            wanted,
            snapshot=self.snapshot,
            stop=self.on_lost == "stop",
        )
        edges = edges_of(listener.link, fed)
        for field, edge in edges.fed.items():
            channels.set_channel(field, edge)
        if self.status_channel is not None:
            channels.set_channel(self.status_channel, edges.status)

    def info(self, settings: GatewaySettings) -> str:
        """Where it listens."""
        return f"mirror    {self.client.root_url} feeds {', '.join(self._pairs().values())}"

    def _pairs(self) -> dict[str, str]:
        return self.channels if isinstance(self.channels, dict) else {each: each for each in self.channels}


def _keys_of(channels: GatewayChannels, field: str) -> list[Any]:
    """Of a basket, its keys, or its positions."""
    container = channels.declared[field].container
    edges = None if container is None else channels.get_channel(field)
    return [] if edges is None else list(edges) if container is dict else list(range(len(edges)))
