"""ChannelSelection: which channels a module means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ccflow
from pydantic import Field, model_validator

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

    def select_from(
        self,
        channels: GatewayChannels | type[GatewayChannels],
        *,
        static_fields: bool = False,
        all_fields: bool = False,
    ) -> list[str]:
        """The selected names that ``channels`` declares, each once, in the order of ``include`` or as declared.

        Args:
            channels: a channels object or its class.
            static_fields: select among the static fields instead of the channels.
            all_fields: select among both.

        Raises:
            UnknownChannelError: a name in ``include`` or ``exclude`` is not a field of ``channels`` at all.
        """
        fields = channels.fields()
        for name in [*(self.include or ()), *self.exclude]:
            if name not in fields:
                raise UnknownChannelError(f"no channel {name!r} to select; {did_you_mean(name, fields)}")
        chosen = dict.fromkeys(fields if self.include is None else self.include)
        return [
            name
            for name in chosen
            if name not in self.exclude and (all_fields or (name in channels.declared) != static_fields)
        ]
