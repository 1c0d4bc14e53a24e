"""The values that can be written in a query."""

import math
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

__all__ = ["Listed", "Time", "Value", "Written"]

Written: TypeAlias = bool | int | float | str | datetime
"""Any of them, as it is once it has been read."""


def _a_value(value: Any) -> Any:
    if isinstance(value, datetime):
        raise ValueError("a time is given as `when`")
    return _plain(value)


def _a_listed_value(value: Any) -> Any:
    if value is None:
        raise ValueError("null equals nothing and is in no order: ask for it by `is_null`")
    return value if isinstance(value, datetime) else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if value is not None and not isinstance(value, bool | int | float | str):
        raise ValueError("a value is a number, text, true or false")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is finite")
    return value


def _a_time(value: Any) -> Any:
    # Pydantic would read a number, and text that looks like one, as seconds since 1970.
    return datetime.fromisoformat(value) if isinstance(value, str) else value


Value = Annotated[bool | int | float | str | None, BeforeValidator(_a_value)]
Listed = Annotated[bool | int | float | str | datetime, BeforeValidator(_a_listed_value)]
"""One of several values; in Python also a time, which JSON has as text."""
Time = Annotated[datetime | None, Field(strict=True), BeforeValidator(_a_time)]
