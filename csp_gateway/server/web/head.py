"""HEAD: what GET answers, without its body."""

from starlette.types import Message, Scope, Send

__all__ = ["as_get"]


def as_get(scope: Scope, send: Send) -> tuple[Scope, Send]:
    """A request of HEAD as one of GET, and a ``send`` that ends the answer with its headers; any other as it is."""
    if scope.get("method") != "HEAD":
        return scope, send

    async def headers_alone(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            # At once: a stream has no end of its own, and goes on until it hears that nobody reads it.
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return {**scope, "method": "GET"}, headers_alone
