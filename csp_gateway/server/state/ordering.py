"""The order in which records are answered, and the cursor that says how far somebody has read in it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Hashable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter
from typing import Any, TypeAlias

from csp_gateway.errors import QueryError
from csp_gateway.server.state.asked import Asked
from csp_gateway.server.state.keys import Keys, rank

__all__ = ["Pair", "Place", "cursor_of", "first_after", "held", "in_order", "place_of", "read_cursor"]

Pair: TypeAlias = tuple[Hashable, Any]
"""A key, and the record that stands under it."""

Place: TypeAlias = tuple[tuple[Any, ...], ...]
"""Where a record stands: the ranks of what it is ordered by, then those of the parts of its key."""


def held(path: str) -> Callable[[Any], Any]:
    """What a record has at a path; None where something on the way is unset or None."""
    get = attrgetter(path)

    def read(record: Any) -> Any:
        try:
            return get(record)
        except Exception:  # unset, or computed by something that fails
            return None

    return read


def in_order(pairs: Sequence[Pair], asked: Asked, keys: Keys) -> list[Pair]:
    """Records as they are to be answered: by what the query names, and by key."""
    records = dict(pairs)
    ordered = [(key, records[key]) for key in keys.in_order(list(records))]
    for order in reversed(asked.order):
        read = held(order.attribute.path)
        # Sorting keeps what is equal in its order, this way round and the other.
        ordered.sort(key=lambda pair, read=read: rank(read(pair[1])), reverse=order.descending)  # type: ignore[misc]
    return ordered


def place_of(pair: Pair, asked: Asked, keys: Keys) -> Place:
    """Where a record stands in the order of a query."""
    ranks = tuple(rank(held(order.attribute.path)(pair[1])) for order in asked.order)
    return (*ranks, *keys.ranks(pair[0]))


def first_after(count: int, pair_at: Callable[[int], Pair], place: Place, asked: Asked, keys: Keys) -> int:
    """Of so many records in order, the position of the first that stands after a place, whether one stands at it or
    not; ``count`` if none does."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if _is_after(place_of(pair_at(middle), asked, keys), place, asked):
            high = middle
        else:
            low = middle + 1
    return low


def _is_after(one: Place, other: Place, asked: Asked) -> bool:
    for index, (left, right) in enumerate(zip(one, other, strict=True)):
        if left != right:
            descending = index < len(asked.order) and asked.order[index].descending
            return bool(left < right) is descending
    return False


# --- Cursors ----------------------------------------------------------------------------------------------------------


def cursor_of(place: Place, asked: Asked, keys: Keys) -> str:
    """A place as text that another query of the same order can be given."""
    said = json.dumps([_fingerprint(asked, keys), [[_written(part) for part in each] for each in place]])
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def read_cursor(text: str, asked: Asked, keys: Keys) -> Place:
    """The place that a cursor says.

    Raises:
        QueryError: it is no cursor, or was given for another order or another state.
    """
    try:
        said = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        fingerprint, parts = said
        place = tuple(tuple(_read(part) for part in each) for each in parts)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise QueryError("cursor: this is no cursor: give it as it came with the answer before") from None
    if fingerprint != _fingerprint(asked, keys) or len(place) != len(asked.order) + len(keys.paths):
        raise QueryError(
            "cursor: it came with the answer to a query of another order, or of another state: ask with the same "
            "`order_by` as then, or without a cursor"
        )
    return place


def _fingerprint(asked: Asked, keys: Keys) -> str:
    order = [[each.attribute.path, each.descending] for each in asked.order]
    return hashlib.sha256(json.dumps([order, keys.paths]).encode()).hexdigest()[:12]


def _written(part: Any) -> Any:
    """A part of a rank as JSON can say it."""
    for name, (kind, write, _) in _FORMS.items():
        if isinstance(part, kind):
            return {name: write(part)}
    if isinstance(part, bool | int | float | str):
        return part
    raise QueryError(
        f"a cursor cannot say {part!r:.80}, a {type(part).__name__}, by which these records are ordered: ask for the "
        f"next records by `offset`"
    )


def _read(part: Any) -> Any:
    if isinstance(part, dict):
        ((name, said),) = part.items()
        return _FORMS[name][2](said)
    if not isinstance(part, bool | int | float | str):
        raise ValueError(part)
    return part


_FORMS: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "span": (timedelta, lambda span: [span.days, span.seconds, span.microseconds], lambda said: timedelta(*said)),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
    "decimal": (Decimal, str, Decimal),
    "fraction": (Fraction, str, Fraction),
}
