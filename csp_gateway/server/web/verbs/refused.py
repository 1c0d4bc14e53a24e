"""Refused: a body that was not accepted, and what is wrong with it in pydantic's shape."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

__all__ = ["UNREADABLE", "Place", "Refused", "wrong"]

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises of what is no JSON, or not of the shape that is asked for."""

Place = tuple[str | int, ...]
"""Where something is wrong: ``("body", 0, "n")``, say."""


class Refused(Exception):
    """A body that was not accepted.

    Args:
        errors: the first of them at least, in pydantic's shape.
        count: how many there are; all of ``errors`` if None.
    """

    def __init__(self, errors: Sequence[Mapping[str, Any]], count: int | None = None) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors
        self.count = count


def wrong(kind: str, where: Place, message: str, given: Any) -> dict[str, Any]:
    """One error.

    >>> wrong("enum", ("path", "key"), "There is no such key", "x")["loc"]
    ('path', 'key')
    """
    return {"type": kind, "loc": where, "msg": message, "input": given}
