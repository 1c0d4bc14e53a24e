"""Slices: a JSON array that was sent, counted before anything is made of it, and cut into short ones."""

import time
from collections.abc import Iterator
from typing import Any

import msgspec

from csp_gateway.server.web.verbs.refused import UNREADABLE, Place, Refused, wrong

__all__ = ["INLINE_BYTES", "refuse_more", "slices_of"]

INLINE_BYTES = 4 * 1024
"""Bytes of a body that are decoded on the event loop; more goes to a worker thread. What costs most is many records
that say nothing: so many bytes of them are some 15 ms, and as many of usual ones a tenth of a millisecond."""

_AT_ONCE = 200
"""Records of one slice: a millisecond or so in which no other thread of Python may run."""
_BETWEEN = 0.0001
"""Seconds in which they do: who waits for the interpreter is woken, and gets it, while this thread sleeps."""


class _Element:
    """Whatever an array holds."""


_ELEMENT = _Element()


class _Enough(Exception):
    """As much was counted as may be."""


def refuse_more(data: bytes, most: int, where: Place) -> None:
    """Let an array pass that has no more elements than ``most``, and all that is no array.

    It costs no memory, whatever the array holds: what is made of an element is dropped at once.

    Raises:
        Refused: it has more; or it may have, and is no JSON.
    """
    if data.count(b",") < most or not _is_array(data):
        return
    try:
        _count(data, most)
    except _Enough:
        why = f"Input should have at most {most:,} records at once; send them in several requests"
        raise Refused([wrong("too_long", where, why, data)]) from None
    except UNREADABLE as error:
        raise Refused([wrong("json_invalid", where, f"Invalid JSON: {error}", data)]) from None


def slices_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """An array in pieces, each an array too, with the index of its first element.

    What is short, no array, or no JSON is one piece. Between two pieces other threads get their turn.
    """
    if len(data) <= INLINE_BYTES or not _is_array(data):
        yield 0, data
        return
    try:
        parts = msgspec.json.decode(data, type=list[msgspec.Raw])
    except UNREADABLE:
        yield 0, data  # pydantic says what is wrong, or knows better
        return
    for start in range(0, len(parts), _AT_ONCE) or (0,):
        if start:
            time.sleep(_BETWEEN)
        yield start, b"[%b]" % b",".join(parts[start : start + _AT_ONCE])


def _is_array(data: bytes) -> bool:
    return data[:1] == b"[" or data.lstrip()[:1] == b"["


def _count(data: bytes, most: int) -> None:
    """Raise ``_Enough`` at the element after ``most``."""
    counted = 0

    def count(*_: Any) -> _Element:
        nonlocal counted
        counted += 1
        if counted > most:
            raise _Enough
        return _ELEMENT

    try:
        # Reads objects in a third of the time: it passes over what is in them.
        one = msgspec.defstruct("One", [], namespace={"__post_init__": count}, gc=False)
        msgspec.json.decode(data, type=list[one])  # type: ignore[valid-type]  # made here
    except msgspec.ValidationError:
        counted = 0
        msgspec.json.decode(data, type=list[_Element], dec_hook=count)
