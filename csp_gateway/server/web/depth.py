"""How deep JSON is nested, told from its bytes before anything parses it, and without recursion."""

import re

__all__ = ["is_deeper"]

_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ROUND = bytes.maketrans(b"{}", b"[]")


def is_deeper(body: bytes, most: int) -> bool:
    """Whether arrays and objects are nested more than ``most`` deep; of what is no JSON, whether they seem to be.

    Most bodies have not that many brackets at all, and are judged by their number.

    >>> is_deeper(b'{"a": [1]}', 2), is_deeper(b'{"a": [[1]]}', 2), is_deeper(b'{"a": "[[[["}', 2)
    (False, True, False)
    """
    if body.count(b"[") + body.count(b"{") <= most:
        return False
    brackets = _TEXT.sub(b"", body).translate(_ROUND, _NO_BRACKETS)
    for _ in range(most):
        # Each turn takes the innermost of all that is open.
        brackets = brackets.replace(b"[]", b"")
        if not brackets:
            return False
    return brackets.count(b"[") > 0
