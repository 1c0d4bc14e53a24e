"""POST, DELETE, PATCH, GET and PUT stage: records that are held back from a channel."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import Response
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from csp_gateway.server.channels import Declaration, GatewayChannels
from csp_gateway.server.web.deadline import waiting_for
from csp_gateway.server.web.media_type import not_json, says_json
from csp_gateway.server.web.reply import invalid
from csp_gateway.server.web.verbs.awaited import is_there
from csp_gateway.server.web.verbs.mount import OVER, get_default_responses
from csp_gateway.server.web.verbs.parameters import refuse_unknown
from csp_gateway.server.web.verbs.refused import Refused
from csp_gateway.server.web.verbs.shape import Detail
from csp_gateway.server.web.verbs.stagings import Stagings
from csp_gateway.server.web.whole_body import whole_body

__all__ = ["mount_stage"]

_Ids = Annotated[
    str | SkipJsonSchema[None],
    Query(
        description="Stagings by their ids, with commas in between. Absent and empty (`id=`) are not the same.",
        json_schema_extra={"pattern": r"^$|[^\s,]"},
    ),
]
_Act = Callable[[bytes, list[str] | None], bytes]
"""Of a body and ids makes an answer."""

_NO_IDS = "Input should be ids with commas in between, or nothing at all for `id=`"
_NO_BODY = "Nothing is read from a body here: name stagings by `?id=`, and send none"

_DESCRIPTIONS = {
    "add": (
        "Hold records back from `{0}`, or without a body open a staging. Without `id` in the newest staging; with an "
        "empty `id` in each that lacks the record, or a new one. `id` and `timestamp` are made here, unless the `id` "
        "is that of a record which is staged already, and which the body then means. The answer is all that the "
        "stagings hold which were touched."
    ),
    "remove": (
        "Take a record back that is held from `{0}`, found by its `id` alone, or without a body whole stagings. A "
        "record goes from the newest staging that holds it, from all with an empty `id`. Without a record, the newest "
        "staging is dropped, or all with an empty `id`; those that `id` names are emptied and stay open. The answer "
        "is what is left in the stagings that were touched."
    ),
    "release": (
        "Let what is staged into `{0}`: of all stagings, or of those that `id` names, in this order. The answer is "
        "what was released, which has not ticked yet."
    ),
    "list": "The stagings of `{0}` that are open, the newest last; of those that `id` names, the ones that are.",
    "lookup": "What the open stagings of `{0}` hold back; of those that `id` names, the ones that are open.",
}


def mount_stage(
    router: APIRouter, channels: GatewayChannels, declaration: Declaration, context: dict[str, Any]
) -> None:
    """Serve all five methods at ``/<channel>``, a staged one.

    Args:
        context: how bodies are validated; see ``GatewayStruct.model_validate``.
    """
    stagings = Stagings(channels, declaration, context)
    does: dict[str, _Act] = {
        "POST": stagings.add,
        "DELETE": stagings.remove,
        "PATCH": lambda _, ids: stagings.release(ids),
        "GET": lambda _, ids: stagings.ids(ids),
        "PUT": lambda _, ids: stagings.lookup(ids),
    }
    answer = _answering(channels, declaration.name, does)
    for spelling in dict.fromkeys([declaration.name, declaration.name.replace("_", "-")]):
        # The first at its path is asked, whatever the method; the others are there to be read.
        router.add_api_route(
            f"/{spelling}", answer, methods=[*does], response_model=None, include_in_schema=False, name=spelling
        )
    given, held = _bodies(declaration, stagings.keys)
    _document(router, declaration, given, held)


def _document(router: APIRouter, declaration: Declaration, given: Any, held: Any) -> None:
    async def adding(data: Annotated[given | SkipJsonSchema[None], Body()] = None, id: _Ids = None) -> None:
        """What OpenAPI shows of it; FastAPI would read the body on the event loop, whatever its size."""

    async def acting(id: _Ids = None) -> None:
        """The same without a body, or with one that is no model."""

    type_ = {"type_": f"{declaration.element.__module__}.{declaration.element.__qualname__}"}
    for method, act, answers, shown, extra in (
        ("POST", "add", held, adding, {}),
        ("DELETE", "remove", held, acting, {"requestBody": _removal(declaration)}),
        ("PATCH", "release", held, acting, {}),
        ("GET", "list", list[str], acting, {}),
        ("PUT", "lookup", held, acting, {}),
    ):
        router.add_api_route(
            f"/{declaration.name}",
            shown,
            methods=[method],
            response_model=answers,
            responses=_responses(method),
            summary=f"Stage {act} {declaration.name}",
            description=_DESCRIPTIONS[act].format(declaration.name),
            operation_id=f"stage_{act}_{declaration.name}",
            openapi_extra={**type_, **extra},
        )


def _bodies(declaration: Declaration, keys: Sequence[str]) -> tuple[Any, Any]:
    """The types of what is staged, and of what is told of the stagings."""
    element: Any = declaration.element
    if not declaration.is_basket:
        return list[element] | element if declaration.listed else element, dict[str, list[element]]
    key: Any = Literal[tuple(keys)] if keys else str
    tick: Any = Annotated[list[element], Field(min_length=1)] if declaration.listed else element
    return Annotated[dict[key, tick], Field(min_length=1)], dict[str, list[dict[key, tick]]]


def _answering(channels: GatewayChannels, field: str, does: Mapping[str, _Act]) -> Callable[..., Any]:
    async def answer(request: Request, id: _Ids = None) -> Response:
        refuse_unknown(request, {"id"})
        body = (await whole_body(request)).strip()
        if body not in (b"", b"null") and request.method in ("GET", "PATCH", "PUT"):
            return invalid([{"type": "no_body", "loc": ("body",), "msg": _NO_BODY, "input": body}])
        if body and not says_json(said := request.headers.get("content-type", "")):
            return invalid([{"type": "json_type", "loc": ("body",), "msg": not_json(said), "input": body}])
        ids = None if id is None else [part.strip() for part in id.split(",") if part.strip()]
        if id and not ids:
            # An empty join of ids is not meant to be all stagings.
            return invalid([{"type": "staging_ids", "loc": ("query", "id"), "msg": _NO_IDS, "input": id}])
        waiting_for(request, f"its turn among the questions, and the stagings of {field}")
        # Not here: whoever listens to what happens to stagings is called by the thread that does it.
        asked = channels.outside.queries.ask(lambda: does[request.method](body, ids))
        await is_there(asked, None)
        try:
            return Response(asked.result(), 200, {"cache-control": "no-store"}, "application/json")
        except Refused as refused:
            return invalid(refused.errors, refused.count)

    return answer


def _removal(declaration: Declaration) -> dict[str, Any]:
    """The body of a removal in OpenAPI: never a whole record, of which the ``id`` is all that is read."""
    one: dict[str, Any] = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    several = declaration.is_basket or declaration.listed
    schema = {"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]} if several else one
    return {"required": False, "content": {"application/json": {"schema": schema}}}


def _responses(method: str) -> dict[int | str, dict[str, Any]]:
    return {**get_default_responses(), **dict(_refusals(method))}


def _refusals(method: str) -> Iterator[tuple[int, dict[str, Any]]]:
    if method == "POST":
        yield 400, {"model": Detail, "description": "No staging of one of the ids is open, or there is nothing to add"}
    if method in ("POST", "DELETE"):
        yield 413, {"model": Detail, "description": "The body is larger than `MAX_BODY_BYTES`"}
    yield 503, {"model": Detail, "description": f"{OVER[503]}; or there are as many stagings or records as may be"}
