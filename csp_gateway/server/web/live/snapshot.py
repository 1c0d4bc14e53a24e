"""What stands when somebody begins to follow a channel, and the offset to go on from: no gap, and nothing twice."""

from __future__ import annotations

from typing import Any, NamedTuple

from csp_gateway.server.channels import Cell, History
from csp_gateway.server.state import State

__all__ = ["PORTION", "Standing", "newest_ticks", "records_of"]

PORTION = 200
"""Records of a state that are told in one message."""


class Standing(NamedTuple):
    """What stands.

    Attributes:
        start: the offset of the first tick that is not in it.
        records: by key of the basket, or under None; in portions for one message each.
    """

    start: int
    records: list[tuple[Any, list[Any]]]


def newest_ticks(cell: Cell, keys: frozenset[Any] | None, *, listed: bool) -> Standing:
    """The newest tick of a channel; of a basket, of each of its keys, or of those that are wanted."""
    start, stands = cell.standing()
    wanted = {key: value for key, value in stands.items() if keys is None or key in keys}
    return Standing(start, [(key, list(value) if listed else [value]) for key, value in wanted.items()])


def records_of(state: State[Any], history: History, *, listed: bool) -> Standing:
    """The records of a channel's state, by key ascending, and the offset of the first tick that is not among them.

    The engine's thread gives one tick to the history and to the state, one after the other: which of the newest have
    reached the state is told by the very records, as both keep them as they are.
    """
    before = max(0, history.next - 1)
    records = list(state)
    ticks = history.after(before, history.next - before + 1).ticks
    recent = {id(record): tick.offset for tick in ticks for record in (tick.value if listed else [tick.value])}
    start = 1 + max((recent.get(id(record), before - 1) for record in records), default=before - 1)
    return Standing(start, [(None, records[at : at + PORTION]) for at in range(0, len(records), PORTION)])
