"""The order in which records are answered, and the cursor that says how far somebody has read in it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Hashable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
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
    """A place as text that another query of the same order can be given; short enough for a header or an address.

    Raises:
        QueryError: a value in it is of no kind that a cursor says, or all of it would be longer than 2 KB.
    """
    said = json.dumps([_fingerprint(asked, keys), [[_written(part) for part in each] for each in place]])
    text = base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")
    if len(text) > _LONGEST_CURSOR:
        raise QueryError(
            f"a cursor has at most {_LONGEST_CURSOR:,} characters, and what says where this record stands is longer: "
            f"ask for the next records by `offset`"
        )
    return text


def read_cursor(text: str, asked: Asked, keys: Keys) -> Place:
    """The place that a cursor says.

    Raises:
        QueryError: it is no cursor, or was given for another order or another state.
    """
    try:
        fingerprint, parts = _decoded(text)
        # Nothing is made of the rest before it is known to be of this order.
        ours = fingerprint == _fingerprint(asked, keys) and len(parts) == len(asked.order) + len(keys.paths)
        place = _place(parts) if ours else None
    except _DAMAGED:
        raise QueryError("cursor: this is no cursor: give it as it came with the answer before") from None
    if place is None:
        raise QueryError(
            "cursor: it came with the answer to a query of another order, or of another state: ask with the same "
            "`order_by` as then, or without a cursor"
        )
    return place


def _decoded(text: str) -> tuple[str, list[Any]]:
    if len(text) > _LONGEST_CURSOR:
        raise ValueError(len(text))
    fingerprint, parts = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    if not isinstance(fingerprint, str) or not isinstance(parts, list):
        raise TypeError(text)
    return fingerprint, parts


def _place(parts: list[Any]) -> Place:
    place = tuple(tuple(_read(part) for part in each) for each in parts)
    if not all(map(_is_rank, place)):
        raise ValueError(parts)
    return place


def _fingerprint(asked: Asked, keys: Keys) -> str:
    order = [[each.attribute.path, each.descending] for each in asked.order]
    return hashlib.sha256(json.dumps([order, keys.paths]).encode()).hexdigest()[:12]


def _is_rank(part: tuple[Any, ...]) -> bool:
    """Whether it compares with all that ``rank`` gives."""
    match part:
        case (0,) | (1, "number", True) | (1, "time", str()) | (2, str(), str()):
            return True
        case (1, "number", False, int() | float() | Decimal() as number):
            return bool(number == number)
        case (1, "datetime", datetime() as moment, str()):
            return moment.tzinfo is None
        case (1, str() as name, value):
            return type(value) is _AS_THEY_ARE.get(name)
    return False


def _written(part: Any) -> Any:
    """A part of a rank as JSON can say it."""
    for name, (kind, write, _) in _FORMS.items():
        if isinstance(part, kind):
            return {name: write(part)}
    if isinstance(part, bool | int | float | str) and not (isinstance(part, int) and part.bit_length() > _MOST_BITS):
        return part
    raise QueryError(
        f"a cursor cannot say the {type(part).__name__} by which these records are ordered: ask for the next records "
        f"by `offset`"
    )


def _read(part: Any) -> Any:
    if isinstance(part, dict):
        ((name, said),) = part.items()
        return _FORMS[name][2](said)
    if not isinstance(part, bool | int | float | str):
        raise ValueError(part)
    return part


def _decimal(said: str) -> Decimal:
    number = Decimal(said)
    if number.is_nan() or abs(number.adjusted()) > _MOST_EXPONENT:
        raise ValueError(said)
    return number


def _said_decimal(number: Decimal) -> str:
    if abs(number.adjusted()) > _MOST_EXPONENT:
        raise QueryError(f"a cursor cannot say a number beyond 1E±{_MOST_EXPONENT}: ask for the next by `offset`")
    return str(number)


_LONGEST_CURSOR = 2_048
"""Characters: a header and an address take it."""
_MOST_BITS = 4_096
"""Of a whole number."""
_MOST_EXPONENT = 10_000
"""Of a decimal number."""
_DAMAGED = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError)
"""What is raised by reading what nobody has written."""
_AS_THEY_ARE = {"str": str, "bytes": bytes, "date": date, "timedelta": timedelta}
_FORMS: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "span": (timedelta, lambda span: [span.days, span.seconds, span.microseconds], lambda said: timedelta(*said)),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
    "decimal": (Decimal, _said_decimal, _decimal),
}
