"""What stands when somebody begins to follow a channel, and the offset to go on from: no gap, and nothing twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
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
        born: of a state that lets go of records after a time, when each was inserted, by its ``id`` in this process.
    """

    start: int
    records: list[tuple[Any, list[Any]]]
    born: Mapping[int, datetime] = {}


def newest_ticks(cell: Cell, keys: frozenset[Any] | None, *, listed: bool) -> Standing:
    """The newest tick of a channel; of a basket, of each of its keys, or of those that are wanted."""
    start, stands = cell.standing()
    wanted = {key: value for key, value in stands.items() if keys is None or key in keys}
    return Standing(start, [(key, list(value) if listed else [value]) for key, value in wanted.items()])


def records_of(state: State[Any], history: History, *, listed: bool, by_age: bool = False) -> Standing:
    """The records of a channel's state, and the offset of the first tick that is not among them; by key ascending.

    The engine's thread gives one tick to the history and to the state, one after the other: which of the newest have
    reached the state is told by the very records, as both keep them as they are.

    Args:
        by_age: if they are limited in number or time, from the one inserted longest ago instead.
    """
    before = max(0, history.next - 1)
    limited = by_age and (state.max_rows is not None or state.ttl is not None)
    aged = state.by_age() if limited else []
    records = [record for record, _ in aged] if limited else list(state)
    ticks = history.after(before, history.next - before + 1).ticks
    recent = {id(record): tick.offset for tick in ticks for record in (tick.value if listed else [tick.value])}
    start = 1 + max((recent.get(id(record), before - 1) for record in records), default=before - 1)
    portions = [(None, records[at : at + PORTION]) for at in range(0, len(records), PORTION)]
    now = ticks[-1].time if ticks else datetime.now(UTC).replace(tzinfo=None)
    return Standing(start, portions, {id(record): born or now for record, born in aged if state.ttl is not None})
