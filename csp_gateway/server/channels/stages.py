"""STAGING: every staged channel of one build, and what may be done to its stagings."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import csp
from csp import ts
from csp.impl.wiring.edge import Edge

from csp_gateway.errors import (
    CannotStageError,
    GatewayException,
    NoProviderException,
    NotRunningError,
    WrongEdgeError,
)
from csp_gateway.server.channels.ledger import calling_line
from csp_gateway.server.channels.marks import Stage
from csp_gateway.server.channels.packing import packing_of
from csp_gateway.server.channels.promise import Promise
from csp_gateway.server.channels.schema import Schema
from csp_gateway.server.channels.supplies import spread
from csp_gateway.server.channels.wiring import Wiring
from csp_gateway.server.staging import Listener, StagedChannel, StagingEvent, StagingRequest, build_staging_node
from csp_gateway.server.structs import is_gateway_struct_like

__all__ = ["Stages"]


class Stages:
    """The staged channels of one build of the graph.

    ``add``, ``remove``, ``release``, ``ids`` and ``lookup`` are for any thread, the engine's included, while the graph
    runs; in simulated time for the engine's alone. None of them waits for the engine.

    Args:
        schema: what the channels class declares; what wears ``Stage()`` is staged.
        wiring: where released records go.
    """

    def __init__(self, schema: Schema, wiring: Wiring) -> None:
        self._schema = schema
        self._wiring = wiring
        self._staged: dict[str, StagedChannel] = {}
        self._events: dict[str, Edge] = {}
        self._requests: dict[str, list[Edge]] = {}
        self._listeners: dict[str, list[Listener]] = {}
        self._asked: dict[str, str] = {}
        """Channel → the first line that has something to do with its stagings."""
        for field, declaration in schema.items():
            if any(isinstance(mark, Stage) for mark in declaration.marks):
                self._stage(field, f"{schema.owner}.{field}, which wears Stage()")

    # While the graph is built.

    def open(self, field: str) -> None:
        """Let records be held back from a channel; saying it again changes nothing.

        Raises:
            UnknownChannelError: there is no such channel.
            CannotStageError: a static value, or a channel whose records are no GatewayStructs.
            WiringError: the graph is closed.
        """
        if field in self._schema.statics:
            raise CannotStageError(f"{self._where(field)}: a static value does not tick, and cannot be staged")
        self._wiring.refuse_when_bound(field)
        if field not in self._staged:
            self._stage(field, self._where(field))

    def events(self, field: str) -> Edge:
        """What happens to the stagings of a channel, as an edge of ``StagingEvent``; it may be staged later."""
        self._ask(field)
        if field not in self._events:
            self._events[field] = Promise(ts[StagingEvent])
        return self._events[field]

    def add_listener(self, field: str, listener: Listener) -> None:
        """Have ``listener`` told whatever happens to the stagings of a channel; it may be staged later."""
        self._ask(field)
        if not callable(listener):
            raise TypeError(f"{self._where(field)}: a listener is called, and {listener!r:.80} cannot be")
        self._listeners.setdefault(field, []).append(listener)

    def set_requests(self, field: str, edge: Edge) -> None:
        """Carry out what ticks on ``edge``; several edges may be set, and the channel may be staged later.

        Raises:
            WrongEdgeError: no edge of ``StagingRequest``.
        """
        self._ask(field)
        if not isinstance(edge, Edge):
            raise WrongEdgeError(
                f"{self._where(field)}: expected a ts[StagingRequest] edge, got {type(edge).__name__} {edge!r:.80}"
            )
        if edge.tstype != ts[StagingRequest]:
            raise WrongEdgeError(f"{self._where(field)}: expected a ts[StagingRequest] edge, got one of {edge.tstype}")
        self._requests.setdefault(field, []).append(edge)

    def _stage(self, field: str, where: str) -> None:
        declaration = self._schema[field]
        if not is_gateway_struct_like(declaration.element):
            raise CannotStageError(
                f"{where}: a staged record is found by its id, which only a GatewayStruct has, "
                f"and this is a channel of {declaration}"
            )
        self._staged[field] = StagedChannel(field, packing_of(declaration, self._wiring.streams))

    def bind(self) -> None:
        """Every module is connected: what is released joins the channels.

        Raises:
            NoProviderException: a module has something to do with the stagings of a channel that is not staged.
        """
        for field, line in self._asked.items():
            self._find(field, f" ({line})")
        for field, staged in self._staged.items():
            staged.journal.followed = field in self._events
            for listener in self._listeners.get(field, ()):
                staged.listen(listener)
            events = self._supply(field, staged)
            if field in self._events:
                self._events[field].bind(events)

    def _supply(self, field: str, staged: StagedChannel) -> Edge:
        """Let what is released into the channel; its events."""
        declaration = self._schema[field]
        keys = self._wiring.keys[field] if declaration.is_basket else None
        if keys == ():
            staged.close(CannotStageError(f"channel {field!r}: the basket was given no keys, so nothing can be staged"))
            return csp.null_ts(StagingEvent)
        ticks, requests = declaration.ticks, self._requests.get(field, ())
        released, events = build_staging_node(staged, requests, ticks if keys is None else object)
        supply = released if keys is None else spread(released, list(keys), ticks)
        self._wiring.supply(field, supply, by=f"Stage[{field}]")
        return events

    # While it runs.

    def staged(self) -> list[str]:
        """The channels that are staged, in declaration order."""
        return [field for field in self._schema if field in self._staged]

    def add(self, field: str, struct: Any = None, staging_ids: Sequence[str] | None = None) -> list[str]:
        """Hold a record back, or open a staging; the ids of the stagings that were touched.

        Raises:
            NoProviderException: the channel is not staged.
            TypeError: a record of another type.
            StagingArgumentError: staging ids, and no record.
            UnknownStagingError: no staging of one of the ids is open; nothing was added to the others either.
            StagingFullError: more stagings or records than one channel may have.
            NotRunningError: before the start or after the end.
        """
        return self._find(field).add(struct, _ids(field, staging_ids))

    def remove(self, field: str, struct: Any = None, staging_ids: Sequence[str] | None = None) -> list[str]:
        """Take a record back, found by its id, or whole stagings; the ids of the stagings that were touched."""
        return self._find(field).remove(struct, _ids(field, staging_ids))

    def release(self, field: str, staging_ids: Sequence[str] | None = None) -> dict[str, list[Any]]:
        """Let what is staged into the channel, all of it or that of some stagings; staging id → its items."""
        return self._find(field).release(_ids(field, staging_ids))

    def ids(self, field: str, staging_id: str | None = None) -> list[str]:
        """The open stagings, the newest last; with an id, that one if it is open."""
        return self._find(field).ids(staging_id)

    def lookup(self, field: str, staging_id: str | None = None) -> dict[str, list[Any]]:
        """What is staged: staging id → its items; with an id, that one if it is open."""
        return self._find(field).lookup(staging_id)

    def drain(self, timeout: float, running: Callable[[], bool]) -> int:
        """Let nothing more in, and wait until all that was released has ticked; how much has not.

        Args:
            timeout: seconds to wait at most.
            running: whether the engine runs; one that has ended is not waited for.
        """
        self.close(NotRunningError("the gateway is stopping"))
        end = time.monotonic() + timeout
        staged = self._staged.values()
        while (left := sum(each.journal.pending for each in staged)) and running() and time.monotonic() < end:
            time.sleep(0.005)
        return left

    def close(self, reason: GatewayException) -> None:
        """Refuse who comes from now on, with ``reason``."""
        for staged in self._staged.values():
            staged.close(reason)

    def statistics(self) -> dict[str, dict[str, int]]:
        """For each staged channel what is staged, what waits, and what went wrong."""
        return {field: self._staged[field].statistics() for field in self.staged()}

    # What is refused, in words.

    def _find(self, field: str, asked: str = "") -> StagedChannel:
        if field not in self._staged:
            if field not in self._schema:
                raise NoProviderException(f"{self._schema.unknown(field)}{asked}")
            staged = f"staged are {', '.join(self.staged())}" if self._staged else "no channel is staged"
            raise NoProviderException(
                f"channel {field!r} of {self._schema.owner} is not staged{asked}: call "
                f"channels.set_stage({field!r}) in a connect, or declare it with Annotated[…, Stage()]; {staged}"
            )
        return self._staged[field]

    def _ask(self, field: str) -> None:
        self._wiring.refuse_when_bound(field)
        self._asked.setdefault(field, f"{self._wiring.owner.name}.connect, {calling_line()}")

    def _where(self, field: str) -> str:
        return f"{self._schema.owner}.{field}, in {self._wiring.owner.name}.connect at {calling_line()}"


def _ids(field: str, staging_ids: Sequence[str] | None) -> list[str] | None:
    """Staging ids as a list; None stays None."""
    if staging_ids is None:
        return None
    ids = [staging_ids] if isinstance(staging_ids, str) else list(staging_ids)
    if not all(isinstance(each, str) for each in ids):
        raise TypeError(f"channel {field!r}: staging ids are strings, got {staging_ids!r:.80}")
    return ids
