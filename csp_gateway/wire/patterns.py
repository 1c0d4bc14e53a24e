"""A pattern of SQL's LIKE, as a regular expression that takes no longer than the text is long, times the pattern."""

import re

__all__ = ["LONGEST_PATTERN", "pattern_of"]

LONGEST_PATTERN = 1_000
"""Characters that a pattern may have."""


def pattern_of(like: str) -> re.Pattern[str]:
    """What matches a whole text that is like the pattern: ``%`` is any text, ``_`` any one character, a backslash
    takes the next character as it is; upper and lower case differ, and an end of line is a character like others.

    Raises:
        ValueError: nothing follows the last backslash, or the pattern is too long.
    """
    if len(like) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has at most {LONGEST_PATTERN:,} characters")
    first, *middle = _between_percents(like)
    if not middle:
        return re.compile(rf"{first}\Z", re.DOTALL)
    *middle, last = middle
    # What stands between two % is found where it comes first, and there it stays: nothing is gained by another place,
    # and a regular expression that tries them all takes for ever.
    found = "".join(f"(?>.*?{each})" for each in middle if each)
    return re.compile(rf"{first}{found}.*{last}\Z", re.DOTALL)


def _between_percents(like: str) -> list[str]:
    """What stands before, between and behind the ``%``, each as a regular expression."""
    parts = [""]
    characters = iter(like)
    for each in characters:
        if each == "%":
            parts.append("")
        elif each == "_":
            parts[-1] += "."
        elif each == "\\":
            escaped = next(characters, None)
            if escaped is None:
                raise ValueError("a pattern cannot end in a backslash that takes nothing; two of them are one as it is")
            parts[-1] += re.escape(escaped)
        else:
            parts[-1] += re.escape(each)
    return parts
