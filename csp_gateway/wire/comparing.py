"""How two values of a query compare: within one kind, enum members by name, times in UTC."""

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from numbers import Number
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from csp_gateway.errors import did_you_mean

__all__ = ["COMPARE", "Kind", "Where", "comparable", "compare", "constant", "is_nan", "members_of", "naive_utc"]

Where = Literal["==", "!=", "<", "<=", ">", ">="]

COMPARE: Mapping[Where, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Kind(Enum):
    """What compares with what; the value reads as a part of a sentence."""

    NUMBER = "a number"
    TEXT = "text"
    MOMENT = "a time"
    CLOCK = "a time of day"
    SPAN = "a duration"
    BYTES = "bytes"
    OTHER = "nothing that can be compared"


_KIND_OF: Mapping[type, Kind] = {
    bool: Kind.NUMBER,
    int: Kind.NUMBER,
    float: Kind.NUMBER,
    str: Kind.TEXT,
    time: Kind.CLOCK,
    timedelta: Kind.SPAN,
    bytes: Kind.BYTES,
}
"""Exact types whose values compare as they are."""


def naive_utc(moment: datetime) -> datetime:
    """A time in UTC, without saying so; one without a zone is in UTC already.

    A time that no longer, or not yet, exists in UTC becomes the last, or the first, that does.
    """
    if moment.tzinfo is None:
        return moment
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return datetime.max if moment.year > 1 else datetime.min


def comparable(value: Any) -> tuple[Kind, Any]:
    """The kind of a value that is not None, and what compares in its place."""
    kind = _KIND_OF.get(type(value))
    if kind is not None:
        return kind, value
    if isinstance(value, datetime):
        return Kind.MOMENT, naive_utc(value)
    if isinstance(value, Enum):  # before numbers and text, which members may be too
        return Kind.TEXT, value.name
    if isinstance(value, date):
        return Kind.MOMENT, datetime(value.year, value.month, value.day)
    for known, kind in _KIND_OF.items():
        if isinstance(value, known):
            return kind, value
    if isinstance(value, Number) and not isinstance(value, complex):
        return Kind.NUMBER, value
    return Kind.OTHER, value


def members_of(value: Any) -> type[Enum] | None:
    """The enum that a value is a member of."""
    return type(value) if isinstance(value, Enum) else None


def compare(left: Any, where: Where, right: Any) -> bool:
    """Whether ``left where right``, of two comparable values of one kind.

    What Python cannot compare after all, such as times of day of which one has a zone, is unequal and in no order.
    """
    try:
        return bool(COMPARE[where](left, right))
    except (TypeError, ArithmeticError):
        return where == "!="


def is_nan(number: Any) -> bool:
    """Whether a comparable number is NaN, of whatever type: unequal to itself."""
    try:
        return bool(number != number)
    except ArithmeticError:  # a Decimal that signals
        return True


def constant(value: bool | float | str | datetime, kind: Kind, members: type[Enum] | None = None) -> Any:
    """A value written in a query, as what values of ``kind`` compare with.

    Args:
        members: the enum of whose members it must be the name, or the value, as it stands in JSON.

    Raises:
        ValueError: it cannot be compared with such values; the message says why.
    """
    if members is not None:
        return _name(value, members)
    own, meant = comparable(value)
    if own is kind:
        return meant
    if isinstance(value, str) and kind in _READ:
        try:
            return _READ[kind](value)
        except (ValueError, ValidationError):
            raise ValueError(f"{value!r:.80} is not {kind.value} in ISO 8601") from None
    said = value.isoformat() if isinstance(value, datetime) else f"{value!r:.80}"
    hint = f"; did you mean the text {str(value)!r:.80}?" if kind is Kind.TEXT and own is Kind.NUMBER else ""
    raise ValueError(f"{said} is {own.value}, and cannot be compared with {kind.value}{hint}")


def _name(value: Any, members: type[Enum]) -> str:
    """The name of the member that is called so, or else has this value; an alias is another name of the same member."""
    if isinstance(value, str) and value in members.__members__:
        return members.__members__[value].name
    for member in members.__members__.values():
        if type(member.value) is type(value) and member.value == value:
            return member.name
    known = members.__members__
    near = did_you_mean(value[:80], known) if isinstance(value, str) else f"known: {', '.join(sorted(known))}"
    raise ValueError(f"{members.__name__} has no member {value!r:.80}; {near}")


_SPAN = TypeAdapter(timedelta)
_READ: Mapping[Kind, Callable[[str], Any]] = {
    Kind.MOMENT: lambda text: naive_utc(datetime.fromisoformat(text)),
    Kind.CLOCK: time.fromisoformat,
    Kind.SPAN: _SPAN.validate_python,
}
