"""The root of every error, and what errors say of names that nobody knows."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "GatewayException",
    "did_you_mean",
    "fresh",
    "one_of",
]


_LONGEST_SHOWN = 80
"""Characters of what was given that an error repeats."""
_MOST = 200
"""Names that one is compared with, and that are told: a basket may have thousands of keys, which take long."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the nearest known one, or all there are.

    >>> did_you_mean("exmple", ["example", "other"])
    "did you mean 'example'?"
    >>> did_you_mean("Title", ["TITLE", "PORT"])
    "did you mean 'TITLE'?"
    >>> did_you_mean("zzz", ["b", "a"])
    'known: a, b'
    >>> did_you_mean("zzz", [])
    'there are none'
    """
    names = sorted(known)
    alike = {each.casefold(): each for each in names}
    meant = name.casefold()
    compared = sorted(alike)
    if len(compared) > _MOST:  # those that begin as it does
        first = max(bisect(compared, meant) - _MOST // 2, 0)
        compared = compared[first : first + _MOST]
    near = get_close_matches(meant, compared, n=1)
    if near:
        return f"did you mean {alike[near[0]]!r}?"
    more = f", and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
    return f"known: {', '.join(names[:_MOST])}{more}" if names else "there are none"


def one_of(given: object, allowed: Iterable[str]) -> str:
    """The end of a sentence about a value that is none of those that may be given: which those are, and the nearest.

    >>> one_of("ascend", ["ascending", "descending"])
    "should be 'ascending' or 'descending', not 'ascend'; did you mean 'ascending'?"
    >>> one_of(3, ["a", "b", "c"])
    "should be 'a', 'b' or 'c', not 3"
    """
    names = list(allowed)
    *others, last = map(repr, names)
    said = f"should be {', '.join(others)}{' or ' if others else ''}{last}, not {repr(given)[:_LONGEST_SHOWN]}"
    near = did_you_mean(given[:_LONGEST_SHOWN], names) if isinstance(given, str) else ""
    return f"{said}; {near}" if near.startswith("did you mean") else said


def fresh(error: Exception) -> Exception:
    """The same error anew: one object that is raised again and again collects the frames of all who raise it.

    An error that is not ours is handed back as it is.
    """
    if not isinstance(error, GatewayException):
        return error
    anew = type(error)(*error.args)
    anew.__cause__ = error.__cause__
    return anew


class GatewayException(Exception):
    """The root of everything csp_gateway raises on purpose."""

    exit_status = 1
    """What a program that ends with this error should exit with: ``csp-gateway-start`` does."""
