"""Structs as an HTTP reply; errors as their status, always in JSON."""

import json
import logging
import math
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from csp_gateway.errors import (
    AnswerTooLargeError,
    GatewayException,
    NoProviderException,
    NotRunningError,
    QueriesRefusedError,
    QueryCancelledError,
    QueryError,
    QueryTimeoutError,
    SendRefusedError,
    StagingError,
    StagingFullError,
    UnknownChannelError,
)
from csp_gateway.server.structs import GatewayStruct, encode_many

__all__ = ["ERROR_STATUS", "failed", "invalid", "invalid_body", "mount_errors", "structs_reply", "written"]

_log = logging.getLogger("csp_gateway.web")

ERROR_STATUS: Mapping[type[GatewayException], int] = {
    NoProviderException: 404,
    UnknownChannelError: 404,
    NotRunningError: 503,
    SendRefusedError: 503,
    QueriesRefusedError: 503,
    QueryError: 422,
    AnswerTooLargeError: 422,
    QueryTimeoutError: 504,
    QueryCancelledError: 503,
    StagingError: 400,
    StagingFullError: 503,
    GatewayException: 500,
}
"""What each error is over HTTP; an error without a line of its own is what its nearest ancestor is."""

_MOST_ERRORS = 100
"""Errors listed in one 422; how many more there are is said beside them."""
_MOST_SHOWN = 500
"""Values, and characters of each text, that are shown of one input; it may be the whole body."""
_LONGEST_SHOWN = 2000
"""Characters of JSON that are shown of one input; what is longer is cut, and is then a text."""
_DEEPEST = 5


def structs_reply(value: GatewayStruct | list[GatewayStruct] | None) -> Response:
    """A tick as a JSON array: one element for a struct, all of them for a list, none for None."""
    records = [] if value is None else value if isinstance(value, list) else [value]
    return Response(written(records), media_type="application/json")


def written(records: Sequence[GatewayStruct]) -> bytes:
    """Structs as a JSON array.

    Raises:
        GatewayException: one of them holds what JSON cannot say.
    """
    try:
        return encode_many(records)
    except Exception as error:  # whatever a value's class raises when it is asked to be written
        kinds = ", ".join(sorted({type(record).__name__ for record in records}))
        raise GatewayException(f"{kinds} cannot be written as JSON: {error}") from error


def failed(error: Exception) -> Response:
    """An error as its status and ``{"detail": sentence}``; the traceback of a 500 is logged."""
    if not isinstance(error, GatewayException):
        return _unforeseen(error)
    status = next(ERROR_STATUS[kind] for kind in type(error).__mro__ if kind in ERROR_STATUS)
    if status == 500:
        _log.error("a request was answered 500: %s", error, exc_info=error)
    return JSONResponse({"detail": str(error)}, status, {"retry-after": "1"} if status == 503 else None)


def _unforeseen(error: Exception) -> Response:
    return JSONResponse({"detail": f"The gateway failed with {type(error).__name__}; its log has the traceback"}, 500)


def invalid_body(error: ValidationError) -> Response:
    """A body that was not accepted as 422; locations start with ``body``."""
    listed = error.errors(include_url=False)[:_MOST_ERRORS]
    return invalid([{**each, "loc": ("body", *each["loc"])} for each in listed], error.error_count())


def invalid(errors: Sequence[Mapping[str, Any]], count: int | None = None) -> Response:
    """Errors in pydantic's shape as 422: the first hundred, and as ``more`` how many are left out.

    Args:
        errors: the first of them at least.
        count: how many there are; all of ``errors`` if None.
    """
    left_out = (len(errors) if count is None else count) - _MOST_ERRORS
    content = {"detail": [_presentable(error) for error in errors[:_MOST_ERRORS]]}
    return JSONResponse({**content, "more": left_out} if left_out > 0 else content, 422)


def mount_errors(api: FastAPI) -> None:
    """Answer every error in JSON: the project's by their status, what is malformed 422, the unforeseen 500."""

    async def ours(_: Request, error: Any) -> Response:
        return failed(error)

    async def refused(_: Request, error: Any) -> Response:
        return invalid(error.errors())

    async def http(request: Request, error: Any) -> Response:
        # FastAPI answers 400 to what is not UTF-8 or nested too deeply; to all else that is no JSON, 422.
        if error.status_code == 400 and isinstance(error.__cause__, UnicodeDecodeError | RecursionError):
            why = {"error": str(error.__cause__)}
            return invalid([{"type": "json_invalid", "loc": ("body",), "msg": "Invalid JSON", "input": {}, "ctx": why}])
        return await http_exception_handler(request, error)

    async def unforeseen(_: Request, error: Any) -> Response:
        return _unforeseen(error)  # the server logs it: it is raised again when this is sent

    for kind, answer in (
        (GatewayException, ours),
        (RequestValidationError, refused),
        (HTTPException, http),
        (Exception, unforeseen),
    ):
        api.add_exception_handler(kind, answer)


def _presentable(error: Mapping[str, Any]) -> dict[str, Any]:
    shown = {key: error[key] for key in ("type", "loc", "msg")}
    shown["input"] = _shown(error.get("input"))
    return {**shown, "ctx": _shown(error["ctx"])} if error.get("ctx") else shown


def _shown(value: Any) -> Any:
    """A value as far as JSON can say it, not more than a reader wants to see."""
    plain = _plain(value, [_MOST_SHOWN])
    text = json.dumps(plain, ensure_ascii=False)
    return plain if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def _plain(value: Any, left: list[int], depth: int = 0) -> Any:
    """``left``: how many values may still be shown, counted down."""
    left[0] -= 1
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict | list | tuple):
        if left[0] <= 0 or depth == _DEEPEST:
            return "…"
        if isinstance(value, dict):
            return {_text(str(key)): _plain(value[key], left, depth + 1) for key in islice(value, left[0])}
        return [_plain(each, left, depth + 1) for each in value[: left[0]]]
    return _text(value[:_MOST_SHOWN].decode("utf-8", "replace") if isinstance(value, bytes) else str(value))


def _text(text: str) -> str:
    """Half of a surrogate pair has no UTF-8."""
    return text[:_MOST_SHOWN].encode("utf-8", "replace").decode()
