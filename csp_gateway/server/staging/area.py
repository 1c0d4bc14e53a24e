"""One staging: items held back under an id, in the order they were added."""

from collections.abc import Collection
from typing import Any

from csp_gateway.server.structs.identity import mint_id

__all__ = ["Area"]


class Area:
    """Items under an id of the counter that all structs share; each is found by any of the ids of its records.

    The same record may be held several times. All is O(1) an item.
    """

    __slots__ = ("_held", "_next", "_where", "id")

    def __init__(self) -> None:
        self.id = mint_id()
        self._held: dict[int, tuple[Any, Collection[str]]] = {}
        self._where: dict[str, list[int]] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._held)

    @property
    def items(self) -> list[Any]:
        """What is held back, in a new list."""
        return [item for item, _ in self._held.values()]

    def holds(self, ids: Collection[str]) -> bool:
        """Whether a record of any of these ids is here."""
        return any(each in self._where for each in ids)

    def add(self, item: Any, ids: Collection[str]) -> None:
        """Hold an item back that is found by ``ids``."""
        number, self._next = self._next, self._next + 1
        self._held[number] = item, ids
        for each in ids:
            self._where.setdefault(each, []).append(number)

    def remove(self, ids: Collection[str]) -> list[Any]:
        """Let go of every item found by any of ``ids``; those that went, in the order they were added."""
        numbers = sorted({number for each in ids for number in self._where.get(each, ())})
        return [self._let_go(number) for number in numbers]

    def clear(self) -> list[Any]:
        """Let go of everything; what went."""
        gone = self.items
        self._held.clear()
        self._where.clear()
        return gone

    def _let_go(self, number: int) -> Any:
        item, ids = self._held.pop(number)
        for each in ids:
            self._where[each].remove(number)
            if not self._where[each]:
                del self._where[each]
        return item
