"""How a value of a record is written on a screen: as one line of text that does nothing to the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["flat", "in_order", "plain", "text_of"]

_IDENTITY = ["id", "timestamp"]
"""The fields that stand before a struct's own, and tell the least to who looks at it."""


def flat(record: Any) -> dict[str, Any]:
    """A record by columns; what is nested is ``a.b``. What is no record is one column.

    >>> flat({"price": 1.5, "leg": {"venue": "X", "size": None}, "legs": []})
    {'price': 1.5, 'leg.venue': 'X', 'leg.size': None, 'legs': []}
    """
    if not isinstance(record, Mapping):
        return {"value": record}
    columns: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and value:
            columns.update({f"{name}.{inner}": each for inner, each in flat(value).items()})
        else:
            columns[name] = value
    return columns


def in_order(names: Iterable[str]) -> list[str]:
    """The columns as a reader wants them: what a struct's author has named first, then what every struct has.

    >>> in_order(["id", "timestamp", "price", "size"])
    ['price', 'size', 'id', 'timestamp']
    """
    given = list(names)
    return given[2:] + _IDENTITY if given[:2] == _IDENTITY else given


def text_of(value: Any) -> str:
    """A value as text: nothing for None, JSON for what has parts, all else as it is.

    >>> text_of(None), text_of(True), text_of(1.5), text_of([1, "a"]), text_of("a b")
    ('', 'true', '1.5', '[1,"a"]', 'a b')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return plain(value)
    return plain(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))


def plain(text: str) -> str:
    r"""A text without what moves the cursor, changes colours or ends the line: that is written as Python would.

    >>> plain("caf\u00e9 \x1b[31m\n")
    'caf\xe9 \\x1b[31m\\n'
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
