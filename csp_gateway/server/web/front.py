"""A small ASGI app before FastAPI that answers what one dictionary look-up can answer, and passes on everything else.

It serves ``GET last`` from the channel's cell and ``POST send`` by the struct's own decoder. Whatever needs a wait, a
query, an error or a credential is FastAPI's.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from pydantic import ValidationError

from csp_gateway.errors import GatewayException
from csp_gateway.server.channels import Cell, Outside
from csp_gateway.server.structs import decode_many, encode_many
from csp_gateway.server.web.verbs import Shape, push

__all__ = ["Front"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_BODY_LIMIT = 1 << 20
"""Bytes of a body decoded on the event loop; larger ones are FastAPI's."""


class _Newest:
    """The newest tick of a channel as bytes, encoded once a tick."""

    __slots__ = ("_bytes", "_of", "cell")

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self._of: Any = None
        self._bytes = b"[]"

    def read(self) -> bytes:
        value = self.cell.value
        if value is not self._of:
            self._bytes = encode_many(value if isinstance(value, list) else [value])
            self._of = value
        return self._bytes


class Front:
    """Answers the hot verbs before ``app`` sees them."""

    def __init__(self, app: Any, outside: Outside) -> None:
        self._app = app
        self._outside = outside
        self._last: dict[str, _Newest] = {}
        self._send: dict[str, tuple[Shape, dict[str, Any]]] = {}

    def answer_last(self, path: str, channel: str) -> None:
        """Answer ``GET path`` from the channel's cell."""
        self._last[path] = _Newest(self._outside.cell(channel))

    def answer_send(self, path: str, shape: Shape, context: dict[str, Any]) -> None:
        """Answer ``POST path`` by decoding the body once."""
        self._send[path] = (shape, context)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["query_string"] and self._outside.running:
            method = scope["method"]
            if method == "GET":
                newest = self._last.get(scope["path"])
                if newest is not None and newest.cell.settled:
                    await _reply(send, newest.read())
                    return
            elif method == "POST" and scope["path"] in self._send and _says_json(scope):
                receive = await self._try_send(scope["path"], receive, send)
                if receive is _answered:
                    return
        await self._app(scope, receive, send)

    async def _try_send(self, path: str, receive: Receive, send: Send) -> Receive:
        """Answer a send, or give back a ``receive`` from which FastAPI reads it again and says what is wrong."""
        messages = [await receive()]
        size = len(messages[0].get("body", b""))
        while messages[-1].get("more_body") and size <= _BODY_LIMIT:
            messages.append(await receive())
            size += len(messages[-1].get("body", b""))
        if not messages[-1].get("more_body") and messages[-1]["type"] == "http.request":
            shape, context = self._send[path]
            try:
                records = decode_many(shape.struct, b"".join(m.get("body", b"") for m in messages), context)
                push(self._outside, shape, records)
            except (ValidationError, GatewayException):
                pass
            else:
                await _reply(send, encode_many(records))
                return _answered
        replay = iter(messages)

        async def again() -> MutableMapping[str, Any]:
            message = next(replay, None)
            return message if message is not None else await receive()

        return again


def _says_json(scope: Scope) -> bool:
    """Only what says it is JSON is read as JSON: a page of another origin cannot say so without being asked first."""
    return any(name == b"content-type" and value.startswith(b"application/json") for name, value in scope["headers"])


async def _answered() -> MutableMapping[str, Any]:
    raise AssertionError("nothing is left to be received")


async def _reply(send: Send, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
