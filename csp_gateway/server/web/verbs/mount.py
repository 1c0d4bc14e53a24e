"""Hangs an endpoint on both spellings of a channel's path, and a list of channels on its verb."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.routing import APIRoute

from csp_gateway.errors import NoProviderException
from csp_gateway.server.web.verbs.shape import Detail, Error404, Shape

__all__ = ["OVER", "found", "get_default_responses", "mount_list", "mount_verb"]

OVER = {503: "The engine has ended, or is about to"}
"""The refusal that every verb shares which asks the engine."""


def get_default_responses() -> dict[int | str, dict[str, Any]]:
    """The answers every route has beside its own, for a route's ``responses``."""
    return {404: {"model": Error404, "description": "No such channel, or nobody provides it"}}


@contextmanager
def found(channel: str) -> Iterator[None]:
    """Answer 404 for a channel that is mounted and that nobody provides."""
    try:
        yield
    except NoProviderException:
        raise HTTPException(404, f"Channel not found: {channel}") from None


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
        responses[status] = {"model": Detail, "description": when}
    for channel in shape.spellings:
        router.add_api_route(
            f"/{channel}{suffix}",
            endpoint,
            methods=[method],
            # Only for the documentation: endpoints answer bytes that are ready to be sent.
            response_model=list[shape.struct],  # type: ignore[name-defined]
            responses=responses,
            summary=f"{verb} {shape.channel}",
            description=description,
            operation_id=f"{verb}_{channel}_{method}".lower().replace(" ", "_"),
            openapi_extra=shape.openapi,
            include_in_schema=channel == shape.channel,
            route_class_override=route,
        )


def mount_list(router: APIRouter, verb: str, channels: list[str]) -> None:
    """Serve the sorted names of the channels a verb is mounted for, at ``/``."""
    names = sorted(channels)

    async def mounted() -> list[str]:
        return names

    router.add_api_route(
        "/",
        mounted,
        methods=["GET"],
        summary=f"List {verb} channels",
        description=f"The channels that `{verb}` can be asked of.",
        operation_id=f"list_{verb}",
    )
