"""Connects each module in turn, then closes the wiring."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

from csp_gateway.errors import BuildFailedError, GatewayException, UnknownChannelError
from csp_gateway.server.channels.bus import Bus
from csp_gateway.server.channels.channels import GatewayChannels
from csp_gateway.server.channels.ledger import Owner, raising_line
from csp_gateway.server.channels.limits import HistoryLimits
from csp_gateway.server.channels.selection import ChannelSelection

__all__ = ["Connects", "wire_modules"]


class Connects(Protocol):
    """What assembling needs of a module."""

    requires: Any
    block_set_channels_until: datetime | None
    connects_first: ClassVar[bool]

    def connect(self, channels: Any) -> None:
        """Get and set channels."""


def wire_modules(
    channels: GatewayChannels,
    modules: Sequence[Connects],
    silent_until: datetime | None = None,
    keys: Mapping[str, tuple[Any, ...]] | None = None,
    promised_states: Collection[str] = (),
    limits: HistoryLimits | None = None,
) -> Bus:
    """Wire ``channels`` by the ``connect`` of each module, inside a csp wiring context.

    Args:
        channels: wired anew; what an earlier build left is forgotten.
        modules: those that take part, in order.
        silent_until: engine time (naive UTC) before which sets are dropped, unless a module says otherwise.
        keys: basket → its keys, for those whose class does not fix them.
        promised_states: states that a module will set, so that others may get them before.
        limits: how much history an exposed channel keeps that does not say so itself.

    Raises:
        BuildFailedError: a ``connect`` raised something of its own; it is the cause.
        GatewayException: a ``connect`` asked something impossible of the channels, or a channel that is required has
            no provider.
    """
    bus = channels.renew(keys, silent_until, limits, promised_states)
    for module in sorted(modules, key=lambda module: not module.connects_first):
        name = type(module).__name__
        # A module may declare the field as it likes: a list, for one, is as good.
        selected = None if module.requires is None else ChannelSelection.model_validate(module.requires)
        try:
            required = None if selected is None else frozenset(selected.select_from(channels))
        except UnknownChannelError as error:
            raise UnknownChannelError(f"{name}.requires: {error}") from None
        owner = Owner(name, required, module.block_set_channels_until or silent_until)
        with bus.wiring.on_behalf_of(owner):
            try:
                module.connect(channels)
            except GatewayException as error:
                error.add_note(f"raised while {name} connected")
                raise
            except Exception as error:
                line = raising_line(error, type(module).connect)
                raise BuildFailedError(f"{name}.connect raised {type(error).__name__}: {error} ({line})") from error
    bus.bind()
    return bus
