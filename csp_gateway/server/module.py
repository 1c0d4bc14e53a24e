"""GatewayModule: the contract of a plug-in, and the only thing a user writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import ccflow
from csp.impl.wiring.graph import GraphDefMeta
from csp.impl.wiring.node import NodeDefMeta
from pydantic import AliasChoices, ConfigDict, Field, field_validator, model_validator

from csp_gateway.errors import did_you_mean
from csp_gateway.server.channels import ChannelSelection

if TYPE_CHECKING:
    from csp_gateway.server.settings import GatewaySettings
    from csp_gateway.server.web import GatewayWebApp

__all__ = ["GatewayModule", "Module"]


class GatewayModule(ccflow.BaseModel):
    """A part of the application: it may connect to channels, add REST routes, and clean up at the end.

    Its options are pydantic fields, so that a module can be written in YAML; csp nodes and graphs may be methods.
    Options that do not exist are refused with the nearest right name.
    """

    model_config = ConfigDict(
        arbitrary_types_allowed=True,
        extra="forbid",
        ignored_types=(GraphDefMeta, NodeDefMeta),
        validate_default=True,
    )

    connects_first: ClassVar[bool] = False
    """Whether it is connected before the others, wherever it stands: of values that are set to one channel in one
    engine cycle, those of the module that was connected first come first."""

    requires: ChannelSelection | None = Field(
        default=None,
        description="Channels that somebody must provide. None: all that the module gets. []: none of them.",
    )
    disable: bool = Field(
        default=False,
        validation_alias=AliasChoices("disable", "disabled"),
        description="Leave the module out: neither connect nor rest is called.",
    )
    block_set_channels_until: datetime | None = Field(
        default=None,
        description="Drop what the module sets before this engine time (UTC). None: the gateway's own setting.",
    )
    api_version: str | None = Field(
        default=None, description="API version its routes belong to. None: the default version."
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, given: Any) -> Any:
        if isinstance(given, dict):
            known = {*cls.model_fields, "disabled", "meta", "_target_"}
            known |= {f.alias for f in cls.model_fields.values() if f.alias}
            for key in given:
                if key not in known:
                    raise ValueError(
                        f"{cls.__name__} has no option {key!r}; {did_you_mean(str(key), cls.model_fields)}"
                    )
        return given

    @field_validator("block_set_channels_until")
    @classmethod
    def _naive_utc(cls, when: datetime | None) -> datetime | None:
        return when.astimezone(UTC).replace(tzinfo=None) if when is not None and when.tzinfo else when

    @field_validator("api_version")
    @classmethod
    def _without_slashes(cls, version: str | None) -> str | None:
        return (version.strip("/") or None) if version is not None else None

    # What it adds to the channels before anybody connects.

    def dynamic_channels(self) -> Mapping[str, Any] | None:
        """The channels this module adds to those that the channels class declares.

        Returns:
            Name → what one tick carries: ``S``, or ``List[S]`` for ticks that are lists. Several modules may ask for
            the same channel, with the same type; None asks for nothing.
        """
        return None

    def dynamic_state_channels(self) -> AbstractSet[str] | None:
        """Those of its ``dynamic_channels`` of which ``connect`` will call ``set_state``.

        Other modules can then ask for the state before this one has connected.
        """
        return None

    def dynamic_keys(self) -> Mapping[str, Iterable[Any] | int] | None:
        """Keys for baskets whose class leaves them open.

        Returns:
            Channel → the keys to add to it, ``str`` or ``int`` as it declares; for a basket by position, how many
            positions it has at least. None adds nothing. The keys of an enum are its members, and nothing adds to
            them.
        """
        return None

    # What it does.

    def connect(self, channels: Any) -> None:
        """Get and set channels; called once for every time the graph is built."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to connect(self, channels)")

    def rest(self, app: GatewayWebApp) -> None:
        """Add routes; called once the graph runs, before the web server does."""

    def info(self, settings: GatewaySettings) -> str | None:
        """A line for the log when the web server starts, such as where this module's routes are."""
        return None

    def shutdown(self) -> None:
        """Let go of what the module holds; called once however the gateway ends."""

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


Module = GatewayModule
