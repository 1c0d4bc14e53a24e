"""The oracle's words: what a filter and an order mean, taken one by one from ``wire/query.py``.

Nothing of the package's is used here, so that it can be wrong only in another way.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cmp_to_key
from numbers import Number
from typing import Any

import csp

from tests.ways.state_records import Color, Fields, Side

NUMBER, TEXT, MOMENT, CLOCK, SPAN, BYTES = "number", "text", "moment", "clock", "span", "bytes"
ALL = {NUMBER, TEXT, MOMENT, CLOCK, SPAN, BYTES}

_OF_BOTH: Mapping[str, set[str]] = {
    **{path: {NUMBER} for path in ("count", "price", "over", "leg.price", "leg.venue.rank")},
    **{path: {TEXT} for path in ("name", "side", "leg.venue.name", "leg.side")},
    **{path: {MOMENT} for path in ("at", "day")},
    "clock": {CLOCK},
    "wait": {SPAN},
    **{path: set() for path in ("leg", "leg.venue")},
}
DECLARED: Mapping[str, Mapping[str, set[str]]] = {
    "Native": {**_OF_BOTH, "id": {TEXT}, "timestamp": {MOMENT}},
    "Mixed": {
        **_OF_BOTH,
        "raw": {BYTES},
        "anything": ALL,
        "tag": {NUMBER, TEXT},
        **{path: {TEXT} for path in ("color", "note")},
        "due": {MOMENT},
        **{path: {NUMBER} for path in ("maybe", "ratio", "leg.size")},
        **{path: set() for path in ("names", "legs", "counts", "curve")},
    },
}
"""Class → path → the kinds of what may be there that compares."""
MEMBERS: Mapping[str, Any] = {"side": Side, "leg.side": Side, "color": Color}
"""Path → the enum that is declared there."""


def held(record: Any, path: str) -> Any:
    """What a record has at a path; None where something on the way is unset or None."""
    for name in path.split("."):
        record = record.get(name) if isinstance(record, Fields) else None
    return record


def meant(value: Any) -> tuple[str | None, Any]:
    """The kind of a value, and what compares in its place; no kind if nothing does."""
    if isinstance(value, Enum | csp.Enum):
        return TEXT, value.name
    if isinstance(value, datetime):
        return MOMENT, value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, date):
        return MOMENT, datetime.combine(value, time())
    for kind, types in ((NUMBER, Number), (TEXT, str), (CLOCK, time), (SPAN, timedelta), (BYTES, bytes)):
        if isinstance(value, types):
            return kind, value
    return None, value


def is_nan(value: Any) -> bool:
    return value.is_nan() if isinstance(value, Decimal) else isinstance(value, float) and math.isnan(value)


def compared(one: Any, where: str, other: Any) -> bool:
    """Of two values of one kind; NaN equals nothing and is in no order."""
    if is_nan(one) or is_nan(other):
        return where == "!="
    try:
        less, more = one < other, one > other
    except TypeError:  # times of day of which one has a zone
        return where == "!="
    return {"==": not less and not more, "!=": less or more, "<": less, "<=": not more, ">": more, ">=": not less}[
        where
    ]


# --- Filters ----------------------------------------------------------------------------------------------------------

_DURATION = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?\Z")


def constants(said: Any, cls: str, path: str) -> dict[str, Any]:
    """What a value in a query may stand for at a path: kind → value."""
    if not isinstance(said, str):
        return {NUMBER: said}
    found = {TEXT: MEMBERS[path][said].name if path in MEMBERS else said}
    for kind, parse in ((MOMENT, datetime.fromisoformat), (CLOCK, time.fromisoformat), (SPAN, _span)):
        try:
            found[kind] = parse(said)
        except ValueError:
            continue
    if MOMENT in found:
        found[MOMENT] = meant(found[MOMENT])[1]
    return {kind: value for kind, value in found.items() if kind in DECLARED[cls][path]}


def _span(text: str) -> timedelta:
    parts = _DURATION.match(text)
    if parts is None or text.lstrip("-") in ("P", "PT"):
        raise ValueError(text)
    sign, days, hours, minutes, seconds, rest = parts.groups()
    micro = int(((rest or "") + "000000")[:6])
    whole = timedelta(int(days or 0), int(seconds or 0), micro, 0, int(minutes or 0), int(hours or 0))
    return -whole if sign else whole


def like(text: str, pattern: str) -> bool:
    """Every way to spread the text over the pattern."""
    ends = {0}
    signs = iter(pattern)
    for sign in signs:
        if sign == "%":
            ends = set(range(min(ends), len(text) + 1)) if ends else set()
            continue
        literal = next(signs) if sign == "\\" else None if sign == "_" else sign
        ends = {end + 1 for end in ends if end < len(text) and literal in (None, text[end])}
    return len(text) in ends


def holds(question: Any, cls: str, record: Fields) -> bool:
    """Whether a filter is true of a record."""
    if "and" in question:
        return all(holds(each, cls, record) for each in question["and"])
    if "or" in question:
        return any(holds(each, cls, record) for each in question["or"])
    if "not" in question:
        return not holds(question["not"], cls, record)
    path, by = question["attr"], question["by"]
    value = held(record, path)
    if "is_null" in by:
        return (value is None) is by["is_null"]
    if "is_nan" in by:
        return is_nan(value) is by["is_nan"]
    kind, own = meant(value)
    if "in" in by:
        return any(_is(own, kind, "==", constants(each, cls, path)) for each in by["in"])
    if "between" in by:
        low, high = (constants(each, cls, path) for each in by["between"])
        return kind in low and kind in high and _is(own, kind, ">=", low) and _is(own, kind, "<=", high)
    if "like" in by:
        return kind == TEXT and like(own, by["like"])
    where = by.get("where", "==")
    if "value" in by:
        return _is(own, kind, where, constants(by["value"], cls, path))
    if "when" in by:
        return _is(own, kind, where, {MOMENT: meant(datetime.fromisoformat(by["when"]))[1]})
    other, right = meant(held(record, by["attr"]))
    return _is(own, kind, where, {} if other is None else {other: right})


def _is(value: Any, kind: str | None, where: str, others: Mapping[str, Any]) -> bool:
    return compared(value, where, others[kind]) if kind in others else where == "!="


# --- Order ------------------------------------------------------------------------------------------------------------


def place(value: Any) -> tuple[Any, ...]:
    """What orders any value: None first; by type, Python's own before others; numbers as one, NaN after them."""
    if value is None:
        return (0,)
    name = type(value).__name__
    if isinstance(value, Enum | csp.Enum):
        return 2, name, value.name
    if isinstance(value, Number):
        return (1, "number", True) if is_nan(value) else (1, "number", False, value)
    if isinstance(value, datetime):
        return 1, name, meant(value)[1], value.isoformat()
    if isinstance(value, time):
        return 1, name, value.isoformat()
    return (1, name, value) if isinstance(value, str | bytes | date | timedelta) else (2, name, repr(value))


def stands(value: Any) -> Any:
    """What stands for a value in a key: equal if they are one key."""
    if is_nan(value):
        return math.nan
    if isinstance(value, list | tuple):
        return type(value).__name__, *map(stands, value)
    if isinstance(value, dict):
        return "dict", frozenset((key, stands(each)) for key, each in value.items())
    return value


def before(one: tuple[Any, ...], other: tuple[Any, ...], descending: tuple[bool, ...]) -> int:
    """Below 0 if the one place is before the other, above 0 if it is behind it."""
    for left, right, down in zip(one, other, descending, strict=True):
        if left != right:
            return -1 if (left < right) is not down else 1
    return 0


def sorted_by(rows: list[Any], place_of: Callable[[Any], tuple[Any, ...]], descending: tuple[bool, ...]) -> list[Any]:
    return sorted(rows, key=cmp_to_key(lambda one, other: before(place_of(one), place_of(other), descending)))
