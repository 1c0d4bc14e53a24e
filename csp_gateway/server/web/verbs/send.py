"""POST send: a value into a channel."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi.responses import Response

from csp_gateway.server.channels import Outside
from csp_gateway.server.structs import GatewayStruct
from csp_gateway.server.web.reply import structs_reply
from csp_gateway.server.web.verbs.mount import found, mount_verb
from csp_gateway.server.web.verbs.shape import OneOrMany, Shape

__all__ = ["mount_send", "push"]


def push(outside: Outside, shape: Shape, records: list[GatewayStruct]) -> None:
    """Queue what was received: a list channel ticks once with all of it, another once for each record."""
    if records:
        outside.send(shape.channel, *([records] if shape.listed else records))


def mount_send(router: APIRouter, outside: Outside, shape: Shape, context: dict[str, Any]) -> None:
    """Serve ``POST /<channel>``.

    Args:
        context: how bodies are validated; see ``GatewayStruct.model_validate``.
    """
    body = Annotated[Any, OneOrMany(shape.struct, context), Body()]

    async def send(data: body) -> Response:
        with found(shape.channel):
            push(outside, shape, data)
        return structs_reply(data)

    once = "one tick that carries them all" if shape.listed else "one tick each, in order"
    kept = "" if not context else " `id` and `timestamp` are made here; what the body says of them is ignored."
    description = (
        f"Send one record or an array of records to `{shape.channel}`: {once}.{kept} "
        "The answer is what was accepted: queued for the engine, not yet seen by it."
    )
    mount_verb(router, "POST", shape, "", send, "Send", description)
