"""Answers that are at hand as soon as their request has been read: what the connection writes itself, without a task.

A layer of the application that has ``at_once(scope, body)`` lets them through; one that has not sees every request as
ASGI has it.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from starlette.types import Scope, Send

__all__ = ["AtOnce", "Header", "ask_at_once", "reply"]

Header = tuple[bytes, bytes]


class AtOnce(NamedTuple):
    """A whole answer.

    Attributes:
        status: of HTTP.
        headers: all but those that the server adds to every answer; ``content-length`` among them unless it is 304.
        body: what follows.
    """

    status: int
    headers: Sequence[Header]
    body: bytes


def ask_at_once(app: Any) -> Callable[[Scope, bytes], AtOnce | None] | None:
    """How an application is asked for the answer that it has at hand, None if it cannot be.

    What is given back is called on the event loop with a request's scope and its whole body. It gives None for a
    request that is to go the long way, of which nothing may have been done then.
    """
    asked: Callable[[Scope, bytes], AtOnce | None] | None = getattr(app, "at_once", None)
    return asked


async def reply(answer: AtOnce, send: Send) -> None:
    """Send an answer as ASGI has it."""
    # A copy: layers on the way may add to it.
    await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers]})
    await send({"type": "http.response.body", "body": answer.body})
