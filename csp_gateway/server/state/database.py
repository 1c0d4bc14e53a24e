"""The process's one DuckDB: opened at its first use, and opened anew when its limits change."""

from __future__ import annotations

import itertools
import os
import threading
from collections import deque
from importlib import import_module
from typing import TYPE_CHECKING, Any

from csp_gateway._lazy import lazy_names

if TYPE_CHECKING:
    import duckdb

    from csp_gateway.server.state.instance import DuckDBError, TableGoneError

__all__ = [
    "DATABASE",
    "INTERNAL",
    "Database",
    "DuckDBError",
    "TableGoneError",
    "limit_duckdb_memory",
    "modify_duckdb_threads",
    "restore_duckdb_threads",
]

INTERNAL = "__state_"
"""How the names of the process's own tables begin."""

_HOME = "csp_gateway.server.state.instance"
_MEMORY = 1 << 30
_MOST_THREADS = 4

# ``from database import DuckDBError`` imports duckdb; ``except database.DuckDBError:`` only when something was raised.
__getattr__, __dir__ = lazy_names(__name__, {"DuckDBError": _HOME, "TableGoneError": _HOME})


class Database:
    """One DuckDB in memory, for all threads.

    Its settings are locked, so it is opened anew to change them: at the next use, empty. A cursor lent before goes on
    in the instance it is of, which lives until its last cursor is closed. No name is given twice, so that a table
    is found as it is or, as a ``duckdb.CatalogException``, not at all.
    """

    def __init__(self) -> None:
        self._instance: Any = None
        self._generation = 1
        self._names = itertools.count(1)
        self._dropped: deque[tuple[str, int]] = deque()
        self._lock = threading.Lock()
        self._memory: int | None = None
        self._threads: int | None = None

    @property
    def generation(self) -> int:
        """Which instance the next cursor will be of; tables made in another are not in it."""
        return self._generation

    @property
    def threads(self) -> int:
        """Threads that work on queries."""
        return self._threads or min(os.cpu_count() or 1, _MOST_THREADS)

    @property
    def memory(self) -> int:
        """Bytes that tables and queries may take together."""
        return self._memory or _MEMORY

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the one instance; who asked closes it."""
        return self.lend()[0]

    def lend(self) -> tuple[duckdb.DuckDBPyConnection, int]:
        """A cursor, and the generation it is of."""
        with self._lock:
            if self._instance is None:
                self._instance = import_module(_HOME).open_instance(self.memory, self.threads)
            self._drop_tables()
            return self._instance.cursor(), self._generation

    def drop(self, name: str, generation: int) -> None:
        """Have a table dropped at the next use, or by ``tidy``; at any moment, even while this thread is in here."""
        self._dropped.append((name, generation))

    def tidy(self) -> None:
        """Drop the tables that were to be dropped."""
        with self._lock:
            self._drop_tables()

    def fresh_name(self) -> str:
        """A table's name that nobody has or had; it needs no quotes."""
        return f"{INTERNAL}{next(self._names)}"

    def renew(self) -> None:
        """Let go of the instance, for it failed; the next use opens another."""
        with self._lock:
            self._let_go()

    def failed(self, error: Exception, generation: int) -> bool:
        """Whether an error says that the instance it was met in is lost; then it is let go of, unless it is already.

        Args:
            error: DuckDB's own, or Arrow's that tells it.
            generation: that of the cursor.
        """
        kind, _, _ = str(error).partition(" Error:")
        if kind not in ("FATAL", "INTERNAL"):
            return False
        with self._lock:
            if generation == self._generation:
                self._let_go()
        return True

    def limit_memory(self, size: int) -> None:
        """Set the limit of memory, in bytes; of several that were asked for, the greatest counts.

        Raises:
            ValueError: it is less than a mebibyte.
        """
        if not isinstance(size, int) or isinstance(size, bool) or size < 1 << 20:
            raise ValueError(f"DuckDB's memory is a whole number of bytes, 1048576 at least, not {size!r:.80}")
        with self._lock:
            before, self._memory = self.memory, max(size, self._memory or 0)
            if self.memory != before:
                self._let_go()

    def set_threads(self, count: int | None) -> None:
        """Set how many threads work on queries; None: as many as there are processors, four at most.

        Raises:
            ValueError: it is no positive whole number.
        """
        if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
            raise ValueError(f"DuckDB's threads are a whole number, 1 at least, not {count!r:.80}")
        with self._lock:
            before, self._threads = self.threads, count
            if self.threads != before:
                self._let_go()

    def statistics(self) -> dict[str, int]:
        """Its ``generation``, ``threads`` and ``memory_limit``, the ``memory`` in use and the number of ``tables``."""
        told = {"generation": self._generation, "threads": self.threads, "memory_limit": self.memory}
        with self._lock:
            cursor = None if self._instance is None else self._instance.cursor()
        if cursor is None:
            return {**told, "memory": 0, "tables": 0}
        with cursor:
            (memory,) = cursor.execute("select sum(memory_usage_bytes)::bigint from duckdb_memory()").fetchall()[0]
            (tables,) = cursor.execute("select count(*) from duckdb_tables() where not temporary").fetchall()[0]
        return {**told, "memory": memory, "tables": tables}

    def _drop_tables(self) -> None:
        while self._dropped:
            name, generation = self._dropped.popleft()
            if self._instance is not None and generation == self._generation:
                with self._instance.cursor() as cursor:
                    cursor.execute(f"drop table if exists {name}")

    def _let_go(self) -> None:
        if self._instance is not None:
            self._instance = None
            self._generation += 1


DATABASE = Database()
"""The process's one."""


def modify_duckdb_threads(n: int) -> None:
    """Let ``n`` threads work on DuckDB's queries; states are read into it anew when they are next asked.

    Raises:
        ValueError: it is no positive whole number.
    """
    DATABASE.set_threads(n)


def restore_duckdb_threads() -> None:
    """Let as many threads work on DuckDB's queries as there are processors, four at most."""
    DATABASE.set_threads(None)


def limit_duckdb_memory(size: int) -> None:
    """Let DuckDB take so many bytes, 1 GiB if nobody says; of several that were asked for, the greatest counts.

    It is the whole process's, so that what a gateway has asked for counts even when it has stopped.

    Raises:
        ValueError: it is less than a mebibyte.
    """
    DATABASE.limit_memory(size)
