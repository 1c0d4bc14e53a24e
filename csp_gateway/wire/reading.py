"""A query's JSON text as a mapping: read by the standard library, which takes half of a surrogate pair."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, NoReturn

from csp_gateway.errors import QueryError

__all__ = ["read_object"]

_LONGEST = 4 << 20
"""Characters of a query; reading so many takes some ten milliseconds, in which no other thread of Python's runs."""


def read_object(text: str | bytes) -> Mapping[str, Any]:
    """The object that a JSON text is.

    Raises:
        QueryError: it is none, or it says what can be taken in two ways; the message says where, or which.
    """
    if len(text) > _LONGEST:
        raise QueryError(f"not a query: it has {len(text):,} characters, and {_LONGEST:,} at most are read")
    try:
        if isinstance(text, bytes):
            text = text.decode()
        read = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except QueryError:  # a ValueError too
        raise
    except json.JSONDecodeError as error:
        raise QueryError(f"not a query: Invalid JSON: {error.msg}, at character {error.pos + 1}") from None
    except UnicodeDecodeError as error:
        raise QueryError(f"not a query: Invalid JSON: it is no UTF-8, at byte {error.start + 1}") from None
    except RecursionError:
        raise QueryError("not a query: Invalid JSON: it is nested too deeply") from None
    except ValueError:  # more digits than Python reads
        raise QueryError("not a query: Invalid JSON: a number has too many digits") from None
    if not isinstance(read, dict):
        raise QueryError('not a query: Input should be an object, such as {"limit": 10}')
    return read


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise QueryError(f"not a query: {twice!r:.80} stands twice in one object; say it once")
    return read


def _no_number(name: str) -> NoReturn:
    raise QueryError(
        f"not a query: {name} is no JSON, and equals nothing or is beyond all numbers; leave the condition out, "
        f"or ask by `is_nan`"
    )
