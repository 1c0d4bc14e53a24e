"""Door: one channel's way in from the outside, with a bound on what may wait in it."""

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from csp.impl.genericpushadapter import GenericPushAdapter

from csp_gateway.errors import NoProviderException, NotRunningError, SendRefusedError
from csp_gateway.server.channels.answers import Answer
from csp_gateway.server.channels.cells import Cell
from csp_gateway.server.channels.checks import Check
from csp_gateway.server.channels.kinds import Declaration
from csp_gateway.server.channels.streams import Streams, is_none
from csp_gateway.server.channels.supplies import spread

__all__ = ["ACKNOWLEDGING_LIMIT", "WAITING_LIMIT", "Door", "Soon"]

Soon = Callable[[Callable[[], None]], Any]
"""Has something called soon, on the caller's thread: ``call_soon`` of an event loop."""

WAITING_LIMIT = 100_000
"""Values that may wait in one door for the engine; a send beyond that is refused."""

ACKNOWLEDGING_LIMIT = 10_000
"""Sends to one channel that may wait until what they sent has ticked; one beyond that is refused."""

_AT_ONCE = 1_000
"""Values that are queued in one go: a millisecond or so, for which others wait who may be on an event loop."""
_BETWEEN = 0.0001
"""Seconds in which they get in: a lock that is taken again at once is taken by none of them."""


class Door:
    """One channel's way in: of a basket, all its open keys share it, so that one send ticks them in one cycle."""

    def __init__(
        self,
        declaration: Declaration,
        cell: Cell,
        streams: Streams,
        engine_thread: Callable[[], int | None],
        silent_until: datetime | None = None,
    ) -> None:
        self.declaration = declaration
        self.cell = cell
        self.open_keys: dict[Any, None] = {}
        self.refused = 0
        self.adapter = GenericPushAdapter(
            object if declaration.is_basket else declaration.ticks, name=f"Send[{declaration.name}]"
        )
        self._check = Check(declaration)
        self._streams = streams
        self._engine_thread = engine_thread
        self._silent_until = silent_until
        self._shut = False
        self._coming = 0
        self._held: deque[Any] = deque()
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many values were sent that the engine has not seen yet; those, too, that are still to be queued."""
        return max(0, self.cell.sent + self._coming - self.cell.arrived)

    def edges(self) -> Any:
        """What was sent, as an edge, or of a basket as a dict of them; called once a build."""
        sent = self.adapter.out()
        if not self.declaration.is_basket:
            return sent
        return spread(sent, list(self.open_keys), self.declaration.ticks)

    def push(
        self, values: list[Any], key: Any = None, *, ticked: bool = False, soon: Soon | None = None
    ) -> Answer | None:
        """Queue one tick for each value, all or none, in order; of a long batch, others' values may come in between.

        Args:
            ticked: give an answer that is known once the engine cycle is over in which the last of them ticked.
            soon: calls what it is given when the caller's thread has done what is at hand. So what comes meanwhile is
                queued together, and the engine, which takes the GIL each time, is woken once.

        Raises:
            TypeError: a value is not of the channel's type.
            NoProviderException: the key is not open.
            SendRefusedError: too many values wait already, or the gateway is still quiet.
            NotRunningError: the engine takes no more.
        """
        ticks = [self._tick(value, key) for value in values]
        with self._lock:
            self._refuse(len(ticks), ticked)
            if soon is not None and not ticked and len(ticks) <= _AT_ONCE:
                if not self._held:
                    soon(self.release)
                self._held += ticks
                self.cell.sent += len(ticks)
                return None
            self._coming += len(ticks)
        acknowledged = Answer.of(None) if ticked else None
        pushed = 0
        try:
            while pushed < len(ticks):
                if pushed:
                    time.sleep(_BETWEEN)
                piece = ticks[pushed : pushed + _AT_ONCE]
                with self._lock:
                    acknowledged = self._queue(piece, ticked=ticked and pushed + len(piece) == len(ticks))
                    pushed += len(piece)
                    self._coming -= len(piece)
        finally:
            if pushed < len(ticks):
                with self._lock:
                    self._coming -= len(ticks) - pushed
        return acknowledged

    def _refuse(self, count: int, ticked: bool) -> None:
        name = self.declaration.name
        if threading.get_ident() != self._engine_thread():
            self._refuse_outside()  # a node goes on until the engine ends, and would end it
        if count > WAITING_LIMIT:
            self.refused += count
            raise SendRefusedError(
                f"channel {name!r}: {count} values were sent at once, and {WAITING_LIMIT} may wait for the engine at "
                f"most; send them in several goes"
            )
        if self.waiting + count > WAITING_LIMIT:
            self.refused += count
            raise SendRefusedError(
                f"channel {name!r}: {self.waiting} sent values wait for the engine, "
                f"which takes {WAITING_LIMIT} at most; send again later"
            )
        if ticked and count and self.cell.acknowledging >= ACKNOWLEDGING_LIMIT:
            self.refused += count
            raise SendRefusedError(
                f"channel {name!r}: {ACKNOWLEDGING_LIMIT} sends wait until they have ticked, and no "
                f"more may; send again later, or without waiting"
            )

    def _refuse_outside(self) -> None:
        name = self.declaration.name
        if self._shut:
            raise NotRunningError(f"channel {name!r}: the gateway is stopping")
        if self._silent_until is not None and datetime.now(UTC).replace(tzinfo=None) < self._silent_until:
            self.refused += 1
            raise SendRefusedError(
                f"channel {name!r} is quiet until {self._silent_until.isoformat()} UTC, which is the gateway's "
                f"block_set_channels_until: what is sent would not tick; send again then"
            )

    def release(self) -> None:
        """Queue what is held for a moment, so that the engine is woken once for all of it."""
        with self._lock:
            self._release()

    def _release(self) -> None:
        while self._held and self.adapter.push_tick(self._held.popleft()):
            pass  # to the end, or that of the engine: the rest has as good as waited in its queue

    def _queue(self, piece: list[Any], *, ticked: bool) -> Answer | None:
        self._release()  # it was sent before
        # Asked for before the value is queued: the engine may be quicker than this thread.
        acknowledged = self.cell.acknowledge(self.cell.sent + len(piece)) if ticked else None
        for tick in piece:
            if not self.adapter.push_tick(tick):
                if acknowledged is not None:
                    self.cell.forget(acknowledged)
                raise NotRunningError(f"channel {self.declaration.name!r}: the engine takes no more values")
            # Counted once it is queued: a value that csp refuses will never arrive.
            self.cell.sent += 1
        return acknowledged

    def shut(self) -> None:
        """Let nothing in from now on."""
        with self._lock:
            self._release()
            self._shut = True

    def _tick(self, value: Any, key: Any) -> Any:
        """What the adapter is given for a value; refuses here what it would refuse only half way through a batch."""
        declaration = self.declaration
        if not declaration.is_basket:
            if not is_none(key):
                self._streams.one(declaration.name, key)
            return self._check(value)
        if not is_none(key):
            items = {key: value}
        elif declaration.container is dict and isinstance(value, dict):
            items = value
        elif declaration.container is list and isinstance(value, list | tuple):
            items = {position: each for position, each in enumerate(value) if each is not None}
        else:
            whole = "a dict of values by key" if declaration.container is dict else "a list of values, None for no tick"
            raise TypeError(
                f"channel {declaration.name!r} is a basket and takes {whole}, or one value with an indexer; "
                f"got {type(value).__name__} {value!r:.80}"
            )
        if not items:
            raise TypeError(f"channel {declaration.name!r}: nothing to send, {value!r:.80} has no value")
        for each in items:
            self._streams.one(declaration.name, each)
            if each not in self.open_keys:
                raise NoProviderException(
                    f"Nobody provides a way to send to {declaration.name!r} at {each!r}: "
                    f"call channels.add_send_channel({declaration.name!r}, {each!r}) in a connect"
                )
        return {each: self._check(record) for each, record in items.items()}
