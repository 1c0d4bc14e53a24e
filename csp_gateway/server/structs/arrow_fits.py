"""Whether a column can hold a value exactly, and as what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any

import numpy as np

from csp_gateway.server.structs.forms import naive_utc

__all__ = ["FITS"]

_LONGEST = timedelta(microseconds=2**63 - 1)


def _bool(value: Any) -> bool | None:
    return bool(value) if isinstance(value, bool | np.bool_) else None


def _int(value: Any) -> int | None:
    if isinstance(value, bool | Enum | np.timedelta64) or not isinstance(value, int | np.integer):
        return None
    number = int(value)
    return number if -(2**63) <= number < 2**63 else None


def _float(value: Any) -> float | None:
    if isinstance(value, bool | Enum | np.timedelta64) or not isinstance(value, float | int | np.floating | np.integer):
        return None
    if isinstance(value, np.integer):
        value = int(value)  # numpy compares its own as floats
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if number == value or number != number else None


def _str(value: Any) -> str | None:
    if isinstance(value, Enum):
        return value.name
    if not isinstance(value, str):
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return str.__str__(value)


def _bytes(value: Any) -> bytes | None:
    return bytes(value) if isinstance(value, bytes) else None


def _datetime(value: Any) -> datetime | None:
    # A pandas Timestamp is a datetime and may have nanoseconds; its NaT is one too, and not equal to itself.
    if not isinstance(value, datetime) or value != value or getattr(value, "nanosecond", False):
        return None
    try:
        return naive_utc(value)
    except OverflowError:
        return None


def _date(value: Any) -> date | None:
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _time(value: Any) -> time | None:
    return value if isinstance(value, time) and value.tzinfo is None else None


def _timedelta(value: Any) -> timedelta | None:
    if not isinstance(value, timedelta) or value != value or getattr(value, "nanoseconds", False):
        return None
    return value if -_LONGEST <= value <= _LONGEST else None


FITS: Mapping[type, Callable[[Any], Any]] = {
    bool: _bool,
    int: _int,
    float: _float,
    str: _str,
    bytes: _bytes,
    datetime: _datetime,
    date: _date,
    time: _time,
    timedelta: _timedelta,
}
"""Type of a column's values → any value as one of this type, if that is exactly it; None if not.

An enum member is a text by its name, and never a number. Numbers of numpy are numbers. A datetime is brought to UTC.
"""
