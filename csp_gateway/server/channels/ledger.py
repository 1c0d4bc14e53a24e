"""Who sets and who gets each channel, from which line, and what is still owed."""

import inspect
import traceback
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import csp

from csp_gateway.errors import NoProviderException

__all__ = ["Entry", "Ledger", "Owner", "calling_line", "raising_line", "spelled_key"]

_OWN_FILES = str(Path(__file__).parent)
_NAMED_AT_MOST = 5


def calling_line() -> str:
    """``file:line`` of the innermost call that does not come from this package: the line a user can mend."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_OWN_FILES):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else "an unknown line"


def raising_line(error: BaseException, function: Any) -> str:
    """``file:line`` in the file of ``function`` from which an error came; where it arose, if it did not pass there."""
    home = inspect.getsourcefile(inspect.unwrap(function)) if inspect.isfunction(function) else None
    frames = traceback.extract_tb(error.__traceback__)
    found = [frame for frame in frames if frame.filename == home] or frames
    return f"{found[-1].filename}:{found[-1].lineno}" if found else "an unknown line"


def spelled_key(key: Any) -> str:
    """A basket's key in words: an enum member by its name."""
    return key.name if isinstance(key, Enum | csp.Enum) else str(key)


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
    key: Any = None
    """The key of a basket; None for all of it, and for what is no basket."""

    @property
    def name(self) -> str:
        """The module, and the key it asked for: ``Desk`` or ``Desk<BUY>``."""
        return self.owner.name if self.key is None else f"{self.owner.name}<{spelled_key(self.key)}>"

    def __str__(self) -> str:
        return f"{self.owner.name} ({self.line})"


class Ledger:
    """The gets and sets of one build of the graph."""

    def __init__(self) -> None:
        self.getters: dict[str, list[Entry]] = defaultdict(list)
        self.setters: dict[str, list[Entry]] = defaultdict(list)

    def graph(self, fields: Iterable[str]) -> dict[str, dict[str, list[str]]]:
        """For each channel the names of its ``getters`` and ``setters``, each once, in the order they came."""
        return {
            field: {
                "getters": list(dict.fromkeys(entry.name for entry in self.getters.get(field, ()))),
                "setters": list(dict.fromkeys(entry.name for entry in self.setters.get(field, ()))),
            }
            for field in fields
        }

    def refuse_debts(self, streams: Mapping[str, Iterable[Any]], supplied: Container[tuple[str, Any]]) -> None:
        """Hold that every channel a module cannot do without has somebody who sets it.

        Args:
            streams: channel → its keys; for one that is no basket, None alone.
            supplied: the ``(channel, key)`` that somebody sets.

        Raises:
            NoProviderException: naming each such channel, who gets it, and what can be done.
        """
        debts = []
        for field, keys in streams.items():
            askers = [entry for entry in self.getters.get(field, ()) if entry.owner.requires(field)]
            asked = {entry.key for entry in askers}
            unset = [key for key in keys if (None in asked or key in asked) and (field, key) not in supplied]
            if unset:
                named = [field if key is None else f"{field}-{spelled_key(key)}" for key in unset[:_NAMED_AT_MOST]]
                more = f" and {len(unset) - _NAMED_AT_MOST} more" if len(unset) > _NAMED_AT_MOST else ""
                who = dict.fromkeys(str(entry) for entry in askers if entry.key is None or entry.key in unset)
                debts.append(f"Nothing provides required node: {', '.join(named)}{more}, required by {', '.join(who)}.")
        if debts:
            raise NoProviderException(
                " ".join(debts)
                + " Add a module that sets it, or leave it out of that module's `requires` (`[]` requires nothing)."
            )
