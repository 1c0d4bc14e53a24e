"""What a SELECT names, read from DuckDB's own tree of it: nothing but the tables it may see and harmless functions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from csp_gateway.errors import SqlError, did_you_mean
from csp_gateway.server.state.sql_functions import TABLE_FUNCTIONS, folded, why_refused

__all__ = ["TreeReader"]

_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"})
_SOURCES = frozenset({"BASE_TABLE", "EMPTY", "EXPRESSION_LIST", "JOIN", "PIVOT", "SUBQUERY", "TABLE_FUNCTION"})
_EXPRESSIONS = (
    "BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT DEFAULT FUNCTION LAMBDA OPERATOR PARAMETER "
    "POSITIONAL_REFERENCE STAR SUBQUERY TYPE WINDOW"
)
_TAKEN = ("__", "duckdb_", "pg_", "pragma_", "sqlite_")
"""How names begin that a part of a WITH may not have, lest it is mistaken for what DuckDB has under such names."""

_DEEPEST = 300
"""Levels of the tree; an expression within another is some three."""
_DEEPEST_LAMBDA = 6
"""DuckDB takes twice as long for one more."""
_MOST_BRANCHES = 300
"""Of one OR whose parts are not plain comparisons: DuckDB compares each with each."""

# Values, the names a WITH gave to those below, how deep it is, and in how many lambdas.
_Step = tuple[Any, frozenset[str], int, int]


class TreeReader:
    """What one SELECT names.

    Args:
        tables: those it may see. A name is exact, or else the same but for upper and lower case.

    Attributes:
        tables: those it does see, spelled as they are, in order.
        parameters: those it has, spelled as in the SELECT, in order.
    """

    def __init__(self, tables: Collection[str]) -> None:
        self.tables: dict[str, None] = {}
        self.parameters: dict[str, None] = {}
        self._spelled = frozenset(tables)

    def read(self, tree: Any) -> None:
        """Read all of it.

        Raises:
            SqlError: it names or does what it may not.
        """
        steps: list[_Step] = [(tree, frozenset(), 0, 0)]
        while steps:
            value, names, depth, lambdas = steps.pop()
            if depth > _DEEPEST or lambdas > _DEEPEST_LAMBDA:
                raise SqlError("the SELECT is nested too deeply; take parts of it out into a WITH, or shorten it")
            if isinstance(value, list):
                steps.extend((each, names, depth + 1, lambdas) for each in reversed(value))
            elif isinstance(value, dict):
                within = lambdas + (value.get("class") == "LAMBDA")
                parts = list(self._parts(value, names))
                steps.extend((part, seen, depth + 1, within) for part, seen in reversed(parts))
        if len({folded(name) for name in self.tables}) < len(self.tables):
            raise SqlError("the SELECT names two tables that differ only in upper and lower case; they are one in SQL")

    def _parts(self, node: dict[str, Any], names: frozenset[str]) -> Iterator[tuple[Any, frozenset[str]]]:
        """What is in a node, each part with the names that mean a part of a WITH there."""
        if "cte_map" in node:
            if node.get("type") not in _NODES:
                raise SqlError(f"a SELECT cannot have a {node.get('type')!s:.40} in it here")
            for entry in node["cte_map"]["map"]:
                # Not its own name yet: without a RECURSIVE_CTE_NODE that means what is outside.
                yield entry["value"], names
                names = names | {self._named(entry["key"])}
        elif "class" in node:
            node = self._expression(node)
        elif "sample" in node and "alias" in node:
            node = self._source(node, names)
        inner = names
        if node.get("type") == "RECURSIVE_CTE_NODE":
            inner = names | {self._named(node["cte_name"])}
        for key, part in node.items():
            if key != "cte_map" and isinstance(part, dict | list):
                yield part, inner if key == "right" else names

    def _named(self, name: str) -> str:
        if folded(name).startswith(_TAKEN):
            raise SqlError(f"a part of the WITH is called {name!r:.80}; such names are DuckDB's own, choose another")
        return folded(name)

    def _expression(self, node: dict[str, Any]) -> dict[str, Any]:
        kind = node["class"]
        if kind not in _EXPRESSIONS.split():
            raise SqlError(f"a SELECT cannot have a {kind!s:.40} in it here")
        if kind in ("FUNCTION", "WINDOW"):
            _check_function(node)
        elif kind == "PARAMETER":
            self.parameters[node["identifier"]] = None
        elif node["type"] == "CONJUNCTION_OR":
            branching = [each for each in node["children"] if each["class"] not in ("COMPARISON", "COLUMN_REF")]
            if len(branching) > _MOST_BRANCHES:
                raise SqlError(f"an OR has more than {_MOST_BRANCHES} branches; use (a, b) in (…), or join with VALUES")
        return node

    def _source(self, node: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
        kind = node.get("type")
        if kind == "SHOW_REF":
            raise SqlError("SHOW, DESCRIBE and SUMMARIZE are not answered; select what you want to see from a table")
        if kind not in _SOURCES:
            raise SqlError(f"a SELECT cannot have a {kind!s:.40} after FROM")
        if kind == "BASE_TABLE":
            self._table(node, names)
        elif kind == "TABLE_FUNCTION":
            return _check_table_function(node)
        return node

    def _table(self, node: Mapping[str, Any], names: frozenset[str]) -> None:
        name = node["table_name"]
        path = [part for part in (node["catalog_name"], node["schema_name"], name) if part]
        if len(path) > 1:
            raise SqlError(f"{'.'.join(path)!r:.100} has a schema; tables are named by themselves: {self._all()}")
        if node["at_clause"] is not None:
            raise SqlError("AT is not answered: tables have only their present state")
        if folded(name) in names:
            return
        found = name if name in self._spelled else self._folded(name)
        if found is None:
            raise SqlError(f"there is no table {name!r:.100}; {did_you_mean(name[:100], self._spelled)}")
        self.tables[found] = None

    def _folded(self, name: str) -> str | None:
        fitting = sorted(each for each in self._spelled if folded(each) == folded(name))
        if len(fitting) > 1:
            raise SqlError(f"{name!r:.100} may be any of {', '.join(fitting)}; spell it as the one that you mean")
        return fitting[0] if fitting else None

    def _all(self) -> str:
        return ", ".join(sorted(self._spelled)) or "there are none"


def _check_function(node: Mapping[str, Any]) -> None:
    name = str(node["function_name"])
    if why := why_refused(name):
        raise SqlError(f"the function {name!r:.80} cannot be called in a SELECT here: it {why}")
    if node.get("export_state"):
        raise SqlError("EXPORT_STATE is not answered; aggregates give their values")


def _check_table_function(node: dict[str, Any]) -> dict[str, Any]:
    """Raises if it may not be called; else what its arguments are in."""
    function = node["function"]
    name = function.get("function_name")
    if function["class"] != "FUNCTION" or name is None:
        raise SqlError(f"a SELECT cannot have a {function['class']!s:.40} after FROM")
    if folded(name) not in TABLE_FUNCTIONS or function["schema"] or function["catalog"]:
        raise SqlError(
            f"the function {name!r:.80} cannot stand after FROM here; {', '.join(sorted(TABLE_FUNCTIONS))} can"
        )
    return {**node, "function": {key: part for key, part in function.items() if key != "class"}}
