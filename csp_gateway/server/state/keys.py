"""The key of a record: how it is read, what stands for a value that cannot be hashed, and how keys are ordered."""

import math
from collections.abc import Callable, Hashable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from numbers import Integral
from operator import attrgetter
from typing import Any

import csp
import numpy as np

from csp_gateway.server.state.paths import is_struct, resolve
from csp_gateway.wire.comparing import naive_utc

__all__ = ["Keys", "rank"]

_AS_IT_IS = (str, int, bool, bytes, datetime, date, time, timedelta)
"""Types whose values are hashed and ordered as they are."""
_IN_ORDER = frozenset(_AS_IT_IS)


class Keys:
    """How the records of one state are told apart, and in which order they are answered.

    The key is the value at each path, None where an attribute on the way is unset or None; of one path, the value
    itself. A value that cannot be hashed is replaced by what can, made of what it contains: records with equal lists
    are one record. All NaN are one key. Other values are one key if Python calls them equal, as it does 1 and 1.0.

    Args:
        record_type: the type of the records.
        paths: the attributes that make the key, all of which the type has.
    """

    def __init__(self, record_type: Any, paths: tuple[str, ...]) -> None:
        self.paths = paths
        self._getters = [attrgetter(path) for path in paths]
        types = [resolve(record_type, path) for path in paths]
        in_struct = is_struct(record_type)
        self.natural = in_struct and all(each in _IN_ORDER for each in types)
        """Whether csp keeps anything out of the key's attributes that is not hashed and ordered as it is."""
        hashed = in_struct and all(each in _IN_ORDER or _is_csp_enum(each) for each in types)
        self.read: Callable[[Any], Hashable] = attrgetter(*paths) if hashed else self.settle
        """The key of a record, fast. May raise anything: ``settle`` answers then."""

    def settle(self, record: Any) -> Hashable:
        """The key of any record; never raises."""
        if len(self._getters) == 1:
            return _settled_at(self._getters[0], record)
        return tuple([_settled_at(get, record) for get in self._getters])

    def ranks(self, key: Any) -> tuple[tuple[Any, ...], ...]:
        """What orders a key among the others: the rank of each of its parts."""
        return (rank(key),) if len(self.paths) == 1 else tuple(map(rank, key))

    def in_order(self, keys: list[Any]) -> list[Any]:
        """Keys ascending, None first.

        Values of different types are ordered by the names of their types, Python's own types first; numbers are one
        type here, with NaN after them. Times are ordered in UTC, enum members by name, all else by how it is written.
        """
        if self.natural:
            try:
                return sorted(keys)
            except TypeError:  # there are None among them
                pass
        return sorted(keys, key=self.ranks)


def _settled_at(get: Callable[[Any], Any], record: Any) -> Hashable:
    try:
        value = get(record)
    except Exception:  # unset, or computed by something that fails
        return None
    if type(value) in _IN_ORDER or value is None or isinstance(value, Enum):
        hashable: Hashable = value
        return hashable
    try:
        return _settled(value)
    except Exception:  # it contains itself, or its own methods raise: nothing but itself stands for it
        return type(value).__name__, id(value)


def _settled(value: Any) -> Hashable:
    if isinstance(value, float | complex):
        return value if value == value else math.nan
    if isinstance(value, Decimal):
        return math.nan if value.is_nan() else value
    if isinstance(value, list | tuple):
        return type(value).__name__, *map(_settled, value)
    if isinstance(value, set | frozenset):
        return "set", frozenset(map(_settled, value))
    if isinstance(value, dict):
        return "dict", frozenset((_settled(key), _settled(each)) for key, each in value.items())
    if isinstance(value, csp.Struct):
        # It can be hashed, but may be changed afterwards.
        return type(value).__name__, _settled(value.to_dict())
    if isinstance(value, np.generic):
        return _settled(value.item()) if isinstance(value, np.number | np.bool_) else value
    if hasattr(value, "tolist"):  # an array
        return type(value).__name__, _settled(value.tolist())
    try:
        hash(value)
    except Exception:
        return type(value).__name__, repr(value)
    hashable: Hashable = value
    return hashable


def _is_csp_enum(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, csp.Enum)


def rank(value: Any) -> tuple[Any, ...]:
    """What orders a value among others of any type: None first, numbers together with NaN after them, times in UTC,
    enum members by name, all else by type and then as it is, or as it is written."""
    if value is None:
        return (0,)
    if isinstance(value, datetime):
        return 1, "datetime", naive_utc(value), value.isoformat()
    if isinstance(value, time):
        return 1, "time", value.isoformat()
    if isinstance(value, Enum):
        return 2, type(value).__name__, value.name
    if isinstance(value, int | float | Decimal | Integral):
        # A signalling NaN of Decimal's raises when it is compared.
        is_nan = value.is_nan() if isinstance(value, Decimal) else value != value
        return (1, "number", True) if is_nan else (1, "number", False, value)
    if type(value) in _IN_ORDER:
        return 1, type(value).__name__, value
    try:
        return 2, type(value).__name__, repr(value)
    except Exception:
        return 2, type(value).__name__, str(id(value))
