"""GET state: a query over what a channel has collected."""

import asyncio
import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response

from csp_gateway.errors import ConfigError, NoProviderException, did_you_mean
from csp_gateway.server.channels import GatewayChannels, Outside
from csp_gateway.server.state import Found, Stop
from csp_gateway.server.structs import GatewayStruct, Tabular, is_gateway_struct_like
from csp_gateway.server.web.formats import documented_formats, wanted_format
from csp_gateway.server.web.leaving import left
from csp_gateway.server.web.streaming import tabular_reply
from csp_gateway.server.web.verbs.awaited import arrived, is_there
from csp_gateway.server.web.verbs.links import next_page
from csp_gateway.server.web.verbs.mount import OVER, get_default_responses
from csp_gateway.server.web.verbs.parameters import refuse_unknown
from csp_gateway.server.web.verbs.shape import Detail
from csp_gateway.wire import Query as PartsOfQuery

__all__ = ["collected", "mount_state"]

_Query = Annotated[
    str | None,
    Query(
        description="What is asked, as JSON: `filters`, `select`, `order_by`, `limit`, `offset` or `cursor`, "
        "`group_by` and `aggregates`. Absent: every record, by key.",
        openapi_examples={
            "newest": {
                "summary": "The ten newest",
                "value": '{"order_by":[{"attr":"timestamp","descending":true}],"limit":10}',
            },
            "by id": {"summary": "Some by their ids", "value": '{"filters":[{"attr":"id","by":{"in":["1","2"]}}]}'},
            "count": {"summary": "How many there are", "value": '{"aggregates":{"n":{"count":"*"}}}'},
        },
    ),
]

_HEADERS = {
    "X-Next-Cursor": "Where there are more records than `limit`: the `cursor` to go on from, with the same query.",
    "Link": 'The same as a URL, `rel="next"`.',
}


def collected(channels: GatewayChannels, alias: str) -> tuple[type[GatewayStruct], dict[str, Any]]:
    """The class of a state's records; and how each key of a basket is spelled in a path that it is collected of.

    Raises:
        NoProviderException: no state is called so.
        ConfigError: its records are no GatewayStructs.
    """
    states = channels.states_named(alias)
    (struct,) = {state.record_type for state in states.values()}
    if not is_gateway_struct_like(struct):
        raise ConfigError(
            f"REST cannot carry state {alias!r}: it holds {getattr(struct, '__name__', struct)}, and REST carries "
            f"GatewayStructs. Collect a channel of those, or leave it out: "
            f"MountRestRoutes(mount_state={{'exclude': [{alias!r}]}})"
        )
    return struct, {key.name if isinstance(key, Enum) else str(key): key for key in states if key is not None}


def mount_state(
    router: APIRouter,
    outside: Outside,
    alias: str,
    struct: type[GatewayStruct],
    keys: Mapping[str, Any],
    seconds: float | None = None,
) -> None:
    """Serve ``GET /<alias>``, and of a state that is collected key by key ``GET /<alias>/<key>``.

    Args:
        alias: the state's name; the spelling with dashes is not in the documentation.
        struct: the class of its records.
        keys: how a key is spelled in a path → the key.
        seconds: how long Python may look at records.
    """

    async def answer(request: Request, key: Any, query: str | None) -> Response:
        chosen = wanted_format(request)
        refuse_unknown(request, {"query"}, PartsOfQuery.model_fields)
        try:
            state, arriving = outside.reach(alias, key)
        except NoProviderException as error:
            raise HTTPException(404, f"State not found: {error}") from None
        await arrived(arriving)
        leaving = asyncio.ensure_future(left(request.receive))
        stop = Stop(seconds, lambda: leaving.done() or outside.queries.closed)

        def search() -> tuple[Found, Tabular]:
            found = state.ask(query, stop)
            return found, state.tabular(found)

        searching = outside.queries.ask(search)
        try:
            told = await is_there(searching, None, leaving)
        finally:
            leaving.cancel()
        if not told:
            return Response(status_code=499)
        found, rows = searching.result()
        return await tabular_reply(chosen, rows, outside.queries.ask, _headers(request, query, found))

    async def whole(request: Request, query: _Query = None) -> Response:
        return await answer(request, None, query)

    async def of_key(request: Request, key: str, query: _Query = None) -> Response:
        if key not in keys:
            raise HTTPException(404, f"State not found: {alias}/{key}; {did_you_mean(key, keys)}")
        return await answer(request, keys[key], query)

    _mount(router, alias, "", struct, whole)
    if keys:
        _mount(router, alias, "/{key:path}", struct, of_key)


def _mount(
    router: APIRouter, alias: str, suffix: str, struct: type[GatewayStruct], endpoint: Callable[..., Any]
) -> None:
    for spelling in dict.fromkeys([alias, alias.replace("_", "-")]):
        router.add_api_route(
            f"/{spelling}{suffix}",
            endpoint,
            methods=["GET"],
            # Only for the documentation: a query may select attributes, or group.
            response_model=list[struct],  # type: ignore[valid-type]
            responses={
                **get_default_responses(),
                **documented_formats(_HEADERS),
                422: {"model": Detail, "description": "The query cannot be read, or names what is not there"},
                504: {"model": Detail, "description": "It took too long"},
                **{status: {"model": Detail, "description": when} for status, when in OVER.items()},
            },
            summary=f"Get State {alias}",
            description=(
                f"The records that the state `{alias}` holds, the newest of each key; or what `query` makes of them."
            ),
            operation_id=f"get_state_{alias}{'_key' if suffix else ''}_get".lower(),
            openapi_extra={"type_": f"{struct.__module__}.{struct.__qualname__}"},
            include_in_schema=spelling == alias,
        )


def _headers(request: Request, query: str | None, found: Found) -> Mapping[str, str]:
    if found.cursor is None:
        return {}
    following = {**json.loads(query or "{}"), "cursor": found.cursor}
    following.pop("offset", None)
    query = json.dumps(following, separators=(",", ":"))
    return {"x-next-cursor": found.cursor, "link": next_page(request, query=query)}
