"""What a query asks of a type of records, compiled to a Python predicate."""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from operator import attrgetter
from typing import Any, TypeAlias

from csp_gateway.server.state.asked import (
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
from csp_gateway.server.state.meaning import held_against
from csp_gateway.wire import Query
from csp_gateway.wire.comparing import COMPARE, Kind, Where, comparable, compare, is_nan
from csp_gateway.wire.patterns import pattern_of

__all__ = ["Predicate", "passes", "predicate_of"]

Predicate: TypeAlias = Callable[[Any], bool]

# What a record holds, and how it gets it, is not ours: an attribute may be computed by something that fails, and a
# value may have an ``==`` that does. Such a value is unequal to all others, in no order, and spoils no answer.

_HASHED = frozenset({bool, int, float, str, bytes, datetime, time, timedelta})
"""Exact types whose values, if equal to one another, have one hash."""


def predicate_of(query: Query, record_type: Any) -> Predicate:
    """What tells of a record of this type whether the filters of the query are true of it.

    Raises:
        QueryError: as ``held_against``.
    """
    test = held_against(query, record_type).test
    return passes(test) if test is not None else lambda record: True


def passes(test: Test) -> Predicate:
    """What tells of a record whether it passes the test; never raises, whatever the record holds.

    It agrees with ``Query.calculate`` wherever that has an answer. A record that holds something else than its class
    declares is unequal to any value, rather than an error.
    """
    match test:
        case AllOf(parts):
            return _all_of([passes(part) for part in parts])
        case AnyOf(parts):
            return _any_of([passes(part) for part in parts])
        case Opposite(part):
            return _opposite(passes(part))
        case Comparison():
            return _comparison(test)
        case Among(left, values):
            return _native_among(left, values) if left.native else _among(left, values)
        case Between(left, low, high):
            return _native_between(left, low, high) if left.native else _between(left, low, high)
        case Like(left, pattern):
            return _native_like(left, pattern) if left.native else _like(left, pattern)
        case IsNull(left, wanted):
            return _is_null(attrgetter(left.path), wanted)
        case IsNan(left, wanted):
            return _is_nan(attrgetter(left.path), wanted)


def _comparison(asked: Comparison) -> Predicate:
    left, where, right = asked.left, asked.where, asked.right
    if isinstance(right, Attribute):
        return _test_of_two(attrgetter(left.path), where, attrgetter(right.path))
    return _native_test(left, where, right) if left.native else _test_of_one(left, where, right)


# --- What joins tests -------------------------------------------------------------------------------------------------


def _all_of(parts: list[Predicate]) -> Predicate:
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        one, two = parts
        return lambda record: one(record) and two(record)

    def test(record: Any) -> bool:
        for part in parts:  # noqa: SIM110  # a generator takes half as long again
            if not part(record):
                return False
        return True

    return test


def _any_of(parts: list[Predicate]) -> Predicate:
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        one, two = parts
        return lambda record: one(record) or two(record)

    def test(record: Any) -> bool:
        for part in parts:  # noqa: SIM110  # as above
            if part(record):
                return True
        return False

    return test


def _opposite(part: Predicate) -> Predicate:
    return lambda record: not part(record)


# --- Tests of what csp lets hold nothing else -------------------------------------------------------------------------


def _native_test(left: Attribute, where: Where, values: Mapping[Kind, Any]) -> Predicate:
    get, compare_as_is, unequal = attrgetter(left.path), COMPARE[where], where == "!="
    (value,) = values.values()

    def test(record: Any) -> bool:
        try:
            return bool(compare_as_is(get(record), value))
        except Exception:  # unset
            return unequal

    return test


def _native_among(left: Attribute, values: Mapping[Kind, tuple[Any, ...]]) -> Predicate:
    get = attrgetter(left.path)
    (listed,) = map(frozenset, values.values())

    def test(record: Any) -> bool:
        try:
            return get(record) in listed
        except Exception:  # unset
            return False

    return test


def _native_between(left: Attribute, low: Mapping[Kind, Any], high: Mapping[Kind, Any]) -> Predicate:
    get = attrgetter(left.path)
    (lowest,), (highest,) = low.values(), high.values()

    def test(record: Any) -> bool:
        try:
            return bool(lowest <= get(record) <= highest)
        except Exception:  # unset
            return False

    return test


def _native_like(left: Attribute, pattern: str) -> Predicate:
    get, matches = attrgetter(left.path), pattern_of(pattern).match

    def test(record: Any) -> bool:
        try:
            return matches(get(record)) is not None
        except Exception:  # unset
            return False

    return test


# --- Tests of anything ------------------------------------------------------------------------------------------------


def _test_of_one(left: Attribute, where: Where, values: Mapping[Kind, Any]) -> Predicate:
    get, unequal = attrgetter(left.path), where == "!="

    def test(record: Any) -> bool:
        try:
            kind, meant = comparable(get(record))
            return compare(meant, where, values[kind]) if kind in values else unequal
        except Exception:
            return unequal

    return test


def _test_of_two(left: Callable[[Any], Any], where: Where, right: Callable[[Any], Any]) -> Predicate:
    unequal = where == "!="

    def test(record: Any) -> bool:
        try:
            (kind, one), (other, two) = comparable(left(record)), comparable(right(record))
            return compare(one, where, two) if kind is other and kind is not Kind.OTHER else unequal
        except Exception:
            return unequal

    return test


def _among(left: Attribute, values: Mapping[Kind, tuple[Any, ...]]) -> Predicate:
    get = attrgetter(left.path)
    hashed = {kind: frozenset(listed) for kind, listed in values.items()}

    def test(record: Any) -> bool:
        try:
            kind, meant = comparable(get(record))
            if kind not in values:
                return False
            if type(meant) in _HASHED:
                return meant in hashed[kind]
            return any(compare(meant, "==", value) for value in values[kind])
        except Exception:
            return False

    return test


def _between(left: Attribute, low: Mapping[Kind, Any], high: Mapping[Kind, Any]) -> Predicate:
    get = attrgetter(left.path)

    def test(record: Any) -> bool:
        try:
            kind, meant = comparable(get(record))
            return kind in low and compare(low[kind], "<=", meant) and compare(meant, "<=", high[kind])
        except Exception:
            return False

    return test


def _like(left: Attribute, pattern: str) -> Predicate:
    get, matches = attrgetter(left.path), pattern_of(pattern).match

    def test(record: Any) -> bool:
        try:
            kind, meant = comparable(get(record))
            return kind is Kind.TEXT and matches(meant) is not None
        except Exception:
            return False

    return test


def _is_null(get: Callable[[Any], Any], wanted: bool) -> Predicate:
    def test(record: Any) -> bool:
        try:
            return (get(record) is None) is wanted
        except Exception:
            return wanted

    return test


def _is_nan(get: Callable[[Any], Any], wanted: bool) -> Predicate:
    def test(record: Any) -> bool:
        try:
            kind, meant = comparable(get(record))
            return (kind is Kind.NUMBER and is_nan(meant)) is wanted
        except Exception:
            return not wanted

    return test
