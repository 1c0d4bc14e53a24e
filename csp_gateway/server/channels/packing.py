"""What can be held back from a channel of each kind, and how it ticks once released."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from csp_gateway.server.channels.checks import Check
from csp_gateway.server.channels.kinds import Declaration
from csp_gateway.server.channels.streams import Streams
from csp_gateway.server.structs import GatewayStruct

__all__ = ["BasketPacking", "ListPacking", "PlainPacking", "packing_of"]


class PlainPacking:
    """``ts[S]``: an item is one struct, and ticks alone."""

    def __init__(self, declaration: Declaration) -> None:
        self.name = declaration.name
        self.check: Callable[[Any], Any] = Check(declaration)

    def items_of(self, value: Any) -> list[Any]:
        """The items that a value to be staged is.

        Raises:
            TypeError: naming the channel, what it takes and what it got.
        """
        return [self.check(value)]

    def ids_of(self, value: Any) -> list[Collection[str]]:
        """For each item that a value stands for, the ids it is found by: an id itself, or that of any struct.

        Raises:
            TypeError: the value has no id.
        """
        return [[self._id_of(value)]]

    def records_of(self, item: Any) -> Sequence[GatewayStruct]:
        """The structs of one item."""
        return (item,)

    def ticks_of(self, items: Sequence[Any]) -> Sequence[Any]:
        """The ticks that the items of one released staging are, in order."""
        return items

    def copy_of(self, item: Any) -> Any:
        """An item that a caller may do with as it likes; the structs in it are the same."""
        return item

    def _id_of(self, value: Any) -> str:
        found = value if isinstance(value, str) else getattr(value, "id", None)
        if not isinstance(found, str):
            raise TypeError(
                f"channel {self.name!r}: a staged record is named by its id or by a struct that has it, "
                f"got {type(value).__name__} {value!r:.80}"
            )
        return found


class ListPacking(PlainPacking):
    """``ts[List[S]]``: an item is one struct, a list of them is several; a released staging ticks as one list."""

    def __init__(self, declaration: Declaration) -> None:
        super().__init__(replace(declaration, ticks=declaration.element, listed=False))

    def items_of(self, value: Any) -> list[Any]:
        return [self.check(record) for record in (value if isinstance(value, list) else [value])]

    def ids_of(self, value: Any) -> list[Collection[str]]:
        return [[self._id_of(record)] for record in (value if isinstance(value, list) else [value])]

    def ticks_of(self, items: Sequence[Any]) -> Sequence[Any]:
        return [list(items)] if items else []


class BasketPacking(PlainPacking):
    """A basket: an item is ``{key: tick}`` of some or all keys, which tick together; each of its records finds it."""

    def __init__(self, declaration: Declaration, streams: Streams) -> None:
        super().__init__(declaration)
        self._declaration = declaration
        self._streams = streams

    def items_of(self, value: Any) -> list[Any]:
        declaration = self._declaration
        if isinstance(value, Mapping):
            ticks = dict(value)
        elif declaration.container is list and isinstance(value, list | tuple):
            ticks = {position: tick for position, tick in enumerate(value) if tick is not None}
        else:
            ticks = {}
        item = {self._streams.one(declaration.name, key)[1]: self._own(self.check(tick)) for key, tick in ticks.items()}
        if not self.records_of(item):
            whole = "a dict of ticks by key" if declaration.container is dict else "a list of ticks, None for no tick"
            raise TypeError(
                f"channel {declaration.name!r} is a basket, and what is staged in it is {whole}, with one record at "
                f"least; got {type(value).__name__} {value!r:.80}"
            )
        return [item]

    def ids_of(self, value: Any) -> list[Collection[str]]:
        if isinstance(value, Mapping):
            value = list(value.values())
        if isinstance(value, list | tuple):
            parts = [
                part for tick in value if tick is not None for part in (tick if isinstance(tick, list) else [tick])
            ]
            return [[self._id_of(part) for part in parts]]
        return [[self._id_of(value)]]

    def records_of(self, item: Any) -> Sequence[GatewayStruct]:
        if self._declaration.listed:
            return [record for tick in item.values() for record in tick]
        return list(item.values())

    def copy_of(self, item: Any) -> Any:
        return {key: self._own(tick) for key, tick in item.items()}

    def _own(self, tick: Any) -> Any:
        return list(tick) if self._declaration.listed else tick


def packing_of(declaration: Declaration, streams: Streams) -> PlainPacking:
    """How the items of a channel are packed, whose records are GatewayStructs."""
    if declaration.is_basket:
        return BasketPacking(declaration, streams)
    return ListPacking(declaration) if declaration.listed else PlainPacking(declaration)
