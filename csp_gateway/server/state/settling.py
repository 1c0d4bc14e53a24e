"""States brought up to date in DuckDB, for who asks several of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, TypeVar

from csp_gateway.server.state import database
from csp_gateway.server.state.state import State

__all__ = ["settled"]

T = TypeVar("T")

_TRIES = 3


def settled(states: Mapping[str, State[Any]], ask: Callable[[Mapping[str, str], Callable[[], None]], T]) -> T:
    """What ``ask`` answers, given a SELECT of each state's records by its name.

    Args:
        states: those that hold structs.
        ask: calls its second argument when it has begun to read. Until then nobody writes to the tables, for others
            bring them up to date a piece at a time. It is called again if a table was made anew meanwhile, and is gone
            from where the SELECT looks for it.

    Raises:
        QueryError: the records of a state are no structs, which have no columns.
    """
    for tried in range(1, _TRIES + 1):
        with ExitStack() as held:
            views = _views(states, held)
            try:
                return ask(views, held.close)
            except database.TableGoneError:
                if tried == _TRIES:
                    raise
    raise AssertionError("the last try returns or raises")


def _views(states: Mapping[str, State[Any]], held: ExitStack) -> dict[str, str]:
    """Each state's SELECT; nobody writes to their tables as long as ``held`` is open."""
    views = {name: state.settle() for name, state in states.items()}
    tables = {id(state.table): state.table for state in states.values() if state.table is not None}
    for _, table in sorted(tables.items()):  # in one order, lest two wait for each other
        held.enter_context(table.lock)
    for name, state in states.items():
        if state.table is not None:
            state.table.take_in()
            views[name] = state.table.view()
    return views
