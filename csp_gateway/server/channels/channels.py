"""GatewayChannels: the one object modules and the outside see; each method is one line into its part."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, PrivateAttr

from csp_gateway.errors import GatewayException, WiringError
from csp_gateway.server.channels.bus import Bus
from csp_gateway.server.channels.generics import refuse_open
from csp_gateway.server.channels.inside import Inside
from csp_gateway.server.channels.limits import HistoryLimits
from csp_gateway.server.channels.names import ChannelNames
from csp_gateway.server.channels.outside import Outside
from csp_gateway.server.channels.schema import Schema, read_schema
from csp_gateway.server.channels.sends import Sendable
from csp_gateway.server.channels.state_marks import state_aliases
from csp_gateway.server.state import State
from csp_gateway.wire import Query

__all__ = ["Channels", "ChannelsType", "GatewayChannels"]


class GatewayChannels(Inside, BaseModel, metaclass=ChannelNames):
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

    # The outside: called from any thread while the graph runs.

    @property
    def outside(self) -> Outside:
        """The same calls as answers that can be awaited, and that many can be waited for at once."""
        return self._bus.outside

    def last(self, field: str, indexer: Any = None, *, timeout: float | None = None) -> Any:
        """The newest value of a channel, None if it has not ticked. Values sent before are in it.

        Of a basket the keys that have ticked, with their newest values; with an indexer the value of one key.

        Raises:
            NoProviderException: nobody sets the channel.
            NotRunningError: before start or after stop.
            TimeoutError: no answer within ``timeout`` seconds.
        """
        return self.outside.last(field, indexer).within(timeout, f"channel {field!r} gave no answer")

    def next(self, field: str, indexer: Any = None, *, timeout: float | None = None) -> Any:
        """Wait for the coming tick of a channel; None if the gateway stops before.

        Of a basket, until any key ticks, and then as ``last``; with an indexer, until that key does.

        Raises:
            NoProviderException: nobody sets the channel.
            NotRunningError: before start or after stop, or the engine failed while waiting.
            TimeoutError: no tick within ``timeout`` seconds.
        """
        return self.outside.next(field, indexer).within(timeout, f"channel {field!r} did not tick")

    def state(self, field: str, indexer: Any = None, *, timeout: float | None = None) -> State[Any] | None:
        """A state by its name, to be queried or iterated; None before its first record. Values sent before are in it.

        Raises:
            NoProviderException: no state is called so.
            NotRunningError: before start or after stop.
            TimeoutError: no answer within ``timeout`` seconds.
        """
        asked = self.outside.state(field, indexer)
        state: State[Any] | None = asked.within(timeout, f"state {field!r} gave no answer")
        return state

    def query(self, field: str, indexer: Any = None, query: Query | Mapping[str, Any] | str | None = None) -> list[Any]:
        """The records of a state that a query means, by key ascending; all of them without one. As ``state``.

        Raises:
            QueryError: the query names what is not there, or compares what cannot be compared.
            NoProviderException: no state is called so.
            NotRunningError: before start or after stop.
        """
        records: list[Any] = self.outside.query(field, indexer, query).result()
        return records

    def send(self, field: str, value: Any, indexer: Any = None) -> None:
        """Queue a value as one tick of a channel; returns before the engine has seen it.

        A basket takes a dict by key (a list basket, a list with None for no tick), all in one engine cycle; or one
        value and its indexer.

        Raises:
            NoProviderException: nobody called ``add_send_channel`` for it.
            TypeError: a value of another type.
            SendRefusedError: too many sent values wait for the engine.
            NotRunningError: before start or after stop.
        """
        self.outside.send(field, value, indexer)

    def staged_channels(self) -> list[str]:
        """The channels from which records can be held back."""
        return self._bus.stages.staged()

    def stage_add(self, field: str, struct: Any = None, staging_ids: Sequence[str] | None = None) -> list[str]:
        """Hold a record back from a channel, or open a new staging; the ids of the stagings that were touched.

        Of a list channel ``struct`` may be a list, of a basket it is a dict by key. All or nothing is done.

        Args:
            struct: None opens an empty staging.
            staging_ids: None is the newest staging, or a new one if none is open. An empty list is every staging that
                lacks the record, or a new one if none does.

        Raises:
            NoProviderException: the channel is not staged.
            TypeError: a record of another type.
            StagingArgumentError: a ``ValueError``: staging ids, and no record.
            UnknownStagingError: a ``KeyError``: no staging of one of the ids is open.
            StagingFullError: more stagings or records than one channel may have.
            NotRunningError: before start or after stop.
        """
        return self._bus.stages.add(field, struct, staging_ids)

    def stage_remove(self, field: str, struct: Any = None, staging_ids: Sequence[str] | None = None) -> list[str]:
        """Take a record back, found by its id, or whole stagings; the ids of the stagings that were touched.

        Args:
            struct: a record or its id. None drops the newest staging (``staging_ids`` None), or all (an empty list),
                or empties those named and keeps them open.
            staging_ids: None is the newest staging that holds the record, an empty list every one. Those that are not
                open are passed over.

        Raises:
            NoProviderException: the channel is not staged.
            NotRunningError: before start or after stop.
        """
        return self._bus.stages.remove(field, struct, staging_ids)

    def stage_release(self, field: str, staging_ids: Sequence[str] | None = None) -> dict[str, list[Any]]:
        """Let staged records into the channel, in order, one tick each; what each staging held, by its id.

        Args:
            staging_ids: None and an empty list are all stagings; those that are not open are passed over.

        Raises:
            NoProviderException: the channel is not staged.
            NotRunningError: before start or after stop.
        """
        return self._bus.stages.release(field, staging_ids)

    def stage_list(self, field: str, staging_id: str | None = None) -> list[str]:
        """The ids of the open stagings, the newest last; with an id, that one if it is open.

        Raises:
            NoProviderException: the channel is not staged.
            NotRunningError: before start or after stop.
        """
        return self._bus.stages.ids(field, staging_id)

    def stage_lookup(self, field: str, staging_id: str | None = None) -> dict[str, list[Any]]:
        """What the open stagings hold back, by their ids; with an id, that one if it is open.

        Raises:
            NoProviderException: the channel is not staged.
            NotRunningError: before start or after stop.
        """
        return self._bus.stages.lookup(field, staging_id)

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
