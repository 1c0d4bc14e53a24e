"""What a gateway has answered as a wrapper of its data, or as the error that it means."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from csp_gateway.client import calls
from csp_gateway.client.calls import Call
from csp_gateway.client.catalogue import ARROW, Catalogue
from csp_gateway.client.response_wrapper import ResponseWrapper
from csp_gateway.client.returns import ReturnType
from csp_gateway.errors import (
    ServerException,
    ServerRouteNotFoundException,
    ServerUnknownException,
    ServerUnprocessableException,
    ServerUnreachableError,
    WrongArgumentError,
)

__all__ = [
    "accepted_format",
    "document_in",
    "error_of",
    "is_of_no_route",
    "merged",
    "read_health",
    "returned",
    "source_of",
    "wrapped",
]

_NO_ROUTE = "about:blank"
_NO_CHANNEL = "urn:csp-gateway:problem:unknown-channel"
_FRAMES = (ReturnType.Pandas, ReturnType.Polars, ReturnType.Arrow)
_MAKE: Mapping[ReturnType, Callable[[ResponseWrapper], Any]] = {
    ReturnType.Raw: ResponseWrapper.as_json,
    ReturnType.JSON: ResponseWrapper.as_json,
    ReturnType.Struct: ResponseWrapper.as_struct,
    ReturnType.Pandas: ResponseWrapper.as_pandas_df,
    ReturnType.Polars: ResponseWrapper.as_polars_df,
    ReturnType.Arrow: ResponseWrapper.as_arrow,
    ReturnType.Wrapper: lambda wrapper: wrapper,
}


def accepted_format(call: Call, catalogue: Catalogue, return_type: ReturnType) -> str:
    """The format to ask for: frames travel as columns where the gateway has them so, everything else as JSON."""
    return ARROW if return_type in _FRAMES and catalogue.offers_arrow(call) else "application/json"


def document_in(body: bytes) -> Any:
    """The OpenAPI document that was answered.

    Raises:
        ServerUnreachableError: it is no JSON.
    """
    try:
        return json.loads(body)
    except ValueError as error:
        raise ServerUnreachableError(
            f"what answers there is no gateway: its /openapi.json is no JSON: {error}"
        ) from None


def source_of(state: str, catalogue: Catalogue, trusted: tuple[str, ...]) -> tuple[str, str, ResponseWrapper]:
    """A state, the channel that it is collected of, and a wrapper that tells what its records are of.

    Raises:
        ServerRouteNotMountedException: there is no such state; the nearest is named.
        WrongArgumentError: it is one key of a state, which is asked and not kept.
    """
    call = calls.state(state, None, None)
    channel = catalogue.channel_of(state)
    if "/" in state:
        raise WrongArgumentError(
            f'table: "{state}" is one key of a state, and a table is of a whole one: ask state("{state}") for what it '
            f'holds, or follow stream("{channel}/{state.partition("/")[2]}", snapshot=True)'
        )
    schema, name = catalogue.row_schema(call), catalogue.type_name(call)
    return state, channel, ResponseWrapper([], schema, name, trusted_types=trusted)


def read_health(status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """What ``/readyz`` answers: not to be ready is an answer too.

    Raises:
        ServerException: that is no gateway's answer.
    """
    try:
        health = json.loads(body)
    except ValueError:
        health = None
    if status not in (200, 503) or not isinstance(health, dict):
        raise error_of(status, body)
    return health


def wrapped(
    call: Call,
    catalogue: Catalogue,
    trusted: tuple[str, ...],
    status: int,
    headers: Mapping[str, str],
    body: bytes,
) -> ResponseWrapper:
    """The data of an answer.

    Raises:
        ServerException: it is no success; which kind, says its status.
    """
    if 300 <= status < 400:
        raise ServerUnknownException(f"{status}: the gateway is at {headers.get('location')} now: ask there", status)
    if not 200 <= status < 300:
        raise error_of(status, body)
    told: Any = {
        "openapi_schema": catalogue.row_schema(call),
        "type_name": catalogue.type_name(call),
        "trusted_types": trusted,
    }
    if headers.get("content-type", "").startswith(ARROW):
        return ResponseWrapper.of_arrow(body, **told)
    try:
        data = json.loads(body) if body else None
    except ValueError as error:
        raise ServerUnknownException(f"{status}: the answer is no JSON: {error}", status) from None
    return ResponseWrapper(data, **told, whole=call.whole)


def merged(wrappers: list[ResponseWrapper]) -> ResponseWrapper:
    """The answers of one question that was asked in parts."""
    first, *others = wrappers
    if not others:
        return first
    return first.with_json([record for wrapper in wrappers for record in wrapper.as_json()])


def returned(wrapper: ResponseWrapper, return_type: ReturnType) -> Any:
    """The data, as whoever asked wants it.

    Raises:
        UntrustedTypeError: a ``ValueError``: it is of structs that may not be imported here.
        ImportError: what is to make a frame of it is not installed.
    """
    return _MAKE[return_type](wrapper)


def is_of_no_route(status: int, body: bytes) -> bool:
    """Whether the gateway has no such route, channel or key; a record that is not there is another thing."""
    if status not in (404, 422):
        return False
    try:
        said = json.loads(body)
    except ValueError:
        return False
    kind = said.get("type") if isinstance(said, dict) else None
    return kind == _NO_CHANNEL or (status == 404 and kind == _NO_ROUTE)


def error_of(status: int, body: bytes) -> ServerException:
    """The error that a status means, with what the gateway says of it."""
    said: Any = {}
    try:
        said = json.loads(body)
    except ValueError as error:
        detail: Any = f"the answer is no JSON: {error}"
    else:
        detail = said.get("detail", said) if isinstance(said, dict) else said
    if status == 404:
        hint = said.get("hint") if isinstance(said, dict) else None
        return ServerRouteNotFoundException(f"{detail}; {hint}" if hint else detail)
    if status == 422:
        return ServerUnprocessableException(detail)
    return ServerUnknownException(f"{status}: {detail}", status)
