"""WIRING: edges promised by ``get``, supplied by ``set``, joined at ``bind``."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, get_args, get_origin

import csp
from csp.impl.wiring.edge import Edge

from csp_gateway.errors import UnknownChannelError, WiringError, WrongEdgeError, WrongIndexerError
from csp_gateway.server.channels.feedback import promises_under, settle_order
from csp_gateway.server.channels.kinds import Declaration
from csp_gateway.server.channels.ledger import Entry, Ledger, Owner, calling_line
from csp_gateway.server.channels.promise import Promise
from csp_gateway.server.channels.schema import Schema
from csp_gateway.server.channels.streams import Stream, Streams, is_none, spelled
from csp_gateway.server.channels.supplies import merged, one_ahead, silent_until

__all__ = ["Wiring"]

_NOBODY = Owner("the application")


class Wiring:
    """The edges of one build of the graph.

    ``get`` may come before ``set``: it hands out promises, edges that are bound to what the channel's setters supply
    once every module is connected. Several supplies of one stream are merged, and nothing is lost: values of one
    engine cycle follow each other in as many cycles of the same engine time.

    Args:
        schema: what the channels class declares.
        keys: basket → its keys, for those whose class does not fix them.
        silent_until: engine time (naive UTC) before which nothing that is sent ticks.
    """

    def __init__(
        self, schema: Schema, keys: Mapping[str, tuple[Any, ...]] | None = None, silent_until: datetime | None = None
    ) -> None:
        self.schema = schema
        self.streams = Streams(schema, keys or {})
        self.keys = self.streams.keys
        self.ledger = Ledger()
        self.owner = _NOBODY
        self.bound = False
        self.silent_until = silent_until
        self._promises: dict[Stream, Promise] = {}
        self._ahead: dict[Stream, Edge] = {}
        self._supplies: defaultdict[Stream, list[Edge]] = defaultdict(list)
        self._streams_of: defaultdict[int, list[Stream]] = defaultdict(list)
        """``id`` of an edge that was set → where."""

    @contextmanager
    def on_behalf_of(self, owner: Owner) -> Iterator[None]:
        """Write what is got and set inside down to ``owner``."""
        before, self.owner = self.owner, owner
        try:
            yield
        finally:
            self.owner = before

    # What modules get.

    def get(self, field: str, key: Any = None) -> Any:
        """The edge of a channel or of one key of a basket, or all edges of a basket, for a module.

        Raises:
            UnknownChannelError: there is no such channel or key.
            WrongIndexerError: a key for a channel that is no basket.
            WiringError: the graph is closed.
        """
        got = self.promises(field) if is_none(key) else self.promise(field, key)
        self.ledger.getters[field].append(Entry(self.owner, calling_line(), None if is_none(key) else key))
        return got

    def promises(self, field: str) -> Any:
        """The edge of a channel, or all edges of a basket, without a claim that anybody must provide them."""
        declaration = self._declaration(field)
        if declaration.container is None:
            return self.promise(field)
        edges = {key: self.promise(field, key) for key in self.keys[field]}
        return edges if declaration.container is dict else list(edges.values())

    def promise(self, field: str, key: Any = None) -> Edge:
        """One edge, without a claim that anybody must provide it."""
        self.refuse_when_bound(field)
        stream = self.stream(field, key)
        promise = self._promises.get(stream)
        if promise is None:
            promise = self._promises[stream] = Promise(self.schema[field].tstype)
            self._streams_of[id(promise)].append(stream)
        return promise

    def stream(self, field: str, key: Any = None) -> Stream:
        """A channel and a key that there are.

        Raises:
            UnknownChannelError, WrongIndexerError, WiringError: as ``Streams.one``, with who asked and from which line.
        """
        return self.streams.one(field, key, self._where)

    # What modules set.

    def set(self, field: str, edges: Any, key: Any = None) -> None:
        """One more supply of a channel, of one key of a basket, or of any number of keys at once.

        Raises:
            UnknownChannelError: there is no such channel or key.
            WrongEdgeError: not an edge, or an edge of another type than declared.
            WrongIndexerError: a key for a channel that is no basket, or with more than one edge.
            WiringError: one edge for a whole basket; the graph is closed.
        """
        self.refuse_when_bound(field)
        declaration = self._declaration(field)
        if declaration.is_basket and is_none(key):
            supplies = self._of_basket(declaration, edges)
        else:
            if declaration.is_basket and isinstance(edges, dict | list | tuple):
                raise WrongIndexerError(
                    f"{self._where(field)}: with the indexer {key!r} it takes one edge, got a {type(edges).__name__}: "
                    f"leave the indexer out, or give its edge alone"
                )
            supplies = {self.stream(field, key): edges}
        for stream, edge in supplies.items():
            self._refuse_wrong(declaration, stream, edge)
        self.ledger.setters[field].append(Entry(self.owner, calling_line(), None if is_none(key) else key))
        until = self.owner.silent_until
        for stream, edge in supplies.items():
            self._streams_of[id(edge)].append(stream)
            self._supplies[stream].append(edge if until is None else silent_until(edge, until))

    def supply(self, field: str, edges: Any, key: Any = None, *, by: str, ahead: bool = False) -> None:
        """What comes from within, such as what the outside sends.

        Args:
            edges: an edge; for a basket without ``key`` a dict of them.
            by: whose name stands in the connections graph.
            ahead: always in the cycle in which it ticks, before what modules set, and silent until the time for all;
                one such supply a stream.
        """
        whole = isinstance(edges, dict)
        until = self.silent_until
        for each, edge in edges.items() if whole else [(key, edges)]:
            stream = self.stream(field, each)
            if ahead:
                self._ahead[stream] = edge if until is None else silent_until(edge, until)
            else:
                self._supplies[stream].append(edge)
        self.ledger.setters[field].append(Entry(Owner(by), calling_line(), None if whole or is_none(key) else key))

    def field_of(self, edge: Edge) -> Stream | None:
        """The channel and key that an edge was got from or set to; None if there is none.

        Raises:
            WiringError: it was set to several.
        """
        streams = list(dict.fromkeys(self._streams_of.get(id(edge), ())))
        if len(streams) > 1:
            raise WiringError(f"the edge was set to {', '.join(map(spelled, streams))}: say which is meant by its name")
        return streams[0] if streams else None

    # When every module is connected.

    def refuse_when_bound(self, field: str) -> None:
        """Hold that the channel exists and that the graph can still be wired."""
        self._declaration(field)
        if self.bound:
            raise WiringError(
                f"{self.schema.owner}.{field} at {calling_line()}: the graph is closed; "
                f"channels are got and set in a module's connect"
            )

    def is_supplied(self, field: str, key: Any = None) -> bool:
        """Whether anybody sets the channel or, of a basket, the key; without a key, any of its keys."""
        keys = self.streams.of(field) if is_none(key) else (key,)
        return any((field, each) in self._supplies or (field, each) in self._ahead for each in keys)

    def bind(self) -> None:
        """Join what was promised with what was supplied; nothing can be got or set afterwards.

        Raises:
            NoProviderException: a module cannot do without a channel that nobody sets.
        """
        streams = self.streams.all()
        supplies = {stream: list(self._supplies.get(stream, ())) for stream in streams}
        self.ledger.refuse_debts(
            {field: self.streams.of(field) for field in self.schema},
            {s for s in streams if supplies[s] or s in self._ahead},
        )
        self.bound = True
        promised = {
            id(self._promises[stream]): 1 << number for number, stream in enumerate(streams) if stream in self._promises
        }
        known: dict[int, int] = {}
        needs = {
            number: [promises_under(edge, promised, known) for edge in supplies[stream]]
            for number, stream in enumerate(streams)
            if supplies[stream]
        }
        order, fed_back = settle_order(len(streams), needs)
        # An edge that closes several cycles is fed back once.
        late: dict[int, Any] = {}
        for number, index in sorted(fed_back):
            stream = streams[number]
            edge = supplies[stream][index]
            if id(edge) not in late:
                late[id(edge)] = csp.feedback(self.schema[stream[0]].ticks), edge
            supplies[stream][index] = late[id(edge)][0].out()
        for number in order:
            self._bind_one(streams[number], supplies[streams[number]])
        for feedback, edge in late.values():
            feedback.bind(edge)

    def _bind_one(self, stream: Stream, supplies: list[Edge]) -> None:
        if stream not in self._promises:
            return
        ahead = self._ahead.get(stream)
        edge = merged(supplies) if supplies else None
        if ahead is not None:
            edge = ahead if edge is None else one_ahead(ahead, edge)
        self._promises[stream].bind(csp.null_ts(self.schema[stream[0]].ticks) if edge is None else edge)

    # What is refused, in words.

    def _of_basket(self, declaration: Declaration, edges: Any) -> dict[Stream, Any]:
        """The edges given for a basket as a whole, each for its stream."""
        field, keys = declaration.name, self.keys[declaration.name]
        if declaration.container is dict and isinstance(edges, Mapping):
            return {self.stream(field, key): edge for key, edge in edges.items()}
        if declaration.container is list and isinstance(edges, list | tuple):
            if len(edges) != len(keys):
                raise WiringError(
                    f"{self._where(field)}: {len(edges)} edges for the {len(keys)} positions of {field!r}"
                )
            return {(field, key): edge for key, edge in zip(keys, edges, strict=True)}
        whole = "a dict of edges by key" if declaration.container is dict else "a list of edges"
        if isinstance(edges, Edge):
            raise WiringError(
                f"{self._where(field)}: {field!r} is a basket, {declaration}, and was given one edge: "
                f"say which key with the indexer, or give {whole}"
            )
        raise WrongEdgeError(
            f"{self._where(field)}: {field!r} is a basket, {declaration}: expected {whole}, "
            f"got {type(edges).__name__} {edges!r:.80}"
        )

    def _refuse_wrong(self, declaration: Declaration, stream: Stream, edge: Any) -> None:
        if isinstance(edge, Edge):
            if edge.tstype == declaration.tstype:
                return
            found = f"one of {_spelled_ts(edge.tstype)}"
        else:
            found = f"{type(edge).__name__} {edge!r:.80}"
        expected = _spelled_ts(declaration.tstype)
        raise WrongEdgeError(f"{self._where(spelled(stream))}: expected a {expected} edge, got {found}")

    def _declaration(self, field: str) -> Declaration:
        if field not in self.schema:
            raise UnknownChannelError(f"{self.schema.unknown(field)} ({self.owner.name}.connect, {calling_line()})")
        return self.schema[field]

    def _where(self, field: str) -> str:
        return f"{self.schema.owner}.{field}, in {self.owner.name}.connect at {calling_line()}"


def _spelled_ts(tstype: Any) -> str:
    ticks = getattr(tstype, "typ", tstype)
    element = get_args(ticks)[0] if get_origin(ticks) is list else ticks
    name = getattr(element, "__name__", str(element))
    return f"ts[{name}]" if element is ticks else f"ts[List[{name}]]"
