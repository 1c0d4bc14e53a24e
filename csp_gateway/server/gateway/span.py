"""When a run begins and ends, as it is said in Python or in YAML."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from csp_gateway.errors import StartError

__all__ = ["span_of"]

_Moment = datetime | None
_End = timedelta | datetime | None
_MOMENT: TypeAdapter[_Moment] = TypeAdapter(_Moment)
_END: TypeAdapter[_End] = TypeAdapter(_End)


def span_of(starttime: Any, endtime: Any) -> tuple[datetime | None, datetime | timedelta | None]:
    """Engine times in UTC without an offset, and how long to run; None is left as it is.

    Args:
        starttime: a time, also as ISO 8601 text; naive is UTC.
        endtime: the same, or how long to run, also in seconds or as text.

    Raises:
        StartError: one of them is neither.
    """
    begins = _read(_MOMENT, "starttime", starttime, "a time, such as '2026-01-31T09:30'")
    ends = _read(_END, "endtime", endtime, "a time or how long to run, such as '2026-01-31T09:30', 90 or '00:01:30'")
    return begins, ends


def _read(adapter: TypeAdapter[Any], name: str, given: Any, meaning: str) -> Any:
    if isinstance(given, bool) or (adapter is _MOMENT and isinstance(given, int | float)):
        raise StartError(f"{name} is {meaning}; not {given!r}")
    try:
        read = adapter.validate_python(given)
    except ValidationError:
        raise StartError(f"{name} is {meaning}; not {given!r:.80}") from None
    if isinstance(read, datetime) and read.tzinfo is not None:
        return read.astimezone(UTC).replace(tzinfo=None)
    return read
