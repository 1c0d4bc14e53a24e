"""STATE: every state of one build by its name, declared or set, asked for as an edge or from outside."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from csp import ts
from csp.impl.wiring.edge import Edge

from csp_gateway.errors import (
    NoProviderException,
    StateError,
    UnknownChannelError,
    WrongEdgeError,
    WrongIndexerError,
    did_you_mean,
)
from csp_gateway.server.channels.ledger import Entry, calling_line, spelled_key
from csp_gateway.server.channels.promise import Promise
from csp_gateway.server.channels.schema import Schema
from csp_gateway.server.channels.state_marks import state_marks
from csp_gateway.server.channels.streams import Stream, is_none, spelled
from csp_gateway.server.channels.wiring import Wiring
from csp_gateway.server.state import State, collected, keep_in_graph

__all__ = ["States"]


@dataclass(frozen=True, slots=True)
class _Collected:
    """One state."""

    stream: Stream
    """What it collects; of a basket without a key, every key."""
    state: State[Any]
    by: str
    """Who wants it, and where, for an error."""


@dataclass(slots=True)
class _Asked:
    """A state that modules get, whether it is set already or not."""

    promise: Promise
    askers: list[Entry] = field(default_factory=list)


class States:
    """The states of one build of the graph.

    A state has a name, the ``alias`` of its mark or that of its channel, and where it collects one key of a basket,
    that key. ``s_<name>`` is understood as ``<name>`` where nothing else is called so.

    Args:
        schema: what the channels class declares; what wears ``State(…)`` is collected, whether anybody asks or not.
        wiring: the channels to collect. A state claims no provider: it stays empty where there is none.
        promised: channels whose state a module has said it will set.
    """

    def __init__(self, schema: Schema, wiring: Wiring, promised: Collection[str] = ()) -> None:
        self._schema = schema
        self._wiring = wiring
        self._promised = promised
        self._states: dict[str, dict[Any, _Collected]] = {}
        """Alias → key → the state; the key is None where it collects all of its channel."""
        self._edges: dict[str, list[Edge]] = {}
        self._asked: dict[Stream, _Asked] = {}
        """``(alias, key)`` → who gets the state."""
        for alias, name, key, mark in state_marks(schema):
            state = self._state_type(name)(mark.keyby, max_rows=mark.max_rows, ttl=mark.ttl, tombstone=mark.tombstone)
            self._add(alias, _Collected((name, key), state, f"{schema.owner}.{name}, which wears State(…)"))

    # While the graph is built.

    def collect(
        self,
        channel: str | Edge,
        keyby: str | tuple[str, ...],
        indexer: Any = None,
        alias: str | None = None,
        **limits: Any,
    ) -> None:
        """Keep the newest record per key of a channel; saying it again changes nothing.

        Args:
            channel: its name; or an edge that was got from it or set to it.
            keyby: the attribute that tells records apart, or a tuple of them, with dots into nested structs.
            indexer: of a basket, the one key to collect; None for all.
            alias: what the state is called; None for the name of the channel.
            limits: ``max_rows``, ``ttl`` and ``tombstone``, as ``State`` has them.

        Raises:
            UnknownChannelError: there is no such channel or key.
            WrongEdgeError: a ``TypeError``: neither a name nor an edge.
            WrongIndexerError: a key, and the channel is no basket.
            StateError: a ``ValueError``: an edge that is no channel's, a ``keyby`` that the records do not have, or
                another than the state is collected by already.
            WiringError: the graph is closed.
        """
        name, key = self._meant(channel, indexer)
        by = self._where((name, key))
        try:
            state = self._state_type(name)(keyby, **limits)
        except StateError as error:
            raise StateError(f"{by}: {error}") from None
        if alias is not None and alias != name and alias in self._schema:
            raise StateError(f"{by}: a state cannot be called {alias!r}, which is another channel")
        self._add(alias or name, _Collected((name, key), state, by))

    def edge(self, alias: str, indexer: Any = None) -> Edge:
        """The state object, as an edge that ticks in each cycle in which a record is inserted; it may be set later.

        Raises:
            NoProviderException: no state and no channel is called so; the message names the nearest.
            UnknownChannelError: the channel has no such key.
            WiringError: the graph is closed.
        """
        alias = self._canonical(alias)
        if alias not in self._states and alias not in self._schema:
            raise NoProviderException(f"{self._unknown(alias)} ({self._wiring.owner.name}.connect, {calling_line()})")
        name = self.field_of(alias)
        self._wiring.refuse_when_bound(name)
        key = None if is_none(indexer) else self._wiring.stream(name, indexer)[1]
        asked = self._asked.get((alias, key))
        if asked is None:
            asked = self._asked[alias, key] = _Asked(Promise(ts[self._state_type(name)]))
        asked.askers.append(Entry(self._wiring.owner, calling_line(), key))
        return asked.promise

    def bind(self) -> None:
        """Every module is connected: let each state collect its channel; called before the wiring is bound.

        Raises:
            NoProviderException: a state that a module gets is set by none.
            UnknownChannelError: a ``State`` mark names a key that the basket was not given.
        """
        edges = {}
        for each in [each for states in self._states.values() for each in states.values()]:
            edge = edges[id(each.state)] = self._edge_of(each)
            self._edges.setdefault(each.stream[0], []).append(edge)
        for (alias, key), asked in self._asked.items():
            try:
                state = self.find(alias, key)
            except NoProviderException as error:
                raise NoProviderException(f"{error}; got by {', '.join(map(str, asked.askers))}") from None
            asked.promise.bind(edges[id(state)])

    # When every module is connected.

    def edges_of(self, field: str) -> list[Edge]:
        """The edges that tick what is collected of a channel."""
        return self._edges.get(field, [])

    def field_of(self, alias: str) -> str:
        """The channel that a state collects, or will."""
        alias = self._canonical(alias)
        for each in self._states.get(alias, {}).values():
            return each.stream[0]
        return alias

    def find(self, alias: str, indexer: Any = None) -> State[Any]:
        """A state by its name; without a key, also the only one that collects a key.

        It is empty, ``len(state) == 0``, until the first record came.

        Raises:
            NoProviderException: there is none; the message names the nearest, or the keys that are collected.
        """
        alias = self._canonical(alias)
        states = self._states.get(alias)
        if states is None:
            raise NoProviderException(self._unknown(alias))
        key = None if is_none(indexer) else indexer
        if key is None and len(states) == 1:
            (only,) = states.values()
            return only.state
        try:
            return states[key].state
        except (KeyError, TypeError):
            pass
        kept = ", ".join("all keys together" if each is None else spelled_key(each) for each in states)
        asked = "which key?" if key is None else f"not of key {key!r}:"
        raise NoProviderException(f"Nobody provides state {alias!r} so: {asked} it is collected of {kept}")

    def aliases(self) -> list[str]:
        """The names of all states, the declared ones first; until the graph is closed, those that were promised too."""
        return list(dict.fromkeys([*self._states, *(() if self._wiring.bound else self._promised)]))

    def named(self, alias: str) -> dict[Any, State[Any]]:
        """The states that are called so, by the one key of a basket that each collects; None where it is all.

        Raises:
            NoProviderException: there is none; the message names the nearest.
        """
        alias = self._canonical(alias)
        if alias not in self._states:
            raise NoProviderException(self._unknown(alias))
        return {key: each.state for key, each in self._states[alias].items()}

    def tables(self) -> dict[str, tuple[str, State[Any]]]:
        """What SQL can be asked of: ``quotes`` or ``by_side[BUY]`` → the channel, and its state, if it holds structs.

        A state that collects one key, and is the only one called so, goes by its name alone too.
        """
        tables = {}
        for alias, states in self._states.items():
            for key, each in states.items():
                if each.state.table is not None:
                    tables[spelled((alias, key))] = (each.stream[0], each.state)
            if len(states) == 1 and each.state.table is not None:
                tables.setdefault(alias, (each.stream[0], each.state))
        return tables

    def close(self) -> None:
        """Give back what DuckDB took for the states."""
        for states in self._states.values():
            for each in states.values():
                each.state.close()

    def statistics(self) -> dict[str, dict[str, Any]]:
        """What each state, ``quotes`` or ``quotes[BUY]``, tells of itself."""
        return {
            spelled((alias, key)): each.state.statistics()
            for alias, states in self._states.items()
            for key, each in states.items()
        }

    def _edge_of(self, collecting: _Collected) -> Edge:
        name, key = collecting.stream
        try:
            edges = self._wiring.promises(name) if key is None else self._wiring.promise(name, key)
        except UnknownChannelError as error:
            raise UnknownChannelError(f"{collecting.by}: {error}") from None
        edge = collected(
            list(edges.values()) if isinstance(edges, dict) else edges,
            collecting.state,
            listed=self._schema[name].listed,
        )
        keep_in_graph(edge)
        return edge

    def _add(self, alias: str, collecting: _Collected) -> None:
        states = self._states.setdefault(alias, {})
        name, key = collecting.stream
        before = states.get(key)
        if before is not None and before.stream == collecting.stream and before.state.alike(collecting.state):
            return
        before = before or next((each for each in states.values() if each.stream[0] != name), None)
        if before is not None:
            raise StateError(
                f"{collecting.by}: the state {spelled((alias, key))!r} is collected by {before.state.terms} of "
                f"{spelled(before.stream)!r} already ({before.by}), and cannot be by {collecting.state.terms} too; "
                f"wear State(…, alias=…) for another"
            )
        states[key] = collecting

    def _meant(self, channel: str | Edge, indexer: Any) -> Stream:
        """The channel and key of what ``collect`` was given."""
        if isinstance(channel, Edge):
            found = self._wiring.field_of(channel)
            if found is None:
                raise StateError(
                    f"{self._schema.owner}, in {self._wiring.owner.name}.connect at {calling_line()}: the edge is no "
                    f"channel's: set a channel to it first, or name the channel"
                )
            if not is_none(indexer) and indexer != found[1]:
                raise WrongIndexerError(f"{self._where(found)}: the edge is not the one of the indexer {indexer!r}")
            return found
        if not isinstance(channel, str):
            raise WrongEdgeError(
                f"{self._schema.owner}, in {self._wiring.owner.name}.connect at {calling_line()}: a state is of a "
                f"channel's name or edge, not of {type(channel).__name__} {channel!r:.80}"
            )
        if channel not in self._schema and channel.removeprefix("s_") in self._schema:
            channel = channel.removeprefix("s_")
        self._wiring.refuse_when_bound(channel)
        return channel, None if is_none(indexer) else self._wiring.stream(channel, indexer)[1]

    def _canonical(self, alias: str) -> str:
        for each in (alias, alias.removeprefix("s_")):
            if each in self._states or each in self._schema:
                return each
        return alias

    def _state_type(self, name: str) -> type[State[Any]]:
        kind: type[State[Any]] = State.__class_getitem__(self._schema[name].element)
        return kind

    def _where(self, stream: Stream) -> str:
        return f"{self._schema.owner}.{spelled(stream)}, in {self._wiring.owner.name}.connect at {calling_line()}"

    def _unknown(self, alias: str) -> str:
        if alias in self._schema:
            return (
                f"Nobody provides a state of {alias!r}: call channels.set_state({alias!r}, keyby) in a connect, or "
                f"declare it with Annotated[…, State(keyby)]"
            )
        # Until the graph is closed, any channel may yet have one.
        known = {*self.aliases(), *(() if self._wiring.bound else self._schema)}
        return f"Nobody provides state {alias!r}; {did_you_mean(alias, known)}"
