"""How much a short SELECT can grow to: bounds on what DuckDB neither counts as memory nor can be stopped in."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

from csp_gateway.errors import SqlError
from csp_gateway.server.state.sql_functions import folded

__all__ = ["check_size"]

_MOST_SOURCES = 100
"""Tables after FROM, parts of a WITH counted as often as they are named: DuckDB ponders the order of joins."""
_MOST_COLUMNS = 5_000
_MOST_GROWTH = 1_000
"""How many times as long as the longest value at hand a value can be made, by ``x || x`` and the like.

DuckDB evaluates an expression for 2048 rows at once, and neither counts what that takes nor can be stopped meanwhile.
"""
_UNIT = 100
"""Characters of a text in the SELECT that count as one value at hand."""
_PARAMETER = 20
_GATHERED = 50
"""Values at hand that count as one which is made of many rows."""
_MOST_ALIASED = 3_000
"""Expressions, aliases of the same SELECT replaced by what they stand for."""
_LONGEST_PAD = 1_000
_COLUMNS = 50
"""Columns that a table is taken to have."""

_SAME = "+ - * / // % ** ^ & << >> ~~ !~~ ~~* !~~* abs coalesce greatest least round ifnull nullif"
"""Functions whose value is not longer than the longest that they are given."""
_ESCAPING = (
    "array_to_json base64 bin hex json json_array json_object json_quote regexp_escape row_to_json to_base64 to_binary "
    "to_hex to_json url_encode"
)
_ESCAPED = 4
_GATHERING = "array_agg group_concat json_group_array json_group_object json_group_structure list listagg string_agg"
_SQUARE = "jaro_similarity jaro_winkler_similarity"
"""Functions that take the square of a text's length, and cannot be stopped meanwhile."""
_REPLACING = frozenset({"regexp_replace", "replace"})
_PADDING = frozenset({"lpad", "rpad"})


class _Size(NamedTuple):
    sources: int = 1
    columns: int = _COLUMNS
    growth: int = 1


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
        size = _query(entry["value"]["query_node"], known)
        known = {**known, folded(entry["key"]): size}
    if node["type"] == "SELECT_NODE":
        return _select(node, known)
    if node["type"] == "RECURSIVE_CTE_NODE":
        first = _query(node["left"], known)
        return _joined([first, _query(node["right"], {**known, folded(node["cte_name"]): first})], widest=True)
    sides = node.get("children") or [node["left"], node["right"]]
    return _joined([_query(side, known) for side in sides], widest=True)


def _select(node: Mapping[str, Any], known: _Known) -> _Size:
    seen = _source(node["from_table"], known)
    measure = _Measure(known, seen.growth)
    columns = growth = 0
    for item in node["select_list"]:
        columns += seen.columns if _has_star(item) else 1
        growth = max(growth, measure.item(item))
    for key, part in node.items():
        if key not in ("cte_map", "from_table", "select_list"):
            measure.growth(part)
    sources = seen.sources + measure.sources
    return _bounded(_Size(sources, columns, max(growth, 1)))


def _has_star(item: Any) -> bool:
    if isinstance(item, list):
        return any(_has_star(each) for each in item)
    if not isinstance(item, dict) or item.get("class") == "SUBQUERY":
        return False
    return item.get("class") == "STAR" or any(_has_star(each) for each in item.values())


def _source(node: Any, known: _Known) -> _Size:
    """What stands after FROM."""
    kind = node["type"]
    if kind == "EMPTY":
        return _Size(0, 0, 1)
    if kind == "BASE_TABLE":
        return known.get(folded(node["table_name"]), _Size())
    if kind == "SUBQUERY":
        return _query(node["subquery"]["node"], known)
    measure = _Measure(known, 1)
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
    return _bounded(_Size(sources, max(columns) if widest else sum(columns), max(size.growth for size in sizes)))


def _bounded(size: _Size) -> _Size:
    if size.sources > _MOST_SOURCES:
        raise SqlError(f"the SELECT joins more than {_MOST_SOURCES} tables, parts of its WITH counted each time")
    if size.columns > _MOST_COLUMNS:
        raise SqlError(f"the SELECT can have more than {_MOST_COLUMNS:,} columns: each * repeats all there are")
    _bound_growth(size.growth)
    return size


def _bound_growth(growth: int) -> None:
    if growth > _MOST_GROWTH:
        raise SqlError(f"the SELECT can make a value {_MOST_GROWTH:,} times as long as those it is made of; shorten it")


class _Measure:
    """The expressions of one SELECT.

    Args:
        known: parts of a WITH.
        seen: how many times as long as a value at hand a column's may be.
    """

    def __init__(self, known: _Known, seen: int) -> None:
        self.sources = 0
        self._known = known
        self._seen = seen
        self._grown: dict[str, int] = {}
        self._nodes: dict[str, int] = {}
        self._aliased = 0
        self._count = 0

    def item(self, node: Any) -> int:
        """One expression of the list; those after it may name it."""
        self._count = 0
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
            return size.growth
        self._count += "class" in node
        kind = node.get("class")
        if kind == "COLUMN_REF":
            return self._column(node["column_names"])
        if kind == "FUNCTION":
            return self._function(node)
        if kind == "CONSTANT":
            return 1 + len(_text(node) or "") // _UNIT
        if kind == "PARAMETER":
            return _PARAMETER
        parts = [self.growth(each) for each in node.values() if isinstance(each, dict | list)]
        return 1 if kind in ("COMPARISON", "CONJUNCTION", "BETWEEN") else max(parts, default=1)

    def _column(self, path: list[str]) -> int:
        name = folded(path[0])
        if name not in self._grown:
            return self._seen
        self._aliased += self._nodes[name]
        self._count += self._nodes[name]
        if self._aliased > _MOST_ALIASED:
            raise SqlError("the SELECT names its own aliases too often; compute them in a WITH, and select from it")
        return max(self._grown[name], self._seen)

    def _function(self, node: Mapping[str, Any]) -> int:
        name = folded(node["function_name"])
        arguments = _arguments(node)
        given = [self.growth(each) for each in arguments]
        for key in ("filter", "order_bys"):
            self.growth(node.get(key))
        if name in _PADDING and (len(arguments) < 2 or not 0 <= _number(arguments[1]) <= _LONGEST_PAD):
            raise SqlError(f"{name} pads to a length that is written as a number, at most {_LONGEST_PAD:,}")
        if name in _SQUARE.split() and max(given, default=1) >= _GATHERED:
            raise SqlError(f"{name} compares texts of one record, and none that are put together; use levenshtein")
        if name in _SAME.split():
            growth = max(given, default=1)
        elif name in _ESCAPING.split():
            growth = _ESCAPED * sum(given)
        elif name in _GATHERING.split():
            growth = _GATHERED * max(given, default=1)
        elif name in _REPLACING:
            growth = given[0] * _replacement(name, arguments) if given else 1
        elif any(each.get("class") == "LAMBDA" for each in arguments):
            growth = prod(given)  # each value of the list becomes what the lambda makes
        else:
            growth = sum(given)
        _bound_growth(growth)
        return max(growth, 1)


def _arguments(node: Mapping[str, Any]) -> list[Any]:
    return [each["expression"] for each in node["arguments"]]


def _replacement(name: str, arguments: list[Any]) -> int:
    text = _text(arguments[2]) if len(arguments) > 2 else ""
    if text is None:
        raise SqlError(f"{name} replaces by a text that is written in the SELECT")
    return max(len(text), 1)


def _text(node: Mapping[str, Any]) -> str | None:
    """What a constant says; None if it is none."""
    if node.get("class") != "CONSTANT":
        return None
    return str(node.get("literal", node.get("value", {})).get("text", ""))


def _number(node: Mapping[str, Any]) -> int:
    """A constant's number; -1 if it is none."""
    text = _text(node) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
