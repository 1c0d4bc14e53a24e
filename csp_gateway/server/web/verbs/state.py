"""GET state: a query over what a channel has collected."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from enum import Enum
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic.json_schema import SkipJsonSchema

from csp_gateway.errors import ConfigError, NoProviderException, UnknownChannelError, did_you_mean
from csp_gateway.server.channels import GatewayChannels, Outside
from csp_gateway.server.state import Found, Stop
from csp_gateway.server.structs import GatewayStruct, Tabular, is_gateway_struct_like
from csp_gateway.server.web.deadline import waiting_for
from csp_gateway.server.web.formats import Format, documented_formats, wanted_format
from csp_gateway.server.web.leaving import left
from csp_gateway.server.web.problem import PROBLEMS, RefusedRequest
from csp_gateway.server.web.streaming import tabular_reply
from csp_gateway.server.web.verbs.awaited import arrived, is_there
from csp_gateway.server.web.verbs.links import next_page
from csp_gateway.server.web.verbs.mount import OVER, get_default_responses
from csp_gateway.server.web.verbs.parameters import refuse_all, refuse_unknown
from csp_gateway.server.web.verbs.shape import Detail
from csp_gateway.wire import Query as PartsOfQuery

__all__ = ["collected", "mount_state"]

_Query = Annotated[
    str | SkipJsonSchema[None],
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

_Body = Annotated[
    PartsOfQuery | SkipJsonSchema[None], Body(description="What is asked. Absent, or `{}`: every record, by key.")
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


class _Asking:
    """How the questions to one state are answered, wherever in a request they stand."""

    def __init__(self, outside: Outside, alias: str, keys: Mapping[str, Any], seconds: float | None) -> None:
        self._outside = outside
        self._alias = alias
        self._keys = keys
        self._seconds = seconds

    async def by_url(self, request: Request, query: str | None) -> Response:
        chosen = wanted_format(request)
        refuse_unknown(request, {"query"}, PartsOfQuery.model_fields, keys=self._keys)
        return await self._answer(request, chosen, query, lambda found: _headers(request, query, found))

    async def by_body(self, request: Request) -> Response:
        chosen = wanted_format(request)
        refuse_all(request)
        query = (await request.body()).strip()
        return await self._answer(request, chosen, query or None, _cursor)

    async def _answer(
        self,
        request: Request,
        chosen: Format,
        query: str | bytes | None,
        headers: Callable[[Found], Mapping[str, str]],
    ) -> Response:
        queries = self._outside.queries
        try:
            state, arriving = self._outside.reach(self._alias, self._key_in(request))
        except NoProviderException as error:
            raise _unknown(str(error)) from None
        waiting_for(request, f"what was sent before to arrive in state {self._alias}, and its query to be answered")
        await arrived(arriving)
        leaving = asyncio.ensure_future(left(request.receive))
        stop = Stop(self._seconds, lambda: leaving.done() or queries.closed)

        def search() -> tuple[Found, Tabular]:
            found = state.ask(query, stop)
            return found, state.tabular(found)

        searching = queries.ask(search)
        try:
            # Bringing DuckDB up to date is not broken off, nor is it waited for.
            told = await is_there(searching, self._seconds, leaving)
            if not told and not leaving.done():
                stop.check()
        finally:
            leaving.cancel()
        if not told:
            return Response(status_code=499)
        found, rows = searching.result()
        return await tabular_reply(chosen, rows, queries.ask, headers(found))

    def _key_in(self, request: Request) -> Any:
        spelled = request.path_params.get("key")
        if spelled is None:
            return None
        if spelled not in self._keys:
            raise _unknown(f"{self._alias}/{spelled}; {did_you_mean(spelled, self._keys)}")
        return self._keys[spelled]


def mount_state(
    router: APIRouter,
    outside: Outside,
    alias: str,
    struct: type[GatewayStruct],
    keys: Mapping[str, Any],
    seconds: float | None = None,
) -> None:
    """Serve ``GET`` and ``POST /<alias>``, and of a state that is collected key by key ``/<alias>/<key>`` too.

    Args:
        alias: the state's name; the spelling with dashes is not in the documentation.
        struct: the class of its records.
        keys: how a key is spelled in a path → the key.
        seconds: how long one query may take.
    """
    asking = _Asking(outside, alias, keys, seconds)
    channel = outside.channel_of(alias)

    class FromBytes(APIRoute):
        """Documented by its endpoint's signature, answered from the bytes of the body: see ``mount_send``."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            return asking.by_body

    async def whole(request: Request, query: _Query = None) -> Response:
        return await asking.by_url(request, query)

    async def of_key(request: Request, key: str, query: _Query = None) -> Response:
        return await asking.by_url(request, query)

    async def whole_by_body(query: _Body = None) -> None:
        """What OpenAPI shows of it."""

    async def of_key_by_body(key: str, query: _Body = None) -> None:
        """What OpenAPI shows of it."""

    _mount(router, "GET", alias, "", struct, channel, whole, APIRoute)
    _mount(router, "POST", alias, "", struct, channel, whole_by_body, FromBytes)
    if keys:
        _mount(router, "GET", alias, "/{key:path}", struct, channel, of_key, APIRoute)
        _mount(router, "POST", alias, "/{key:path}", struct, channel, of_key_by_body, FromBytes)


def _mount(
    router: APIRouter,
    method: str,
    alias: str,
    suffix: str,
    struct: type[GatewayStruct],
    channel: str,
    endpoint: Callable[..., Any],
    route: type[APIRoute],
) -> None:
    posted = method == "POST"
    headers = {name: text for name, text in _HEADERS.items() if not (posted and name == "Link")}
    refusals = {
        **({413: "The body is larger than `MAX_BODY_BYTES`"} if posted else {}),
        422: "The query cannot be read, or names what is not there",
        504: "It took too long",
        **OVER,
    }
    for spelling in dict.fromkeys([alias, alias.replace("_", "-")]):
        router.add_api_route(
            f"/{spelling}{suffix}",
            endpoint,
            methods=[method],
            # Only for the documentation: a query may select attributes, or group.
            response_model=list[struct | dict[str, Any]],  # type: ignore[valid-type]
            responses={
                **get_default_responses(),
                **documented_formats(headers),
                **{status: {"model": Detail, "description": when} for status, when in refusals.items()},
            },
            summary=f"{'Query' if posted else 'Get'} State {alias}",
            description=(
                f"The records that the state `{alias}` holds, the newest of each key; or what `query` makes of them."
                + (" The query is the body, which may be longer than a URL; none is all records." if posted else "")
            ),
            operation_id=f"{'query' if posted else 'get'}_state_{alias}{'_by_key' if suffix else ''}",
            openapi_extra={"type_": f"{struct.__module__}.{struct.__qualname__}", "channel_": channel},
            include_in_schema=spelling == alias,
            route_class_override=route,
        )


def _unknown(what: str) -> RefusedRequest:
    return RefusedRequest(PROBLEMS[UnknownChannelError], f"State not found: {what}")


def _headers(request: Request, query: str | None, found: Found) -> Mapping[str, str]:
    if found.cursor is None:
        return {}
    following = {**json.loads(query or "{}"), "cursor": found.cursor}
    following.pop("offset", None)
    query = json.dumps(following, separators=(",", ":"))
    return {**_cursor(found), "link": next_page(request, query=query)}


def _cursor(found: Found) -> Mapping[str, str]:
    return {} if found.cursor is None else {"x-next-cursor": found.cursor}
