"""How deep and how large a query may be; looked at before anything is done with it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

__all__ = ["DEEPEST", "MOST_PARTS", "refuse_excess"]

DEEPEST = 32
"""Levels of filters: one that stands alone is one level, each ``and``, ``or`` and ``not`` around it another."""
MOST_PARTS = 1_000
"""Filters, values in lists, attributes and aggregates that a query may have in all."""

_LISTS = ("select", "order_by", "group_by", "aggregates")


def refuse_excess(data: Any) -> Any:
    """A query, a filter, or what one is to be made of; as it is.

    It may be any data at all: what is no filter is left to others to refuse.

    Raises:
        ValueError: it is too deep, or has too many parts.
    """
    aggregates = _part(data, "aggregates")
    points = aggregates.values() if isinstance(aggregates, Mapping) else ()
    parts = sum(_length(_part(data, name)) for name in _LISTS) + sum(_length(_part(each, "at")) for each in points)
    # A stack of our own: Python's is not deep enough for what may come.
    filters = _part(data, "filters")
    listed = isinstance(filters, list | tuple)
    waiting = [(each, 1) for each in filters] if listed else [(each, 2) for each in _inner(data)]
    while waiting:
        each, depth = waiting.pop()
        parts += 1 + _values(each)
        if depth > DEEPEST:
            raise ValueError(f"filters stand in one another more than {DEEPEST} deep")
        waiting.extend((inner, depth + 1) for inner in _inner(each))
        if parts + len(waiting) > MOST_PARTS:
            break
    if parts + len(waiting) > MOST_PARTS:
        raise ValueError(f"there are more than {MOST_PARTS:,} filters, values and attributes in all")
    return data


def _inner(each: Any) -> Iterator[Any]:
    for name in ("and", "or"):
        filters = _part(each, name)
        yield from filters if isinstance(filters, list | tuple) else ()
    opposite = _part(each, "not")
    if opposite is not None:
        yield opposite


def _values(each: Any) -> int:
    by = _part(each, "by")
    return 0 if by is None else _length(_part(by, "in"))


def _length(part: Any) -> int:
    return len(part) if isinstance(part, Collection) and not isinstance(part, str | bytes) else 0


def _part(owner: Any, name: str) -> Any:
    """What data or a model says under a name of the grammar's."""
    spellings = (name, f"{name}_")
    if isinstance(owner, Mapping):
        return next((owner[each] for each in spellings if each in owner), None)
    # A model has no attribute of a name that is a word of Python's.
    return next((found for each in spellings if (found := getattr(owner, each, None)) is not None), None)
