"""Turns away, before all else, requests for other hosts, writes from other hosts' pages, and bodies that are too large.

A page anywhere can make its reader's browser ask this machine: by a name that its owner lets point here (the host is
then that name), or straight away (the origin is then that page's).
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from csp_gateway.server.settings import GatewaySettings
from csp_gateway.server.web.at_once import AtOnce, ask_at_once
from csp_gateway.server.web.caching import never_stored
from csp_gateway.server.web.depth import is_deeper
from csp_gateway.server.web.problem import (
    BODY_ENCODED,
    BODY_TOO_LARGE,
    FOREIGN_ORIGIN,
    INVALID,
    UNKNOWN_HOST,
    ProblemReply,
    RefusedRequest,
)
from csp_gateway.server.web.workers import Workers

__all__ = ["Guard", "other_origin"]

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_READ = frozenset({b"host", b"origin", b"content-length", b"transfer-encoding", b"content-type", b"content-encoding"})
"""Headers that are looked at."""
_AS_IT_IS = (b"identity", b"")
_INLINE_BYTES = 64 * 1024
"""Bytes of JSON that are joined, and looked at for their depth, on the event loop; more goes to a thread."""
_THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")


class Guard:
    """Lets requests through to ``app``, or answers 400, 403, 413, 415 or 422 and what to set; to sockets 403.

    Args:
        app: an ASGI application.
        settings: ``BIND``, ``ALLOWED_HOSTS``, ``BACKEND_CORS_ORIGINS``, ``MAX_BODY_BYTES`` and ``MAX_JSON_DEPTH`` are
            read.
        workers: look how deep large bodies are.
    """

    def __init__(self, app: Any, settings: GatewaySettings, workers: Workers) -> None:
        self._app = app
        self._ask = ask_at_once(app)
        self._workers = workers
        self._hosts = _hosts(settings)
        self._origins = frozenset(str(each).rstrip("/").encode() for each in settings.BACKEND_CORS_ORIGINS)
        self._most = settings.MAX_BODY_BYTES
        self._depth = settings.MAX_JSON_DEPTH
        self._newest_host: bytes | None = None  # the one let in last: most often it is the next one, too

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        said = {name: value for name, value in scope["headers"] if name in _READ}
        refusal = self._refusal(scope, said)
        if refusal is None:
            try:
                kind = said.get(b"content-type", b"")
                if _has_body(said):
                    # Of a body whose length was told, the server lets no more come.
                    counted = receive if b"transfer-encoding" not in said else self._counted(receive)
                    receive = self._read(counted, kind)
                await self._app(scope, receive, send)
            except RefusedRequest as refused:
                refusal = ProblemReply(refused.kind, refused.detail, refused.headers)
        if refusal is None:
            return
        if scope["type"] == "websocket":
            # A plain 403: uvicorn would log any other answer to a handshake as an application's error.
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, never_stored(send))

    def at_once(self, scope: Scope, body: bytes) -> AtOnce | None:
        """What the application has at hand; None for what is to be refused, too, or looked at for long."""
        said = {name: value for name, value in scope["headers"] if name in _READ}
        if self._ask is None or self._refusal(scope, said) is not None:
            return None
        if body and (len(body) > min(self._most, _INLINE_BYTES) or is_deeper(body, self._depth)):
            return None
        return self._ask(scope, body)

    def _refusal(self, scope: Scope, said: Mapping[bytes, bytes]) -> ProblemReply | None:
        """What its headers alone refuse a request for."""
        host, origin, length = said.get(b"host", b""), said.get(b"origin", b""), said.get(b"content-length", b"")
        if self._hosts and host != self._newest_host and not self._answers_to(host):
            return _other_host(host)
        if origin and scope.get("method") not in _READING and not self._knows(origin, host):
            return other_origin(origin)
        if length and (not length.isdigit() or len(length) > 18 or int(length) > self._most):
            return self._too_large()
        if _has_body(said) and said.get(b"content-encoding", b"identity").lower() not in _AS_IT_IS:
            return _encoded(said[b"content-encoding"])
        return None

    def _answers_to(self, host: bytes) -> bool:
        if _name(host) not in self._hosts:
            return False
        self._newest_host = host
        return True

    def _knows(self, origin: bytes, host: bytes) -> bool:
        # "null" is the origin of no host at all, even of a request that names none.
        return origin in self._origins or (host != b"" and origin.partition(b"://")[2] == host)

    def _read(self, receive: Receive, kind: bytes) -> Receive:
        """``receive`` within the limit of depth; JSON comes whole, for its depth is not known before."""
        whole = kind and b"json" not in kind.lower()

        async def read() -> Message:
            nonlocal whole
            if whole:
                return await receive()
            pieces, size, more = [], 0, True
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    return message
                pieces.append(message.get("body", b""))
                size += len(pieces[-1])
                more = message.get("more_body", False)
            whole = True
            aside = size > _INLINE_BYTES
            body = await self._workers.run(_joined, pieces, self._depth) if aside else _joined(pieces, self._depth)
            return {"type": "http.request", "body": body, "more_body": False}

        return read

    def _counted(self, receive: Receive) -> Receive:
        """``receive``, until more has come than may."""
        left = self._most

        async def count() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise _TooLarge(BODY_TOO_LARGE, self._sentence(), {"connection": "close"})
            return message

        return count

    def _too_large(self) -> ProblemReply:
        return ProblemReply(BODY_TOO_LARGE, self._sentence(), {"connection": "close"})

    def _sentence(self) -> str:
        return f"A body may have {self._most:,} bytes at most; send less at once, or raise the setting MAX_BODY_BYTES"


class _TooLarge(RefusedRequest):
    """FastAPI answers it by itself, when it was FastAPI that read the body."""


class _TooDeep(RefusedRequest):
    """As above."""


def _has_body(said: Mapping[bytes, bytes]) -> bool:
    """Without either header there is none."""
    return b"content-length" in said or b"transfer-encoding" in said


def _joined(pieces: list[bytes], depth: int) -> bytes:
    """A body in one piece, which is not nested deeper than it may be."""
    body = b"".join(pieces)
    if is_deeper(body, depth):
        raise _TooDeep(INVALID, [_deep(depth)])
    return body


def _deep(most: int) -> dict[str, Any]:
    msg = f"JSON may be nested {most} deep; nest it less, or raise the setting MAX_JSON_DEPTH"
    return {"type": "json_depth", "loc": ["body"], "msg": msg, "input": {}, "ctx": {"max_depth": most}}


def _hosts(settings: GatewaySettings) -> frozenset[bytes]:
    """The names this gateway answers to, in lower case and without port; none at all: to every name."""
    given = settings.ALLOWED_HOSTS
    if "*" in given or not (given or _is_loopback(settings.BIND)):
        return frozenset()
    bind = f"[{settings.BIND}]" if ":" in settings.BIND else settings.BIND
    return frozenset(_name(each.encode()) for each in (*_THIS_MACHINE, bind, *given))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _name(host: bytes) -> bytes:
    """A host without its port, which follows the last colon outside an IPv6 address's brackets."""
    name, colon, port = host.rpartition(b":")
    return (name if colon and port.isdigit() else host).lower()


def _other_host(host: bytes) -> ProblemReply:
    name = _name(host).decode("latin-1")[:200]
    return ProblemReply(
        UNKNOWN_HOST,
        f"This gateway does not answer to {name!r}: add the name to the setting ALLOWED_HOSTS if it is to",
    )


def _encoded(coding: bytes) -> ProblemReply:
    name = coding.decode("latin-1")[:80]
    sentence = f"The body is encoded in {name!r}, and is only read as it is: send it without Content-Encoding"
    return ProblemReply(BODY_ENCODED, sentence, {"accept-encoding": "identity", "connection": "close"})


def other_origin(origin: bytes, headers: Mapping[str, str] | None = None) -> ProblemReply:
    """What pages are answered that may not do what they ask for; ``headers`` are said beside it."""
    page = origin.decode("latin-1")[:200]
    sentence = f"Pages of {page!r} may not do this: add it to the setting BACKEND_CORS_ORIGINS if they may"
    return ProblemReply(FOREIGN_ORIGIN, sentence, headers)
