"""The doors the outside sends through: one a channel."""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import csp
from csp.impl.wiring.edge import Edge

from csp_gateway.errors import NoProviderException
from csp_gateway.server.channels.cells import Cell
from csp_gateway.server.channels.door import Door
from csp_gateway.server.channels.streams import is_none
from csp_gateway.server.channels.supplies import behind
from csp_gateway.server.channels.wiring import Wiring

__all__ = ["Sendable", "Sends"]


class Sendable(NamedTuple):
    """A channel the outside may send to, for who builds a form for it."""

    channel: str
    model: Any
    """The class of its records."""
    is_dict_basket: bool
    keys: tuple[Any, ...]
    """Of a basket, the keys that are open; empty for any other channel."""


class Sends:
    """The doors of one build of the graph."""

    def __init__(self, wiring: Wiring, engine_thread: Callable[[], int | None]) -> None:
        self._wiring = wiring
        self._engine_thread = engine_thread
        self._schema = wiring.schema
        self._doors: dict[str, Door] = {}

    def open(self, field: str, key: Any, cells: Mapping[str, Cell]) -> None:
        """A door into a channel, or into one key or all keys of a basket; saying it again changes nothing."""
        self._wiring.refuse_when_bound(field)
        keys = self._wiring.streams.of(field) if is_none(key) else (self._wiring.stream(field, key)[1],)
        if field not in self._doors:
            wiring = self._wiring
            self._doors[field] = Door(
                self._schema[field], cells[field], wiring.streams, self._engine_thread, wiring.silent_until
            )
        self._doors[field].open_keys.update(dict.fromkeys(keys))

    def bind(self) -> None:
        """Every module is connected: what comes through the doors joins the channels."""
        for field, door in self._doors.items():
            if door.declaration.is_basket and not door.open_keys:
                continue  # it was given no keys: nothing can be sent to it
            edges, by = door.edges(), f"Send[{field}]"
            if door.declaration.is_basket and len(door.open_keys) < len(self._wiring.streams.of(field)):
                for key in door.open_keys:
                    self._wiring.supply(field, edges[key], key, by=by, ahead=True)
            else:
                self._wiring.supply(field, edges, by=by, ahead=True)

    def arrivals(self, field: str, collected: list[Edge]) -> Edge:
        """How many sent values have ticked, as an edge.

        Args:
            collected: edges that tick what states have made of the channel; a sent value has arrived when it is there.
        """
        if field not in self._doors:
            return csp.null_ts(int)
        count = csp.count(self._doors[field].adapter.out())
        return behind(count, collected) if collected else count

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

    def descriptors(self) -> list[Sendable]:
        """The same, with what a form needs to know of each."""
        described = []
        for field in self.fields():
            declaration, keys = self._schema[field], tuple(self._doors[field].open_keys)
            of_basket = keys if declaration.is_basket else ()
            described.append(Sendable(field, declaration.element, declaration.container is dict, of_basket))
        return described

    def drain(self, timeout: float, running: Callable[[], bool]) -> int:
        """Let nothing more in, and wait until the engine has seen all that was sent; how many it has not.

        Args:
            timeout: seconds to wait at most.
            running: whether the engine runs; one that has ended is not waited for.
        """
        for door in self._doors.values():
            door.shut()
        end = time.monotonic() + timeout
        while (left := sum(door.waiting for door in self._doors.values())) and running() and time.monotonic() < end:
            time.sleep(0.005)
        return left

    def statistics(self) -> dict[str, dict[str, int]]:
        """For each door: values ``sent``, ``waiting`` for the engine, and ``refused``."""
        return {
            field: {"sent": door.cell.sent, "waiting": door.waiting, "refused": door.refused}
            for field, door in self._doors.items()
        }
