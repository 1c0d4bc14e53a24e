"""States brought up to date in DuckDB, for who asks several of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from csp_gateway.server.state import database
from csp_gateway.server.state.state import State

__all__ = ["settled"]

T = TypeVar("T")

_TRIES = 3


def settled(states: Mapping[str, State[Any]], ask: Callable[[Mapping[str, str]], T]) -> T:
    """What ``ask`` answers, given a SELECT of each state's records by its name.

    Args:
        states: those that hold structs.
        ask: called again if a table was made anew meanwhile, and is gone from where the SELECT looks for it.
    """
    for tried in range(1, _TRIES + 1):
        views = {name: state.settle() for name, state in states.items()}
        try:
            return ask(views)
        except database.TableGoneError:
            if tried == _TRIES:
                raise
    raise AssertionError("the last try returns or raises")
