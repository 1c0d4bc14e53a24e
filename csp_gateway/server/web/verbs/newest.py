"""Newest: the newest tick of a channel as JSON, written once a tick, however many ask for it."""

import asyncio
from functools import cached_property

from csp_gateway.server.channels import Cell, Outside
from csp_gateway.server.web.verbs.writer import Writer

__all__ = ["Newest"]


class Newest:
    """The newest tick of a channel; for one event loop."""

    def __init__(self, outside: Outside, writer: Writer) -> None:
        self.writer = writer
        self._outside = outside
        self._of = 0
        self._json = b"[]"
        self._coming: tuple[int, asyncio.Task[tuple[int, bytes]]] | None = None

    @cached_property
    def cell(self) -> Cell:
        """Where it is kept."""
        return self._outside.cell(self.writer.shape.channel)

    def at_hand(self) -> tuple[int, bytes] | None:
        """How many ticks there were, and the newest of them; None if it takes long to be written.

        Raises:
            GatewayException: it holds what JSON cannot say.
        """
        # The count is read first: a tick in between is then written once more, and never missed.
        ticks = self.cell.ticks
        if ticks != self._of:
            value = self.cell.read()
            if self.writer.is_large(value):
                return None
            self._json = self.writer.write(value)
            self._of = ticks
        return ticks, self._json

    async def read(self) -> tuple[int, bytes]:
        """The same, however long it takes: who asks for the same tick waits for the same piece of work.

        Raises:
            GatewayException: it holds what JSON cannot say.
            RefusedRequest: 503, the threads have too much to do.
        """
        at_hand = self.at_hand()
        if at_hand is not None:
            return at_hand
        ticks = self.cell.ticks
        if self._coming is None or self._coming[0] != ticks or self._coming[1].done():
            self._coming = ticks, asyncio.ensure_future(self._write())
            self._coming[1].add_done_callback(_looked_at)
        _, writing = self._coming
        await asyncio.wait({writing})  # not awaited itself: one who leaves must not end it for the others
        return writing.result()

    async def _write(self) -> tuple[int, bytes]:
        ticks = self.cell.ticks
        json = await self.writer.write_aside(self.cell.read())
        if ticks > self._of:
            self._of, self._json = ticks, json
        return ticks, json


def _looked_at(writing: "asyncio.Task[tuple[int, bytes]]") -> None:
    """Asyncio complains of errors that nobody has asked for; those who did may have left."""
    if not writing.cancelled():
        writing.exception()
