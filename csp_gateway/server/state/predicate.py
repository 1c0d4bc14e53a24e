"""A query held against a type of records, and compiled to a Python predicate."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import Any

import csp

from csp_gateway.errors import QueryError
from csp_gateway.server.state.paths import alternatives, kinds_of, resolve, spelled_type
from csp_gateway.wire import Filter, Query
from csp_gateway.wire.comparing import COMPARE, Kind, Where, comparable, compare, constant

__all__ = ["Attribute", "Comparison", "comparisons_of", "predicate_of"]

Predicate = Callable[[Any], bool]

_NATIVE = (bool, int, float, str, datetime)
"""Types of which csp lets a struct's field hold nothing else, and whose values compare as they are."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a query's path leads to in one type of records."""

    path: str
    kinds: tuple[Kind, ...]
    """What it can hold that compares; every kind where nothing is declared."""
    members: type[Enum] | None = None
    """The enum whose members it holds, if it is declared so."""
    native: bool = False
    """Whether what it holds compares as it is."""

    def __str__(self) -> str:
        return f"{self.path!r} is {' or '.join(kind.value for kind in self.kinds)}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A filter that makes sense for one type of records: its paths exist, and its two sides can be compared."""

    left: Attribute
    where: Where
    right: Attribute | Mapping[Kind, Any]
    """Another attribute; or a value, as it compares with what ``left`` may hold of each kind."""


def predicate_of(query: Query, record_type: Any) -> Predicate:
    """What tells of a record of this type whether the query means it.

    It agrees with ``Query.calculate``, but has judged the whole query by what the type declares before the first
    record. A record that holds something else than declared is unequal to any value, rather than an error.

    Raises:
        QueryError: see ``comparisons_of``.
    """
    tests = [_test(comparison) for comparison in comparisons_of(query, record_type)]
    if len(tests) == 1:
        return tests[0]
    return lambda record: all(test(record) for test in tests)


def comparisons_of(query: Query, record_type: Any) -> list[Comparison]:
    """The filters of a query, held against what a type of records declares.

    Args:
        record_type: a struct class, or any other type; what it does not declare may hold anything.

    Raises:
        QueryError: an attribute that is not there, or a comparison of what cannot be compared; naming the filter.
    """
    return [_comparison(each, record_type, f"filters[{index}]") for index, each in enumerate(query.filters)]


def _comparison(question: Filter, record_type: Any, place: str) -> Comparison:
    left = _attribute(record_type, question.attr, f"{place}.attr")
    by, said = question.by.given
    if by == "attr":
        right = _attribute(record_type, str(said), f"{place}.by.attr")
        if not set(left.kinds).intersection(right.kinds):
            raise QueryError(f"{place}.by.attr: {right}, and {left}: they cannot be compared")
        return Comparison(left, question.by.where, right)
    values, errors = {}, []
    for kind in left.kinds:
        try:
            values[kind] = constant(said, kind, left.members)
        except ValueError as error:
            errors.append(str(error))
    if not values:
        raise QueryError(f"{place}.by.{by}: with {question.attr!r}: {'; '.join(errors)}")
    return Comparison(left, question.by.where, values)


def _attribute(record_type: Any, path: str, place: str) -> Attribute:
    try:
        declared = resolve(record_type, path)
    except AttributeError as error:
        raise QueryError(f"{place}: {error}") from None
    kinds = tuple(kind for kind in kinds_of(declared) if kind is not Kind.OTHER)
    if not kinds:
        raise QueryError(f"{place}: {path!r} is a {spelled_type(declared)}, which compares with nothing")
    types = list(alternatives(declared))
    enum = types[0] if len(types) == 1 and isinstance(types[0], type) and issubclass(types[0], Enum) else None
    in_struct = isinstance(record_type, type) and issubclass(record_type, csp.Struct)
    return Attribute(path, kinds, enum, in_struct and declared in _NATIVE)


def _test(comparison: Comparison) -> Predicate:
    left, right = comparison.left, comparison.right
    if isinstance(right, Attribute):
        return _test_of_two(attrgetter(left.path), comparison.where, attrgetter(right.path))
    if left.native:
        (value,) = right.values()
        return _native_test(attrgetter(left.path), comparison.where, value)
    return _test_of_one(attrgetter(left.path), comparison.where, right)


def _native_test(get: Callable[[Any], Any], where: Where, value: Any) -> Predicate:
    compare_as_is, unequal = COMPARE[where], where == "!="

    def test(record: Any) -> bool:
        try:
            return bool(compare_as_is(get(record), value))
        except (AttributeError, TypeError):  # unset, or in no order
            return unequal

    return test


def _test_of_one(get: Callable[[Any], Any], where: Where, values: Mapping[Kind, Any]) -> Predicate:
    unequal = where == "!="

    def test(record: Any) -> bool:
        try:
            held = get(record)
        except AttributeError:
            return unequal
        kind, meant = comparable(held)
        return compare(meant, where, values[kind]) if kind in values else unequal

    return test


def _test_of_two(left: Callable[[Any], Any], where: Where, right: Callable[[Any], Any]) -> Predicate:
    unequal = where == "!="

    def test(record: Any) -> bool:
        try:
            (kind, one), (other, two) = comparable(left(record)), comparable(right(record))
        except AttributeError:
            return unequal
        return compare(one, where, two) if kind is other and kind is not Kind.OTHER else unequal

    return test
