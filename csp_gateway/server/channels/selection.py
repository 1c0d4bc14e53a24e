"""ChannelSelection: which channels a module means."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self

import ccflow
from pydantic import Field, ModelWrapValidatorHandler, model_validator

from csp_gateway.errors import UnknownChannelError, did_you_mean

if TYPE_CHECKING:
    from csp_gateway.server.channels.channels import GatewayChannels

__all__ = ["ChannelSelection"]


class ChannelSelection(ccflow.BaseModel):
    """Channels by name. Written as a list it is ``include``; None is everything.

    >>> ChannelSelection.model_validate(["quotes"]).include
    ['quotes']
    """

    include: list[str] | None = Field(default=None, description="Names to take, in this order. None: all, as declared.")
    exclude: set[str] = Field(default_factory=set, description="Names to leave out.")

    @model_validator(mode="before")
    @classmethod
    def _from_short_forms(cls, given: Any) -> Any:
        if given is None:
            return {}
        return {"include": list(given)} if isinstance(given, list | tuple) else given

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_text(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(given)
        except ValueError:
            # Most often it is meant for a channel's name.
            if isinstance(given, str):
                raise ValueError(
                    f"channels are selected by a list of their names: [{given!r}]; alone {given!r} would be a "
                    f"selection in ccflow's registry, and there is none"
                ) from None
            raise

    def select_from(
        self,
        channels: GatewayChannels | type[GatewayChannels],
        *,
        static_fields: bool = False,
        state_channels: bool = False,
        all_fields: bool = False,
    ) -> list[str]:
        """The selected channels, or what else is asked for, each once, in the order of ``include`` or as declared.

        A name that ``channels`` knows, but not as what is selected among, is passed over: the same selection may be
        used for channels, static fields and states.

        Args:
            channels: a channels object or its class. A class knows the states it declares, an object all that are set.
            static_fields: select among the static fields instead of the channels.
            state_channels: select among the names of the states instead.
            all_fields: select among channels and static fields; counts before the other two.

        Raises:
            UnknownChannelError: a name in ``include`` or ``exclude`` that ``channels`` does not know at all; the
                message names the nearest.
        """
        fields = channels.fields()
        named = [*(self.include or ()), *sorted(self.exclude)]
        states = _states(channels) if state_channels or not {*named} <= {*fields} else ()
        for name in named:
            if name not in fields and name not in states:
                nearest = did_you_mean(name, {*fields, *states})
                raise UnknownChannelError(f"no channel {name!r} to select; {nearest}")
        if all_fields:
            offered = fields
        elif state_channels:
            offered = list(states)
        else:
            offered = [name for name in fields if (name in channels.declared) != static_fields]
        chosen = dict.fromkeys(offered if self.include is None else self.include)
        return [name for name in chosen if name in offered and name not in self.exclude]


def _states(channels: GatewayChannels | type[GatewayChannels]) -> Collection[str]:
    return channels.state_aliases() if isinstance(channels, type) else channels.all_state_aliases()
