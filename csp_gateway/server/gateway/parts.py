"""GatewayParts: what a gateway is made of, and the one graph that makes."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Self

import ccflow
from pydantic import ConfigDict, Field, model_validator

from csp_gateway.errors import did_you_mean
from csp_gateway.server.channels import GatewayChannels
from csp_gateway.server.gateway.build import build_into
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.settings import GatewaySettings

__all__ = ["GatewayParts"]


class GatewayParts(ccflow.BaseModel):
    """Modules, channels and settings, as they are written down."""

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    modules: list[GatewayModule] = Field(default_factory=list, description="The parts, connected in this order.")
    user_modules: list[GatewayModule] = Field(default_factory=list, description="More parts, after `modules`.")
    channels: GatewayChannels = Field(default_factory=GatewayChannels, description="The bus they meet on.")
    channels_model: type[GatewayChannels] | None = Field(default=None, description="The class `channels` must be of.")
    settings: GatewaySettings = Field(default_factory=lambda: GatewaySettings(), description="Name, port, looks.")
    block_set_channels_until: datetime | None = Field(
        default=None, description="Drop what modules set before this engine time (UTC), unless a module says otherwise."
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for key in given:
                if key not in cls.model_fields and key not in ("meta", "_target_"):
                    raise ValueError(f"a gateway has no {key!r}; {did_you_mean(str(key), cls.model_fields)}")
        return given

    @model_validator(mode="after")
    def _of_the_right_channels(self) -> Self:
        if self.channels_model is not None and not isinstance(self.channels, self.channels_model):
            raise ValueError(f"channels must be {self.channels_model.__name__}, not {type(self.channels).__name__}")
        return self

    @property
    def enabled_modules(self) -> list[GatewayModule]:
        """The modules that take part: all but those that are disabled."""
        return [module for module in [*self.modules, *self.user_modules] if not module.disable]

    def graph(self, user_graph: Callable[[GatewayChannels], Any] | None = None) -> Any:
        """The whole application as a csp graph, for ``csp.run(gateway.graph, starttime=…, endtime=…)``.

        If modules ask for dynamic channels, ``channels`` is an object of a wider class from then on.

        Args:
            user_graph: called with the channels after every module; an edge it returns is the output ``user_graph``.
        """
        until = self.block_set_channels_until
        self.channels = build_into(self.channels, self.enabled_modules, self.settings, until, user_graph)
