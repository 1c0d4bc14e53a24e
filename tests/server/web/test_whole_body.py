"""A body that is whole is not copied, and one in pieces is joined."""

import asyncio
from typing import Any

import pytest
from fastapi import Request

from csp_gateway.server.web.whole_body import whole_body


def asked(*pieces: bytes) -> bytes:
    """The body of a request whose body comes in these pieces."""
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    return asyncio.run(whole_body(Request({"type": "http", "method": "POST", "headers": []}, receive)))


def test_one_piece_is_not_copied() -> None:
    body = b"x" * 100_000
    assert asked(body) is body
    assert asked(b"", body, b"") is body


@pytest.mark.parametrize("pieces", [(b"",), (b"a", b"b"), (b"a", b"", b"bc")], ids=["none", "two", "three"])
def test_pieces_are_joined(pieces: tuple[bytes, ...]) -> None:
    assert asked(*pieces) == b"".join(pieces)
