"""Answers in gzip or zstd, for who accepts it: above a size, chunk by chunk, and never long on the event loop."""

import sys
import zlib
from typing import Any, Protocol

from starlette.types import Message, Receive, Scope, Send

from csp_gateway.server.web.accept import preferred_coding
from csp_gateway.server.web.workers import Workers

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["Compress", "coding_for"]

_COMPRESSIBLE = (b"text/", b"application/json", b"application/problem+json", b"application/x-ndjson", b"image/svg")
_ALSO = frozenset({b"application/javascript", b"application/vnd.apache.arrow.stream"})
_EVENTS = b"text/event-stream"
_INLINE = 16 * 1024
"""Bytes that are compressed at once, in less time than a thread costs."""
_CODINGS = ("zstd", "gzip")


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


def coding_for(scope: Scope) -> str | None:
    """The coding that a client wants its answer in; None for none."""
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
    return preferred_coding(accepted.decode("latin-1"), _CODINGS) if accepted else None


class Compress:
    """Compresses what ``app`` answers, if it is large, compressible, and not compressed already.

    An answer begins once its first piece is compressed: until then a deadline may still come before it.

    Args:
        app: an ASGI application.
        least: bytes of an answer that is worth it; one that does not say its length is.
        workers: compress what is large; while they have too much to do, answers stay as they are.
    """

    def __init__(self, app: Any, least: int, workers: Workers) -> None:
        self._app = app
        self._least = least
        self._workers = workers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Compressed(scope, self._least, self._workers, send).send)


class _Compressed:
    def __init__(self, scope: Scope, least: int, workers: Workers, send: Send) -> None:
        self._scope = scope
        self._least = least
        self._workers = workers
        self._send = send
        self._compressor: _Compressor | None = None
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message = self._begin(message)
            if self._compressor is not None:
                self._start = message
                return
        elif message["type"] == "http.response.body" and self._compressor is not None:
            more = message.get("more_body", False)
            body = await self._compress(self._compressor, message.get("body", b""), more)
            message = {**message, "body": body}
            if self._start is not None:
                start, self._start = self._start, None
                length = [] if more else [(b"content-length", b"%d" % len(body))]
                await self._send({**start, "headers": [*start["headers"], *length]})
        await self._send(message)

    async def _compress(self, compressor: _Compressor, body: bytes, more: bool) -> bytes:
        if len(body) > _INLINE and not self._workers.full:
            return await self._workers.run(_compressed, compressor, body, more)
        return _compressed(compressor, body, more)

    def _begin(self, message: Message) -> Message:
        headers = list(message.get("headers", ()))
        said = {name.lower(): value for name, value in headers}
        if not self._is_worth_it(message["status"], said):
            return message
        if b"accept-encoding" not in said.get(b"vary", b"").lower():
            headers.append((b"vary", b"Accept-Encoding"))
        coding = coding_for(self._scope)
        if coding is not None and not self._workers.full:
            self._compressor = zlib.compressobj(6, wbits=31) if coding == "gzip" else zstd.ZstdCompressor()
            # The bytes are others than those that a strong tag names.
            headers = [
                (name, b"W/" + value if name.lower() == b"etag" and not value.startswith(b"W/") else value)
                for name, value in headers
                if name.lower() not in (b"content-length", b"accept-ranges")
            ]
            headers.append((b"content-encoding", coding.encode()))
        return {**message, "headers": headers}

    def _is_worth_it(self, status: int, said: dict[bytes, bytes]) -> bool:
        if status < 200 or status in (204, 206, 304) or b"content-encoding" in said:
            return False
        length = said.get(b"content-length")
        if length is not None and int(length) < self._least:
            return False
        kind = said.get(b"content-type", b"").partition(b";")[0].strip().lower()
        return kind != _EVENTS and (kind.startswith(_COMPRESSIBLE) or kind in _ALSO)


def _compressed(compressor: _Compressor, body: bytes, more: bool) -> bytes:
    """What is ready of it; whoever reads along gets the rest of each chunk with a later one."""
    ready = compressor.compress(body)
    return ready if more else ready + compressor.flush()
