"""The stagings of one channel: opened, added to, removed from, released and listed, each time wholly or not at all."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from csp_gateway.errors import StagingArgumentError, StagingFullError, UnknownStagingError
from csp_gateway.server.staging.area import Area
from csp_gateway.server.staging.events import StagingAction

__all__ = ["AREAS_LIMIT", "RECORDS_LIMIT", "Areas", "Change", "Held"]

AREAS_LIMIT = 1_000
"""Stagings of one channel that may be open at once."""
RECORDS_LIMIT = 100_000
"""Items that all stagings of one channel may hold back; one that is in two of them counts twice."""

_NAMED_AT_MOST = 3

Held = tuple[Any, Collection[str]]
"""An item, and the ids of its records."""


class Change(NamedTuple):
    """What was done to one staging."""

    action: StagingAction
    staging_id: str
    items: Sequence[Any] = ()
    """Of ``REMOVED``, none when the staging itself was dropped."""


class Areas:
    """The stagings of one channel, the newest last; for one thread at a time.

    In all of them, no staging ids (None) are told apart from an empty list of them.

    Args:
        channel: whose they are, for the words of errors.
        write: told each change, in order.
    """

    def __init__(self, channel: str, write: Callable[[Change], None]) -> None:
        self.records = 0
        """How many items are held back in all."""
        self._channel = channel
        self._write = write
        self._open: dict[str, Area] = {}

    def __len__(self) -> int:
        return len(self._open)

    def add(self, items: Sequence[Held] | None, staging_ids: Sequence[str] | None = None) -> list[str]:
        """Hold items back; the ids of the stagings that were touched.

        Args:
            items: None opens an empty staging.
            staging_ids: None is the newest staging, or a new one. An empty list is, for each item, every staging that
                lacks it, or a new one if none does.

        Raises:
            StagingArgumentError: staging ids, and no items.
            UnknownStagingError: no staging of one of the ids is open.
            StagingFullError: more stagings or records than one channel may have.
        """
        if items is None:
            if staging_ids:
                raise StagingArgumentError(
                    f"channel {self._channel!r}: a record is wanted to add to staging {', '.join(staging_ids)}; "
                    f"a new staging is opened without ids"
                )
            return self._carry_out([(Area(), None)])
        if staging_ids is None:
            newest = next(reversed(self._open.values())) if self._open else Area()
            return self._carry_out([(newest, held) for held in items])
        if staging_ids:
            areas = self._known(staging_ids)
            return self._carry_out([(area, held) for held in items for area in areas])
        return self._carry_out(self._spread(items))

    def open(self, items: Sequence[Held]) -> list[str]:
        """Open a staging with these items; its id, in a list.

        Raises:
            StagingFullError: more stagings or records than one channel may have.
        """
        area = Area()
        return self._carry_out([(area, held) for held in items] or [(area, None)])

    def remove(
        self, ids_of_items: Sequence[Collection[str]] | None, staging_ids: Sequence[str] | None = None
    ) -> list[str]:
        """Let go of items; the ids of the stagings that were touched. What is unknown is passed over.

        Args:
            ids_of_items: for each item the ids it is found by. None drops the newest staging (``staging_ids`` None) or
                all (an empty list), or empties those named and keeps them open.
            staging_ids: None is the newest staging that holds the item; an empty list is every staging.
        """
        if ids_of_items is not None:
            touched = [each for ids in ids_of_items for each in self._remove_one(ids, staging_ids)]
            return list(dict.fromkeys(touched))
        if staging_ids:
            emptied = self._find(staging_ids)
            for area in emptied:
                self._let_go(area, area.clear())
            return [area.id for area in emptied]
        dropped = list(self._open.values())
        if staging_ids is None:
            dropped = dropped[-1:]
        for area in dropped:
            self._let_go(area, area.clear())
            self._write(Change(StagingAction.REMOVED, self._open.pop(area.id).id))
        return [area.id for area in dropped]

    def release(self, staging_ids: Sequence[str] | None = None) -> dict[str, list[Any]]:
        """Give up stagings for their items, which the caller lets into the channel; what each of them held.

        Args:
            staging_ids: None and an empty list are all of them; unknown ones are passed over.
        """
        released = {}
        for area in self._find(staging_ids) if staging_ids else list(self._open.values()):
            del self._open[area.id]
            items = released[area.id] = area.items
            self.records -= len(items)
            self._write(Change(StagingAction.RELEASED, area.id, tuple(items)))
        return released

    def ids(self, staging_id: str | None = None) -> list[str]:
        """The ids of the open stagings, the newest last; with an id, that one if it is open."""
        return [area.id for area in self._look(staging_id)]

    def lookup(self, staging_id: str | None = None) -> dict[str, list[Any]]:
        """What the open stagings hold back, by their ids; with an id, that one if it is open."""
        return {area.id: area.items for area in self._look(staging_id)}

    # What is to be done, then all of it at once.

    def _spread(self, items: Sequence[Held]) -> list[tuple[Area, Held | None]]:
        """Each item for every staging that lacks it, or else for a new one; later items see where earlier ones go."""
        areas = list(self._open.values())
        coming: dict[str, set[str]] = {area.id: set() for area in areas}
        plan: list[tuple[Area, Held | None]] = []
        for held in items:
            ids = held[1]
            lacking = [area for area in areas if not area.holds(ids) and coming[area.id].isdisjoint(ids)]
            if not lacking:
                lacking = [Area()]
                areas += lacking
                coming[lacking[0].id] = set()
            for area in lacking:
                coming[area.id].update(ids)
                plan.append((area, held))
            # Before it has grown large: others wait for the lock.
            self._refuse_too_much(0, len(plan))
        return plan

    def _carry_out(self, plan: list[tuple[Area, Held | None]]) -> list[str]:
        touched = {area.id: area for area, _ in plan}
        self._refuse_too_much(len(touched.keys() - self._open.keys()), sum(1 for _, held in plan if held is not None))
        for area, held in plan:
            if area.id not in self._open:
                self._open[area.id] = area
                self._write(Change(StagingAction.CREATED, area.id))
            if held is not None:
                item, ids = held
                area.add(item, ids)
                self.records += 1
                self._write(Change(StagingAction.ADDED, area.id, (item,)))
        return list(touched)

    def _remove_one(self, ids: Collection[str], staging_ids: Sequence[str] | None) -> list[str]:
        if staging_ids is None:
            areas = [area for area in reversed(self._open.values()) if area.holds(ids)][:1]
        else:
            areas = [area for area in self._find(staging_ids) if area.holds(ids)]
        for area in areas:
            self._let_go(area, area.remove(ids))
        return [area.id for area in areas]

    def _let_go(self, area: Area, items: Sequence[Any]) -> None:
        if items:
            self.records -= len(items)
            self._write(Change(StagingAction.REMOVED, area.id, items))

    # Which stagings.

    def _find(self, staging_ids: Sequence[str]) -> list[Area]:
        """The open ones of these ids, each once; all for an empty list."""
        if not staging_ids:
            return list(self._open.values())
        return [self._open[each] for each in dict.fromkeys(staging_ids) if each in self._open]

    def _look(self, staging_id: str | None) -> list[Area]:
        return self._find([] if staging_id is None else [staging_id])

    def _known(self, staging_ids: Sequence[str]) -> list[Area]:
        unknown = [each for each in dict.fromkeys(staging_ids) if each not in self._open]
        if unknown:
            newest = list(self._open)[: -_NAMED_AT_MOST - 1 : -1]
            open_ones = f"{len(self._open)} are, the newest first: {', '.join(newest)}" if newest else "none is"
            raise UnknownStagingError(
                f"channel {self._channel!r} has no open staging {', '.join(map(repr, unknown))}: "
                f"it was released, dropped, or never was; {open_ones}"
            )
        return self._find(staging_ids)

    def _refuse_too_much(self, areas: int, records: int) -> None:
        if len(self._open) + areas > AREAS_LIMIT:
            raise StagingFullError(
                f"channel {self._channel!r}: {len(self._open)} stagings are open, and {AREAS_LIMIT} may be: "
                f"release or remove some"
            )
        if self.records + records > RECORDS_LIMIT:
            raise StagingFullError(
                f"channel {self._channel!r}: {self.records} records are staged, and {RECORDS_LIMIT} may be, "
                f"not {records} more: release or remove some"
            )
