"""What happened to the stagings of one channel, in order, until the graph has taken it up."""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple, Protocol

from csp_gateway.server.staging.areas import Change
from csp_gateway.server.staging.events import StagingAction, StagingEvent
from csp_gateway.server.structs import GatewayStruct

__all__ = ["Happening", "Journal", "Packing", "Step", "happenings"]

Happening = tuple[StagingAction, str, list[GatewayStruct]]
"""What happened, to which staging, with which records."""


class Packing(Protocol):
    """What an item of a channel is made of, and how it ticks; that depends on the channel's kind."""

    def records_of(self, item: Any) -> Sequence[GatewayStruct]:
        """The structs of one item."""

    def ticks_of(self, items: Sequence[Any]) -> Sequence[Any]:
        """The ticks that the items of one released staging are, in order."""


class Step(NamedTuple):
    """What one engine cycle takes up."""

    event: StagingEvent | None
    tick: Any
    """What ticks on the channel; None for nothing."""


class Journal:
    """Changes in, one step an engine cycle out.

    One thread at a time writes, the engine's reads; neither waits for the other. The release of a staging is one event
    and any number of ticks: the event and the first of them are one step.

    Args:
        channel: whose stagings they are.
        packing: how its items are taken apart.
    """

    def __init__(self, channel: str, packing: Packing) -> None:
        self.followed = False
        """Whether anybody gets the events; if not, changes that are nothing else are not kept."""
        self._channel = channel
        self._packing = packing
        self._changes: deque[tuple[Change, Sequence[Any]]] = deque()
        self._unwinding: Iterator[Step] = iter(())
        self._written = 0
        self._read = 0

    @property
    def pending(self) -> int:
        """How many steps were written that the engine has not taken yet."""
        return max(0, self._written - self._read)

    def write(self, change: Change) -> None:
        """Note a change."""
        releases = change.action == StagingAction.RELEASED
        ticks = self._packing.ticks_of(change.items) if releases else ()
        events = (1 if releases else max(1, len(change.items))) if self.followed else 0
        steps = max(events, len(ticks))
        if steps:
            # Counted first: what is pending is never told as less than it is.
            self._written += steps
            self._changes.append((change, ticks))

    def step(self) -> Step | None:
        """The next step, on the engine's thread; None if there is none."""
        step = next(self._unwinding, None)
        if step is None:
            if not self._changes:
                return None
            self._unwinding = self._unwind(*self._changes.popleft())
            step = next(self._unwinding)
        self._read += 1
        return step

    def _unwind(self, change: Change, ticks: Sequence[Any]) -> Iterator[Step]:
        events = self._events(change) if self.followed else iter(())
        for event, tick in zip_longest(events, ticks):
            yield Step(event, tick)

    def _events(self, change: Change) -> Iterator[StagingEvent]:
        for action, staging_id, records in happenings(change, self._packing):
            yield StagingEvent(channel=self._channel, staging_id=staging_id, action=action, items=records)


def happenings(change: Change, packing: Packing) -> Iterator[Happening]:
    """A change as it is told: records added and removed each alone, what a release lets go all together."""
    action, staging_id, items = change
    if action == StagingAction.RELEASED or not items:
        yield action, staging_id, [record for item in items for record in packing.records_of(item)]
    else:
        for item in items:
            yield action, staging_id, list(packing.records_of(item))
