"""GET last: the value a channel last ticked."""

import asyncio

from fastapi import APIRouter
from fastapi.responses import Response

from csp_gateway.server.channels import Outside
from csp_gateway.server.web.reply import structs_reply
from csp_gateway.server.web.verbs.mount import found, mount_verb
from csp_gateway.server.web.verbs.shape import Shape

__all__ = ["mount_last"]


def mount_last(router: APIRouter, outside: Outside, shape: Shape) -> None:
    """Serve ``GET /<channel>``."""

    async def last() -> Response:
        with found(shape.channel):
            answer = outside.last(shape.channel)
        # Only a value that was just sent and has not arrived makes this wait, and then not in the event loop.
        return structs_reply(answer.result() if answer.done() else await asyncio.wrap_future(answer))

    description = (
        f"The newest tick of `{shape.channel}` as an array, `[]` before the first. It never waits for the engine, "
        "except for values sent to this channel that have not arrived yet."
    )
    mount_verb(router, "GET", shape, "", last, "Get Last", description)
