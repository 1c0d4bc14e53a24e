"""GET last: the value a channel last ticked."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from csp_gateway.server.channels import Answer, Outside
from csp_gateway.server.web.caching import is_known, tag_of, told_of_newest
from csp_gateway.server.web.deadline import waiting_for
from csp_gateway.server.web.leaving import left
from csp_gateway.server.web.verbs.awaited import is_there
from csp_gateway.server.web.verbs.mount import KEY, OVER, found, key_in, key_of, mount_verb
from csp_gateway.server.web.verbs.newest import Newest
from csp_gateway.server.web.verbs.parameters import refuse_unknown
from csp_gateway.server.web.verbs.shape import Shape

__all__ = ["mount_last"]


def mount_last(router: APIRouter, outside: Outside, newest: Newest, epoch: str) -> None:
    """Serve ``GET /<channel>``, and of a basket ``GET /<channel>/<key>``.

    Args:
        newest: the channel's newest tick.
        epoch: names this run; it is in the ``ETag``.
    """
    shape = newest.writer.shape
    Key: Any = key_in(shape)

    async def answer(request: Request, spelled: str | None) -> Response:
        refuse_unknown(request, (), keys=shape.keys)
        key = key_of(shape, spelled)
        with found(shape.channel, spelled):
            answer = outside.last(shape.channel, key)
        # Only values that were just sent and have not arrived make this wait.
        if not answer.done() and not await _arrived(request, shape, answer):
            return Response(status_code=499)
        answer.result()
        # The count is read first: a tag is never newer than what it stands for.
        ticks = newest.cell.ticks
        if is_known(tag_of(epoch, ticks), request.headers.getlist("if-none-match")):
            return Response(None, 304, told_of_newest(tag_of(epoch, ticks)))
        if spelled is None:
            ticks, body = await newest.read()
        else:
            body = await newest.writer.write_aside(newest.cell.read(key), of_key=True)
        return Response(body, 200, told_of_newest(tag_of(epoch, ticks)), "application/json")

    async def last(request: Request) -> Response:
        return await answer(request, None)

    async def last_of_key(request: Request, key: Key) -> Response:
        return await answer(request, key)

    description = (
        "The newest tick of {} as an array, `[]` before the first. It waits for values sent to this channel before "
        "that have not arrived yet, and else never for the engine. "
        "With an `ETag`: `If-None-Match` is answered 304 until the channel ticks again."
    )
    whole = f"each key of `{shape.channel}` that has ticked, in order," if shape.container else f"`{shape.channel}`"
    others = {304: "It has not ticked since the tag of `If-None-Match`; nothing is answered", **OVER}
    mount_verb(router, "GET", shape, "", last, "Get Last", description.format(whole), refusals=others)
    if shape.container:
        of_key = description.format(f"one key of `{shape.channel}`")
        mount_verb(router, "GET", shape, KEY, last_of_key, "Get Last", of_key, refusals=others)


async def _arrived(request: Request, shape: Shape, answer: Answer) -> bool:
    """Wait until what was sent has arrived; whether the client is still there then."""
    waiting_for(request, f"what was sent to {shape.channel} before to arrive")
    leaving = asyncio.ensure_future(left(request.receive))
    try:
        return await is_there(answer, None, leaving)
    finally:
        leaving.cancel()
