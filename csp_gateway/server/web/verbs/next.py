"""GET next: wait for the coming tick."""

import asyncio
from concurrent.futures import Future
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response

from csp_gateway.server.channels import Outside
from csp_gateway.server.web.reply import structs_reply
from csp_gateway.server.web.verbs.mount import found, mount_verb
from csp_gateway.server.web.verbs.shape import Shape

__all__ = ["mount_next"]

_Seconds = Annotated[
    float | None,
    Query(gt=0, le=300, description="Seconds to wait before the answer is 408. Absent: as long as it takes."),
]


class _Coming:
    """The coming tick of one channel on the event loop, shared by all requests that wait for it.

    However many wait, the engine resolves one future and wakes the loop once.
    """

    def __init__(self) -> None:
        self._asked: Future[Any] | None = None
        self._here: asyncio.Future[Any] | None = None

    def join(self, asked: Future[Any]) -> asyncio.Future[Any]:
        if asked is not self._asked or self._here is None or self._here.get_loop() is not asyncio.get_running_loop():
            self._asked, self._here = asked, asyncio.wrap_future(asked)
        return self._here


def mount_next(router: APIRouter, outside: Outside, shape: Shape) -> None:
    """Serve ``GET /<channel>``."""
    coming = _Coming()

    async def following(request: Request, timeout: _Seconds = None) -> Response:
        with found(shape.channel):
            tick = coming.join(outside.next(shape.channel))
        left = asyncio.ensure_future(_left(request))
        try:
            await asyncio.wait({tick, left}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            left.cancel()
        if tick.done():
            return structs_reply(tick.result())
        if left.done() and not left.cancelled():
            return Response(status_code=499)
        raise HTTPException(408, f"{shape.channel} did not tick within {timeout:g} s")

    description = (
        f"Wait for the coming tick of `{shape.channel}`; an array, `[]` when the gateway stops before. "
        "Waiting costs no thread; a request whose client has left is forgotten."
    )
    mount_verb(router, "GET", shape, "", following, "Get Next", description)


async def _left(request: Request) -> None:
    """Wait until the client has gone away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
