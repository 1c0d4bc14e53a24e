"""GET history: the ticks that a channel keeps, a page at a time."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, JsonValue, create_model
from pydantic.json_schema import SkipJsonSchema

from csp_gateway.server.channels import Outside, Page
from csp_gateway.server.structs import GatewayStruct
from csp_gateway.server.web.deadline import waiting_for
from csp_gateway.server.web.formats import documented_formats, wanted_format
from csp_gateway.server.web.streaming import tabular_reply
from csp_gateway.server.web.verbs.awaited import arrived
from csp_gateway.server.web.verbs.links import next_page
from csp_gateway.server.web.verbs.mount import OVER, found, get_default_responses
from csp_gateway.server.web.verbs.paging import Span, cursor_after, page_of, span_of
from csp_gateway.server.web.verbs.parameters import refuse_unknown
from csp_gateway.server.web.verbs.shape import Detail, Shape
from csp_gateway.server.web.verbs.tick_rows import TickRows

__all__ = ["mount_history"]

_MOST = 10_000

_LOCAL: dict[str, JsonValue] = {"format": "date-time-local"}
"""A time without an offset, as in the records themselves."""

_Since = Annotated[
    str | SkipJsonSchema[None],
    Query(
        description="The first tick that is wanted: its offset, or an ISO 8601 time, UTC if it names no zone. "
        "Absent, and no `cursor` either: the newest `limit` ticks."
    ),
]
_Until = Annotated[
    str | SkipJsonSchema[None],
    Query(description="The tick after the last that is wanted: an offset or a time, as `since`. Absent: no end."),
]
_Limit = Annotated[int, Query(ge=1, le=_MOST, description="The most ticks to answer.")]
_Cursor = Annotated[
    str | SkipJsonSchema[None],
    Query(
        description="The `X-Next-Cursor` of the answer before: go on from there, with the `until` that held there, "
        "unless it is given anew. Instead of `since`."
    ),
]

_HEADERS = {
    "X-Epoch": "The run of the gateway that offsets count in.",
    "X-Next-Cursor": "The `cursor` to go on from here; also when nothing is left, to ask again later.",
    "X-Remaining": "How many more ticks there were from there on, of those that were asked for.",
    "X-Recovered": "`false` if ticks are missing before the first of the answer, which is then the oldest there is.",
    "X-Reason": "Why they are: `expired`, they had to go; `epoch_changed`, they are of another run.",
    "Link": 'Where ticks remain: the URL of the next page, `rel="next"`.',
}


def mount_history(router: APIRouter, outside: Outside, shape: Shape) -> None:
    """Serve ``GET /<channel>``; the spelling with dashes is not in the documentation."""

    async def history(
        request: Request,
        since: _Since = None,
        until: _Until = None,
        limit: _Limit = 1_000,
        cursor: _Cursor = None,
    ) -> Response:
        chosen = wanted_format(request)
        refuse_unknown(request, ["since", "until", "limit", "cursor"])
        span = span_of(shape.channel, since, until, limit, cursor)
        with found(shape.channel):
            arriving = outside.cell(shape.channel).arrival()
        kept = outside.history(shape.channel)
        waiting_for(request, f"what was sent to {shape.channel} before to arrive, and the ticks to be read")
        await arrived(arriving)

        def read() -> tuple[Page, TickRows]:
            page = page_of(kept, span)
            return page, TickRows(shape.struct, page.ticks, listed=shape.listed)

        page, rows = await outside.queries.ask(read)
        return await tabular_reply(chosen, rows, outside.queries.ask, _headers(request, shape.channel, span, page))

    _mount(router, shape, history)


def _mount(router: APIRouter, shape: Shape, endpoint: Callable[..., Any]) -> None:
    described = (
        f"Ticks of `{shape.channel}` that are kept, the oldest first, each with its offset and its engine time. "
        "In columns (CSV, Arrow, Parquet) `offset` and `time` stand before the record's own, one row a record."
    )
    for channel in shape.spellings:
        router.add_api_route(
            f"/{channel}",
            endpoint,
            methods=["GET"],
            # Only for the documentation, as everywhere.
            response_model=list[_tick_model(shape.struct, shape.listed)],  # type: ignore[misc]
            responses={
                **get_default_responses(),
                **documented_formats(_HEADERS),
                **{status: {"model": Detail, "description": when} for status, when in OVER.items()},
            },
            summary=f"Get History {shape.channel}",
            description=described,
            operation_id=f"get_history_{shape.channel}",
            openapi_extra=shape.openapi,
            include_in_schema=channel == shape.channel,
        )


def _headers(request: Request, channel: str, span: Span, page: Page) -> Mapping[str, str]:
    cursor = cursor_after(channel, span, page)
    headers = {
        "x-epoch": page.epoch,
        "x-next-cursor": cursor,
        "x-remaining": str(page.left),
        "x-recovered": str(page.recovered).lower(),
    }
    if page.reason is not None:
        headers["x-reason"] = page.reason
    if page.left:
        headers["link"] = next_page(request, ["since", "until"], cursor=cursor)
    return headers


@cache
def _tick_model(struct: type[GatewayStruct], listed: bool) -> type[BaseModel]:
    """One tick, as it reads in OpenAPI."""
    fields: dict[str, Any] = {
        "offset": (int, Field(description="Its number in this run of the channel: the first is 0.")),
        "time": (datetime, Field(description="The engine's time when it ticked, in UTC.", json_schema_extra=_LOCAL)),
        "value": (list[struct] if listed else struct, Field(description="What ticked.")),  # type: ignore[valid-type]
    }
    return create_model(f"{struct.__name__}{'List' if listed else ''}Tick", **fields)
