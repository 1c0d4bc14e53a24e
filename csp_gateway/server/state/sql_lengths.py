"""How long a value a function makes of those that it is given, in lengths of the longest value at hand."""

from collections.abc import Mapping
from math import prod
from typing import Any

from csp_gateway.errors import SqlError

__all__ = ["GATHERED", "GATHERING", "MOST_GROWTH", "PARAMETER", "UNIT", "bound_growth", "function_growth", "text_of"]

MOST_GROWTH = 1_000
"""How many times as long as the longest value at hand a value can be made, by ``x || x`` and the like.

DuckDB evaluates an expression for 2048 rows at once, and neither counts what that takes nor can be stopped meanwhile.
"""
UNIT = 100
"""Characters of a text in the SELECT that count as one value at hand."""
PARAMETER = 20
GATHERED = 50
"""Values at hand that count as one which is made of many rows.

Where such a one stands beside other rows, as in a join, it counts as ``MOST_GROWTH``: nothing may make it longer, for
it would be made so for 2048 of them at once.
"""
_LONGEST_PAD = 1_000

_SAME = (
    "+ - * / // % ** ^ & << >> ~~ !~~ ~~* !~~* abs any_value arg_max arg_min array_extract array_slice coalesce first "
    "greatest ifnull last least left list_extract list_slice max max_by min min_by nullif right round split_part "
    "substr substring"
)
"""Functions whose value is not longer than the longest that they are given."""
_ESCAPING = (
    "array_to_json base64 bin hex json json_array json_object json_quote regexp_escape row_to_json to_base64 to_binary "
    "to_hex to_json url_encode"
)
_ESCAPED = 4
GATHERING = "array_agg group_concat json_group_array json_group_object json_group_structure list listagg string_agg"
"""Functions that make one value of those of many rows."""
_SHORT = (
    "array_contains array_has array_length array_position contains count ends_with length len list_contains list_has "
    "list_indexof list_position prefix starts_with strlen strpos suffix"
)
"""Functions whose value is a number or a truth, whatever they are given."""
_SQUARE = "jaro_similarity jaro_winkler_similarity"
"""Functions that take the square of a text's length, and cannot be stopped meanwhile."""
_SETS = "&& <@ @> array_has_all array_has_any array_intersect list_has_all list_has_any list_intersect"
"""Functions that take seconds for two lists of a million values, and cannot be stopped meanwhile."""
_REPLACING = frozenset({"regexp_replace", "replace"})
_PADDING = frozenset({"lpad", "rpad"})


def function_growth(name: str, arguments: list[Any], given: list[int]) -> int:
    """How many times as long as the longest value at hand its value may be.

    Args:
        name: the function's, folded.
        arguments: as DuckDB reads them.
        given: how many times as long each of them may be.

    Raises:
        SqlError: it may be too long, or how long is not written in the SELECT.
    """
    if name in _PADDING and (len(arguments) < 2 or not 0 <= _number(arguments[1]) <= _LONGEST_PAD):
        raise SqlError(f"{name} pads to a length that is written as a number, at most {_LONGEST_PAD:,}")
    if name in _SQUARE.split() and max(given, default=1) >= GATHERED:
        raise SqlError(f"{name} compares texts of one record, and none that are put together; use levenshtein")
    if name in _SETS.split() and max(given, default=1) >= GATHERED:
        raise SqlError(f"{name} compares lists of one record, and none that are put together; join, or use IN")
    if name in _SAME.split():
        growth = max(given, default=1)
    elif name in _SHORT.split():
        growth = 1
    elif name in _ESCAPING.split():
        growth = _ESCAPED * sum(given)
    elif name in GATHERING.split():
        growth = GATHERED * max(given, default=1)
    elif name in _REPLACING:
        growth = given[0] * _replacement(name, arguments) if given else 1
    elif any(each.get("class") == "LAMBDA" for each in arguments):
        growth = prod(given)  # each value of the list becomes what the lambda makes
    else:
        growth = sum(given)
    bound_growth(growth)
    return max(growth, 1)


def bound_growth(growth: int) -> None:
    if growth > MOST_GROWTH:
        raise SqlError(f"the SELECT can make a value {MOST_GROWTH:,} times as long as those it is made of; shorten it")


def _replacement(name: str, arguments: list[Any]) -> int:
    text = text_of(arguments[2]) if len(arguments) > 2 else ""
    if text is None:
        raise SqlError(f"{name} replaces by a text that is written in the SELECT")
    return max(len(text), 1)


def text_of(node: Mapping[str, Any]) -> str | None:
    """What a constant says; None if it is none."""
    if node.get("class") != "CONSTANT":
        return None
    return str(node.get("literal", node.get("value", {})).get("text", ""))


def _number(node: Mapping[str, Any]) -> int:
    """A constant's number; -1 if it is none."""
    text = text_of(node) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
