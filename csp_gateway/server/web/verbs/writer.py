"""Writer: the ticks of one channel as JSON, on the event loop if that takes no time, else on a thread."""

from typing import Any

from csp_gateway.server.structs.weigh import weigh
from csp_gateway.server.web.reply import written
from csp_gateway.server.web.verbs.shape import Shape
from csp_gateway.server.web.workers import Workers

__all__ = ["INLINE_JSON", "Writer"]

INLINE_JSON = 32 * 1024
"""Bytes of JSON that are written on the event loop: a millisecond or so."""
_FADING = 0.9
"""What is left, at the next tick, of the size of a record that was large: sizes may alternate."""


class Writer:
    """Writes what one channel ticks.

    Args:
        shape: the channel's.
        workers: write what is large.
    """

    def __init__(self, shape: Shape, workers: Workers) -> None:
        self.shape = shape
        self._workers = workers
        self._each = 0.0

    def is_large(self, value: Any, *, of_key: bool = False) -> bool:
        """Whether a value takes long to be written, by what it weighs, and by the largest records of late."""
        return self._count(value, of_key) * self._each > INLINE_JSON or weigh(value) > INLINE_JSON

    def write(self, value: Any, *, of_key: bool = False) -> bytes:
        """A value as a JSON array of records; from any thread.

        Args:
            value: of a basket, the values of all keys.
            of_key: it is the value of one key alone.

        Raises:
            GatewayException: a record holds what JSON cannot say.
        """
        records = self.shape.records(value, of_key=of_key)
        body = written(records)
        if records:
            self._each = max(len(body) / len(records), self._each * _FADING)
        return body

    async def write_aside(self, value: Any, *, of_key: bool = False) -> bytes:
        """The same, for the event loop, which is not held up.

        Raises:
            GatewayException: as above.
            RefusedRequest: 503, the threads have too much to do.
        """
        if self.is_large(value, of_key=of_key):
            return await self._workers.run(lambda: self.write(value, of_key=of_key))
        return self.write(value, of_key=of_key)

    def _count(self, value: Any, of_key: bool) -> int:
        if value is None:
            return 0
        shape = self.shape
        if shape.container is None or of_key:
            return len(value) if shape.listed else 1
        if not shape.listed:
            return len(value)
        return sum(len(tick) for tick in (value.values() if shape.container is dict else value) if tick is not None)
