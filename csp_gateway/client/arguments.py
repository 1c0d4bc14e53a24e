"""What the arguments of a client's verbs may be, each told once for all of them; another is refused by its name."""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import Enum
from functools import wraps
from numbers import Integral, Real
from typing import Any, NamedTuple, ParamSpec, TypeVar

from msgspec import Struct
from pydantic import BaseModel

from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.errors import WrongArgumentError

__all__ = ["check", "checked"]

P = ParamSpec("P")
R = TypeVar("R")


class _Taken(NamedTuple):
    """What is taken for an argument: of which types, in words, by an example; and what is not for all that."""

    kinds: tuple[Any, ...]
    said: str
    example: str
    never: tuple[type, ...] = ()
    most: float | None = None
    """Of numbers, which are not negative then."""

    def takes(self, value: Any) -> bool:
        if not isinstance(value, self.kinds) or isinstance(value, self.never):
            return False
        return self.most is None or value is None or 0 <= value <= self.most  # which NaN is not


_NONE = type(None)
_LONGEST = 1e9
"""Seconds, some thirty years: what waits for much more fails, and in which words depends on the system."""
_CALLED = _Taken((Callable, _NONE), "a function, or None", "print")
_TIME = _Taken((Integral, date, str, _NONE), "an offset, or a time as a datetime or in ISO 8601", '17, or "2026-01-31"')
_TAKEN = {
    "field": _Taken((str,), "the name of a channel", '"orders", or "basket/KEY" for one key of a basket'),
    "name": _Taken((str,), "a name", '"orders"'),
    "id": _Taken((str,), "an id, which is a text", "record.id"),
    "timeout": _Taken(
        (Real, _NONE), "seconds, or None for ever", "5.0; what else is wanted goes by its name", (bool,), _LONGEST
    ),
    "query": _Taken(
        (BaseModel, Mapping, _NONE),
        "a Query, or the mapping that says the same",
        '{"filters": [{"attr": "x", "by": {"value": 1, "where": ">"}}]}',
    ),
    "select": _Taken((str,), "the text of one SELECT", '"SELECT * FROM orders"'),
    "parameters": _Taken(
        (Mapping, Sequence, _NONE), "given by name, as a dict, or in order, as a list", '{"limit": 10}', (str, bytes)
    ),
    "since": _TIME,
    "until": _TIME,
    "limit": _Taken((Integral, _NONE), "how many ticks at most", "100"),
    "cursor": _Taken((str, _NONE), "the cursor of the answer before", "answer.cursor"),
    "wait": _Taken((str,), "until when to wait", '"accepted", or "ticked"'),
    "method": _Taken((str,), "what is to be done", '"list"; a record is held back by stage_add("orders", record)'),
    "staging_ids": _Taken((str, Iterable, _NONE), "the id of a staging, or several", '["first", "second"]', (bytes,)),
    "staging_id": _Taken((str,), "the id of a staging, which is a text", '"first"'),
    "channels": _Taken((str, Struct, Iterable), "what is to be followed", '["orders", ("basket", "KEY")]', (bytes,)),
    "key": _Taken((str, int, Enum, _NONE), "a key of a basket, or None for all of them", '"KEY"'),
    "callback": _CALLED,
    "on_gap": _CALLED,
    "on_state": _CALLED,
    "on_change": _CALLED,
    "connection": _Taken((StreamOptions, _NONE), "a StreamOptions, or None", "StreamOptions(connection_timeout=5.0)"),
    "config": _Taken(
        (BaseModel, _NONE),
        "a GatewayClientConfig",
        'GatewayClientConfig(port=80); settings go by name: host="server"',
    ),
}


def check(verb: str, /, **given: Any) -> None:
    """Refuse an argument that is not what its name stands for; a name that is not told here stands for anything.

    Raises:
        WrongArgumentError: a ``TypeError`` and a ``ValueError``: which argument of the verb, what is taken for it, and
            what was given.
    """
    for name, value in given.items():
        taken = _TAKEN.get(name)
        if taken is None or taken.takes(value):
            continue
        kind = "None" if value is None else f"a value of type {type(value).__name__}"
        if isinstance(value, str | int | float | tuple) and name != "config":  # settings may hold secrets
            kind += f": {reprlib.repr(value)}"
        raise WrongArgumentError(f"{verb}: {name} is {taken.said}, such as {taken.example}; and not {kind}")


def checked(verb: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The function, which the verb is made of, with its arguments checked before; they are named as the verb's are."""

    def with_checks(function: Callable[P, R]) -> Callable[P, R]:
        names = tuple(inspect.signature(function).parameters)

        @wraps(function)
        def made(*args: P.args, **kwargs: P.kwargs) -> R:
            check(verb, **dict(zip(names, args, strict=False)), **kwargs)
            return function(*args, **kwargs)

        return made

    return with_checks
