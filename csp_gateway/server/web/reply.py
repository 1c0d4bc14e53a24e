"""Structs as an HTTP reply; errors as their status."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from csp_gateway.errors import (
    GatewayException,
    NoProviderException,
    NotRunningError,
    SendRefusedError,
    UnknownChannelError,
)
from csp_gateway.server.structs import GatewayStruct, encode_many

__all__ = ["ERROR_STATUS", "mount_errors", "structs_reply"]

ERROR_STATUS: Mapping[type[GatewayException], int] = {
    NoProviderException: 404,
    UnknownChannelError: 404,
    NotRunningError: 503,
    SendRefusedError: 503,
    GatewayException: 500,
}
"""What each error is over HTTP; an error without a line of its own is what its nearest ancestor is."""


def structs_reply(value: GatewayStruct | list[GatewayStruct] | None) -> Response:
    """A tick as a JSON array: one element for a struct, all of them for a list, none for None."""
    records = [] if value is None else value if isinstance(value, list) else [value]
    return Response(encode_many(records), media_type="application/json")


def mount_errors(api: FastAPI) -> None:
    """Answer the project's errors with their status and ``{"detail": sentence}``."""

    async def answer(_: Request, error: Any) -> JSONResponse:
        status = next(ERROR_STATUS[kind] for kind in type(error).__mro__ if kind in ERROR_STATUS)
        headers = {"retry-after": "1"} if status == 503 else None
        return JSONResponse({"detail": str(error)}, status, headers)

    api.add_exception_handler(GatewayException, answer)
