"""How deep JSON is nested, told from its bytes before anything parses it, and without recursion."""

from collections.abc import Iterator

__all__ = ["is_deeper"]

_PIECE = 256 * 1024
"""Bytes that are looked at in one go, so that a thread that does it lets others run in between."""
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_BACKSLASH = ord("\\")
_ROUND = bytes.maketrans(b"{}", b"[]")


def is_deeper(body: bytes, most: int) -> bool:
    """Whether arrays and objects are nested more than ``most`` deep; of what is no JSON, whether they seem to be.

    Most bodies have not that many brackets at all, and are judged by their number.

    >>> is_deeper(b'{"a": [1]}', 2), is_deeper(b'{"a": [[1]]}', 2), is_deeper(b'{"a": "[[[["}', 2)
    (False, True, False)
    """
    if body.count(b"[") + body.count(b"{") <= most:
        return False
    brackets = b"".join(_brackets(body))
    run = b"[" * (most + 1)
    for _ in range(most):
        if run in brackets:
            return True
        # Each turn takes the innermost of all that is open.
        left = brackets.replace(b"[]", b"")
        if len(left) == len(brackets):
            return brackets.count(b"[") > most
        brackets = left
    return b"[" in brackets


def _brackets(body: bytes) -> Iterator[bytes]:
    """The brackets that stand in no text, those of objects as those of arrays; by what is quick in C alone."""
    start, in_text = 0, False
    while start < len(body):
        end = min(start + _PIECE, len(body))
        # Not between a backslash and what it escapes.
        while end < len(body) and body[end - 1] == _BACKSLASH:
            end += 1
        piece = body[start:end]
        if _BACKSLASH in piece:
            piece = piece.replace(b"\\\\", b"").replace(b'\\"', b"")
        parts = piece.split(b'"')
        yield b"".join(parts[in_text::2]).translate(_ROUND, _NO_BRACKETS)
        in_text ^= len(parts) % 2 == 0
        start = end
