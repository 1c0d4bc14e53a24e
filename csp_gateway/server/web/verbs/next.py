"""GET next: wait for the coming tick."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from csp_gateway.server.channels import Outside
from csp_gateway.server.web.deadline import waiting_for
from csp_gateway.server.web.leaving import left
from csp_gateway.server.web.verbs.awaited import is_there
from csp_gateway.server.web.verbs.mount import KEY, OVER, found, key_in, key_of, mount_verb
from csp_gateway.server.web.verbs.parameters import refuse_unknown
from csp_gateway.server.web.verbs.writer import Writer

__all__ = ["mount_next"]


def mount_next(router: APIRouter, outside: Outside, writer: Writer) -> None:
    """Serve ``GET /<channel>``, and of a basket ``GET /<channel>/<key>``."""
    shape = writer.shape
    Key: Any = key_in(shape)

    async def answer(request: Request, spelled: str | None) -> Response:
        refuse_unknown(request, (), keys=shape.keys)
        key = key_of(shape, spelled)
        with found(shape.channel, spelled):
            tick = outside.next(shape.channel, key)
        waiting_for(request, f"a tick of {shape.channel if spelled is None else f'{shape.channel}/{spelled}'}")
        leaving = asyncio.ensure_future(left(request.receive))
        try:
            ticked = await is_there(tick, None, leaving)
        finally:
            leaving.cancel()
        if not ticked:
            return Response(status_code=499)
        body = await writer.write_aside(tick.result(), of_key=spelled is not None)
        return Response(body, 200, None, "application/json")

    async def following(request: Request) -> Response:
        return await answer(request, None)

    async def following_of_key(request: Request, key: Key) -> Response:
        return await answer(request, key)

    description = (
        "Wait for the coming tick of {}; an array{}, `[]` when the gateway stops before. "
        "Waiting costs no thread; a request whose client has left is forgotten."
    )
    refusals = {429: "Too many requests wait for ticks", **OVER}
    what, of_all = f"`{shape.channel}`", ""
    if shape.container:
        of_key = description.format(f"one key of {what}", "")
        mount_verb(router, "GET", shape, KEY, following_of_key, "Get Next", of_key, refusals=refusals)
        what, of_all = f"any key of {what}", " of all that have ticked"
    mount_verb(router, "GET", shape, "", following, "Get Next", description.format(what, of_all), refusals=refusals)
