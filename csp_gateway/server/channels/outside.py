"""OUTSIDE ACCESS: what the world may do while the graph runs; answers are futures."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from csp_gateway.errors import GatewayException, NoProviderException, NotRunningError
from csp_gateway.server.channels.cells import Cell
from csp_gateway.server.channels.schema import Schema
from csp_gateway.server.channels.sends import Sends

__all__ = ["Outside"]


class Outside:
    """The outside of one build of the graph.

    Its methods may be called from any thread and never wait: ``last`` and ``next`` answer a future. All of them raise
    ``NotRunningError`` before the engine runs and after it has ended.
    """

    def __init__(self, schema: Schema, cells: Mapping[str, Cell], sends: Sends, wake: Callable[[Cell], None]) -> None:
        self._schema = schema
        self._cells = cells
        self._sends = sends
        self._wake = wake
        self._engine_thread: int | None = None
        self._closed: NotRunningError | None = NotRunningError("the gateway is not running yet: start it first")

    def open(self, engine_thread: int) -> None:
        """The engine runs, on this thread."""
        self._engine_thread = engine_thread
        self._closed = None

    def close(self, reason: str, cause: BaseException | None = None) -> None:
        """The engine has ended: answer all who wait. ``cause`` is given when it failed."""
        self._closed = NotRunningError(reason)
        self._closed.__cause__ = cause
        for cell in self._cells.values():
            cell.close(self._closed, failed=cause is not None)

    @property
    def running(self) -> bool:
        """Whether the engine runs."""
        return self._closed is None

    def cell(self, field: str) -> Cell:
        """The newest tick of a channel, for who reads it often.

        Raises:
            UnknownChannelError: there is no such channel.
            NoProviderException: nobody sets it.
        """
        if field not in self._cells:
            self._schema[field]
            raise NoProviderException(f"Nobody provides {field!r}: no module of this gateway sets it")
        return self._cells[field]

    def last(self, field: str) -> Future[Any]:
        """The newest value, None if the channel has not ticked.

        Values sent before this call have arrived in it. It does not wait for the engine unless one of those is still
        on its way, or nobody has ever asked for this channel.
        """
        cell = self._open_cell(field)
        if not cell.awake:
            self._refuse_inside(field)
            self._ring(cell)
        elif cell.settled:
            done: Future[Any] = Future()
            done.set_result(cell.value)
            return done
        self._refuse_inside(field)
        return cell.settle()

    def next(self, field: str) -> Future[Any]:
        """The value of the coming tick, None if the engine ends before. All who ask share the future."""
        cell = self._open_cell(field)
        self._refuse_inside(field)
        coming = cell.next()
        if not cell.awake:
            self._ring(cell)
        return coming

    def send(self, field: str, *values: Any) -> None:
        """Queue values as ticks of a channel, all or none.

        Raises:
            NoProviderException: nobody called ``add_send_channel`` for it.
            TypeError: a value of another type.
            SendRefusedError: too many values wait for the engine.
        """
        if self._closed is not None:
            raise self._closed
        self._sends.door(field).push(list(values))

    def _open_cell(self, field: str) -> Cell:
        if self._closed is not None:
            raise self._closed
        return self.cell(field)

    def _ring(self, cell: Cell) -> None:
        # Once a cell: who asks later finds it awake, or about to be.
        if cell.first_to_ring():
            self._wake(cell)

    def _refuse_inside(self, field: str) -> None:
        if threading.get_ident() == self._engine_thread:
            raise GatewayException(
                f"asked for channel {field!r} from inside the graph, which would wait for itself: "
                f"use channels.get_channel({field!r}) in connect and read the edge in your node"
            )
