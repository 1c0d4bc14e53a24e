"""The parts behind one channels object, built together for one build of the graph."""

import time
import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from csp_gateway.server.channels.cells import Cell, cell_of
from csp_gateway.server.channels.history import History
from csp_gateway.server.channels.limits import HistoryLimits, Keep
from csp_gateway.server.channels.outside import Outside
from csp_gateway.server.channels.schema import Schema
from csp_gateway.server.channels.sends import Sends
from csp_gateway.server.channels.stages import Stages
from csp_gateway.server.channels.states import States
from csp_gateway.server.channels.wakes import Wakes, keep_newest, keep_newest_of_basket
from csp_gateway.server.channels.wiring import Wiring
from csp_gateway.server.state import duckdb_statistics

__all__ = ["Bus"]


class Bus:
    """What a channels object hands its calls to.

    Args:
        schema: what the channels class declares.
        keys: basket → its keys, for those whose class does not fix them.
        silent_until: engine time (naive UTC) before which what the outside sends is dropped.
        limits: how much history an exposed channel keeps that does not say so itself.
        promised_states: channels whose state a module has said it will set.
    """

    def __init__(
        self,
        schema: Schema,
        keys: Mapping[str, tuple[Any, ...]] | None = None,
        silent_until: datetime | None = None,
        limits: HistoryLimits | None = None,
        promised_states: Collection[str] = (),
    ) -> None:
        self.wiring = Wiring(schema, keys, silent_until)
        self.sends = Sends(self.wiring, lambda: self.outside.engine_thread)
        self._limits = limits or HistoryLimits()
        self._epoch = uuid.uuid4().hex
        self._cells = {field: cell_of(schema[field], self.wiring.streams.of(field)) for field in schema}
        self._provided: dict[str, Cell] = {}
        self._wakes: Wakes | None = None
        self.stages = Stages(schema, self.wiring)
        self.states = States(schema, self.wiring, promised_states)
        self.outside = Outside(self.wiring, self._provided, self.sends, self.states, self.stages, self._wake)
        for field, declaration in schema.items():
            for mark in declaration.marks:
                if isinstance(mark, Keep):
                    self.expose(field, mark)

    def open_send(self, field: str, key: Any = None) -> None:
        """Let the outside send to a channel, or to one key or all keys of a basket."""
        self.sends.open(field, key, self._cells)

    def expose(self, field: str, keep: Keep | None = None) -> None:
        """Keep the newest ticks of a channel from the start of the run."""
        self.wiring.refuse_when_bound(field)
        cell = self._cells[field]
        cell.awake = True
        if cell.history is None or keep is not None:
            declaration = self.wiring.schema[field]
            limits = self._limits if keep is None else keep.completed(self._limits)
            cell.history = History(limits, self._epoch, many=declaration.listed or declaration.is_basket)

    def bind(self) -> None:
        """Close the graph: every module is connected."""
        self.stages.bind()
        self.states.bind()
        self.sends.bind()
        self._wakes = wakes = Wakes()
        for field, cell in self._cells.items():
            if self.wiring.is_supplied(field):
                self._provided[field] = cell
                arrivals = self.sends.arrivals(field, self.states.edges_of(field))
                if self.wiring.schema[field].is_basket:
                    streams = {key: self.wiring.promise(field, key) for key in self.wiring.keys[field]}
                    keep_newest_of_basket(streams, wakes.edge, arrivals, cell)
                else:
                    keep_newest(self.wiring.promise(field), wakes.edge, arrivals, cell)
        self.wiring.bind()

    def _wake(self, cell: Cell) -> None:
        if self._wakes is not None:
            self._wakes.ring(cell)

    def drain(self, timeout: float) -> int:
        """Let nothing more in, and wait until the engine has seen what was sent and released; how much it has not.

        Args:
            timeout: seconds to wait at most.
        """
        end = time.monotonic() + timeout
        # What is released is not sent, but who sent it may release it next.
        left = self.sends.drain(timeout, self._runs)
        return left + self.stages.drain(max(0.0, end - time.monotonic()), self._runs)

    def _runs(self) -> bool:
        return self.outside.running

    def statistics(self) -> dict[str, Any]:
        """What waits, what is kept and what was dropped, each by channel or by state."""
        return {
            "sends": self.sends.statistics(),
            "history": {field: cell.history.statistics() for field, cell in self._provided.items() if cell.history},
            "states": self.states.statistics(),
            "stages": self.stages.statistics(),
            "queries": self.outside.queries.statistics(),
            "sql": self.outside.selects.statistics(),
            "duckdb": duckdb_statistics(),
        }
