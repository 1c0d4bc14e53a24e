"""GET last: the value a channel last ticked."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from csp_gateway.server.channels import Outside
from csp_gateway.server.web.reply import structs_reply
from csp_gateway.server.web.verbs.awaited import is_there
from csp_gateway.server.web.verbs.mount import KEY, OVER, found, key_in, key_of, mount_verb
from csp_gateway.server.web.verbs.shape import Shape

__all__ = ["mount_last"]

_PATIENCE = 0.25
"""Seconds to wait for values that were sent; then the newest tick there is will do."""


def mount_last(router: APIRouter, outside: Outside, shape: Shape) -> None:
    """Serve ``GET /<channel>``, and of a basket ``GET /<channel>/<key>``."""
    Key: Any = key_in(shape)

    async def answer(spelled: str | None) -> Response:
        key = key_of(shape, spelled)
        with found(shape.channel, spelled):
            answer = outside.last(shape.channel, key)
        # Only values that were just sent and have not arrived make this wait, and an engine that is stuck not for long.
        there = answer.done() or await is_there(answer, _PATIENCE)
        value = answer.result() if there else outside.cell(shape.channel).read(key)
        return structs_reply(shape.records(value, of_key=spelled is not None))

    async def last() -> Response:
        return await answer(None)

    async def last_of_key(key: Key) -> Response:
        return await answer(key)

    description = (
        f"The newest tick of {{}} as an array, `[]` before the first. It never waits for the engine, "
        f"except up to {_PATIENCE:g} s for values sent to this channel that have not arrived yet."
    )
    whole = f"each key of `{shape.channel}` that has ticked, in order," if shape.container else f"`{shape.channel}`"
    mount_verb(router, "GET", shape, "", last, "Get Last", description.format(whole), refusals=OVER)
    if shape.container:
        of_key = description.format(f"one key of `{shape.channel}`")
        mount_verb(router, "GET", shape, KEY, last_of_key, "Get Last", of_key, refusals=OVER)
