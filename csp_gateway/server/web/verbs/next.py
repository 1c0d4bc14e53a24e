"""GET next: wait for the coming tick."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import Response

from csp_gateway.server.channels import Outside
from csp_gateway.server.web.deadline import waiting_for
from csp_gateway.server.web.leaving import left
from csp_gateway.server.web.reply import structs_reply
from csp_gateway.server.web.verbs.awaited import is_there
from csp_gateway.server.web.verbs.mount import OVER, found, mount_verb
from csp_gateway.server.web.verbs.shape import Shape

__all__ = ["mount_next"]


def mount_next(router: APIRouter, outside: Outside, shape: Shape) -> None:
    """Serve ``GET /<channel>``."""

    async def following(request: Request) -> Response:
        with found(shape.channel):
            tick = outside.next(shape.channel)
        leaving = asyncio.ensure_future(left(request.receive))
        try:
            waiting_for(request, f"a tick of {shape.channel}")
            ticked = await is_there(tick, None, leaving)
        finally:
            leaving.cancel()
        if ticked:
            return structs_reply(tick.result())
        return Response(status_code=499)  # the client has left

    description = (
        f"Wait for the coming tick of `{shape.channel}`; an array, `[]` when the gateway stops before. "
        "Waiting costs no thread; a request whose client has left is forgotten."
    )
    mount_verb(router, "GET", shape, "", following, "Get Next", description, refusals=OVER)
