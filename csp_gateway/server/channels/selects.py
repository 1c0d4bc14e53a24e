"""SELECTs over all states of one build, on threads of their own: a long one holds no other query up."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from csp_gateway.errors import GatewayException, QueryCancelledError, QueryTimeoutError
from csp_gateway.server.channels.answers import Answer
from csp_gateway.server.channels.cells import Cell
from csp_gateway.server.channels.queries import Queries
from csp_gateway.server.channels.states import States
from csp_gateway.server.state import Cancellation, Parameters, Select, SqlLimits, read_select, run_select, settled

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SELECTS_LIMIT", "Selects"]

SELECTS_LIMIT = 100
"""SELECTs that may be asked and not answered yet; one more is refused."""


class Selects:
    """The SELECTs of one run.

    Args:
        states: what can be asked.
        cells: channel → its newest tick, by which is known what was sent and has not arrived.
    """

    def __init__(self, states: States, cells: Mapping[str, Cell]) -> None:
        self._states = states
        self._cells = cells
        self._queries = Queries("csp-sql", SELECTS_LIMIT)
        self._running: set[Cancellation] = set()
        self._closed = False

    def ask(self, sql: str, parameters: Parameters, limits: SqlLimits, cancel: Cancellation) -> Answer:
        """What one SELECT answers, as an Arrow table.

        Raises:
            QueriesRefusedError: too many are open.
        """
        asked = time.monotonic()
        return self._queries.ask(lambda: self._answer(sql, parameters, limits, cancel, asked))

    def close(self, reason: GatewayException) -> None:
        """Refuse who comes from now on, stop what runs, and answer who waits with ``reason``."""
        self._closed = True
        self._queries.close(reason, self._cancel_running)

    def statistics(self) -> dict[str, int]:
        """How many are ``open``, and how many were ``refused``."""
        return self._queries.statistics()

    def _cancel_running(self) -> None:
        for running in list(self._running):
            running.cancel()

    def _answer(
        self, sql: str, parameters: Parameters, limits: SqlLimits, cancel: Cancellation, asked: float
    ) -> pa.Table:
        if cancel.cancelled:
            raise QueryCancelledError("the SELECT was cancelled")
        if time.monotonic() > asked + limits.seconds:
            raise QueryTimeoutError(f"the SELECT waited more than {limits.seconds:g} s for others; ask it again later")
        tables = self._states.tables()
        select = read_select(sql, tables)
        self._running.add(cancel)
        try:
            if self._closed:  # since it was asked; ``close`` may not have seen it
                cancel.cancel()
            self._await_what_was_sent(select, {name: tables[name][0] for name in select.tables}, limits, asked)
            return settled(
                {name: tables[name][1] for name in select.tables},
                lambda views, begun: run_select(select, views, parameters, limits, cancel, begun, asked),
            )
        finally:
            self._running.discard(cancel)

    def _await_what_was_sent(
        self, select: Select, channels: Mapping[str, Any], limits: SqlLimits, asked: float
    ) -> None:
        """Wait until the states have what was sent to their channels."""
        end = asked + limits.seconds
        for name, channel in channels.items():
            arriving = self._cells[channel].arrival() if channel in self._cells else None
            if arriving is not None:
                try:
                    arriving.result(max(0.0, end - time.monotonic()))
                except TimeoutError:
                    raise QueryTimeoutError(
                        f"what was sent to channel {channel!r} did not reach {name!r} within {limits.seconds:g} s"
                    ) from None
