"""Hangs an endpoint on both spellings of a channel's path, and a list of channels on its verb."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.routing import APIRoute

from csp_gateway.errors import NoProviderException, UnknownChannelError, did_you_mean
from csp_gateway.server.web.problem import PROBLEMS, RefusedRequest
from csp_gateway.server.web.verbs.parameters import refuse_unknown
from csp_gateway.server.web.verbs.shape import Detail, Error404, Shape, is_set_by_none

__all__ = ["KEY", "OVER", "found", "get_default_responses", "key_in", "key_of", "mount_list", "mount_verb"]

OVER = {503: "The engine has ended, or is about to"}
"""The refusal that every verb shares which asks the engine."""

KEY = "/{key:path}"
"""Where a key of a basket is in a path; it may have slashes."""


def get_default_responses() -> dict[int | str, dict[str, Any]]:
    """The answers every route has beside its own, for a route's ``responses``."""
    return {404: {"model": Error404, "description": "No such channel, or nobody provides it"}}


@contextmanager
def found(channel: str, spelled: str | None = None) -> Iterator[None]:
    """Answer 404 for a channel, or a key of it, that is mounted and that nobody provides."""
    try:
        yield
    except NoProviderException:
        where = channel if spelled is None else f"{channel}/{spelled}"
        hint = is_set_by_none(channel, spelled)
        raise RefusedRequest(PROBLEMS[NoProviderException], f"Channel not found: {where}", hint=hint) from None


def key_in(shape: Shape) -> Any:
    """The annotation of an endpoint's parameter ``key``."""
    known = {"enum": list(shape.keys)} if shape.keys else {}
    return Annotated[str, Path(description=f"A key of `{shape.channel}`.", json_schema_extra=known)]


def key_of(shape: Shape, spelled: str | None) -> Any:
    """The key that a path says; None if it says none. There being no such key is 404."""
    if spelled is None:
        return None
    if spelled not in shape.keys:
        near = did_you_mean(spelled, shape.keys)
        raise RefusedRequest(PROBLEMS[UnknownChannelError], f"Channel not found: {shape.channel}/{spelled}; {near}")
    return shape.keys[spelled]


def mount_verb(
    router: APIRouter,
    method: str,
    shape: Shape,
    suffix: str,
    endpoint: Callable[..., Any],
    verb: str,
    description: str,
    *,
    refusals: Mapping[int, str] | None = None,
    route: type[APIRoute] = APIRoute,
) -> None:
    """Serve ``endpoint`` at ``/<channel><suffix>``; the spelling with dashes is not in the documentation.

    Args:
        refusals: status → when, for what the documentation says beside 404 and 422.
        route: how the endpoint is called.
    """
    responses = get_default_responses()
    for status, when in (refusals or {}).items():
        responses[status] = {"description": when, **({"model": Detail} if status >= 400 else {})}
    for channel in shape.spellings:
        router.add_api_route(
            f"/{channel}{suffix}",
            endpoint,
            methods=[method],
            # Only for the documentation: endpoints answer bytes that are ready to be sent.
            response_model=list[shape.struct],  # type: ignore[name-defined]
            responses=responses,
            summary=f"{verb} {shape.channel}{' by key' if suffix == KEY else ''}",
            description=description,
            operation_id=f"{verb.lower().replace(' ', '_')}_{channel}{'_by_key' if suffix == KEY else ''}",
            openapi_extra=shape.openapi,
            include_in_schema=channel == shape.channel,
            route_class_override=route,
        )


def mount_list(router: APIRouter, verb: str, channels: list[str]) -> None:
    """Serve the sorted names of the channels a verb is mounted for, at ``/``."""
    names = sorted(channels)

    async def mounted(request: Request) -> list[str]:
        refuse_unknown(request, ())
        return names

    router.add_api_route(
        "/",
        mounted,
        methods=["GET"],
        summary=f"List {verb} channels",
        description=f"The channels that `{verb}` can be asked of.",
        operation_id=f"list_{verb}",
    )
