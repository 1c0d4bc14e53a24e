"""Whether a value can tick on a channel, told before it is queued: in the engine it would end the run."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, get_origin

from csp_gateway.server.channels.kinds import Declaration

__all__ = ["Check"]

_NANOSECONDS = 2**63


class Check:
    """Hands back what ticks for a value that is sent to ``declaration``: the value, or a whole number as a float.

    Of a list channel it is a new list: the sender may go on with its own.

    Raises:
        TypeError: naming the channel, what it takes and what it got.
        ValueError: naming the channel, and a text that is no Unicode.
        OverflowError: naming the channel, and a number or time out of csp's range, which is 64 bits, and the years 1678
            to 2261.
    """

    def __init__(self, declaration: Declaration) -> None:
        self._name = declaration.name
        self._listed = declaration.listed
        self._spelled = getattr(declaration.element, "__name__", str(declaration.element))
        element = get_origin(declaration.element) or declaration.element
        # csp has types of its own for arrays, of which no array is an instance.
        self._element = element if isinstance(element, type) and element.__module__ != "csp.typing" else object
        self._further: Callable[[Any], Any] | None = _FURTHER.get(declaration.element)

    def __call__(self, value: Any) -> Any:
        if not self._listed:
            return self._record(value)
        if not isinstance(value, list):
            raise TypeError(self._refused(f"a list of {self._spelled}", value))
        return [self._record(record) for record in value]

    def _record(self, record: Any) -> Any:
        if self._further is not None:
            try:
                record = self._further(record)
            except (OverflowError, ValueError) as error:
                raise type(error)(f"channel {self._name!r}: {error}") from None
        if not isinstance(record, self._element):
            raise TypeError(self._refused(self._spelled, record))
        return record

    def _refused(self, taken: str, got: Any) -> str:
        return f"channel {self._name!r} takes {taken}, got {type(got).__name__} {got!r:.80}"


def _fits_64_bits(number: Any) -> Any:
    if isinstance(number, int) and not -_NANOSECONDS <= number < _NANOSECONDS:
        raise OverflowError(f"a whole number of 64 bits is wanted, got one of {number.bit_length()}")
    return number


def _as_float(number: Any) -> Any:
    return float(number) if isinstance(number, int) and not isinstance(number, bool) else number


def _is_unicode(text: Any) -> Any:
    if isinstance(text, str) and not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"a text of Unicode is wanted: {error.reason} at {error.start}") from None
    return text


def _in_range(time: Any) -> Any:
    if isinstance(time, datetime) and not 1678 <= time.year <= 2261:
        raise OverflowError(f"a time between 1678 and 2261 is wanted, got {time}")
    if isinstance(time, timedelta) and abs(time.total_seconds()) * 1e9 >= _NANOSECONDS:
        raise OverflowError(f"a duration of less than 292 years is wanted, got {time}")
    return time


_FURTHER: dict[Any, Callable[[Any], Any]] = {
    int: _fits_64_bits,
    float: _as_float,
    str: _is_unicode,
    datetime: _in_range,
    timedelta: _in_range,
}
