"""An answer's columns as DuckDB has them: Arrow must have such too, and their values must fit before they are there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from csp_gateway.errors import SqlError
from csp_gateway.server.structs import ODD

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["TOO_LONG", "as_answer", "without_odd", "without_odd_hint"]

TOO_LONG = "the texts of the answer are too long for it"
"""What DuckDB's error says where they are."""

_FOREIGN = frozenset({"bignum", "bit", "geometry", "time with time zone", "uhugeint", "variant"})
"""Types whose values Arrow would show as other ones, or as bytes of DuckDB's own."""
_ODD = re.compile(rf"{ODD}(_\d+)?")
"""Of two in one answer DuckDB may number the second."""
_HINT = "\nCandidate bindings: "
"""What DuckDB says before the columns that are spelled nearly so."""
_HINTED = re.compile(rf'"([^"]*\.)?{_ODD.pattern}"')
_LENGTHS = {
    "varchar": "strlen({0})",
    "blob": "octet_length({0})",
    "list": "len({0}) * 8",
    "map": "cardinality({0}) * 16",
}
"""Type → bytes of a value, at least. DuckDB hands 2048 rows at once to Arrow, which copies what they share."""


def as_answer(answer: duckdb.DuckDBPyRelation, most: int) -> duckdb.DuckDBPyRelation:
    """The same, but an error of DuckDB's with ``TOO_LONG`` where texts and lists are longer than ``most`` bytes.

    Columns of one name are told apart there.

    Raises:
        SqlError: a column is of a type that Arrow has not.
    """
    lengths = []
    for at, (column, kind) in enumerate(zip(answer.columns, answer.types, strict=True), 1):
        if foreign := _foreign(kind):
            raise SqlError(
                f"column {column!r} is of {foreign}, which Arrow has not; select it as text: {column}::varchar"
            )
        lengths += _lengths(kind, f"#{at}")
    if not lengths:
        return answer
    size = "size"
    while size in map(str.lower, answer.columns):
        size += "_"
    sized = answer.project(f"*, sum({' + '.join(lengths)}) over (rows unbounded preceding) as {size}")
    fitting = sized.filter(f"case when {size} > {most} then error('{TOO_LONG}') else true end")
    return fitting.project(", ".join(f"#{at}" for at in range(1, len(answer.columns) + 1)))


def without_odd(table: pa.Table, sql: str) -> pa.Table:
    """The answer without the states' columns ``ODD`` that a ``*`` has brought and that say nothing.

    Args:
        sql: the SELECT; where it names such a column, it has it.
    """
    if ODD in sql.casefold():
        return table
    shown = [
        at
        for at, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True))
        if not _ODD.fullmatch(name) or column.null_count < len(column)
    ]
    return table if len(shown) == table.num_columns else table.select(shown)


def without_odd_hint(said: str) -> str:
    """What DuckDB says is wrong, where it names columns that may be meant without the states' ``ODD``."""
    wrong, hint, names = said.partition(_HINT)
    shown = [name for name in names.split(", ") if not _HINTED.fullmatch(name)]
    return wrong + hint + ", ".join(shown) if shown else wrong


def _lengths(kind: Any, value: str, depth: int = 0) -> list[str]:
    """Expressions whose sum is how long a value is, at least."""
    found = [f"coalesce({_LENGTHS[kind.id].format(value)}, 0)"] if kind.id in _LENGTHS else []
    if kind.id == "struct":
        for at, (_, each) in enumerate(kind.children, 1):
            found += _lengths(each, f"struct_extract_at({value}, {at})", depth)
    elif kind.id in ("list", "array"):
        found += _lengths_within(kind.children[0][1], value, depth)
    elif kind.id == "map":
        for side, (_, each) in zip(("map_keys", "map_values"), kind.children, strict=True):
            found += _lengths_within(each, f"{side}({value})", depth)
    return found


def _lengths_within(kind: Any, values: str, depth: int) -> list[str]:
    inner = _lengths(kind, f"v{depth}", depth + 1)
    return [f"coalesce(list_sum(list_transform({values}, lambda v{depth}: {' + '.join(inner)})), 0)"] if inner else []


def _foreign(kind: Any) -> str | None:
    """The first type in it that Arrow has not."""
    if kind.id in _FOREIGN:
        return str(kind)
    if kind.id not in ("array", "list", "map", "struct", "union"):
        return None
    inner = [each for _, each in kind.children if hasattr(each, "id")]  # an array's size is among them
    return next((found for each in inner if (found := _foreign(each))), None)
