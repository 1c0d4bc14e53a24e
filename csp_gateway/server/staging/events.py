"""What happens to stagings, and what can be asked of them, as structs that tick."""

from typing import Any, List  # noqa: UP035  # csp reads typing.List

import csp

from csp_gateway.server.structs import GatewayStruct

__all__ = ["Staging", "StagingAction", "StagingEvent", "StagingRequest"]


class StagingAction(csp.Enum):  # type: ignore[misc]  # csp has no types
    """What happened to a staging, or what is to happen."""

    CREATED: Any = 0  # for mypy, which does not know that csp.Enum is an enum
    ADDED: Any = 1
    REMOVED: Any = 2
    RELEASED: Any = 3


class StagingEvent(GatewayStruct):
    """One thing that happened to a staging.

    Every record that is added or removed is an event of its own. A staging that is dropped is told by an event for each
    record it held, and then by one without records; a release by one event that carries them all.
    """

    channel: str
    staging_id: str
    action: StagingAction
    items: List[GatewayStruct]  # noqa: UP006
    """The records; of a basket, those of all its keys."""


class StagingRequest(GatewayStruct):
    """What a module asks of the stagings of a channel, with the words of ``stage_add`` and its like.

    ``CREATED`` opens a staging, with the items if there are any; ``ADDED`` and ``REMOVED`` do so with each item, and
    ``REMOVED`` without items drops or empties stagings; ``RELEASED`` releases them. A request is carried out as a whole
    or not at all.
    """

    action: StagingAction
    staging_ids: List[str]  # noqa: UP006
    """Unset is the newest staging (of a release, all); an empty list is all of them."""
    items: List[object]  # noqa: UP006
    """What ``stage_add`` takes, one of them each. Unset is none; an empty list asks for nothing."""


class Staging(GatewayStruct):
    """One staging as a value: its id, and the records held back under it, in the order they were added."""

    items: List[GatewayStruct] = []  # noqa: UP006

    def add(self, record: GatewayStruct) -> None:
        """Hold one more record back."""
        self.items = [*self.items, record]

    def remove(self, record: GatewayStruct) -> list[GatewayStruct]:
        """Let go of all records with the id of ``record``; those that went."""
        gone = [held for held in self.items if held.id == record.id]
        self.items = [held for held in self.items if held.id != record.id]
        return gone

    def clear(self) -> list[GatewayStruct]:
        """Let go of all records; those that went."""
        gone, self.items = list(self.items), []
        return gone

    def lookup(self, id: str) -> GatewayStruct | None:  # type: ignore[override]  # of a staging's own records
        """The record of this id that is held back here, None if there is none."""
        return next((held for held in self.items if held.id == id), None)


# They hold other structs, which the lookup would keep in memory with them.
for _carrier in (Staging, StagingEvent, StagingRequest):
    _carrier.omit_from_lookup()
