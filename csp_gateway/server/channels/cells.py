"""The newest tick of each channel, kept where any thread can read it without visiting the engine.

A cell sleeps until somebody asks for its channel: its node's input is passive, and a tick costs nothing. A channel
that is exposed (over REST, say) is awake from the start. Waiting costs the engine one look a tick, however many wait:
everyone who waits for the same coming tick shares one answer.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from csp_gateway.errors import NotRunningError, fresh
from csp_gateway.server.channels.answers import Answer
from csp_gateway.server.channels.history import History
from csp_gateway.server.channels.kinds import Declaration

__all__ = ["BasketCell", "Cell", "cell_of"]

_TURNS = 10_000
"""How often the engine's thread is let go on until it has kept the tick that it has counted."""


class Cell:
    """The newest value of one channel, and those who wait for a newer one.

    ``value``, ``awake`` and ``settled`` may be read from any thread; the engine's thread alone writes ``value``.
    """

    def __init__(self, field: str) -> None:
        self.field = field
        self.value: Any = None
        """None before the first tick."""
        self.ticks = 0
        """How many ticks it has kept; a value may tick again that was changed in place."""
        self.awake = False
        self.history: History | None = None
        """The newest ticks, if somebody asked to keep them."""
        self.told: Callable[[], None] | None = None
        """Called after every tick, on the engine's thread: who follows the history. It must not wait, nor raise."""
        self.sent = 0
        """How many values the outside has sent to the channel."""
        self.arrived = 0
        """How many of them the engine has seen."""
        self.waited_for = False
        """Whether anybody waits for the coming tick."""
        self.acknowledging = 0
        """How many wait until the cycle is over in which what they sent has ticked."""
        self._upcoming: dict[Any, Answer] = {}
        self._acknowledging: deque[tuple[int, Answer]] = deque()
        self._settling: deque[tuple[int, dict[Any, Answer]]] = deque()
        self._arriving: deque[tuple[int, Answer]] = deque()
        self._lock = threading.Lock()
        self._rung = False
        self._closed: Exception | None = None

    @property
    def settled(self) -> bool:
        """Whether ``value`` is the answer to ``last``: awake, and nothing sent is still on its way."""
        return self.awake and self.arrived >= self.sent

    def read(self, key: Any = None) -> Any:
        """The newest value, None before the first."""
        return self.value

    def _raw(self, key: Any) -> Any:
        """What the engine's thread gives as an answer."""
        return self.value

    def _reading(self, key: Any) -> Callable[[Any], Any] | None:
        """What the thread that asks makes of it."""
        return None

    # Who asks, from any thread.

    def standing(self) -> tuple[int, dict[Any, Any]]:
        """The offset of the coming tick in the history, and what stands before it: key → newest value; without keys
        under None, and nothing before the first tick. Of a channel that keeps a history.

        Raises:
            NotRunningError: the engine has failed between the two.
        """
        assert self.history is not None
        for _ in range(_TURNS):
            coming = self.history.next
            stands = self._stands()
            # The engine's thread counts a tick in the history first, and here when it has kept it.
            if self.ticks == coming == self.history.next:
                return coming, stands
            time.sleep(0)  # for the engine's thread, which is between the two
        raise NotRunningError(
            f"channel {self.field!r}: the engine stands still in the middle of a tick"
        ) from self._closed

    def _stands(self) -> dict[Any, Any]:
        return {} if self.value is None else {None: self.value}

    def first_to_ring(self) -> bool:
        """Whether the caller is the one who must wake the cell; True once."""
        with self._lock:
            first, self._rung = not self._rung, True
            return first

    def next(self, key: Any = None) -> Answer:
        """The value of the coming tick; one answer for all who ask before it."""
        with self._lock:
            if self._closed is not None:
                raise fresh(self._closed)
            answer = self._upcoming.get(key)
            if answer is None:
                answer = self._upcoming[key] = Answer(self._reading(key))
                self.waited_for = True
            return answer

    def settle(self, key: Any = None) -> Answer:
        """The newest value once everything sent so far has arrived, so that a sender reads its own writes."""
        with self._lock:
            if self._closed is not None:
                raise fresh(self._closed)
            if self.settled:
                return Answer.of(self.read(key))
            if not self._settling or self._settling[-1][0] != self.sent:
                self._settling.append((self.sent, {}))
            asked = self._settling[-1][1]
            if key not in asked:
                asked[key] = Answer(self._reading(key))
            return asked[key]

    def arrival(self) -> Answer | None:
        """Known once the engine has seen everything sent so far; None if it has."""
        with self._lock:
            if self._closed is not None:
                raise fresh(self._closed)
            if self.arrived >= self.sent:
                return None
            if not self._arriving or self._arriving[-1][0] != self.sent:
                self._arriving.append((self.sent, Answer()))
            return self._arriving[-1][1]

    def acknowledge(self, count: int) -> Answer:
        """Known once the engine cycle is over in which the ``count``-th sent value has ticked.

        It is asked for before that value is queued, in the order of the counts.
        """
        with self._lock:
            if self._closed is not None:
                raise fresh(self._closed)
            answer = Answer()
            self._acknowledging.append((count, answer))
            self.acknowledging += 1
            return answer

    def forget(self, answer: Answer) -> None:
        """The newest that waits for acknowledgement does so no more: its value was not queued."""
        with self._lock:
            if self._acknowledging and self._acknowledging[-1][1] is answer:
                self._acknowledging.pop()
                self.acknowledging -= 1

    # What happens, on the engine's thread.

    def wake(self, value: Any) -> None:
        """Follow the channel from now on; ``value`` is its newest tick so far."""
        with self._lock:
            self.awake = True
            self.value = value
            self.ticks += 1
        self.arrive(self.arrived)

    def keep(self, value: Any) -> None:
        """The channel ticked."""
        self.value = value
        self.ticks += 1
        if self.told is not None:
            self.told()
        if self.waited_for:
            self._answer((None,))

    def arrive(self, count: int) -> None:
        """``count`` of the sent values have ticked."""
        settled: list[tuple[Any, Answer]] = []
        arrived = []
        with self._lock:
            self.arrived = count
            while self.awake and self._settling and self._settling[0][0] <= count:
                settled += self._settling.popleft()[1].items()
            while self._arriving and self._arriving[0][0] <= count:
                arrived.append(self._arriving.popleft())
        for key, answer in settled:
            answer.set_result(self._raw(key))
        for _, answer in arrived:
            answer.set_result(None)

    def complete(self, count: int) -> None:
        """The cycle is over in which the ``count``-th sent value has ticked."""
        done = []
        with self._lock:
            while self._acknowledging and self._acknowledging[0][0] <= count:
                done.append(self._acknowledging.popleft()[1])
            self.acknowledging -= len(done)
        for answer in done:
            answer.set_result(None)

    def _answer(self, ticked: Any) -> None:
        with self._lock:
            answered = [(key, self._upcoming.pop(key)) for key in ticked if key in self._upcoming]
            self.waited_for = bool(self._upcoming)
        for key, answer in answered:
            answer.set_result(self._raw(key))

    def close(self, reason: Exception, *, failed: bool) -> None:
        """The engine has ended: answer all who wait, and refuse who comes later with ``reason``.

        Who waits for a tick is told None at the end of a good run, and gets ``reason`` when the engine failed.
        """
        with self._lock:
            self._closed = reason
            upcoming, self._upcoming = list(self._upcoming.values()), {}
            settling = [answer for _, asked in self._settling for answer in asked.values()]
            self._settling = deque()
            settling += [answer for _, answer in self._arriving]
            self._arriving = deque()
            settling += [answer for _, answer in self._acknowledging]
            self._acknowledging, self.acknowledging = deque(), 0
        for answer in upcoming:
            if failed:
                answer.set_exception(fresh(reason))
            else:
                answer.set_result(None)
        for answer in settling:
            answer.set_exception(fresh(reason))


class BasketCell(Cell):
    """The newest value of each key of a basket; ``value`` has those that have ticked."""

    def __init__(self, field: str, container: type, keys: tuple[Any, ...]) -> None:
        super().__init__(field)
        self.value: dict[Any, Any] = {}
        self._container = container
        self._keys = keys
        self._unordered = False
        """Whether ``value`` has keys in the order in which they came."""

    def read(self, key: Any = None) -> Any:
        """The newest value of a key, None before its first.

        Without a key: of a dict basket a new dict of the keys that have ticked, in the order of declaration; of a list
        basket a new list, with None at the positions that have not.
        """
        raw = self._raw(key)
        return raw if key is not None else self._in_order(raw)

    def _raw(self, key: Any) -> Any:
        # Copied in one step of the interpreter: the engine's thread may be adding to it, or be the one that copies.
        return self.value.copy() if key is None else self.value.get(key)

    def _reading(self, key: Any) -> Callable[[Any], Any] | None:
        return self._in_order if key is None else None

    def _stands(self) -> dict[Any, Any]:
        now = self.value.copy()
        return {key: now[key] for key in self._keys if key in now}

    def _in_order(self, now: dict[Any, Any] | None) -> Any:
        """What all keys together are told as, in the order of declaration; None when the engine has ended."""
        if now is None:
            return None
        if self._container is list:
            return [now.get(key) for key in self._keys]
        return {key: now[key] for key in self._keys if key in now} if self._unordered else now

    def wake(self, value: dict[Any, Any]) -> None:
        """Follow the basket from now on; ``value`` has the newest ticks of its keys so far."""
        self._unordered = True
        super().wake(value)

    def keep(self, value: dict[Any, Any]) -> None:
        """Some keys ticked."""
        known = len(self.value)
        self.value.update(value)
        self._unordered |= len(self.value) > known
        self.ticks += 1
        if self._unordered and len(self.value) == len(self._keys):
            # For the last time: all keys are there, in the order of declaration.
            self.value = {key: self.value[key] for key in self._keys}
            self._unordered = False
        if self.told is not None:
            self.told()
        if self.waited_for:
            self._answer((*value, None))


def cell_of(declaration: Declaration, keys: tuple[Any, ...]) -> Cell:
    """A cell for a channel; ``keys`` are the basket's, if it is one."""
    if declaration.container is None:
        return Cell(declaration.name)
    return BasketCell(declaration.name, declaration.container, keys)
