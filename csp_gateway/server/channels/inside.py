"""THE INSIDE: what modules ask of a channels object while the graph is built; each method is one line into its part."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from csp.impl.wiring.edge import Edge

from csp_gateway.server.channels.bus import Bus
from csp_gateway.server.channels.limits import Keep
from csp_gateway.server.staging import Listener

__all__ = ["Inside"]


class Inside:
    """The half of ``GatewayChannels`` that a module's ``connect`` uses."""

    if TYPE_CHECKING:
        _bus: Bus

    def get_channel(self, field: str, indexer: Any = None) -> Any:
        """The ticking edge of a channel; it may be set later, by any module.

        Of a basket all its edges, as a dict by key (of a list basket as a list); with an indexer the edge of one key.
        A static field's value is returned as it is.

        Raises:
            UnknownChannelError: there is no such field or key; the message names the nearest.
            WrongIndexerError: an indexer, and the channel is no basket.
        """
        if field in self._bus.wiring.schema.statics:
            return getattr(self, field)
        return self._bus.wiring.get(field, indexer)

    def set_channel(self, field: str, edge: Edge | Mapping[Any, Edge] | list[Edge], indexer: Any = None) -> None:
        """Supply a channel with an edge. A channel may be set many times; all supplies are merged, none is lost.

        A basket is given a dict with some or all of its keys (a list basket, a list of all positions), or one edge and
        its indexer.

        Raises:
            UnknownChannelError: there is no such channel or key; the message names the nearest.
            WrongEdgeError: a ``TypeError``: not an edge, or one of another type.
            WrongIndexerError: an indexer, and the channel is no basket; or with several edges.
        """
        self._bus.wiring.set(field, edge, indexer)

    def add_send_channel(self, field: str, indexer: Any = None) -> None:
        """Let the outside send to a channel, or of a basket to one key, or to all. Saying it again changes nothing.

        Raises:
            UnknownChannelError: there is no such channel or key.
            WrongIndexerError: an indexer, and the channel is no basket.
        """
        self._bus.open_send(field, indexer)

    def set_state(
        self,
        field: str | Edge,
        keyby: str | tuple[str, ...] = ("id",),
        indexer: Any = None,
        *,
        alias: str | None = None,
        max_rows: int | None = None,
        ttl: timedelta | float | None = None,
        tombstone: Any = None,
    ) -> None:
        """Keep the newest record per key of a channel, to be asked for by ``query``. Saying it again changes nothing.

        Args:
            field: a channel's name, or an edge that was got from it or set to it.
            keyby: the attribute that tells records apart, or a tuple of them; dots lead into nested structs.
            indexer: of a basket, the one key to collect; None for all.
            alias: what the state is called; None for the name of the channel.
            max_rows: how many records to keep at most; those go first whose key has not ticked for longest.
            ttl: how long to keep a record that no other of its key follows, in engine time; also in seconds.
            tombstone: a filter, as a query has it, that a record passes which ends its key.

        Raises:
            UnknownChannelError: there is no such channel or key.
            StateError: a ``ValueError``: the records have no such attribute; or the state is collected by another.
            WrongEdgeError: a ``TypeError``: neither a name nor an edge.
        """
        limits = {"max_rows": max_rows, "ttl": ttl, "tombstone": tombstone}
        self._bus.states.collect(field, keyby, indexer, alias, **limits)

    def get_state(self, field: str, indexer: Any = None) -> Edge:
        """A state as an edge that ticks the state itself whenever a record is inserted; it may be set later.

        Raises:
            NoProviderException: no state and no channel is called so; the message names the nearest.
        """
        return self._bus.states.edge(field, indexer)

    def set_stage(self, field: str) -> None:
        """Let records be held back from a channel until they are released. Saying it again changes nothing.

        Raises:
            UnknownChannelError: there is no such channel.
            CannotStageError: a ``TypeError``: a static value, or a channel whose records are no GatewayStructs.
        """
        self._bus.stages.open(field)

    def get_stage_events(self, field: str) -> Edge:
        """What happens to the stagings of a channel, as an edge of ``StagingEvent``."""
        return self._bus.stages.events(field)

    def add_stage_listener(self, field: str, listener: Listener) -> None:
        """Have ``listener`` called with what each change of the stagings did: a list of (action, staging id, records).

        It is called by a thread that changes stagings, never by two at once. What it raises is logged, and disturbs
        nobody.
        """
        self._bus.stages.add_listener(field, listener)

    def set_stage_requests(self, field: str, edge: Edge) -> None:
        """Carry out each ``StagingRequest`` that ticks on ``edge``, in the cycle after it ticked.

        Raises:
            WrongEdgeError: a ``TypeError``: no edge of ``StagingRequest``.
        """
        self._bus.stages.set_requests(field, edge)

    def expose(self, field: str, keep: Keep | None = None) -> None:
        """Keep the channel's newest ticks at hand from the start, so that ``last`` never visits the engine.

        Args:
            keep: how much of its history; what it leaves out is as the gateway's settings say.
        """
        self._bus.expose(field, keep)
