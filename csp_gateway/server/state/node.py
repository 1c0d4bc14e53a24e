"""The csp nodes that feed a state: from a stream, from a stream of lists, and from many of either."""

# A node's signature is csp's own language: type variables in quotes, no return type.
# mypy: disable-error-code="untyped-decorator,no-untyped-def,attr-defined,valid-type"

from datetime import timedelta
from typing import Any, List, TypeVar, get_args, get_origin  # noqa: UP035  # csp reads typing.List

import csp
from csp import ts
from csp.impl.wiring.edge import Edge

from csp_gateway.server.state.state import State

__all__ = ["build_track_state_node", "collected", "keep_in_graph"]

S = TypeVar("S")
T = TypeVar("T")


@csp.node
def collect(x: ts["T"], into: "~S") -> ts["S"]:
    """The state, whenever a record was inserted."""
    if csp.ticked(x):
        into.insert(x)
        return into


@csp.node
def collect_lists(x: ts[List["T"]], into: "~S") -> ts["S"]:  # noqa: UP006
    """The state, whenever records were inserted: all of a list in the cycle in which it ticked."""
    if csp.ticked(x) and x:
        into.insert_all(x)
        return into


@csp.node
def collect_streams(x: List[ts["T"]], into: "~S") -> ts["S"]:  # noqa: UP006
    """The state, whenever records were inserted, of any number of streams in one cycle."""
    if csp.ticked(x):
        into.insert_all(x.tickedvalues())
        return into


@csp.node
def collect_streams_of_lists(x: List[ts[List["T"]]], into: "~S") -> ts["S"]:  # noqa: UP006
    """The state, whenever records were inserted, of any number of lists in one cycle."""
    if csp.ticked(x):
        records = [record for tick in x.tickedvalues() for record in tick]
        if records:
            into.insert_all(records)
            return into


@csp.node
def let_go_of_the_old(inserted: ts["S"], state: "~S") -> ts["S"]:
    """The state, whenever a record was inserted, and whenever one has become too old, at that very engine time."""
    with csp.alarms():
        due = csp.alarm(bool)
    with csp.state():
        s_waits = False
    if csp.ticked(due):
        s_waits = False
    went = state.let_go(csp.now())
    if not s_waits and state.due is not None:
        # Of many that are due at once, some are left for the next engine cycle.
        csp.schedule_alarm(due, max(state.due - csp.now(), timedelta(0)), True)
        s_waits = True
    if csp.ticked(inserted) or went:
        return state


@csp.node
def keep_in_graph(x: ts["T"]):
    """Have ``x`` computed though nobody reads it; costs nothing a tick."""
    with csp.start():
        csp.make_passive(x)
    if csp.ticked(x):
        pass


def collected(edges: Edge | list[Edge], state: State[Any], *, listed: bool) -> Edge:
    """Let a state collect what ticks, within a csp graph.

    Args:
        edges: one edge, or those of a basket.
        state: takes the records.
        listed: whether each tick is a list of records.

    Returns:
        An edge of ``type(state)`` that ticks the state itself in each cycle in which something was inserted, or has
        become too old. csp leaves out what nobody reads: see ``keep_in_graph``.
    """
    inserted = _inserted(edges, state, listed)
    return inserted if state.ttl is None else let_go_of_the_old(inserted, state)


def _inserted(edges: Edge | list[Edge], state: State[Any], listed: bool) -> Edge:
    if not isinstance(edges, list):
        return collect_lists(edges, state) if listed else collect(edges, state)
    if not edges:
        return csp.null_ts(type(state))
    return collect_streams_of_lists(edges, state) if listed else collect_streams(edges, state)


def build_track_state_node(edge: Edge, keyby: str | tuple[str, ...]) -> Edge:
    """The state of an edge of records or of lists of them, as an edge that ticks with every insert.

    Raises:
        StateError: a ``ValueError``: the records have no such attribute.
    """
    ticks = edge.tstype.typ
    listed = get_origin(ticks) is list
    kind: type[State[Any]] = State.__class_getitem__(get_args(ticks)[0] if listed else ticks)
    return collected(edge, kind(keyby), listed=listed)
