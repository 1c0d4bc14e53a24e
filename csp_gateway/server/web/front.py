"""A small ASGI app before FastAPI that answers what one dictionary look-up can answer, and passes on everything else.

It serves ``GET last`` from the channel's cell and ``POST send`` by the struct's own decoder, both at once where the
connection asks for that, and lets requests of ``next`` wait in a third of the memory. Whatever needs a query, an error
or a credential is FastAPI's.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import HTTPException
from starlette.types import Message, Receive, Scope, Send

from csp_gateway.errors import GatewayException, NoProviderException
from csp_gateway.server.channels import Outside
from csp_gateway.server.web.at_once import AtOnce, Header, reply
from csp_gateway.server.web.caching import NO_STORE, is_known, never_stored, tag_of, told_of_newest
from csp_gateway.server.web.compress import coding_for
from csp_gateway.server.web.deadline import BEGUN, ITS_BODY, Patience, too_late
from csp_gateway.server.web.head import as_get
from csp_gateway.server.web.media_type import says_json
from csp_gateway.server.web.problem import ProblemReply
from csp_gateway.server.web.reply import failed
from csp_gateway.server.web.verbs import INLINE_BYTES, Intake, Newest, Refused, Waiter

__all__ = ["Front"]

_JSON: Header = (b"content-type", b"application/json")
_ACCEPTED = ((b"x-acknowledged", b"accepted"), (b"cache-control", NO_STORE.encode()), _JSON)


class Front:
    """Answers the hot verbs before ``app`` sees them.

    Args:
        app: an ASGI application.
        patience: how long a body may take, and how many may be on their way.
        compressed: bytes from which an answer is compressed for who accepts that; it is not done here.
        bypassed: whether all is to be passed on.
    """

    def __init__(
        self,
        app: Any,
        outside: Outside,
        patience: Patience,
        epoch: str,
        compressed: int,
        bypassed: Callable[[], bool],
    ) -> None:
        self._app = app
        self._outside = outside
        self._patience = patience
        self._epoch = epoch
        self._compressed = compressed
        self._bypassed = bypassed
        self._last: dict[str, _Last] = {}
        self._next: dict[str, Waiter] = {}
        self._send: dict[str, Intake] = {}

    def answer_last(self, path: str, newest: Newest) -> None:
        """Answer ``GET path`` from the channel's cell."""
        self._last[path] = _Last(newest, self._epoch)

    def answer_next(self, path: str, waiter: Waiter) -> None:
        """Answer ``GET path`` with the coming tick."""
        self._next[path] = waiter

    def answer_send(self, path: str, intake: Intake) -> None:
        """Answer ``POST path`` by decoding the body once."""
        self._send[path] = intake

    def at_once(self, scope: Scope, body: bytes) -> AtOnce | None:
        """The answer to a request that needs nothing but one look-up; None if it is to go the long way."""
        if scope["query_string"] or not self._outside.running or self._bypassed():
            return None
        method = scope["method"]
        if method == "GET":
            last = self._last.get(scope["path"])
            return last.at_once(scope, self._compressed) if last is not None else None
        quick = method == "POST" and len(body) <= INLINE_BYTES and self._is_quick(scope["path"])
        # Where there are too many, it is one too many, however soon it would be over.
        if quick and _is_simple(scope) and not self._patience.is_full():
            return self._accept(scope, body)
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope, send = as_get(scope, send)
        if scope["type"] == "http" and not (scope["query_string"] or self._bypassed()) and self._outside.running:
            method = scope["method"]
            if method == "GET":
                if (answer := self.at_once(scope, b"")) is not None:
                    await reply(answer, send)
                    return
                waiter = self._next.get(scope["path"])
                if waiter is not None:
                    await waiter(scope, receive, never_stored(send))
                    return
            elif method == "POST" and self._is_quick(scope["path"]) and _is_simple(scope):
                begun = asyncio.get_running_loop().time()
                receive = await self._try_send(scope, receive, send)
                if receive is _answered:
                    return
                scope = {**scope, BEGUN: begun}
        await self._app(scope, receive, send)

    def _is_quick(self, path: str) -> bool:
        """Whether small bodies may be read here."""
        intake = self._send.get(path)
        return intake is not None and intake.is_quick(0)

    def _accept(self, scope: Scope, body: bytes) -> AtOnce | None:
        """The answer to a body that is sent; None if FastAPI is to read it again, and say what is wrong."""
        try:
            answer = self._send[scope["path"]].accept(body, soon=asyncio.get_running_loop().call_soon).body
        except (Refused, HTTPException, NoProviderException):
            return None
        except GatewayException as error:
            return _refused(error, scope)  # FastAPI would decode and send it once more
        return AtOnce(200, (*_ACCEPTED, _length(answer)), answer)

    async def _try_send(self, scope: Scope, receive: Receive, send: Send) -> Receive:
        """Answer a send, or give back a ``receive`` from which FastAPI reads it again and says what is wrong."""
        messages = await self._read(scope, receive, send)
        if not messages:
            return _answered
        size = sum(len(message.get("body", b"")) for message in messages)
        if size <= INLINE_BYTES and messages[-1]["type"] == "http.request":
            answer = self._accept(scope, b"".join(m.get("body", b"") for m in messages))
            if answer is not None:
                await reply(answer, send)
                return _answered
        replay = iter(messages)

        async def again() -> Message:
            message = next(replay, None)
            return message if message is not None else await receive()

        return again

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> list[Message]:
        """What comes of a body until it is whole, or too much to be decoded here; nothing if it has been refused."""
        leave = self._patience.enter(scope["path"])
        if isinstance(leave, ProblemReply):
            await leave(scope, receive, never_stored(send))
            return []
        seconds, late, task = self._patience.most(scope["path"]), False, asyncio.current_task()
        assert task is not None

        def give_up() -> None:
            nonlocal late
            late = task.cancel()

        # As asyncio.timeout, which costs as much as decoding what is read.
        timer = asyncio.get_running_loop().call_later(seconds, give_up)
        try:
            messages = [await receive()]
            size = len(messages[0].get("body", b""))
            while messages[-1].get("more_body") and size <= INLINE_BYTES:
                messages.append(await receive())
                size += len(messages[-1].get("body", b""))
        except asyncio.CancelledError:
            if not late or task.uncancel():
                raise
            self._patience.timed_out()
            await too_late(scope, seconds, [ITS_BODY])(scope, receive, never_stored(send))
            return []
        finally:
            timer.cancel()
            leave(None)
        return messages


class _Last:
    """What ``GET last`` of one channel says beside its newest tick; written once a tick, too."""

    def __init__(self, newest: Newest, epoch: str) -> None:
        self._newest = newest
        self._epoch = epoch
        self._of = -1
        self._answer = AtOnce(200, (), b"")

    def at_once(self, scope: Scope, compressed: int) -> AtOnce | None:
        """The answer to a request; None if it takes long to be written, or to be compressed, or is on its way."""
        if not self._newest.cell.settled:
            return None
        asked = [value.decode("latin-1") for name, value in scope["headers"] if name == b"if-none-match"]
        if asked:
            tag = tag_of(self._epoch, self._newest.cell.ticks)
            if is_known(tag, asked):
                return AtOnce(304, _headers(told_of_newest(tag)), b"")
        try:
            at_hand = self._newest.at_hand()
        except GatewayException as error:
            return _refused(error, scope)
        if at_hand is None:
            return None
        ticks, body = at_hand
        if len(body) >= compressed and coding_for(scope) is not None:
            return None
        if ticks != self._of:
            told = told_of_newest(tag_of(self._epoch, ticks))
            self._answer = AtOnce(200, (*_headers(told), _JSON, _length(body)), body)
            self._of = ticks
        return self._answer


def _is_simple(scope: Scope) -> bool:
    """Whether a request says that it is JSON, and not that it is tried again; of all else FastAPI knows what to say."""
    json = False
    for name, value in scope["headers"]:
        if name == b"content-type":
            json = value == _JSON[1] or says_json(value.decode("latin-1"))
        elif name == b"idempotency-key":
            return False
    return json


async def _answered() -> Message:
    raise AssertionError("nothing is left to be received")


def _headers(told: Mapping[str, str]) -> list[Header]:
    return [(name.encode(), value.encode()) for name, value in told.items()]


def _length(body: bytes) -> Header:
    return b"content-length", b"%d" % len(body)


def _refused(error: GatewayException, scope: Scope) -> AtOnce:
    problem = failed(error)
    problem.place(scope)
    return AtOnce(
        problem.status_code, (*problem.raw_headers, (b"cache-control", NO_STORE.encode())), bytes(problem.body)
    )
