"""Structs as an HTTP reply; errors as problem details, with their status."""

import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.utils import is_body_allowed_for_status_code
from starlette.exceptions import HTTPException
from starlette.routing import Match

from csp_gateway.errors import GatewayException
from csp_gateway.server.structs import GatewayStruct, encode_many
from csp_gateway.server.web.faults import plainly
from csp_gateway.server.web.problem import INVALID, ProblemReply, RefusedRequest, kind_of, plain

__all__ = ["failed", "invalid", "mount_errors", "structs_reply", "written"]

_log = logging.getLogger("csp_gateway.web")

_MOST_ERRORS = 100
"""Errors listed in one 422; how many more there are is said beside them."""
_MOST_SHOWN = 500
"""Values, and characters of each text, that are shown of one input; it may be the whole body."""
_LONGEST_SHOWN = 2000
"""Characters of JSON that are shown of one input; what is longer is cut, and is then a text."""
_DEEPEST = 5
_AT_ONCE = 200
"""Records that are written in one go."""


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
        if len(records) <= _AT_ONCE:
            return encode_many(records)
        # In pieces: what is written in one go lets no other thread of Python run meanwhile.
        pieces = [encode_many(records[start : start + _AT_ONCE]) for start in range(0, len(records), _AT_ONCE)]
        return b"[%b]" % b",".join(piece[1:-1] for piece in pieces)
    except Exception as error:  # whatever a value's class raises when it is asked to be written
        kinds = ", ".join(sorted({type(record).__name__ for record in records}))
        raise GatewayException(f"{kinds} cannot be written as JSON: {error}") from error


def failed(error: Exception) -> ProblemReply:
    """An error as the problem it is over HTTP; the traceback of a 500 is logged."""
    if not isinstance(error, GatewayException):
        return _unforeseen(error)
    kind = kind_of(error)
    if kind.status == 500:
        _log.error("a request was answered 500: %s", error, exc_info=error)
    return ProblemReply(kind, str(error))


def _unforeseen(error: Exception) -> ProblemReply:
    return ProblemReply(plain(500), f"The gateway failed with {type(error).__name__}; its log has the traceback")


def invalid(errors: Sequence[Mapping[str, Any]], count: int | None = None) -> Response:
    """Errors in pydantic's shape as 422: the first hundred, and as ``more`` how many are left out.

    Args:
        errors: the first of them at least.
        count: how many there are; all of ``errors`` if None.
    """
    left_out = (len(errors) if count is None else count) - _MOST_ERRORS
    listed = [_presentable(error) for error in errors[:_MOST_ERRORS]]
    return ProblemReply(INVALID, listed, more={"more": left_out} if left_out > 0 else None)


def mount_errors(api: FastAPI, hint: Callable[[Request], str | None] = lambda _: None) -> None:
    """Answer every error as problem details: the project's by their status, what is malformed 422, all else 500.

    Args:
        hint: what was probably meant by a request for a path where nothing is.
    """

    async def ours(_: Request, error: Any) -> Response:
        return failed(error)

    async def refused(request: Request, error: Any) -> Response:
        return invalid(plainly(error.errors(), request.headers.get("content-type", "")))

    async def http(request: Request, error: Any) -> Response:
        # FastAPI answers 400 to what is not UTF-8 or nested too deeply; to all else that is no JSON, 422.
        if error.status_code == 400 and isinstance(error.__cause__, UnicodeDecodeError | RecursionError):
            why = {"error": str(error.__cause__)}
            return invalid([{"type": "json_invalid", "loc": ("body",), "msg": "Invalid JSON", "input": {}, "ctx": why}])
        if not is_body_allowed_for_status_code(error.status_code):
            return Response(status_code=error.status_code, headers=error.headers)
        kind = error.kind if isinstance(error, RefusedRequest) else plain(error.status_code)
        # Starlette names the methods of the first route alone.
        allow = {"Allow": ", ".join(_methods_of(request))} if error.status_code == 405 else {}
        # A route's own 404 says what it has to say.
        unrouted = error.status_code == 404 and "endpoint" not in request.scope
        near = hint(request) if unrouted else getattr(error, "hint", None)
        more = {"hint": near} if near is not None else None
        return ProblemReply(kind, error.detail, {**(error.headers or {}), **allow}, more)

    async def unforeseen(_: Request, error: Any) -> Response:
        return _unforeseen(error)  # the server logs it: it is raised again when this is sent

    for kind, answer in (
        (GatewayException, ours),
        (RequestValidationError, refused),
        (HTTPException, http),
        (Exception, unforeseen),
    ):
        api.add_exception_handler(kind, answer)


def _methods_of(request: Request) -> list[str]:
    """The methods that the path of a request can be asked with."""
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
    tried = {method: {**request.scope, "method": method} for method in known}
    routes = request.app.router.routes
    found = {name for name, scope in tried.items() if any(route.matches(scope)[0] is Match.FULL for route in routes)}
    return [name for name in known if name in found or (name == "HEAD" and "GET" in found)]


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
