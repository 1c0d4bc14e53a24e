"""How many bytes of memory a value holds, roughly."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, time, timedelta
from enum import Enum
from itertools import islice
from typing import Any

import csp

__all__ = ["weigh"]

_MOST_LOOKED_AT = 100
"""Values that are looked at to weigh one, and what is in the structs among them."""
_MOST_ELEMENTS = 4
"""Elements of one collection that are looked at; all others count as their mean."""
_UNKNOWN = 64
_STRUCT = 64 + 16
"""A struct's face in Python, and what the allocator adds to its body."""
_POINTER, _LIST, _STRING = 8, 24, 32
"""What a struct's body holds of most fields, of a list and of a string."""
_SHORT = 15
"""Characters that a string of csp's holds without memory of its own."""
_SIZES = {bool: 0, int: 32, float: 24, date: 32, datetime: 48, time: 40, timedelta: 40, type(None): 0}
"""What the values of these types are in Python; in a struct's body they are as large as a pointer."""


def weigh(value: Any) -> int:
    """An estimate of the bytes that would be free if ``value`` and all it holds went.

    It looks at about a hundred values, and at four elements of a collection, which stand for the others. Structs are
    counted as csp lays them out, arrays by their ``nbytes``, what is not known by ``sys.getsizeof``. What is shared
    counts each time it is met. It never raises: it is called on the engine's thread.

    >>> weigh("a" * 1000) > 1000
    True
    """
    try:
        return _weigh(value, [_MOST_LOOKED_AT])
    except Exception:  # whatever the class of a value raises when it is asked for its length or its elements
        return _UNKNOWN


def _weigh(value: Any, left: list[int]) -> int:
    """A value by itself. ``left``: how many may still be looked at, counted down."""
    left[0] -= 1
    kind = type(value)
    if kind in _SIZES:
        return _SIZES[kind]
    if kind is str:
        return sys.getsizeof(value)
    if left[0] < -_MOST_LOOKED_AT:
        return _size_of(value)  # structs in structs, or a list that holds itself
    if isinstance(value, csp.Struct):
        return _STRUCT + sum([_weigh_field(getattr(value, name, None), left) for name in kind.metadata(typed=False)])
    if isinstance(value, dict):
        return _size_of(value) + _elements(value.values(), _weigh, left) + _elements(value, _weigh, left)
    if isinstance(value, list | tuple | set | frozenset):
        return _size_of(value) + _elements(value, _weigh, left)
    if isinstance(value, Enum | csp.Enum):
        return 0  # there is one of each, whoever holds it
    nbytes = getattr(value, "nbytes", 0)
    # An array that owns its memory has it in its size already, one that looks into another's has not.
    return max(_size_of(value), nbytes if isinstance(nbytes, int) else 0)


def _weigh_field(value: Any, left: list[int]) -> int:
    """A value as a struct's body holds it."""
    kind = type(value)
    if kind in _SIZES:
        left[0] -= 1
        return _POINTER
    if kind is str or kind is bytes:
        left[0] -= 1
        return _STRING + (len(value) + 1 if len(value) > _SHORT else 0)
    if isinstance(value, list) and left[0] >= -_MOST_LOOKED_AT:
        return _LIST + _elements(value, _weigh_field, left)
    return _POINTER + _weigh(value, left)


def _elements(values: Collection[Any], weigh_one: Callable[[Any, list[int]], int], left: list[int]) -> int:
    weights: list[int] = []
    for each in _some(values):
        if weights and left[0] <= 0:
            break
        weights.append(weigh_one(each, left))
    return len(values) * sum(weights) // len(weights) if weights else 0


def _some(values: Collection[Any]) -> Iterable[Any]:
    """A few elements: from all over a list, the first of what has no order."""
    if len(values) <= _MOST_ELEMENTS:
        return values
    if isinstance(values, list | tuple):
        return values[:: -(-len(values) // _MOST_ELEMENTS)]
    return islice(values, _MOST_ELEMENTS)


def _size_of(value: Any) -> int:
    return sys.getsizeof(value, _UNKNOWN)
