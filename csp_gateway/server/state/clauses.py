"""What a query asks, as SQL over the table of a state, wherever SQL says exactly the same.

What is null in SQL is false here, except to ``!=``: see ``wire/query.py`` for what a query means. DuckDB takes NaN for
the greatest number, equal to itself; a query does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import pyarrow as pa

from csp_gateway.server.state.asked import (
    Aggregate,
    AllOf,
    Among,
    AnyOf,
    Attribute,
    Between,
    Comparison,
    IsNan,
    IsNull,
    Like,
    Opposite,
    Test,
)
from csp_gateway.server.structs import Leaf
from csp_gateway.wire.comparing import Kind, Where

__all__ = ["Clause", "Clauses", "NotInSql"]

_KINDS: Mapping[pa.DataType, Kind] = {
    pa.bool_(): Kind.NUMBER,
    pa.int64(): Kind.NUMBER,
    pa.float64(): Kind.NUMBER,
    pa.string(): Kind.TEXT,
    pa.timestamp("us"): Kind.MOMENT,
    pa.date32(): Kind.MOMENT,
    pa.time64("us"): Kind.CLOCK,
    pa.duration("us"): Kind.SPAN,
}
_CASTS: Mapping[pa.DataType, str] = {pa.bool_(): "::BIGINT", pa.date32(): "::TIMESTAMP"}
"""What makes a column comparable with others of its kind."""
_ALIKE = {pa.bool_(): pa.int64(), pa.date32(): pa.timestamp("us")}
_LONGEST_SPAN = timedelta(days=100_000)
_TURNED: Mapping[Where, Where] = {"<": "<=", "<=": "<=", ">": ">", ">=": ">", "==": "==", "!=": "!="}
"""What holds of a whole number and the floor of another, if it holds of it and that other, which is not whole."""
_OPERATORS: Mapping[Where, str] = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class NotInSql(Exception):
    """SQL cannot say this exactly; Python has to judge the records."""


class Clause(NamedTuple):
    """A piece of SQL, and the values of its question marks."""

    sql: str
    values: tuple[Any, ...] = ()


class Clauses:
    """Writes SQL over a table ``t`` whose columns hold records as ``ArrowReader`` reads them.

    Each method raises ``NotInSql`` where SQL would say something else.

    Args:
        leaves: dotted path → what stands there in a column.
    """

    def __init__(self, leaves: Mapping[str, Leaf]) -> None:
        self._leaves = _told_apart(leaves)

    def where(self, test: Test) -> Clause:
        """A condition that is true of the records that pass, and of no others."""
        return self._condition(test, exact=False)

    def _condition(self, test: Test, *, exact: bool) -> Clause:
        """``exact``: false of the others, and not null. Where null is as good, DuckDB passes over more of the table."""
        match test:
            case AllOf(parts):
                return _joined(" and ", [self._condition(part, exact=exact) for part in parts], "true")
            case AnyOf(parts):
                return _joined(" or ", [self._condition(part, exact=exact) for part in parts], "false")
            case Opposite(part):
                inner = self._condition(part, exact=True)
                return Clause(f"(not {inner.sql})", inner.values)
            case IsNull(left, wanted):
                return Clause(f"({self.column(left.path)} is {'' if wanted else 'not '}null)")
            case IsNan(left, wanted):
                return self._is_nan(left, wanted)
        inner = self._comparison(test)
        return Clause(f"coalesce({inner.sql}, false)", inner.values) if exact else inner

    def _is_nan(self, left: Attribute, wanted: bool) -> Clause:
        self._scalar(left.path)
        if self._leaves[left.path].arrow_type != pa.float64():
            return Clause("false" if wanted else "true")
        return Clause(f"({'' if wanted else 'not '}coalesce(isnan({self.column(left.path)}), false))")

    def _comparison(self, test: Test) -> Clause:
        """A condition that is true of the records that pass, and null or false of the others."""
        match test:
            case Comparison(left, where, right):
                return (
                    self._of_two(left, where, right) if isinstance(right, Attribute) else self._of(left, where, right)
                )
            case Between(left, low, high):
                return _joined(" and ", [self._of(left, ">=", low), self._of(left, "<=", high)], "")
            case Among(left, values):
                (kind,) = self._kinds(left)
                return _joined(" or ", [self._of(left, "==", {kind: value}) for value in values.get(kind, ())], "false")
            case Like(left, pattern):
                if self._kinds(left) != (Kind.TEXT,):
                    raise NotInSql
                return Clause(rf"({self.column(left.path)} like ? escape '\')", (_text(pattern),))
        raise AssertionError(f"no comparison: {test}")

    def column(self, path: str) -> str:
        """The column, or the place within a column, that holds what is at a path."""
        if path not in self._leaves:
            raise NotInSql
        return "t." + ".".join(f'"{name}"' for name in path.split("."))

    def order(self, path: str, *, descending: bool = False) -> str:
        """What orders by a path: None first and NaN last, or the other way round."""
        self._scalar(path)
        return f"{self.column(path)} {'desc nulls last' if descending else 'asc nulls first'}"

    def group(self, attribute: Attribute) -> str:
        """What is the same for all records of a group."""
        self._scalar(attribute.path)
        return self.column(attribute.path)

    def aggregate(self, aggregate: Aggregate, keys: Sequence[str]) -> str:
        """An aggregate over a group; of ``min``, ``max`` and ``last``, the slot of the record that holds it.

        Args:
            keys: the paths of the key, by which ties are settled.
        """
        attribute = aggregate.attribute
        if attribute is None:
            return "count(*)"
        column = self.column(attribute.path)
        if aggregate.function == "last":
            assert aggregate.by is not None
            order = ", ".join(self.order(path) for path in (aggregate.by.path, *keys))
            return f"last(t._slot order by {order})"
        leaf = self._leaves[attribute.path]
        is_float = leaf.arrow_type == pa.float64()
        kept = f" filter ({column} is not null{f' and not isnan({column})' if is_float else ''})"
        if aggregate.function == "count":
            if leaf.text:
                raise NotInSql  # NaN is text there, and not to be counted
            return f"count(*){kept}"
        self._scalar(attribute.path)
        if aggregate.function in ("min", "max"):
            return f"arg_{aggregate.function}(t._slot, {column}){kept}"
        if self._kinds(attribute) != (Kind.NUMBER,):
            raise NotInSql
        if aggregate.function == "quantile":
            return f"quantile_cont({column}::DOUBLE, [{', '.join(repr(float(at)) for at in aggregate.at)}]){kept}"
        exact = {"sum": "fsum", "avg": "favg"} if is_float else {}
        return f"{exact.get(aggregate.function, aggregate.function)}({column}{_CASTS.get(leaf.arrow_type, '')}){kept}"

    def _scalar(self, path: str) -> None:
        """Hold that what is at a path is ordered and told apart in SQL as it is in a query."""
        leaf = self._leaves.get(path)
        if leaf is None or leaf.text or leaf.arrow_type not in _KINDS:
            raise NotInSql

    def _kinds(self, attribute: Attribute) -> tuple[Kind, ...]:
        self._scalar(attribute.path)
        return (_KINDS[self._leaves[attribute.path].arrow_type],)

    def _of(self, left: Attribute, where: Where, values: Mapping[Kind, Any]) -> Clause:
        (kind,) = self._kinds(left)
        if kind not in values:
            raise NotInSql
        column, kind_of_column = self.column(left.path), self._leaves[left.path].arrow_type
        value = values[kind]
        if kind is Kind.NUMBER:
            said = _number(kind_of_column, where, value)
            if isinstance(said, bool):
                return _always(column, said, where)
            where, value = said
        else:
            _refuse_inexact(value)
        column += _CASTS.get(kind_of_column, "")
        if where == "!=":
            return Clause(f"({column} is distinct from ?)", (value,))
        if kind_of_column == pa.float64() and where in (">", ">="):
            return Clause(f"({column} {where} ? and not isnan({column}))", (value,))
        return Clause(f"({column} {_OPERATORS[where]} ?)", (value,))

    def _of_two(self, left: Attribute, where: Where, right: Attribute) -> Clause:
        self._scalar(left.path)
        self._scalar(right.path)
        types = [self._leaves[each.path].arrow_type for each in (left, right)]
        if _ALIKE.get(types[0], types[0]) != _ALIKE.get(types[1], types[1]):
            raise NotInSql  # whole and broken numbers: DuckDB would round the whole ones
        one, other = (self.column(each.path) for each in (left, right))
        unequal = "true" if where == "!=" else "false"
        compared = f"{one}{_CASTS.get(types[0], '')} {_OPERATORS[where]} {other}{_CASTS.get(types[1], '')}"
        if types[0] == pa.float64():
            compared = f"case when isnan({one}) or isnan({other}) then {unequal} else {compared} end"
        return Clause(f"coalesce({compared}, {unequal})")


def _told_apart(leaves: Mapping[str, Leaf]) -> dict[str, Leaf]:
    """Those that DuckDB finds, which takes ``Price`` for ``price``."""
    spellings: dict[str, set[str]] = {}
    for path in leaves:
        spellings.setdefault(path.lower(), set()).add(path)
    doubtful = tuple(f"{path}." for paths in spellings.values() if len(paths) > 1 for path in paths)
    return {path: leaf for path, leaf in leaves.items() if not f"{path}.".startswith(doubtful)}


def _joined(word: str, clauses: Sequence[Clause], otherwise: str) -> Clause:
    if not clauses:
        return Clause(otherwise)
    return Clause(
        f"({word.join(each.sql for each in clauses)})", tuple(value for each in clauses for value in each.values)
    )


def _always(column: str, holds: bool, where: Where) -> Clause:
    """A comparison that comes out alike whatever number stands there."""
    if not holds:
        return Clause("false")
    return Clause("true" if where == "!=" else f"({column} is not null)")


def _number(column: pa.DataType, where: Where, value: Any) -> tuple[Where, Any] | bool:
    """A comparison with a number, as one that DuckDB makes exactly; or how it comes out for every number."""
    if column == pa.float64():
        return where, _exact_float(value)
    if isinstance(value, float):
        if value.is_integer():
            return _number(column, where, int(value))
        if where in ("==", "!="):
            return where == "!="
        return _number(column, _TURNED[where], math.floor(value))
    if -(2**63) <= value < 2**63:
        return where, int(value)
    above = value > 0
    return where == "!=" or where in (("<", "<=") if above else (">", ">="))


def _exact_float(value: Any) -> float:
    try:
        nearest = float(value)
    except OverflowError:
        raise NotInSql from None
    if nearest != value:
        raise NotInSql
    return nearest


def _refuse_inexact(value: Any) -> None:
    if isinstance(value, str):
        _text(value)
    elif isinstance(value, timedelta):
        if abs(value) > _LONGEST_SPAN:
            raise NotInSql
    elif isinstance(value, bytes) or getattr(value, "tzinfo", None) is not None:
        raise NotInSql


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotInSql from None
    return text
