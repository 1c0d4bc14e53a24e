"""When DuckDB answers a state's queries, and when Python does: for the whole process."""

from __future__ import annotations

from dataclasses import dataclass

from csp_gateway.server.state.database import DATABASE

__all__ = [
    "CHOICE",
    "disable_duckdb_state",
    "duckdb_statistics",
    "enable_duckdb_state",
    "modify_buffer_threshold",
    "restore_buffer_threshold",
]

_ASIDE = 1_000
_FEW = 5_000


@dataclass(slots=True)
class Choice:
    """What decides it. The answers are the same; they differ in what they cost."""

    duckdb: bool = True
    few: int = _FEW
    """Below so many records Python is quicker."""
    aside: int = _ASIDE
    """Changes that may wait: Python looks at them, which is quicker than to take a few into DuckDB."""


CHOICE = Choice()


def enable_duckdb_state() -> None:
    """Let DuckDB answer queries of large states of structs, as it does unless told otherwise."""
    CHOICE.duckdb = True


def disable_duckdb_state() -> None:
    """Let Python answer every query, record by record; ``sql`` is DuckDB's all the same."""
    CHOICE.duckdb = False


def duckdb_statistics() -> dict[str, int]:
    """What the process's DuckDB takes: ``memory`` of ``memory_limit``, ``tables``, ``threads``; and how often it was
    opened, its ``generation``."""
    return DATABASE.statistics()


def modify_buffer_threshold(n: int) -> None:
    """Let at most ``n`` changes of a state wait before DuckDB takes them in; 0 takes each in at the next query.

    Raises:
        ValueError: ``n`` is below 0.
    """
    if n < 0:
        raise ValueError(f"a buffer has room for 0 changes at least, not {n}")
    CHOICE.aside = n


def restore_buffer_threshold() -> None:
    """Let as many changes wait as in the beginning: 1,000."""
    CHOICE.aside = _ASIDE
