"""The states that a channels class declares with ``State`` marks, and what such a mark cannot say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from csp_gateway.errors import StateError, StateMarkError
from csp_gateway.server.state import State

if TYPE_CHECKING:
    from csp_gateway.server.channels.kinds import Declaration

__all__ = ["StateMark", "refuse_states", "state_aliases", "state_marks"]


class StateMark(NamedTuple):
    """One state that a channels class declares."""

    alias: str
    field: str
    key: Any
    """The one key of a basket that is collected; None for all, and for what is no basket."""
    mark: State[Any]


def state_marks(declarations: Mapping[str, Declaration]) -> Iterator[StateMark]:
    """The declared states, in the order of declaration."""
    for field, declaration in declarations.items():
        for mark in declaration.marks:
            if isinstance(mark, State):
                key = None if mark.indexer is None or mark.indexer == "" else mark.indexer
                yield StateMark(mark.alias or field, field, key, mark)


def state_aliases(declarations: Mapping[str, Declaration]) -> list[str]:
    """What the declared states are called, each once."""
    return list(dict.fromkeys(declared.alias for declared in state_marks(declarations)))


def refuse_states(owner: str, declarations: Mapping[str, Declaration]) -> None:
    """Hold that each state that a class declares can be collected.

    Several marks of one basket may share an alias if each collects another key.

    Raises:
        StateMarkError: naming the channel and what is wrong with its mark.
    """
    taken: dict[str, dict[Any, str]] = {}
    for alias, field, key, mark in state_marks(declarations):
        declaration = declarations[field]
        if key is not None and not declaration.is_basket:
            raise StateMarkError(f"{owner}.{field}: a {declaration} is not a basket: leave indexer={key!r} out")
        if key is not None and declaration.keys is not None and key not in declaration.keys:
            raise StateMarkError(
                f"{owner}.{field}: its State has indexer={key!r}, but the keys are the members of "
                f"{declaration.key_type.__name__}"
            )
        try:
            State[declaration.element](mark.keyby, tombstone=mark.tombstone)  # type: ignore[name-defined]  # a type known at run time
        except StateError as error:
            raise StateMarkError(f"{owner}.{field}: {error}") from None
        others = taken.setdefault(alias, {})
        if key in others or any(other != field for other in others.values()):
            raise StateMarkError(
                f"{owner}.{field}: a state of {next(iter(others.values()))!r} is called {alias!r} already; "
                f"give each its own: State({mark.keyby!r}, alias=…)"
            )
        if alias != field and alias in declarations:
            raise StateMarkError(f"{owner}.{field}: a state cannot be called {alias!r}, which is another channel")
        others[key] = field
