"""A pattern of SQL's LIKE, and what is like it: found in time that grows with the text, whatever the pattern."""

import re
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["LONGEST_PATTERN", "Pattern", "pattern_of"]

LONGEST_PATTERN = 1_000
"""Characters that a pattern may have."""
_QUICK = 1_000_000
"""Characters of a text times those of the pattern, up to which a regular expression takes some milliseconds at most,
in which no other thread runs."""

_ANY = ""
"""Stands for ``_`` among the characters of a piece."""


class Pattern:
    """What a text is like, or not; see ``pattern_of``."""

    def __init__(self, like: str) -> None:
        self._pieces = [_Piece(each) for each in _between_percents(like)]
        self._length = len(like)
        first, *middle = (piece.regex for piece in self._pieces)
        # What stands between two % is found where it comes first, and there it stays: nothing is gained by another
        # place, and a regular expression that tries them all takes for ever.
        found = "".join(f"(?>.*?{each})" for each in middle[:-1] if each)
        self._regex = re.compile(rf"{first}{found}.*{middle[-1]}\Z" if middle else rf"{first}\Z", re.DOTALL)

    def match(self, text: str) -> str | None:
        """The text, if all of it is like the pattern."""
        if len(text) * self._length <= _QUICK:
            return None if self._regex.match(text) is None else text
        return text if self._is_long_like_it(text) else None

    def _is_long_like_it(self, text: str) -> bool:
        first, *middle = self._pieces
        if not middle:
            return len(text) == first.length and first.stands_at(text, 0)
        last = middle.pop()
        at, end = first.length, len(text) - last.length
        if at > end or not first.stands_at(text, 0) or not last.stands_at(text, end):
            return False
        for piece in middle:
            at = piece.end_of_next(text, at, end)
            if at < 0:
                return False
        return True


class _Piece:
    """What stands before, between or behind the ``%``: of each text, as many characters."""

    def __init__(self, characters: Sequence[str]) -> None:
        self.length = len(characters)
        self.regex = "".join("." if each == _ANY else re.escape(each) for each in characters)
        self._literal = None if _ANY in characters else "".join(characters)
        self._characters = characters

    def stands_at(self, text: str, at: int) -> bool:
        return all(each in (_ANY, text[at + i]) for i, each in enumerate(self._characters))

    def end_of_next(self, text: str, start: int, end: int) -> int:
        """Where it ends that stands next between two places; below 0 if it stands nowhere there."""
        if self._literal is not None:
            found = text.find(self._literal, start, end)
            return found if found < 0 else found + self.length
        return self._end_of_next_like(text, start, end)

    def _end_of_next_like(self, text: str, start: int, end: int) -> int:
        # Bit i: the last i + 1 characters are the first i + 1 of the piece. All of them move on in one step.
        anything = sum(1 << i for i, each in enumerate(self._characters) if each == _ANY)
        moves = dict.fromkeys(self._characters, anything)
        for i, each in enumerate(self._characters):
            if each != _ANY:
                moves[each] |= 1 << i
        whole, so_far = 1 << (self.length - 1), 0
        for at in range(start, end):
            so_far = ((so_far << 1) | 1) & moves.get(text[at], anything)
            if so_far & whole:
                return at + 1
        return -1


@lru_cache(maxsize=256)
def pattern_of(like: str) -> Pattern:
    """What matches a whole text that is like the pattern: ``%`` is any text, ``_`` any one character, a backslash
    takes the next character as it is; upper and lower case differ, and an end of line is a character like others.

    Raises:
        ValueError: nothing follows the last backslash, or the pattern is too long.
    """
    if len(like) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has at most {LONGEST_PATTERN:,} characters")
    return Pattern(like)


def _between_percents(like: str) -> list[list[str]]:
    """The characters before, between and behind the ``%``, as they are to be, or ``_ANY``."""
    parts: list[list[str]] = [[]]
    characters = iter(like)
    for each in characters:
        if each == "%":
            parts.append([])
        elif each == "_":
            parts[-1].append(_ANY)
        elif each == "\\":
            escaped = next(characters, None)
            if escaped is None:
                raise ValueError("a pattern cannot end in a backslash that takes nothing; two of them are one as it is")
            parts[-1].append(escaped)
        else:
            parts[-1].append(each)
    return parts
