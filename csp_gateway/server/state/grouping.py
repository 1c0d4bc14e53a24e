"""Records counted, summed and otherwise brought together, group by group."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from csp_gateway.server.state.asked import Aggregate, Asked, Attribute
from csp_gateway.server.state.keys import Keys, rank
from csp_gateway.server.state.ordering import held
from csp_gateway.server.state.paths import alternatives, is_struct
from csp_gateway.server.structs import ArrowReader
from csp_gateway.wire.comparing import Kind, comparable

__all__ = ["column_types", "grouped", "paged", "sure_columns"]


def grouped(asked: Asked, records: Sequence[Any]) -> list[dict[str, Any]]:
    """A row for each group: what its records have in common, then the aggregates; without groups, one row of all.

    Args:
        asked: with aggregates.
        records: those that the query means, by key ascending.
    """
    parts: list[tuple[dict[str, Any], Sequence[Any]]] = [({}, records)]
    if asked.group:
        paths = tuple(attribute.path for attribute in asked.group)
        settle = Keys(asked.record_type, paths).settle
        groups: dict[Hashable, list[Any]] = {}
        for record in records:
            groups.setdefault(settle(record), []).append(record)
        reads = {path: held(path) for path in paths}
        parts = [({path: read(group[0]) for path, read in reads.items()}, group) for group in groups.values()]
    rows = [
        shared | {each.name: _VALUE[each.function](each, group) for each in asked.aggregates} for shared, group in parts
    ]
    return paged(rows, asked)


def paged(rows: list[dict[str, Any]], asked: Asked) -> list[dict[str, Any]]:
    """The rows of groups in the order that is asked for, otherwise by what they have in common; a page of them."""
    columns = [(attribute.path, False) for attribute in asked.group]
    for column, descending in reversed([*asked.group_order, *columns]):
        rows.sort(key=lambda row, column=column: rank(row[column]), reverse=descending)  # type: ignore[misc]
    end = None if asked.limit is None else asked.offset + asked.limit
    return rows[asked.offset : end]


def column_types(asked: Asked) -> Mapping[str, Any]:
    """Column → the type of its values that are not None, of an answer in rows: of selected attributes, or of groups."""
    if asked.select is not None:
        return {attribute.path: attribute.declared for attribute in asked.select}
    shared = {attribute.path: attribute.declared for attribute in asked.group}
    return shared | {each.name: _type_of(each) for each in asked.aggregates}


def sure_columns(asked: Asked, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """The columns of such an answer that hold nothing but values of their types."""
    leaves = ArrowReader.of(asked.record_type).leaves if is_struct(asked.record_type) else {}
    shown = asked.group if asked.select is None else asked.select
    attributes = [(each.path, each) for each in shown]
    attributes += [
        (each.name, each.attribute)
        for each in asked.aggregates
        if each.attribute is not None and each.function in ("min", "max", "last")
    ]
    sure = {name for name, attribute in attributes if attribute.path in leaves and leaves[attribute.path].exact}
    for each in asked.aggregates:
        number = each.function in ("count", "avg", "quantile")
        if number or (each.function == "sum" and all(_fits(row[each.name], _type_of(each)) for row in rows)):
            sure.add(each.name)
    return sure


def _fits(total: Any, column: Any) -> bool:
    return total is None or column is float or (column is int and -(2**63) <= total < 2**63)


def _type_of(aggregate: Aggregate) -> Any:
    if aggregate.function == "count" or aggregate.attribute is None:
        return int
    if aggregate.function == "avg":
        return float
    if aggregate.function == "quantile":
        return list[float] if aggregate.listed else float
    declared = aggregate.attribute.declared
    if aggregate.function == "sum":
        types = set(alternatives(declared))
        return int if types <= {int, bool} else float if types <= {int, bool, float} else Any
    return declared


def _count(aggregate: Aggregate, group: Sequence[Any]) -> int:
    if aggregate.attribute is None:
        return len(group)
    read = held(aggregate.attribute.path)
    return sum(not _is_nothing(read(record)) for record in group)


def _sum(aggregate: Aggregate, group: Sequence[Any]) -> Any:
    values = _values(aggregate.attribute, group)
    return _total(values) if values else None


def _avg(aggregate: Aggregate, group: Sequence[Any]) -> float | None:
    values = _values(aggregate.attribute, group)
    if not values:
        return None
    total = _total(values)
    try:
        return float(total / len(values))
    except OverflowError:
        return _float(total)


def _extreme(choose: Callable[..., Any]) -> Callable[[Aggregate, Sequence[Any]], Any]:
    def value(aggregate: Aggregate, group: Sequence[Any]) -> Any:
        return choose(_values(aggregate.attribute, group), key=lambda held: comparable(held)[1], default=None)

    return value


def _last(aggregate: Aggregate, group: Sequence[Any]) -> Any:
    assert aggregate.attribute is not None
    assert aggregate.by is not None
    if not group:
        return None
    by = held(aggregate.by.path)
    # Of equals, max takes the first: that with the greatest key.
    return held(aggregate.attribute.path)(max(reversed(group), key=lambda record: rank(by(record))))


def _quantile(aggregate: Aggregate, group: Sequence[Any]) -> float | list[float] | None:
    values = sorted(map(_float, _values(aggregate.attribute, group)))
    if not values:
        return None
    found = [_between(values, at) for at in aggregate.at]
    return found if aggregate.listed else found[0]


def _between(values: list[float], at: float) -> float:
    """The value at a fraction of the way through sorted values, between its neighbours in proportion."""
    position = (len(values) - 1) * at
    low, high = values[math.floor(position)], values[math.ceil(position)]
    if low == high:
        return low
    part, spread = position - math.floor(position), high - low
    return low + spread * part if math.isfinite(spread) or not part else low * (1 - part) + high * part


def _values(attribute: Attribute | None, group: Sequence[Any]) -> list[Any]:
    """What the records hold that is of the kind that the attribute is declared with."""
    assert attribute is not None
    read, (kind,) = held(attribute.path), attribute.kinds
    found = [value for value in map(read, group) if not _is_nothing(value)]
    return [value for value in found if comparable(value)[0] is kind]


def _is_nothing(value: Any) -> bool:
    """Whether a value is None or NaN."""
    try:
        return value is None or (comparable(value)[0] is Kind.NUMBER and bool(value != value))
    except Exception:  # a value whose own methods raise
        return False


def _total(values: list[Any]) -> Any:
    if not any(isinstance(value, float) for value in values):
        return sum(values)
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):  # infinities, or what becomes one
        return sum(map(_float, values))


def _float(number: Any) -> float:
    """A number as a float, infinite if it is beyond all of them."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


_VALUE: Mapping[str, Callable[[Aggregate, Sequence[Any]], Any]] = {
    "count": _count,
    "sum": _sum,
    "avg": _avg,
    "min": _extreme(min),
    "max": _extreme(max),
    "last": _last,
    "quantile": _quantile,
}
