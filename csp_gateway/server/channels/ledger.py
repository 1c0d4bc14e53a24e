"""Who sets and who gets each channel, from which line, and what is still owed."""

from __future__ import annotations

import traceback
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from csp_gateway.errors import NoProviderException

__all__ = ["Entry", "Ledger", "Owner", "calling_line"]

_OWN_FILES = str(Path(__file__).parent)


def calling_line() -> str:
    """``file:line`` of the innermost call that does not come from this package: the line a user can mend."""
    for frame in reversed(traceback.extract_stack()):
        if not frame.filename.startswith(_OWN_FILES):
            return f"{frame.filename}:{frame.lineno}"
    return "an unknown line"


@dataclass(frozen=True, slots=True)
class Owner:
    """The module in whose name channels are got and set."""

    name: str
    required: frozenset[str] | None = None
    """Channels somebody must provide if this module gets them; None for every channel."""
    silent_until: datetime | None = None
    """Engine time (naive UTC) before which what it sets is dropped."""

    def requires(self, field: str) -> bool:
        """Whether the module cannot do without the channel."""
        return self.required is None or field in self.required


@dataclass(frozen=True, slots=True)
class Entry:
    """One get or set of a channel."""

    owner: Owner
    line: str

    def __str__(self) -> str:
        return f"{self.owner.name} ({self.line})"


class Ledger:
    """The gets and sets of one build of the graph."""

    def __init__(self) -> None:
        self.getters: dict[str, list[Entry]] = defaultdict(list)
        self.setters: dict[str, list[Entry]] = defaultdict(list)

    def is_provided(self, field: str) -> bool:
        """Whether anybody sets the channel."""
        return field in self.setters

    def refuse_debts(self, fields: Iterable[str]) -> None:
        """Hold that every channel a module cannot do without has somebody who sets it.

        Raises:
            NoProviderException: naming each such channel, who gets it, and what can be done.
        """
        debts = []
        for field in fields:
            askers = [str(entry) for entry in self.getters.get(field, ()) if entry.owner.requires(field)]
            if askers and not self.is_provided(field):
                debts.append(f"Nothing provides required node: {field}, required by {', '.join(askers)}.")
        if debts:
            raise NoProviderException(
                " ".join(debts) + " Add a module that sets it, or leave it out of that module's `requires`."
            )
