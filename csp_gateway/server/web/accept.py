"""Which of the media types an answer can be had in a request wants: ``Accept``, as RFC 9110 has it."""

import re
from collections.abc import Sequence

__all__ = ["preferred", "preferred_coding"]

_RANGE = re.compile(r"(\*|[\w!#$&^.+'`|~%-]+)/(\*|[\w!#$&^.+'`|~%-]+)", re.ASCII)
_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?", re.ASCII)

_Range = tuple[str, float]
"""A media range in lower case, and its weight."""


def preferred(accept: str, offered: Sequence[str]) -> str | None:
    """The media type to answer in, None if there is none that is accepted.

    The heaviest wins, among those the one that was named rather than meant by a wildcard, and then the first that is
    offered. A range that cannot be read accepts nothing; parameters other than ``q`` are not looked at.

    Args:
        accept: the header's value; empty if there is none, which accepts all.
        offered: media types in lower case, the dearest to the server first.

    >>> preferred("text/html, */*;q=0.8", ["application/json", "text/csv"])
    'application/json'
    >>> preferred("application/json;q=0.5, text/*", ["application/json", "text/csv"])
    'text/csv'
    """
    if not accept.strip():
        return offered[0]
    ranges = [read for each in accept.split(",") if (read := _read(each)) is not None]
    wishes = {each: _wish(each, ranges) for each in offered}
    best = max(offered, key=wishes.__getitem__)
    return best if wishes[best][0] > 0 else None


def preferred_coding(accept: str, offered: Sequence[str]) -> str | None:
    """The content coding to answer in, None if it is better left as it is.

    Args:
        accept: the value of ``Accept-Encoding``; empty if there is none, which accepts none.
        offered: codings in lower case, the dearest to the server first.

    >>> preferred_coding("gzip, deflate, br, zstd", ["zstd", "gzip"])
    'zstd'
    >>> preferred_coding("zstd;q=0, *;q=0.1", ["zstd", "gzip"])
    'gzip'
    """
    weights: dict[str, float] = {}
    for each in accept.split(","):
        coding, _, parameter = each.partition(";")
        name, _, weight = parameter.partition("=")
        if not parameter.strip():
            weights[coding.strip().lower()] = 1.0
        elif name.strip().lower() == "q" and _WEIGHT.fullmatch(weight.strip()):
            weights[coding.strip().lower()] = float(weight)
    wishes = [weights.get(coding, weights.get("*", 0.0)) for coding in offered]
    best = max(wishes)
    return offered[wishes.index(best)] if best > 0 and best >= weights.get("identity", 0.0) else None


def _read(text: str) -> _Range | None:
    media, *parameters = (part.strip() for part in text.split(";"))
    if not _RANGE.fullmatch(media) or (media.startswith("*/") and media != "*/*"):
        return None
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            weight = value.strip()
            return (media.lower(), float(weight)) if _WEIGHT.fullmatch(weight) else None
    return media.lower(), 1.0


def _wish(media: str, ranges: Sequence[_Range]) -> tuple[float, int]:
    """How much a media type is wanted: the weight of the narrowest range that it is in, and how narrow that is."""
    spellings = ["*/*", f"{media.partition('/')[0]}/*", media]
    found = [(spellings.index(wanted), weight) for wanted, weight in ranges if wanted in spellings]
    narrow, weight = max(found, default=(0, 0.0))
    return weight, narrow
