"""The doors the outside sends through: one a channel, each with a bound on what may wait in it."""

import threading
import time
from typing import Any

import csp
from csp.impl.genericpushadapter import GenericPushAdapter
from csp.impl.wiring.edge import Edge

from csp_gateway.errors import NoProviderException, NotRunningError, SendRefusedError
from csp_gateway.server.channels.cells import Cell
from csp_gateway.server.channels.kinds import Declaration
from csp_gateway.server.channels.schema import Schema

__all__ = ["WAITING_LIMIT", "Door", "Sends"]

WAITING_LIMIT = 100_000
"""Values that may wait in one door for the engine; a send beyond that is refused."""


class Door:
    """One channel's way in."""

    def __init__(self, declaration: Declaration, cell: Cell) -> None:
        self.declaration = declaration
        self.cell = cell
        self.refused = 0
        self._shut = False
        self.adapter = GenericPushAdapter(declaration.ticks, name=f"Send[{declaration.name}]")
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many values were sent that the engine has not seen yet."""
        return max(0, self.cell.sent - self.cell.arrived)

    def push(self, values: list[Any]) -> None:
        """Queue one tick for each value, all or none.

        Raises:
            TypeError: a value is not of the channel's type.
            SendRefusedError: too many values wait already.
            NotRunningError: the engine takes no more.
        """
        for value in values:
            self._check(value)
        with self._lock:
            if self._shut:
                raise NotRunningError(f"channel {self.declaration.name!r}: the gateway is stopping")
            if self.waiting + len(values) > WAITING_LIMIT:
                self.refused += len(values)
                raise SendRefusedError(
                    f"channel {self.declaration.name!r}: {self.waiting} sent values wait for the engine, "
                    f"which takes {WAITING_LIMIT} at most; send again later"
                )
            for value in values:
                if not self.adapter.push_tick(value):
                    raise NotRunningError(f"channel {self.declaration.name!r}: the engine takes no more values")
                # Counted once it is queued: a value that csp refuses will never arrive.
                self.cell.sent += 1

    def shut(self) -> None:
        """Let nothing in from now on."""
        with self._lock:
            self._shut = True

    def _check(self, value: Any) -> None:
        """Refuse what the adapter would refuse only half way through a batch."""
        records = [value]
        if self.declaration.listed:
            if not isinstance(value, list):
                raise TypeError(f"channel {self.declaration.name!r} takes a list, got {type(value).__name__}")
            records = value
        element = self.declaration.element
        for record in records:
            if isinstance(element, type) and not isinstance(record, element):
                raise TypeError(
                    f"channel {self.declaration.name!r} takes {element.__name__}, "
                    f"got {type(record).__name__} {record!r:.80}"
                )


class Sends:
    """The doors of one build of the graph."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._doors: dict[str, Door] = {}

    def open(self, field: str, cell: Cell) -> Door | None:
        """A door into ``field``; None when there is one already."""
        if field in self._doors:
            return None
        door = self._doors[field] = Door(self._schema[field], cell)
        return door

    def arrivals(self, field: str) -> Edge:
        """How many sent values have ticked, as an edge."""
        door = self._doors.get(field)
        return csp.count(door.adapter.out()) if door is not None else csp.null_ts(int)

    def door(self, field: str) -> Door:
        """The door of a channel.

        Raises:
            UnknownChannelError: there is no such channel.
            NoProviderException: nobody opened one.
        """
        if field not in self._doors:
            self._schema[field]
            raise NoProviderException(
                f"Nobody provides a way to send to {field!r}: call channels.add_send_channel({field!r}) in a connect"
            )
        return self._doors[field]

    def fields(self) -> list[str]:
        """The channels that can be sent to, in declaration order."""
        return [field for field in self._schema if field in self._doors]

    def drain(self, timeout: float) -> int:
        """Let nothing more in, and wait until the engine has seen all that was sent; how many it has not.

        Args:
            timeout: seconds to wait at most.
        """
        for door in self._doors.values():
            door.shut()
        end = time.monotonic() + timeout
        while (left := sum(door.waiting for door in self._doors.values())) and time.monotonic() < end:
            time.sleep(0.005)
        return left

    def statistics(self) -> dict[str, dict[str, int]]:
        """For each door: values ``sent``, ``waiting`` for the engine, and ``refused``."""
        return {
            field: {"sent": door.cell.sent, "waiting": door.waiting, "refused": door.refused}
            for field, door in self._doors.items()
        }
