"""The parts behind one channels object, built together for one build of the graph."""

from datetime import datetime
from typing import Any

from csp_gateway.server.channels.cells import Cell, Wakes, keep_newest
from csp_gateway.server.channels.outside import Outside
from csp_gateway.server.channels.schema import Schema
from csp_gateway.server.channels.sends import Sends
from csp_gateway.server.channels.wiring import Wiring

__all__ = ["Bus"]


class Bus:
    """What a channels object hands its calls to."""

    def __init__(self, schema: Schema) -> None:
        self.wiring = Wiring(schema)
        self.sends = Sends(schema)
        self.silent_until: datetime | None = None
        """Engine time (naive UTC) before which what the outside sends is dropped."""
        self._cells = {field: Cell(field) for field in schema}
        self._provided: dict[str, Cell] = {}
        self._wakes: Wakes | None = None
        self.outside = Outside(schema, self._provided, self.sends, self._wake)

    def open_send(self, field: str) -> None:
        """Let the outside send to a channel."""
        self.wiring.promise(field)
        door = self.sends.open(field, self._cells[field])
        if door is not None:
            self.wiring.set_send(field, door.adapter.out(), self.silent_until)

    def expose(self, field: str) -> None:
        """Keep the newest tick of a channel from the start of the run."""
        self.wiring.promise(field)
        self._cells[field].awake = True

    def bind(self) -> None:
        """Close the graph: every module is connected."""
        self._wakes = Wakes()
        for field, cell in self._cells.items():
            if self.wiring.ledger.is_provided(field):
                self._provided[field] = cell
                keep_newest(self.wiring.promise(field), self._wakes.edge, self.sends.arrivals(field), cell)
        self.wiring.bind()

    def _wake(self, cell: Cell) -> None:
        if self._wakes is not None:
            self._wakes.ring(cell)

    def statistics(self) -> dict[str, Any]:
        """What waits where: for each sendable channel, values ``sent``, ``waiting`` and ``refused``."""
        return {"sends": self.sends.statistics()}
