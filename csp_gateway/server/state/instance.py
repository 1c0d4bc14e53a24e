"""An instance of DuckDB that reaches nothing but its own tables; imported by its first user, for that takes 0.1 s."""

import duckdb

__all__ = ["DuckDBError", "TableGoneError", "open_instance"]

DuckDBError = duckdb.Error
"""Whatever DuckDB raises, its ``InterruptException`` included."""

TableGoneError = duckdb.CatalogException
"""What DuckDB raises at the name of a table that is not there, or no more."""

_CLOSED = {
    "enable_external_access": "false",  # no files, no network, no ATTACH, no extensions
    "python_enable_replacements": "false",  # else ``from x`` reads the variable x of whoever calls
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
    # What does not fit in memory fails, and is not written to a disk; DuckDB 2.0.0 heeds only the first of these.
    "temp_directory": "",
    "max_temp_directory_size": "0B",
}


def open_instance(memory: int, threads: int) -> duckdb.DuckDBPyConnection:
    """A new instance, in memory, whose settings nobody can change from then on.

    Times are in UTC there, whatever the machine's zone.

    Args:
        memory: bytes that its tables and queries may take; what a single expression makes is not counted.
        threads: that work on queries, those that ask included.
    """
    instance = duckdb.connect(":memory:", config={**_CLOSED, "memory_limit": f"{memory}B", "threads": threads})
    instance.execute("set global timezone = 'UTC'")
    instance.execute("set lock_configuration = true")
    return instance
