"""What a query means for one type of records: each attribute it names is found there, each value of a kind with it."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import csp

from csp_gateway.errors import QueryError
from csp_gateway.server.state.asked import (
    Aggregate,
    AllOf,
    Among,
    AnyOf,
    Asked,
    Attribute,
    Between,
    Comparison,
    IsNan,
    IsNull,
    Like,
    Opposite,
    Order,
    Test,
)
from csp_gateway.server.state.paths import alternatives, kinds_of, resolve, spelled_type
from csp_gateway.wire import Aggregate as AggregateOfQuery
from csp_gateway.wire import And, AnyFilter, Filter, FilterCondition, Not, Or, Query
from csp_gateway.wire.comparing import Kind, comparable, constant
from csp_gateway.wire.values import Written

__all__ = ["held_against"]

_NATIVE = (bool, int, float, str, datetime)
"""Types of which csp lets a struct's field hold nothing else, and whose values compare as they are."""
_NEWEST = "timestamp"


def held_against(query: Query, record_type: Any) -> Asked:
    """The query, held against what a type of records declares, before it meets a record.

    Args:
        record_type: a struct class, or any other type; what it does not declare may hold anything.

    Raises:
        QueryError: an attribute that is not there, or is not of a kind with what it is asked for; naming the place.
    """
    tests = [_test(each, record_type, f"filters[{index}]") for index, each in enumerate(query.filters)]
    selected = None
    if query.select is not None:
        selected = tuple(_found(record_type, path, f"select[{index}]") for index, path in enumerate(query.select))
    grouped = bool(query.aggregates)
    orders = [] if grouped else query.order_by
    return Asked(
        record_type,
        test=tests[0] if len(tests) == 1 else AllOf(tuple(tests)) if tests else None,
        select=selected,
        order=tuple(
            Order(_compares(record_type, each.attr, f"order_by[{index}]"), each.descending)
            for index, each in enumerate(orders)
        ),
        limit=query.limit,
        offset=query.offset,
        cursor=query.cursor,
        group=tuple(_compares(record_type, path, f"group_by[{index}]") for index, path in enumerate(query.group_by)),
        aggregates=tuple(
            _aggregate(name, each, record_type, f"aggregates.{name}") for name, each in query.aggregates.items()
        ),
        group_order=tuple((each.attr, each.descending) for each in query.order_by) if grouped else (),
    )


# --- Filters ----------------------------------------------------------------------------------------------------------


def _test(question: AnyFilter, record_type: Any, place: str) -> Test:
    match question:
        case And(and_=parts):
            return AllOf(tuple(_test(each, record_type, f"{place}.and[{index}]") for index, each in enumerate(parts)))
        case Or(or_=parts):
            return AnyOf(tuple(_test(each, record_type, f"{place}.or[{index}]") for index, each in enumerate(parts)))
        case Not(not_=part):
            return Opposite(_test(part, record_type, f"{place}.not"))
        case Filter(attr=path, by=by):
            return _condition(path, by, record_type, place)


def _condition(path: str, by: FilterCondition, record_type: Any, place: str) -> Test:
    if by.is_null is not None:
        return IsNull(_found(record_type, path, f"{place}.attr"), by.is_null)
    left = _compares(record_type, path, f"{place}.attr")
    if by.is_nan is not None:
        if Kind.NUMBER not in left.kinds:
            raise QueryError(f"{place}.by.is_nan: {left}: only what is a number can be NaN")
        return IsNan(left, by.is_nan)
    if by.in_ is not None:
        return Among(left, _values(left, by.in_, f"{place}.by.in"))
    if by.between is not None:
        return _between(left, by.between, f"{place}.by.between")
    if by.like is not None:
        if Kind.TEXT not in left.kinds:
            raise QueryError(f"{place}.by.like: {left}: only text is like a pattern")
        return Like(left, by.like)
    how, said = by.given
    if how != "attr":
        return Comparison(left, by.where, _value(left, said, f"{place}.by.{how}"))
    right = _compares(record_type, str(said), f"{place}.by.attr")
    if not set(left.kinds).intersection(right.kinds):
        raise QueryError(f"{place}.by.attr: {right}, and {left}: they cannot be compared")
    return Comparison(left, by.where, right)


def _value(left: Attribute, said: Written, place: str) -> dict[Kind, Any]:
    """A value, as it compares with what ``left`` may hold of each kind."""
    values, errors = _read(left, said)
    if not values:
        raise QueryError(f"{place}: with {left.path!r}: {'; '.join(errors)}")
    return values


def _values(left: Attribute, listed: Sequence[Written], place: str) -> dict[Kind, tuple[Any, ...]]:
    of_kinds: dict[Kind, list[Any]] = {}
    for index, said in enumerate(listed):
        for kind, value in _value(left, said, f"{place}[{index}]").items():
            of_kinds.setdefault(kind, []).append(value)
    return {kind: tuple(values) for kind, values in of_kinds.items()}


def _between(left: Attribute, ends: tuple[Written, Written], place: str) -> Between:
    low, high = (_value(left, end, f"{place}[{index}]") for index, end in enumerate(ends))
    both = [kind for kind in low if kind in high]
    if not both:
        kinds = [comparable(end)[0].value for end in ends]
        raise QueryError(f"{place}: with {left.path!r}: {kinds[0]} and {kinds[1]} are no ends of one range")
    return Between(left, {kind: low[kind] for kind in both}, {kind: high[kind] for kind in both})


def _read(left: Attribute, said: Written) -> tuple[dict[Kind, Any], list[str]]:
    values, errors = {}, []
    for kind in left.kinds:
        try:
            values[kind] = constant(said, kind, left.members)
        except ValueError as error:
            errors.append(str(error))
    return values, errors


# --- Aggregates -------------------------------------------------------------------------------------------------------


def _aggregate(name: str, given: AggregateOfQuery, record_type: Any, place: str) -> Aggregate:
    function, path = given.given
    if path == "*":
        return Aggregate(name, function, None)
    there = f"{place}.{function}"
    attribute = _found(record_type, path, there)
    if function in ("sum", "avg", "quantile"):
        _refuse_unless_numbers(attribute, function, there)
    if function in ("min", "max") and len(attribute.kinds) != 1:
        raise QueryError(f"{there}: {_told(attribute)}: the {function} is of what is declared to compare in one way")
    at = given.at if isinstance(given.at, list) else [] if given.at is None else [given.at]
    return Aggregate(
        name,
        function,
        attribute,
        by=_latest_by(given.by, record_type, place) if function == "last" else None,
        at=tuple(at),
        listed=isinstance(given.at, list),
    )


def _refuse_unless_numbers(attribute: Attribute, function: str, place: str) -> None:
    if kinds_of(attribute.declared) != (Kind.NUMBER,):
        raise QueryError(f"{place}: {_told(attribute)}: the {function} is of what is declared to be numbers")


def _told(attribute: Attribute) -> str:
    """What an attribute is, for a sentence on why it is not what was needed."""
    if attribute.kinds == tuple(kind for kind in Kind if kind is not Kind.OTHER):
        return f"what {attribute.path!r} holds is not declared"
    return f"{attribute.path!r} is a {spelled_type(attribute.declared)}"


def _latest_by(path: str | None, record_type: Any, place: str) -> Attribute:
    if path is not None:
        return _compares(record_type, path, f"{place}.by")
    try:
        return _compares(record_type, _NEWEST, f"{place}.by")
    except QueryError:
        raise QueryError(
            f"{place}: a {spelled_type(record_type)} has no {_NEWEST!r} to tell which is the last; "
            f"name an attribute that does as `by`"
        ) from None


# --- Attributes -------------------------------------------------------------------------------------------------------


def _compares(record_type: Any, path: str, place: str) -> Attribute:
    attribute = _found(record_type, path, place)
    if not attribute.kinds:
        raise QueryError(f"{place}: {path!r} is a {spelled_type(attribute.declared)}, which compares with nothing")
    return attribute


def _found(record_type: Any, path: str, place: str) -> Attribute:
    try:
        declared = resolve(record_type, path)
    except AttributeError as error:
        raise QueryError(f"{place}: {error}") from None
    kinds = tuple(kind for kind in kinds_of(declared) if kind is not Kind.OTHER)
    types = list(alternatives(declared))
    enum = types[0] if len(types) == 1 and isinstance(types[0], type) and issubclass(types[0], Enum) else None
    return Attribute(path, kinds, declared, enum, declared in _NATIVE and _is_in_structs(record_type, path))


def _is_in_structs(record_type: Any, path: str) -> bool:
    """Whether csp sees to it that each attribute on the way is a struct."""
    *way, _ = path.split(".")
    owners = [record_type, *(resolve(record_type, ".".join(way[:end])) for end in range(1, len(way) + 1))]
    return all(isinstance(owner, type) and issubclass(owner, csp.Struct) for owner in owners)
