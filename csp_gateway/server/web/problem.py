"""Refusals as problem details (RFC 9457): what each error is over HTTP, and the one body that all of them have."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import quote

from fastapi import HTTPException
from fastapi.responses import Response
from pydantic import BaseModel, Field

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

__all__ = [
    "BODY_ENCODED",
    "BODY_TOO_LARGE",
    "FOREIGN_ORIGIN",
    "INVALID",
    "KEY_DONE",
    "KEY_IN_USE",
    "KEY_REUSED",
    "NOT_FOLLOWED",
    "PROBLEMS",
    "PROBLEM_TYPE",
    "REQUEST_TIMEOUT",
    "TOO_MANY_CLIENTS",
    "TOO_MANY_REQUESTS",
    "TOO_MANY_WAITING",
    "UNKNOWN_HOST",
    "UNKNOWN_ID",
    "UNKNOWN_PARAMETER",
    "Kind",
    "Problem",
    "ProblemReply",
    "RefusedRequest",
    "ValidationProblem",
    "documented",
    "kind_of",
    "plain",
]

PROBLEM_TYPE = "application/problem+json"
"""The content type of every refusal."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of refusal: what never varies between two of it."""

    name: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """The ``type`` of the problem; a program may decide by it."""
        return f"urn:csp-gateway:problem:{self.name}" if self.name else "about:blank"


PROBLEMS: Mapping[type[GatewayException], Kind] = {
    NoProviderException: Kind("no-provider", 404, "Nobody provides this channel"),
    UnknownChannelError: Kind("unknown-channel", 404, "There is no such channel, key or state"),
    NotRunningError: Kind("not-running", 503, "The engine does not run"),
    SendRefusedError: Kind("send-refused", 503, "The engine takes no more values for now"),
    QueriesRefusedError: Kind("queries-refused", 503, "Too many queries wait"),
    QueryError: Kind("query", 422, "The query cannot be answered"),
    AnswerTooLargeError: Kind("answer-too-large", 422, "The answer is larger than it may be"),
    QueryTimeoutError: Kind("query-timeout", 504, "The query took too long"),
    QueryCancelledError: Kind("query-cancelled", 503, "The query was stopped"),
    StagingError: Kind("staging", 400, "The stagings cannot be changed like that"),
    StagingFullError: Kind("staging-full", 503, "There are as many stagings or records as may be"),
    GatewayException: Kind("gateway", 500, "The gateway failed"),
}
"""What each error is over HTTP; an error without a line of its own is what its nearest ancestor is."""

INVALID = Kind("invalid-request", 422, "The request is not valid")
UNKNOWN_PARAMETER = Kind("unknown-parameter", 422, "There is no such parameter, or it is given more than once")
UNKNOWN_ID = Kind("unknown-id", 404, "No struct that is kept has this id")
UNKNOWN_HOST = Kind("unknown-host", 400, "The gateway does not answer to this name")
FOREIGN_ORIGIN = Kind("foreign-origin", 403, "Pages of this origin may not do this")
BODY_ENCODED = Kind("body-encoded", 415, "The body is encoded, and is only read as it is")
BODY_TOO_LARGE = Kind("body-too-large", 413, "The body is larger than it may be")
KEY_REUSED = Kind("idempotency-key-reused", 422, "The idempotency key belongs to another request")
KEY_DONE = Kind("idempotency-key-done", 409, "The request with this idempotency key was done")
KEY_IN_USE = Kind("idempotency-key-in-use", 409, "The request with this idempotency key is in progress")
NOT_FOLLOWED = Kind("not-followed", 422, "The channels cannot be followed like that")
REQUEST_TIMEOUT = Kind("request-timeout", 504, "The request was not answered in time")
TOO_MANY_CLIENTS = Kind("too-many-clients", 503, "Too many clients follow channels")
TOO_MANY_WAITING = Kind("too-many-waiting", 429, "Too many requests wait for ticks")
TOO_MANY_REQUESTS = Kind("too-many-requests", 503, "Too many requests are in progress")

_BUSY = frozenset({429, 503})
"""Statuses that are over in a moment, as a rule."""


class Problem(BaseModel):
    """Why a request was refused, as RFC 9457 has it."""

    type: str = Field(default="about:blank", description="The kind of problem, a URI that a program may decide by.")
    title: str = Field(default="", description="The kind in words; the same for all of one type.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(default="", description="What is wrong with this request, and what to do about it.")
    instance: str = Field(default="", description="The path that was asked for.")
    hint: str | None = Field(
        default=None, description="What was probably meant, as the nearest name; or what is to be done about it."
    )


class InvalidPart(BaseModel):
    """One thing that is wrong with a request."""

    type: str
    loc: list[str | int]
    msg: str
    input: Any = None
    ctx: Any = None


class ValidationProblem(Problem):
    """Why a request is not valid: a list of what is wrong with its parts, or a sentence about all of it."""

    status: Literal[422]
    detail: list[InvalidPart] | str = ""  # type: ignore[assignment]  # wider than a plain problem's
    more: int | None = Field(default=None, description="How many parts of the list are left out, if there are any.")


class RefusedRequest(HTTPException):
    """A refusal of a known kind; FastAPI lets it pass while it reads a request."""

    def __init__(self, kind: Kind, detail: Any, headers: dict[str, str] | None = None, hint: str | None = None) -> None:
        super().__init__(kind.status, detail, headers)
        self.kind = kind
        self.hint = hint


class ProblemReply(Response):
    """A problem as a reply, which writes the path it answers when it is sent.

    Args:
        kind: what it is.
        detail: a sentence, or a list of what is wrong.
        headers: what the reply says beside it; ``Retry-After`` need not be said.
        more: members beside those that every problem has.
    """

    media_type = PROBLEM_TYPE

    def __init__(
        self, kind: Kind, detail: Any, headers: Mapping[str, str] | None = None, more: Mapping[str, Any] | None = None
    ) -> None:
        self._content = {"type": kind.uri, "title": kind.title, "status": kind.status, "detail": detail, **(more or {})}
        again = {"retry-after": "1"} if kind.status in _BUSY else {}
        super().__init__(_json(self._content), kind.status, {**again, **(headers or {})})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send it, with the path as ``instance``."""
        self.place(scope)
        await super().__call__(scope, receive, send)

    def place(self, scope: Any) -> None:
        """Write the path of the request that it answers into it."""
        path, root = scope.get("path", ""), scope.get("root_path", "")
        if not f"{path}/".startswith(f"{root}/"):
            path = root + path  # before FastAPI, the prefix is in root_path alone
        path = quote(path, safe="/~!$&'()*+,;=:@")
        self.body = _json({**self._content, "instance": path})
        self.headers["content-length"] = str(len(self.body))


def kind_of(error: GatewayException) -> Kind:
    """What an error is over HTTP."""
    return next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)


def plain(status: int) -> Kind:
    """A status that says all there is to say."""
    try:
        return Kind("", status, HTTPStatus(status).phrase)
    except ValueError:  # one that no standard names
        return Kind("", status, f"Status {status}")


def documented(refusals: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Refusals for a route's ``responses``: status → when."""
    return {
        status: {"model": ValidationProblem if status == 422 else Problem, "description": when}
        for status, when in refusals.items()
    }


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
