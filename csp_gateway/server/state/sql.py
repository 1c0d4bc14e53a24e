"""A user's one SELECT: read, held against what it may name and do, and run within its limits."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from csp_gateway.errors import AnswerTooLargeError, GatewayException, QueryCancelledError, QueryTimeoutError, SqlError
from csp_gateway.server.state import database
from csp_gateway.server.state.database import DATABASE, INTERNAL
from csp_gateway.server.state.sql_columns import TOO_LONG, as_answer, without_odd, without_odd_hint
from csp_gateway.server.state.sql_parameters import Parameters, checked_parameters
from csp_gateway.server.state.sql_size import check_size
from csp_gateway.server.state.sql_spans import with_durations
from csp_gateway.server.state.sql_tree import TreeReader
from csp_gateway.server.state.sql_watch import WATCH, Cancellation, Watched

if TYPE_CHECKING:
    import duckdb

__all__ = ["Cancellation", "Parameters", "Select", "SqlLimits", "read_select", "run_select"]

_ONLY = (
    "only a SELECT is answered, which reads: SQL changes nothing here, and states hold the newest of what ticks on "
    "their channels, which are sent to"
)
_PIVOT = "only a SELECT is answered; for PIVOT, write: from t pivot (sum(x) for y in ('a', 'b'))"
_PIVOTS = re.compile(r"^\s*pivot\b", re.IGNORECASE | re.MULTILINE)
_LONGEST = 1 << 16
"""Bytes of a SELECT's text."""
_BATCH = 10_000
"""Rows that are read at once."""


@dataclass(frozen=True, slots=True)
class SqlLimits:
    """What one SELECT may take: seconds, and rows and bytes (as Arrow) of its answer."""

    seconds: float = 10.0
    rows: int = 1_000_000
    bytes: int = 256 << 20


@dataclass(frozen=True, slots=True)
class Select:
    """A SELECT that may be run, with the tables and the parameters that it names."""

    sql: str
    tables: tuple[str, ...]
    """Spelled as they are, however the SELECT spells them."""
    parameters: tuple[str, ...]
    """Without the ``$``; ``1``, ``2`` and so on for ``?``."""


def read_select(sql: str, tables: Collection[str]) -> Select:
    """Read a SELECT, without running it.

    Args:
        sql: its text, of DuckDB's SQL.
        tables: the names of those it may see.

    Raises:
        SqlError: it cannot be read, is not one SELECT, or names or does what it may not.
    """
    _check_text(sql)
    statements = _parsed(sql)
    if len(statements) != 1:
        what = f"{len(statements)} statements are" if statements else "nothing is"
        raise SqlError(f"one SELECT is answered, and {what} there")
    reader = TreeReader(tables)
    reader.read(statements[0]["node"])
    check_size(statements[0]["node"])
    return Select(sql, tuple(reader.tables), tuple(reader.parameters))


def run_select(
    select: Select,
    views: Mapping[str, str],
    parameters: Parameters = None,
    limits: SqlLimits = SqlLimits(),  # frozen
    cancel: Cancellation | None = None,
    begun: Callable[[], object] = lambda: None,
    asked: float | None = None,
) -> pa.Table:
    """Run a SELECT and read all of its answer.

    Args:
        select: from ``read_select``.
        views: for each table that it names, a SELECT over the process's own tables. All are seen at one moment.
        parameters: their values, by name or in order.
        limits: what it may take; nothing is cut off, what is too much is an error.
        cancel: to stop it from another thread.
        begun: called when that moment has been: what is written afterwards is not seen.
        asked: when its time began, by ``time.monotonic``; now, if it is not said.

    Raises:
        SqlError: a parameter is missing or wrong, or DuckDB cannot answer it; the message has DuckDB's reason.
        AnswerTooLargeError: it takes more rows, bytes or memory than it may.
        QueryTimeoutError: its time was over.
        QueryCancelledError: it was cancelled.
        duckdb.CatalogException: a table that a view is over is no longer there, for DuckDB was opened anew.
    """
    values = checked_parameters(select.parameters, parameters)
    if clashing := [name for name in views if name.casefold().startswith(INTERNAL)]:
        raise ValueError(f"{clashing[0]!r} cannot be a table's name: such are the process's own")
    if cancel is not None and cancel.cancelled:
        raise QueryCancelledError("the SELECT was cancelled")
    left = limits.seconds if asked is None else max(0.0, asked + limits.seconds - time.monotonic())
    cursor, generation = DATABASE.lend()
    with cursor, WATCH.over(cursor.interrupt, left, cancel) as watched:
        shown = False
        try:
            _show(cursor, {name: views[name] for name in select.tables})
            # With the first view the transaction sees its moment.
            begun()
            shown = True
            # The views and the transaction end with the cursor.
            answer = _answer(cursor, select.sql, values, limits, watched)
            return without_odd(answer, select.sql) if select.tables else answer
        except GatewayException:
            raise
        except database.TableGoneError as error:
            if not shown:
                raise
            raise _told(error, watched, limits, generation) from None
        except (database.DuckDBError, OSError, pa.ArrowException) as error:
            raise _told(error, watched, limits, generation) from None


def _show(cursor: duckdb.DuckDBPyConnection, views: Mapping[str, str]) -> None:
    cursor.execute("begin transaction read only")
    for name, view in views.items():
        quoted = name.replace('"', '""')
        # Held against its table here, when it is made.
        cursor.execute(f'create temp view "{quoted}" as {view}')


def _answer(cursor: duckdb.DuckDBPyConnection, sql: str, values: Any, limits: SqlLimits, watched: Watched) -> pa.Table:
    batches: list[pa.RecordBatch] = []
    rows = size = 0
    answer = cursor.sql(sql, params=values)
    with as_answer(answer, limits.bytes).to_arrow_reader(min(_BATCH, limits.rows + 1)) as reader:
        for batch in reader:
            if watched.stopped:
                raise _stopped(watched, limits)
            rows, size = rows + batch.num_rows, size + batch.nbytes
            if rows > limits.rows:
                raise AnswerTooLargeError(f"the answer has over {limits.rows:,} rows; add LIMIT, or aggregate")
            if size > limits.bytes:
                raise _too_long(limits)
            batches.append(batch)
        table = pa.Table.from_batches(batches, reader.schema).rename_columns(answer.columns)
    return with_durations(table)


def _too_long(limits: SqlLimits) -> AnswerTooLargeError:
    return AnswerTooLargeError(f"the answer has over {limits.bytes:,} bytes; add LIMIT, or aggregate")


def _told(error: Exception, watched: Watched, limits: SqlLimits, generation: int) -> GatewayException:
    """DuckDB's error as one of ours. What fails while batches are read comes through Arrow, so its text says what."""
    kind, _, _ = str(error).partition(" Error:")
    failed = DATABASE.failed(error, generation)
    if watched.stopped:
        return _stopped(watched, limits)
    if TOO_LONG in str(error):
        return _too_long(limits)
    if kind == "Out of Memory":
        return AnswerTooLargeError(
            f"the SELECT takes more memory than is left of {DATABASE.memory:,} bytes; add LIMIT, or aggregate"
        )
    if failed:
        return SqlError(f"DuckDB failed on this SELECT, which is a fault of DuckDB: {_sentence(error)}")
    return SqlError(_sentence(error))


def _stopped(watched: Watched, limits: SqlLimits) -> GatewayException:
    if watched.stopped == "cancel":
        return QueryCancelledError("the SELECT was cancelled")
    return QueryTimeoutError(f"the SELECT took more than {limits.seconds:g} s; aggregate, filter, or join less")


def _sentence(error: Exception) -> str:
    """DuckDB's own reason, without where it is in C++ or what the process's own tables are called."""
    said = re.split(r"\n\s*\n|\n?Stack Trace|\n?LINE \d", str(error).strip(), maxsplit=1)[0]
    said = without_odd_hint(said)
    said = re.sub(rf'(memory\.)?(main\.)?"?{INTERNAL}\d+"?', "a table", said)
    return re.sub(r"\s*\n\s*", "; ", said)[:1000]


def _check_text(sql: str) -> None:
    if not isinstance(sql, str):
        raise SqlError(f"a SELECT is a text, not {type(sql).__name__}")
    size = len(sql.encode("utf-8", "surrogatepass"))
    if size > _LONGEST:
        raise SqlError(f"the SELECT has {size:,} bytes, and {_LONGEST:,} at most are read; give values as parameters")
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in sql):
        raise SqlError("the SELECT holds what is no character: a zero byte, or half of a surrogate pair")


def _parsed(sql: str) -> list[dict[str, Any]]:
    """The statements as DuckDB reads them."""
    try:
        cursor, generation = DATABASE.lend()
        with cursor:
            (text,) = cursor.execute("select json_serialize_sql(?)", [sql]).fetchall()[0]
        parsed = json.loads(text)
    except RecursionError:
        raise SqlError("the SELECT is nested too deeply; take parts of it out into a WITH, or shorten it") from None
    except database.DuckDBError as error:
        DATABASE.failed(error, generation)
        raise SqlError(f"the SELECT cannot be read: {_sentence(error)}") from None
    if not parsed["error"]:
        statements: list[dict[str, Any]] = parsed["statements"]
        return statements
    said = parsed["error_message"]
    if said.startswith("Only SELECT"):
        raise SqlError(_PIVOT if _PIVOTS.search(sql) else _ONLY)
    if said.startswith("Max expression depth"):
        raise SqlError("the SELECT is nested too deeply; take parts of it out into a WITH, or shorten it")
    at = f", at character {int(parsed['position']) + 1}" if "position" in parsed else ""
    raise SqlError(f"the SELECT cannot be read: {said}{at}")
