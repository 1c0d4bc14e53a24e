"""POST send: a value into a channel."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import ValidationError

from csp_gateway.server.channels import Outside
from csp_gateway.server.structs import decode_many
from csp_gateway.server.web.reply import invalid, invalid_body, written
from csp_gateway.server.web.verbs.mount import OVER, found, mount_verb
from csp_gateway.server.web.verbs.shape import Shape

__all__ = ["INLINE_BYTES", "accept", "mount_send"]

INLINE_BYTES = 64 * 1024
"""Bytes of a body that are decoded on the event loop, about a millisecond's work; more goes to a worker thread."""

_NO_JSON = "Input should be a JSON object or an array of objects, sent as application/json"


def accept(outside: Outside, shape: Shape, body: bytes, context: dict[str, Any]) -> bytes:
    """Queue what a body says, and give back the answer: what was accepted.

    A list channel ticks once with all of it, another once for each record.

    Raises:
        pydantic.ValidationError: the body is no JSON, or not of the channel's class.
        GatewayException: it was not taken, or could not be answered; then it was not queued either.
    """
    records = decode_many(shape.struct, body, context)
    answer = written(records)  # before it is queued: from then on it is the engine's
    if records:
        outside.send_all(shape.channel, [records] if shape.listed else records)
    return answer


def mount_send(router: APIRouter, outside: Outside, shape: Shape, context: dict[str, Any]) -> None:
    """Serve ``POST /<channel>``.

    Args:
        context: how bodies are validated; see ``GatewayStruct.model_validate``.
    """
    struct: Any = shape.struct

    def take(body: bytes) -> Response:
        try:
            with found(shape.channel):
                return Response(accept(outside, shape, body, context), media_type="application/json")
        except ValidationError as error:
            return invalid_body(error)

    async def answer(request: Request) -> Response:
        body = await request.body()
        if not body or not _says_json(request.headers.get("content-type", "")):
            return invalid([{"type": "object_or_array", "loc": ("body",), "msg": _NO_JSON, "input": body}])
        return take(body) if len(body) <= INLINE_BYTES else await asyncio.to_thread(take, body)

    class FromBytes(APIRoute):
        """Documented by its endpoint's signature, answered from the bytes of the body."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            return answer

    async def signature(data: Annotated[struct | list[struct], Body()]) -> None:
        """What OpenAPI shows of it; FastAPI would read the body on the event loop, whatever its size."""

    once = "one tick that carries them all" if shape.listed else "one tick each, in order"
    kept = "" if not context else " `id` and `timestamp` are made here; what the body says of them is ignored."
    description = (
        f"Send one record or an array of records to `{shape.channel}`: {once}.{kept} "
        "The answer is what was accepted: queued for the engine, not yet seen by it."
    )
    refusals = {
        413: "The body is larger than `MAX_BODY_BYTES`",
        503: f"{OVER[503]}; or it takes no more values for now",
    }
    mount_verb(router, "POST", shape, "", signature, "Send", description, refusals=refusals, route=FromBytes)


def _says_json(content_type: str) -> bool:
    """As FastAPI has it. A page of another origin cannot say so without being asked first."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))
