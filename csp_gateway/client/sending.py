"""Sending: how far a send has got that goes out in portions, and what is kept of the answers."""

from __future__ import annotations

from typing import Any, Self

from csp_gateway.client.replies import merged, returned
from csp_gateway.client.response_wrapper import ResponseWrapper
from csp_gateway.client.returns import ReturnType
from csp_gateway.errors import (
    ServerException,
    ServerRouteNotFoundException,
    ServerRouteNotMountedException,
    ServerUnknownException,
    ServerUnprocessableException,
)

__all__ = ["Sending"]

_REFUSED = (ServerRouteNotFoundException, ServerRouteNotMountedException, ServerUnprocessableException)


class Sending:
    """One send. What is raised within ``with`` is told how far it has got.

    Args:
        kind: what is returned of the answers.
        count_only: nothing of them is.
    """

    def __init__(self, kind: ReturnType, *, count_only: bool = False) -> None:
        self._kind = kind
        self._count_only = count_only
        self._accepted = 0
        self._under_way = 0
        self._answers: list[ResponseWrapper] = []
        self._structs: list[Any] = []

    def begin(self, records: int) -> None:
        """A portion goes out."""
        self._under_way = records

    def end(self, answer: ResponseWrapper) -> None:
        """It was accepted."""
        self._accepted += self._under_way
        self._under_way = 0
        if self._count_only:
            return
        if self._kind is ReturnType.Struct and self._answers:
            self._structs += answer.as_struct()  # so that their dicts are not kept as well
        else:
            self._answers.append(answer)

    def result(self) -> Any:
        """What the caller wants."""
        if self._count_only:
            return self._accepted
        made = returned(merged(self._answers), self._kind)
        return made + self._structs if self._structs else made

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ServerException):
            error.accepted = self._accepted
            error.in_doubt = 0 if _is_refusal(error) else self._under_way
            if self._accepted and isinstance(error, ServerUnprocessableException):
                error.args = tuple(_shifted(each, self._accepted) for each in error.args)
        elif isinstance(error, Exception) and (self._accepted or self._under_way):
            error.add_note(_said(self._accepted, self._under_way))


def _said(accepted: int, in_doubt: int) -> str:
    doubt = f", of the {in_doubt:,} after them nobody knows" if in_doubt else ""
    return f"{accepted:,} records were accepted before{doubt}; the rest is data[{accepted}:]"


def _is_refusal(error: ServerException) -> bool:
    """Whether the gateway has said that it takes none of them."""
    return isinstance(error, _REFUSED) or (
        isinstance(error, ServerUnknownException) and 400 <= error.status < 500 and error.status != 409
    )


def _shifted(detail: Any, by: int) -> Any:
    """What is wrong and where, with places in the portion as places in all that is sent."""
    if not isinstance(detail, list):
        return detail
    return [_moved(each, by) if isinstance(each, dict) else each for each in detail]


def _moved(wrong: dict[str, Any], by: int) -> dict[str, Any]:
    match wrong.get("loc"):
        case ["body", int(at), *within]:
            return {**wrong, "loc": ["body", at + by, *within]}
    return wrong
