"""Whether a value can tick on a channel, told before it is queued: in the engine it would end the run."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from csp_gateway.server.channels.kinds import Declaration

__all__ = ["Check"]

_NANOSECONDS = 2**63


class Check:
    """Hands back what ticks for a value that is sent to ``declaration``: the value, or a whole number as a float.

    Raises:
        TypeError: naming the channel, what it takes and what it got.
        OverflowError: a number or time out of csp's range, which is 64 bits, and the years 1678 to 2261.
    """

    def __init__(self, declaration: Declaration) -> None:
        self._name = declaration.name
        self._element = declaration.element
        self._listed = declaration.listed
        self._extra: Callable[[Any], Any] | None = _EXTRA.get(declaration.element)

    def __call__(self, value: Any) -> Any:
        if not self._listed:
            return self._record(value)
        if not isinstance(value, list):
            raise TypeError(f"channel {self._name!r} takes a list, got {type(value).__name__} {value!r:.80}")
        return [self._record(record) for record in value] if self._extra else self._all_right(value)

    def _all_right(self, records: list[Any]) -> list[Any]:
        for record in records:
            self._record(record)
        return records

    def _record(self, record: Any) -> Any:
        if self._extra is not None:
            record = self._extra(record)
        element = self._element
        if isinstance(element, type) and not isinstance(record, element):
            raise TypeError(
                f"channel {self._name!r} takes {element.__name__}, got {type(record).__name__} {record!r:.80}"
            )
        return record


def _fits_64_bits(number: Any) -> Any:
    if isinstance(number, int) and not -_NANOSECONDS <= number < _NANOSECONDS:
        raise OverflowError(f"a whole number of 64 bits is wanted, got one of {number.bit_length()}")
    return number


def _as_float(number: Any) -> Any:
    return float(number) if isinstance(number, int) and not isinstance(number, bool) else number


def _in_range(time: Any) -> Any:
    if isinstance(time, datetime) and not 1678 <= time.year <= 2261:
        raise OverflowError(f"a time between 1678 and 2261 is wanted, got {time}")
    if isinstance(time, timedelta) and abs(time.total_seconds()) * 1e9 >= _NANOSECONDS:
        raise OverflowError(f"a duration of less than 292 years is wanted, got {time}")
    return time


_EXTRA: dict[Any, Callable[[Any], Any]] = {
    int: _fits_64_bits,
    float: _as_float,
    datetime: _in_range,
    timedelta: _in_range,
}
