"""Waiter: a request of ``next`` that waits with as little as can be: one future, one timer, and no task of its own."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from fastapi.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from csp_gateway.errors import GatewayException
from csp_gateway.server.channels import Answer, Outside
from csp_gateway.server.web.deadline import Patience, too_late
from csp_gateway.server.web.leaving import left
from csp_gateway.server.web.problem import ProblemReply, RefusedRequest
from csp_gateway.server.web.reply import failed
from csp_gateway.server.web.verbs.writer import Writer

__all__ = ["Waiter"]


class Waiter:
    """An ASGI application that answers with the coming tick of one channel.

    Args:
        writer: the channel's.
        patience: how long they may wait, and how many.
        compressing: what sends an answer compressed, to who accepts that.
    """

    def __init__(
        self,
        outside: Outside,
        writer: Writer,
        patience: Patience,
        compressing: Callable[[ASGIApp], ASGIApp] = lambda answer: answer,
    ) -> None:
        self._outside = outside
        self._writer = writer
        self._patience = patience
        self._compressing = compressing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        leave = self._patience.enter(scope["path"])
        if isinstance(leave, ProblemReply):
            await leave(scope, receive, send)
            return
        try:
            reply = await self._answer(scope, receive)
            await self._compressing(reply)(scope, receive, send)
        finally:
            leave(None)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        channel, seconds = self._writer.shape.channel, self._patience.most(scope["path"])
        until = asyncio.get_running_loop().time() + seconds
        try:
            tick = self._outside.next(channel)
            if not await _ticked(tick, receive, until):
                return Response(status_code=499)
            async with asyncio.timeout_at(until):
                body = await self._writer.write_aside(tick.result())
        except TimeoutError:
            self._patience.timed_out()
            return too_late(scope, seconds, [f"a tick of {channel}"])
        except RefusedRequest as refused:
            return ProblemReply(refused.kind, refused.detail, refused.headers)
        except GatewayException as error:
            return failed(error)
        return Response(body, 200, None, "application/json")


async def _ticked(tick: Answer, receive: Receive, until: float) -> bool:
    """Wait for a tick; False if the client leaves before.

    Raises:
        TimeoutError: neither has come until then.
    """
    here = tick.on_loop()
    here.add_done_callback(asyncio.Future.exception)  # looked at, even if nobody waits for it to the end
    waiting = asyncio.timeout_at(until)
    wake = partial(_end, waiting)
    try:
        async with waiting:
            # The tick ends the time: to wait for it beside the client would take a task for each.
            here.add_done_callback(wake)
            await left(receive)
            return False
    except TimeoutError:
        if not here.done():
            raise
        return True
    finally:
        here.remove_done_callback(wake)


def _end(waiting: asyncio.Timeout, _: Any) -> None:
    with suppress(RuntimeError):  # it has ended already
        waiting.reschedule(0)
