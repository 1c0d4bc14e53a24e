"""What has been received and not been read: bounded, so that who does not read is noticed by the gateway."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

__all__ = ["Inbox"]

T = TypeVar("T")


class Inbox(Generic[T]):
    """A queue for one that puts and any number that take, on one event loop.

    Args:
        most_items: when there are so many, whoever puts has to wait until there is half of it.
        most_bytes: the same in bytes.
    """

    def __init__(self, most_items: int, most_bytes: int) -> None:
        self._most_items = most_items
        self._most_bytes = most_bytes
        self._items: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._ready = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._ended = False

    def __len__(self) -> int:
        return len(self._items)

    @property
    def is_full(self) -> bool:
        """Whether nothing can be put now."""
        return not self._room.is_set()

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self._ended

    async def put(self, item: T, size: int) -> None:
        """Add an item of so many bytes, and wait until there is room for another."""
        self._items.append((item, size))
        self._bytes += size
        self._ready.set()
        if len(self._items) >= self._most_items or self._bytes >= self._most_bytes:
            self._room.clear()
        await self._room.wait()

    def add_last(self, item: T) -> None:
        """Add an item for which there has to be room; nothing is added any more after it."""
        self._items.append((item, 0))
        self.end()

    def end(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self._ready.set()
        self._room.set()

    async def wait(self) -> bool:
        """Wait until there is an item; False if none will come."""
        while not self._items:
            if self._ended:
                return False
            self._ready.clear()
            await self._ready.wait()
        return True

    def first(self) -> T:
        """The oldest item, which stays."""
        return self._items[0][0]

    def take(self) -> T:
        """The oldest item."""
        item, size = self._items.popleft()
        self._bytes -= size
        if 2 * len(self._items) <= self._most_items and 2 * self._bytes <= self._most_bytes:
            self._room.set()
        return item
