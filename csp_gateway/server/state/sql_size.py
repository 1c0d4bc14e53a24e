"""How much a short SELECT can grow to: bounds on what DuckDB neither counts as memory nor can be stopped in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, NamedTuple

from csp_gateway.errors import SqlError
from csp_gateway.server.state.sql_functions import folded
from csp_gateway.server.state.sql_lengths import (
    GATHERED,
    GATHERING,
    MOST_GROWTH,
    PARAMETER,
    UNIT,
    bound_growth,
    function_growth,
    text_of,
)

__all__ = ["check_size"]

_MOST_SOURCES = 100
"""Tables after FROM, parts of a WITH counted as often as they are named: DuckDB ponders the order of joins."""
_MOST_COLUMNS = 5_000
_MOST_ALIASED = 3_000
"""Expressions, aliases of the same SELECT replaced by what they stand for."""
_COLUMNS = 50
"""Columns that a table is taken to have."""


class _Size(NamedTuple):
    sources: int = 1
    columns: int = _COLUMNS
    growth: int = 1
    long: Mapping[str, int] = {}
    """Columns that are made of many rows → how many times as long; ``""`` stands for every one."""

    def spread(self) -> _Size:
        """The same, beside other rows."""
        return self._replace(long=dict.fromkeys(self.long, MOST_GROWTH))

    def longest(self) -> int:
        """Of any column."""
        return max([self.growth, *self.long.values()])


_Known = Mapping[str, _Size]


def check_size(tree: Mapping[str, Any]) -> None:
    """Refuse what would take DuckDB minutes to plan, or gigabytes in a single expression.

    Args:
        tree: a SELECT as DuckDB reads it, known not to be nested deeply.

    Raises:
        SqlError: it is too large, and in what.
    """
    _query(tree, {})


def _query(node: Mapping[str, Any], known: _Known) -> _Size:
    for entry in node["cte_map"]["map"]:
        size = _named(_query(entry["value"]["query_node"], known), "", entry["value"].get("aliases"))
        known = {**known, folded(entry["key"]): size}
    if node["type"] == "SELECT_NODE":
        return _select(node, known)
    if node["type"] == "RECURSIVE_CTE_NODE":
        first = _query(node["left"], known)
        then = _query(node["right"], {**known, folded(node["cte_name"]): first})
        size = _joined([first, then], widest=True)
        return size._replace(long={**size.long, "": GATHERED}) if then.longest() > first.longest() else size
    sides = node.get("children") or [node["left"], node["right"]]
    return _joined([_query(side, known) for side in sides], widest=True)


def _select(node: Mapping[str, Any], known: _Known) -> _Size:
    seen = _source(node["from_table"], known)
    unnests = _has(node["select_list"], _is_unnest)
    seen = seen.spread() if unnests else seen
    measure = _Measure(known, seen, unnests or node["from_table"]["type"] != "EMPTY")
    columns = growth = 0
    long: dict[str, int] = {}
    for item in node["select_list"]:
        starred = _has(item, _is_star)
        columns += seen.columns if starred else 1
        grown = measure.item(item)
        if measure.gathered and grown >= GATHERED:
            long |= seen.long if starred else {}
            long[folded(item["alias"] or (item.get("column_names") or [""])[-1])] = grown
        else:
            growth = max(growth, grown)
    for key, part in node.items():
        if key not in ("cte_map", "from_table", "select_list"):
            measure.growth(part)
    sources = seen.sources + measure.sources
    size = _bounded(_Size(sources, columns, max(growth, 1), long))
    return size.spread() if unnests else size


def _has(item: Any, wanted: Callable[[Mapping[str, Any]], bool]) -> bool:
    """Whether such a node is in an expression, subqueries apart."""
    if isinstance(item, list):
        return any(_has(each, wanted) for each in item)
    if not isinstance(item, dict) or item.get("class") == "SUBQUERY":
        return False
    return wanted(item) or any(_has(each, wanted) for each in item.values())


def _is_star(node: Mapping[str, Any]) -> bool:
    return node.get("class") == "STAR"


def _is_unnest(node: Mapping[str, Any]) -> bool:
    return node.get("class") == "FUNCTION" and folded(node["function_name"]) in ("unnest", "unlist")


def _named(size: _Size, name: str, columns: Any) -> _Size:
    """As a table that is called so: its name is also that of its rows, and its columns may have others."""
    if not size.long:
        return size
    return size._replace(long={**size.long, "" if columns or not name else folded(name): max(size.long.values())})


def _source(node: Any, known: _Known) -> _Size:
    """What stands after FROM."""
    kind = node["type"]
    if kind == "EMPTY":
        return _Size(0, 0, 1)
    if kind == "BASE_TABLE":
        size = known.get(folded(node["table_name"]), _Size())
        return _named(size, node["alias"] or node["table_name"], node["column_name_alias"])
    if kind == "SUBQUERY":
        return _named(_query(node["subquery"]["node"], known), node["alias"], node["column_name_alias"])
    measure = _Measure(known, _Size(), True)
    if kind == "JOIN":
        sides = [_source(node["left"], known), _source(node["right"], known)]
        measure.growth(node["condition"])
        return _joined([*sides, _Size(measure.sources, 0, 1)])
    if kind == "PIVOT":
        measure.growth([node["aggregates"], node["pivots"]])
        return _joined([_source(node["source"], known), _Size(measure.sources, 0, 1)])
    growth = measure.growth(node["values"] if kind == "EXPRESSION_LIST" else node["function"])
    return _Size(1 + measure.sources, _COLUMNS, growth)


def _joined(sizes: list[_Size], widest: bool = False) -> _Size:
    columns = [size.columns for size in sizes]
    sources = sum(size.sources for size in sizes if size.sources) if not widest else max(s.sources for s in sizes)
    growth = max(size.growth for size in sizes)
    long = dict(chain.from_iterable(size.spread().long.items() for size in sizes))
    if widest and long:
        long[""] = MOST_GROWTH  # columns are called as those of the first
    return _bounded(_Size(sources, max(columns) if widest else sum(columns), growth, long))


def _bounded(size: _Size) -> _Size:
    if size.sources > _MOST_SOURCES:
        raise SqlError(f"the SELECT joins more than {_MOST_SOURCES} tables, parts of its WITH counted each time")
    if size.columns > _MOST_COLUMNS:
        raise SqlError(f"the SELECT can have more than {_MOST_COLUMNS:,} columns: each * repeats all there are")
    bound_growth(size.growth)
    return size


class _Measure:
    """The expressions of one SELECT.

    Args:
        known: parts of a WITH.
        seen: what stands after FROM.
        many: whether there may be several rows.

    Attributes:
        sources: tables of its subqueries.
        gathered: whether the last expression has a value that is made of many rows.
    """

    def __init__(self, known: _Known, seen: _Size, many: bool) -> None:
        self.sources = 0
        self.gathered = False
        self._many = many
        self._known = known
        self._seen = seen
        self._grown: dict[str, int] = {}
        self._nodes: dict[str, int] = {}
        self._aliased = 0
        self._count = 0

    def item(self, node: Any) -> int:
        """One expression of the list; those after it may name it."""
        self._count = 0
        self.gathered = False
        growth = self.growth(node)
        if isinstance(node, dict) and node.get("alias"):
            self._grown[folded(node["alias"])] = growth
            self._nodes[folded(node["alias"])] = self._count
        return growth

    def growth(self, node: Any) -> int:
        """How many times as long as the longest value at hand this may be."""
        if isinstance(node, list):
            return max((self.growth(each) for each in node), default=1)
        if not isinstance(node, dict):
            return 1
        if "class" not in node and "cte_map" in node:
            size = _query(node, self._known)
            self.sources += size.sources
            self.gathered |= bool(size.long)
            return size.spread().longest() if self._many else size.longest()
        self._count += "class" in node
        kind = node.get("class")
        if kind == "COLUMN_REF":
            return self._column(node["column_names"])
        if kind == "FUNCTION":
            return self._function(node)
        if kind == "CONSTANT":
            return 1 + len(text_of(node) or "") // UNIT
        if kind == "PARAMETER":
            return PARAMETER
        if kind in ("STAR", "POSITIONAL_REFERENCE"):
            return self._any_column()
        if kind == "LAMBDA":
            return self._lambda(node)
        parts = [self.growth(each) for each in node.values() if isinstance(each, dict | list)]
        if kind == "WINDOW" and folded(node["function_name"]) in GATHERING.split():
            self.gathered = True
            return MOST_GROWTH
        decides = kind in ("COMPARISON", "CONJUNCTION", "BETWEEN") or node.get("subquery_type", "SCALAR") != "SCALAR"
        return 1 if decides else max(parts, default=1)

    def _any_column(self) -> int:
        self.gathered |= bool(self._seen.long)
        return self._seen.longest()

    def _lambda(self, node: Mapping[str, Any]) -> int:
        """Each value of a list stands beside what the lambda sees of the rest."""
        seen, many = self._seen, self._many
        self._seen, self._many = seen.spread(), True
        growth = max(self.growth(each) for each in node.values() if isinstance(each, dict | list))
        self._seen, self._many = seen, many
        return growth

    def _column(self, path: list[str]) -> int:
        name = folded(path[0])
        long = max(self._seen.long.get(folded(part), 0) for part in ["", *path])
        self.gathered |= long > 0 or self._grown.get(name, 0) >= GATHERED
        seen = max(self._seen.growth, long)
        if name not in self._grown:
            return seen
        self._aliased += self._nodes[name]
        self._count += self._nodes[name]
        if self._aliased > _MOST_ALIASED:
            raise SqlError("the SELECT names its own aliases too often; compute them in a WITH, and select from it")
        return max(self._grown[name], seen)

    def _function(self, node: Mapping[str, Any]) -> int:
        name = folded(node["function_name"])
        arguments = _arguments(node)
        given = [self.growth(each) for each in arguments]
        for key in ("filter", "order_bys"):
            self.growth(node.get(key))
        self.gathered |= name in GATHERING.split()
        return function_growth(name, arguments, given)


def _arguments(node: Mapping[str, Any]) -> list[Any]:
    return [each["expression"] for each in node["arguments"]]
