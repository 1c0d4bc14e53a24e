"""POST sql: one SELECT over all states."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from fastapi.responses import Response
from pydantic import Field

from csp_gateway.errors import QueriesRefusedError
from csp_gateway.server.channels import Outside
from csp_gateway.server.state import Cancellation, SqlLimits
from csp_gateway.server.structs import TableRows
from csp_gateway.server.web.deadline import waiting_for
from csp_gateway.server.web.formats import documented_formats, wanted_format
from csp_gateway.server.web.leaving import left
from csp_gateway.server.web.streaming import tabular_reply
from csp_gateway.server.web.verbs.awaited import is_there
from csp_gateway.server.web.verbs.mount import OVER
from csp_gateway.server.web.verbs.parameters import refuse_unknown
from csp_gateway.server.web.verbs.shape import Detail
from csp_gateway.wire.parts import Part

__all__ = ["mount_sql"]


_MOST_SENT = 4
"""Answers of the greatest size that may be held for clients who read them."""


_REFUSALS = {
    422: "Not one SELECT, or it names or does what it may not, or finds too much",
    504: "It took too long",
    **OVER,
}


class Select(Part):
    """One SELECT, and the values of its parameters."""

    sql: str = Field(description="DuckDB's SQL: one SELECT, in which every state is a table by its name.")
    parameters: dict[str, Any] | list[Any] | None = Field(
        default=None, description="For `$name` an object, for `?` and `$1` an array."
    )


class _Sending:
    """The answers that clients are reading, so many bytes of them at most: each is held until it has been read."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    def begin(self, size: int) -> Callable[[], None]:
        """Count an answer in; what counts it out again, once.

        Raises:
            QueriesRefusedError: there is no room for it.
        """
        if self._held and self._held + size > self._most:
            raise QueriesRefusedError(
                f"answers of {self._held:,} bytes are being read, and there is room for {self._most:,}; ask again later"
            )
        self._held += size
        counted = [size]

        def end() -> None:
            self._held -= counted.pop() if counted else 0

        return end


def mount_sql(router: APIRouter, outside: Outside, limits: SqlLimits, tables: list[str]) -> None:
    """Serve ``POST /sql``.

    Args:
        tables: the names of the states that can be asked, for the documentation.
    """

    sending = _Sending(_MOST_SENT * limits.bytes)
    examples = [{"sql": f"select count(*) as n from {_quoted(name)}"} for name in tables[:2]]

    async def sql(request: Request, select: Annotated[Select, Body(examples=examples)]) -> Response:
        chosen = wanted_format(request)
        refuse_unknown(request, ())
        cancel = Cancellation()
        waiting_for(request, "what was sent before to arrive in the states, and its SELECT to be answered")
        running = outside.sql(select.sql, select.parameters, limits, cancel)
        leaving = asyncio.ensure_future(left(request.receive))
        try:
            told = await is_there(running, None, leaving)
        finally:
            leaving.cancel()
            cancel.cancel()
        if not told:
            return Response(status_code=499)
        table = running.result()
        return await tabular_reply(chosen, TableRows(table), outside.queries.ask, on_end=sending.begin(table.nbytes))

    known = ", ".join(f"`{name}`" for name in tables) or "none"
    router.add_api_route(
        "/sql",
        sql,
        methods=["POST"],
        response_model=list[dict[str, Any]],
        responses={
            **documented_formats(),
            **{status: {"model": Detail, "description": when} for status, when in _REFUSALS.items()},
        },
        summary="Ask in SQL",
        description=(
            "What one SELECT answers, an object a row. Every state of structs is a table by its name: "
            f"{known}. It may take {limits.seconds:g} s and answer {limits.rows:,} rows."
        ),
        operation_id="sql",
    )


def _quoted(name: str) -> str:
    return name if name.isidentifier() else f'"{name}"'
