"""GatewayChannels: the one object modules and the outside see; each method is one line into its part."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, PrivateAttr

from csp_gateway.errors import GatewayException, WiringError
from csp_gateway.server.channels.asking import Asking
from csp_gateway.server.channels.bus import Bus
from csp_gateway.server.channels.generics import refuse_open
from csp_gateway.server.channels.inside import Inside
from csp_gateway.server.channels.limits import HistoryLimits
from csp_gateway.server.channels.names import ChannelNames
from csp_gateway.server.channels.schema import Schema, read_schema
from csp_gateway.server.channels.sends import Sendable
from csp_gateway.server.channels.state_marks import state_aliases
from csp_gateway.server.state import State

__all__ = ["Channels", "ChannelsType", "GatewayChannels"]


class GatewayChannels(Inside, Asking, BaseModel, metaclass=ChannelNames):
    """The named streams of a gateway: modules wire them, the outside reads them and sends to them.

    A subclass declares a channel as ``prices: ts[Price] = None`` (or ``ts[List[Price]]``: each tick a list), a basket
    of them as ``by_side: Dict[Side, ts[Price]] = None`` (or ``List[ts[Price]]``); any other annotation is a static
    value. On the class, ``MyChannels.prices`` is the channel's name.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    declared: ClassVar[Schema] = Schema("GatewayChannels", {})
    _bus: Bus = PrivateAttr()

    @classmethod
    def __pydantic_on_complete__(cls) -> None:
        cls.declared = read_schema(cls)

    def model_post_init(self, context: Any, /) -> None:
        """A channels object is ready to be wired."""
        refuse_open(type(self).__name__, self.declared)
        for name in self.declared:
            if vars(self).get(name) is not None:
                setattr(self, name, vars(self)[name])  # which refuses it
        self._bus = Bus(self.declared)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in type(self).declared:
            raise WiringError(f"{type(self).__name__}.{name} is a channel: use channels.set_channel({name!r}, edge)")
        super().__setattr__(name, value)

    def __copy__(self) -> Self:
        """Other channels with the same static values, wired on their own."""
        twin = super().__copy__()
        twin._bus = Bus(self.declared)  # noqa: SLF001  # an object of this very class
        return twin

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """The same, with copies of the static values."""
        memo = {} if memo is None else memo
        memo[id(self._bus)] = Bus(self.declared)
        return super().__deepcopy__(memo)

    # What is declared.

    @classmethod
    def fields(cls) -> list[str]:
        """The names of all channels and static values, as declared."""
        return list(cls.model_fields)

    @classmethod
    def get_outer_type(cls, field: str) -> Any:
        """The annotation of a channel or static value."""
        return cls.model_fields[field].annotation if field in cls.model_fields else cls.declared[field]

    @classmethod
    def state_aliases(cls) -> list[str]:
        """The names of the states that the class declares with ``State`` marks."""
        return state_aliases(cls.declared)

    def all_state_aliases(self) -> list[str]:
        """The same, and those that modules set; complete once every module is connected."""
        return self._bus.states.aliases()

    def states_named(self, alias: str) -> dict[Any, State[Any]]:
        """The states that are called so, by the one key of a basket that each collects; None where it is all.

        Raises:
            NoProviderException: there is none; the message names the nearest.
        """
        return self._bus.states.named(alias)

    def state_tables(self) -> list[str]:
        """What ``sql`` can be asked of: states that hold structs, by names such as ``orders`` or ``by_side[BUY]``."""
        return list(self._bus.states.tables())

    def dynamic_keys(self) -> Mapping[str, Any] | None:
        """Keys of baskets whose class does not fix them: field → keys; of a list basket, how many positions."""
        return None

    def keys_for_channel(self, field: str) -> dict[Any, None] | None:
        """The keys of a basket in order, as the keys of a dict; None for a channel that is no basket.

        Raises:
            GatewayException: not every module is connected yet, and any may name more keys.
            UnknownChannelError: there is no such channel.
        """
        self._refuse_unfinished()
        keys = self._bus.wiring.streams.of(field)
        return dict.fromkeys(keys) if self._bus.wiring.schema[field].is_basket else None

    # What is known of the build.

    def is_provided(self, field: str) -> bool:
        """Whether anybody sets the channel; known once every module is connected."""
        return self._bus.wiring.is_supplied(field)

    def sendable(self) -> list[str]:
        """The channels the outside may send to."""
        return self._bus.sends.fields()

    def send_channel_descriptors(self) -> list[Sendable]:
        """The same as ``(channel, model, is_dict_basket, keys)``, for who builds a form."""
        return self._bus.sends.descriptors()

    def graph(self) -> dict[str, dict[str, list[str]]]:
        """For each channel the modules that get it and that set it: ``{"getters": [...], "setters": [...]}``.

        A module stands there by its class, with the key where it asked for one: ``Desk<BUY>``; what the outside sends,
        as ``Send[orders]``.

        Raises:
            GatewayException: not every module is connected yet.
        """
        self._refuse_unfinished()
        return self._bus.wiring.ledger.graph(self._bus.wiring.schema)

    def drain(self, timeout: float) -> int:
        """Take nothing more from outside, and wait at most ``timeout`` seconds until the engine has seen what it was
        given; how much it has not."""
        return self._bus.drain(timeout)

    def statistics(self) -> dict[str, Any]:
        """What waits where, what is kept, and what was dropped."""
        return self._bus.statistics()

    def renew(
        self,
        keys: Mapping[str, tuple[Any, ...]] | None = None,
        silent_until: datetime | None = None,
        limits: HistoryLimits | None = None,
        promised_states: Collection[str] = (),
    ) -> Bus:
        """Forget the edges of the last build and start a new one; for who assembles a graph.

        Raises:
            WiringError: a gateway runs on them.
        """
        if self._bus.outside.running:
            raise WiringError(
                f"these {type(self).__name__} belong to a gateway that runs: give each gateway an object of its own"
            )
        self._bus = Bus(self.declared, keys, silent_until, limits, promised_states)
        return self._bus

    def _refuse_unfinished(self) -> None:
        if not self._bus.wiring.bound:
            raise GatewayException("Must finalize graph first: this is known once every module is connected")


Channels = GatewayChannels
ChannelsType = TypeVar("ChannelsType", bound=GatewayChannels)
