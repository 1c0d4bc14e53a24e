"""GET last: the value a channel last ticked."""

from fastapi import APIRouter
from fastapi.responses import Response

from csp_gateway.server.channels import Outside
from csp_gateway.server.web.reply import structs_reply
from csp_gateway.server.web.verbs.awaited import is_there
from csp_gateway.server.web.verbs.mount import OVER, found, mount_verb
from csp_gateway.server.web.verbs.shape import Shape

__all__ = ["mount_last"]

_PATIENCE = 0.25
"""Seconds to wait for values that were sent; then the newest tick there is will do."""


def mount_last(router: APIRouter, outside: Outside, shape: Shape) -> None:
    """Serve ``GET /<channel>``."""

    async def last() -> Response:
        with found(shape.channel):
            answer = outside.last(shape.channel)
        # Only values that were just sent and have not arrived make this wait, and an engine that is stuck not for long.
        if answer.done() or await is_there(answer, _PATIENCE):
            return structs_reply(answer.result())
        return structs_reply(outside.cell(shape.channel).value)

    description = (
        f"The newest tick of `{shape.channel}` as an array, `[]` before the first. It never waits for the engine, "
        f"except up to {_PATIENCE:g} s for values sent to this channel that have not arrived yet."
    )
    mount_verb(router, "GET", shape, "", last, "Get Last", description, refusals=OVER)
