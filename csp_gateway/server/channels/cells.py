"""The newest tick of each channel, kept where any thread can read it without visiting the engine.

A cell sleeps until somebody asks for its channel: its node's input is passive, and a tick costs nothing. A channel
that is exposed (over REST, say) is awake from the start. Waiting costs the engine one look a tick, however many wait:
everyone who waits for the coming tick shares one future.
"""

# A node's signature is csp's own language: type variables in quotes, no return type.
# mypy: disable-error-code="untyped-decorator,no-untyped-def"

import threading
from collections import deque
from concurrent.futures import Future
from typing import Any, List, TypeVar  # noqa: UP035  # csp reads typing.List

import csp
from csp import ts
from csp.impl.pushadapter import PushInputAdapter
from csp.impl.wiring import py_push_adapter_def

__all__ = ["Cell", "Wakes", "keep_newest"]

T = TypeVar("T")


def _shared_future() -> Future[Any]:
    """A future that nobody who waits can cancel for the others."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


class Cell:
    """The newest value of one channel, and those who wait for a newer one.

    ``value``, ``awake`` and ``settled`` may be read from any thread; the engine's thread alone writes ``value``.
    """

    __slots__ = (
        "_closed",
        "_lock",
        "_rung",
        "_settling",
        "arrived",
        "awake",
        "field",
        "sent",
        "ticks",
        "upcoming",
        "value",
    )

    def __init__(self, field: str) -> None:
        self.field = field
        self.value: Any = None
        """None before the first tick."""
        self.ticks = 0
        """How many ticks it has kept; a value may tick again that was changed in place."""
        self.awake = False
        self.sent = 0
        """How many values the outside has sent to the channel."""
        self.arrived = 0
        """How many of them the engine has seen."""
        self.upcoming: Future[Any] | None = None
        self._settling: deque[tuple[int, Future[Any]]] = deque()
        self._lock = threading.Lock()
        self._rung = False
        self._closed: BaseException | None = None

    @property
    def settled(self) -> bool:
        """Whether ``value`` is the answer to ``last``: awake, and nothing sent is still on its way."""
        return self.awake and self.arrived >= self.sent

    def first_to_ring(self) -> bool:
        """Whether the caller is the one who must wake the cell; True once."""
        with self._lock:
            first, self._rung = not self._rung, True
            return first

    def next(self) -> Future[Any]:
        """The value of the coming tick; one future for all who ask before it."""
        with self._lock:
            if self._closed is not None:
                raise self._closed
            if self.upcoming is None:
                self.upcoming = _shared_future()
            return self.upcoming

    def settle(self) -> Future[Any]:
        """The newest value once everything sent so far has arrived, so that a sender reads its own writes."""
        with self._lock:
            if self._closed is not None:
                raise self._closed
            if self._settling and self._settling[-1][0] == self.sent:
                return self._settling[-1][1]
            future = _shared_future()
            if self.settled:
                future.set_result(self.value)
            else:
                self._settling.append((self.sent, future))
            return future

    def wake(self, value: Any) -> None:
        """Follow the channel from now on. On the engine's thread."""
        with self._lock:
            self.awake = True
            self.value = value
            self.ticks += 1
        self.arrive(self.arrived)

    def tick(self, value: Any) -> None:
        """Answer those who wait for a tick. On the engine's thread."""
        with self._lock:
            future, self.upcoming = self.upcoming, None
        if future is not None:
            future.set_result(value)

    def arrive(self, count: int) -> None:
        """``count`` of the sent values have ticked. On the engine's thread."""
        answered = []
        with self._lock:
            self.arrived = count
            while self.awake and self._settling and self._settling[0][0] <= count:
                answered.append(self._settling.popleft()[1])
        for future in answered:
            future.set_result(self.value)

    def close(self, reason: BaseException, *, failed: bool) -> None:
        """The engine has ended: answer all who wait, and refuse who comes later with ``reason``.

        Who waits for a tick is told None at the end of a good run, and gets ``reason`` when the engine failed.
        """
        with self._lock:
            self._closed = reason
            upcoming, self.upcoming = self.upcoming, None
            settling, self._settling = list(self._settling), deque()
        for future in [upcoming, *(future for _, future in settling)]:
            if future is None:
                continue
            if failed or future is not upcoming:
                future.set_exception(reason)
            else:
                future.set_result(None)


class _WakesImpl(PushInputAdapter):  # type: ignore[misc]  # csp has no types
    def __init__(self, wakes: "Wakes") -> None:
        self._wakes = wakes

    def start(self, starttime: Any, endtime: Any) -> None:
        self._wakes.hang(self)

    def stop(self) -> None:
        self._wakes.hang(None)


_wakes_adapter = py_push_adapter_def("Wakes", _WakesImpl, ts[object], wakes=object, memoize=False)


class Wakes:
    """The bell that wakes sleeping cells: all that was rung since the last cycle arrives in one cycle."""

    def __init__(self) -> None:
        self._impl: Any = None
        self._lock = threading.Lock()
        self.edge = _wakes_adapter(self, push_mode=csp.PushMode.BURST)

    def hang(self, impl: Any) -> None:
        """The engine has the bell's adapter from now on, or no more: what it had is gone from memory then."""
        with self._lock:
            self._impl = impl

    def ring(self, cell: Cell) -> None:
        """Wake one cell, in the coming engine cycle; without an engine nothing happens."""
        with self._lock:
            if self._impl is not None:
                self._impl.push_tick(cell)


@csp.node
def keep_newest(channel: ts["T"], wakes: ts[List[object]], arrivals: ts[int], cell: Cell):  # noqa: UP006
    """Keep what ``channel`` ticks in ``cell``; asleep until woken."""
    with csp.start():
        if not cell.awake:
            csp.make_passive(channel)
    if csp.ticked(wakes) and not cell.awake and cell in wakes:
        csp.make_active(channel)
        cell.wake(channel if csp.valid(channel) else None)
    # A wake comes before the tick of the same cycle: who asked for the next tick just before a send must get it.
    if csp.ticked(channel) and cell.awake:
        cell.value = channel
        cell.ticks += 1
        if cell.upcoming is not None:
            cell.tick(channel)
    if csp.ticked(arrivals):
        cell.arrive(arrivals)
