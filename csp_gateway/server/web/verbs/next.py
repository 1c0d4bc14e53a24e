"""GET next: wait for the coming tick."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response

from csp_gateway.server.channels import Outside
from csp_gateway.server.web.leaving import left
from csp_gateway.server.web.reply import structs_reply
from csp_gateway.server.web.verbs.awaited import is_there
from csp_gateway.server.web.verbs.mount import OVER, found, mount_verb
from csp_gateway.server.web.verbs.shape import Shape

__all__ = ["mount_next"]

_Seconds = Annotated[
    float | None,
    Query(gt=0, le=300, description="Seconds to wait before the answer is 408. Absent: as long as it takes."),
]


def mount_next(router: APIRouter, outside: Outside, shape: Shape) -> None:
    """Serve ``GET /<channel>``."""

    async def following(request: Request, timeout: _Seconds = None) -> Response:
        with found(shape.channel):
            tick = outside.next(shape.channel)
        leaving = asyncio.ensure_future(left(request.receive))
        try:
            ticked = await is_there(tick, timeout, leaving)
        finally:
            leaving.cancel()
        if ticked:
            return structs_reply(tick.result())
        if leaving.done() and not leaving.cancelled():
            return Response(status_code=499)
        raise HTTPException(408, f"{shape.channel} did not tick within {timeout:g} s")

    description = (
        f"Wait for the coming tick of `{shape.channel}`; an array, `[]` when the gateway stops before. "
        "Waiting costs no thread; a request whose client has left is forgotten."
    )
    refusals = {408: "The channel did not tick within `timeout` seconds", **OVER}
    mount_verb(router, "GET", shape, "", following, "Get Next", description, refusals=refusals)
