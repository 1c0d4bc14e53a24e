"""GatewayChannels: the one object modules and the outside see; each method is one line into its part."""

from typing import Any, ClassVar, TypeVar

from csp.impl.wiring.edge import Edge
from pydantic import BaseModel, ConfigDict, PrivateAttr

from csp_gateway.errors import GatewayException
from csp_gateway.server.channels.bus import Bus
from csp_gateway.server.channels.names import ChannelNames
from csp_gateway.server.channels.outside import Outside
from csp_gateway.server.channels.schema import Schema, read_schema

__all__ = ["Channels", "ChannelsType", "GatewayChannels"]


class GatewayChannels(BaseModel, metaclass=ChannelNames):
    """The named streams of a gateway: modules wire them, the outside reads them and sends to them.

    A subclass declares a channel as ``prices: ts[Price] = None`` (or ``ts[List[Price]]``: each tick a list); any other
    annotation is a static value. On the class, ``MyChannels.prices`` is the channel's name.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    declared: ClassVar[Schema] = Schema("GatewayChannels", {})
    _bus: Bus = PrivateAttr()

    @classmethod
    def __pydantic_on_complete__(cls) -> None:
        cls.declared = read_schema(cls)

    def model_post_init(self, context: Any, /) -> None:
        """A channels object is ready to be wired."""
        self._bus = Bus(self.declared)

    # What is declared.

    @classmethod
    def fields(cls) -> list[str]:
        """The names of all channels and static values, as declared."""
        return list(cls.model_fields)

    @classmethod
    def get_outer_type(cls, field: str) -> Any:
        """The annotation of a channel or static value."""
        return cls.model_fields[field].annotation if field in cls.model_fields else cls.declared[field]

    # The inside: called by modules while the graph is built.

    def get_channel(self, field: str, indexer: Any = None) -> Edge:
        """The ticking edge of a channel; it may be set later, by any module.

        A static field's value is returned as it is.

        Raises:
            UnknownChannelError: there is no such field; the message names the nearest.
        """
        if field in self.__class__.model_fields and field not in self.declared:
            return getattr(self, field)
        return self._bus.wiring.get(self._plain(field, indexer))

    def set_channel(self, field: str, edge: Edge, indexer: Any = None) -> None:
        """Supply a channel with an edge. A channel may be set many times; all supplies are merged, none is lost.

        Raises:
            UnknownChannelError: there is no such channel; the message names the nearest.
            WrongEdgeError: a ``TypeError``: not an edge, or one of another type.
        """
        self._bus.wiring.set(self._plain(field, indexer), edge)

    def add_send_channel(self, field: str, indexer: Any = None) -> None:
        """Let the outside send to a channel. Saying it again changes nothing.

        Raises:
            UnknownChannelError: there is no such channel.
        """
        self._bus.open_send(self._plain(field, indexer))

    def expose(self, field: str) -> None:
        """Keep the channel's newest tick at hand from the start, so that ``last`` never visits the engine."""
        self._bus.expose(field)

    # The outside: called from any thread while the graph runs.

    @property
    def outside(self) -> Outside:
        """The same calls as futures, for asyncio and for who waits for several at once."""
        return self._bus.outside

    def last(self, field: str, indexer: Any = None, *, timeout: float | None = None) -> Any:
        """The newest value of a channel, None if it has not ticked. Values sent before are in it.

        Raises:
            NoProviderException: nobody sets the channel.
            NotRunningError: before start or after stop.
            TimeoutError: no answer within ``timeout`` seconds.
        """
        return self.outside.last(self._plain(field, indexer)).result(timeout)

    def next(self, field: str, indexer: Any = None, *, timeout: float | None = None) -> Any:
        """Wait for the coming tick of a channel; None if the gateway stops before.

        Raises:
            NoProviderException: nobody sets the channel.
            NotRunningError: before start or after stop, or the engine failed while waiting.
            TimeoutError: no tick within ``timeout`` seconds.
        """
        return self.outside.next(self._plain(field, indexer)).result(timeout)

    def send(self, field: str, value: Any, indexer: Any = None) -> None:
        """Queue a value as one tick of a channel; returns before the engine has seen it.

        Raises:
            NoProviderException: nobody called ``add_send_channel`` for it.
            TypeError: a value of another type.
            SendRefusedError: too many sent values wait for the engine.
            NotRunningError: before start or after stop.
        """
        self.outside.send(self._plain(field, indexer), value)

    # What is known of the build.

    def is_provided(self, field: str) -> bool:
        """Whether anybody sets the channel; known once every module is connected."""
        return self._bus.wiring.ledger.is_provided(field)

    def sendable(self) -> list[str]:
        """The channels the outside may send to."""
        return self._bus.sends.fields()

    def drain(self, timeout: float) -> int:
        """Take no more sends, and wait at most ``timeout`` seconds until the engine has seen them all; how many not."""
        return self._bus.sends.drain(timeout)

    def statistics(self) -> dict[str, Any]:
        """What waits where."""
        return self._bus.statistics()

    def renew(self) -> Bus:
        """Forget the edges of the last build and start a new one; for who assembles a graph."""
        self._bus = Bus(self.declared)
        return self._bus

    def _plain(self, field: str, indexer: Any) -> str:
        if indexer is not None and indexer != "" and field in self.declared:
            raise GatewayException(f"channel {field!r} is not a basket: leave the indexer {indexer!r} out")
        return field


Channels = GatewayChannels
ChannelsType = TypeVar("ChannelsType", bound=GatewayChannels)
