"""GET lookup: one struct by its id."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from csp_gateway.server.structs import GatewayStruct, global_lookup
from csp_gateway.server.web.problem import UNKNOWN_ID, RefusedRequest
from csp_gateway.server.web.reply import structs_reply
from csp_gateway.server.web.verbs.mount import get_default_responses, mount_verb
from csp_gateway.server.web.verbs.parameters import refuse_unknown
from csp_gateway.server.web.verbs.shape import Shape

__all__ = ["mount_lookup", "mount_lookup_any"]


def mount_lookup(router: APIRouter, shape: Shape) -> None:
    """Serve ``GET`` and ``POST /<channel>/<id>``."""

    async def lookup(request: Request, id: str) -> Response:
        refuse_unknown(request, ())
        return structs_reply(shape.struct.lookup(id))

    description = (
        f"The `{shape.struct.__name__}` with this id as an array, `[]` if there is none among the newest that are kept."
    )
    mount_verb(router, "GET", shape, "/{id}", lookup, "Lookup", description)
    for channel in shape.spellings:
        router.add_api_route(
            f"/{channel}/{{id}}",
            lookup,
            methods=["POST"],
            response_model=list[shape.struct],  # type: ignore[name-defined]  # only for the documentation
            responses=get_default_responses(),
            summary=f"Lookup {shape.channel} by POST",
            description="The same as `GET`, for clients that were told to use `POST`.",
            operation_id=f"post_lookup_{shape.channel}",
            openapi_extra=shape.openapi,
            deprecated=True,
            include_in_schema=channel == shape.channel,
        )


def mount_lookup_any(router: APIRouter) -> None:
    """Serve ``GET /id/<id>``: a struct of whatever class."""

    async def lookup_any(request: Request, id: str) -> Response:
        refuse_unknown(request, ())
        found = global_lookup(id)
        if not isinstance(found, GatewayStruct):
            raise RefusedRequest(UNKNOWN_ID, f"No GatewayStruct found with id: {id}")
        return structs_reply(found)

    router.add_api_route(
        "/id/{id}",
        lookup_any,
        methods=["GET"],
        responses=get_default_responses(),
        summary="Lookup by id",
        description="The struct with this id, of whatever class, as an array.",
        operation_id="lookup_id",
    )
