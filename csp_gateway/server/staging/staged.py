"""One staged channel as any thread may use it: what is done, in which order, and who is told."""

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from csp.impl.genericpushadapter import GenericPushAdapter

from csp_gateway.errors import GatewayException, NotRunningError, StagingArgumentError, StagingFullError, fresh
from csp_gateway.server.staging.areas import Areas, Change, Held
from csp_gateway.server.staging.events import StagingAction, StagingRequest
from csp_gateway.server.staging.journal import Journal, Packing, Step
from csp_gateway.server.staging.telling import Listener, Telling

__all__ = ["PENDING_LIMIT", "Reading", "StagedChannel"]

PENDING_LIMIT = 100_000
"""Steps that may wait for the engine before a change is refused; one change may be many."""

_log = logging.getLogger("csp_gateway")


class Reading(Packing, Protocol):
    """What a caller may mean by a record, in a channel of one kind."""

    def items_of(self, value: Any) -> list[Any]:
        """The items that a value to be staged is; TypeError if it is none."""

    def ids_of(self, value: Any) -> list[Collection[str]]:
        """For each item that a value stands for, the ids it is found by; TypeError if there are none."""

    def copy_of(self, item: Any) -> Any:
        """An item that a caller may do with as it likes."""


class StagedChannel:
    """The stagings of one channel under one lock, which is held as long as a change takes in memory and no longer.

    ``add``, ``remove``, ``release``, ``ids`` and ``lookup`` are for any thread while the graph runs. The graph and the
    listeners are told in the order in which things were done.

    Args:
        channel: its name.
        reading: how its values are read.
    """

    def __init__(self, channel: str, reading: Reading) -> None:
        self.channel = channel
        self.journal = Journal(channel, reading)
        self.bell = GenericPushAdapter(bool, name=f"Stage[{channel}]")
        """Rings in the graph when there is something in the journal."""
        self._reading = reading
        self._areas = Areas(channel, self._write)
        self._batch: list[Change] = []
        self._lock = threading.Lock()
        self._closed: GatewayException | None = NotRunningError("the gateway is not running yet: start it first")
        self._engine_thread: int | None = None
        self._ended = False
        self._realtime = True
        self._wake_node: Callable[[], None] | None = None
        self._rung = self._woken = False
        self._telling = Telling(channel, reading)
        self._refused = 0

    # Its life, on the engine's thread.

    def open(self, wake_node: Callable[[], None], *, realtime: bool) -> None:
        """The graph runs, on this thread.

        Args:
            wake_node: has the journal read in the coming engine cycle; to be called on this thread only.
            realtime: whether other threads can reach the graph.
        """
        with self._lock:
            self._engine_thread = threading.get_ident()
            self._wake_node = wake_node
            self._realtime = realtime
            self._closed = None
            self._ended = False
        # What was done before the bell was hung is read in the first cycle.
        self._wake()

    def close(self, reason: GatewayException) -> None:
        """Let no other thread than the engine's do anything from now on."""
        with self._lock:
            self._closed = reason

    def end(self) -> None:
        """The graph has ended; what is still staged is gone, and that is said."""
        self.close(NotRunningError("the gateway has stopped"))
        self._ended = True
        if self._areas.records:
            _log.warning(
                "channel %r: %d staged records in %d stagings were not released",
                self.channel,
                self._areas.records,
                len(self._areas),
            )

    def listen(self, listener: Listener) -> None:
        """Tell ``listener`` whatever happens from now on; before the graph runs."""
        self._telling.listen(listener)

    # From any thread.

    def add(self, value: Any = None, staging_ids: Sequence[str] | None = None) -> list[str]:
        """Stage a value, or open a staging; see ``GatewayChannels.stage_add``."""
        items = None if value is None else self._held(value)
        with self._change():
            return self._areas.add(items, staging_ids)

    def remove(self, value: Any = None, staging_ids: Sequence[str] | None = None) -> list[str]:
        """Take staged records back, or whole stagings; see ``GatewayChannels.stage_remove``."""
        ids = None if value is None else self._reading.ids_of(value)
        with self._change():
            return self._areas.remove(ids, staging_ids)

    def release(self, staging_ids: Sequence[str] | None = None) -> dict[str, list[Any]]:
        """Let staged records into the channel; see ``GatewayChannels.stage_release``."""
        with self._change():
            released = self._areas.release(staging_ids)
        return self._copied(released)

    def ids(self, staging_id: str | None = None) -> list[str]:
        """The open stagings, the newest last."""
        with self._lock:
            self._refuse_closed()
            return self._areas.ids(staging_id)

    def lookup(self, staging_id: str | None = None) -> dict[str, list[Any]]:
        """What the open stagings hold back."""
        with self._lock:
            self._refuse_closed()
            held = self._areas.lookup(staging_id)
        return self._copied(held)

    # On the engine's thread.

    def request(self, request: StagingRequest) -> None:
        """Carry out what a module asks for; what cannot be is logged and counted, and leaves everything as it was."""
        try:
            self._carry_out(
                getattr(request, "action", None), getattr(request, "staging_ids", None), getattr(request, "items", None)
            )
        except Exception as error:  # a record's own attributes may raise anything
            with self._lock:
                self._refused += not isinstance(error, StagingFullError)
            _log.error("channel %r: a staging request was refused: %s", self.channel, error)

    def take(self, *, rung: bool, woken: bool) -> Step | None:
        """The next step for the graph; comes back in the coming cycle for more, if there is more.

        Args:
            rung: whether the bell was heard in this cycle.
            woken: whether the node was woken in this cycle.
        """
        # Before the journal is read: who writes and finds the bell rung relies on its being read afterwards.
        if rung:
            self._rung = False
        if woken:
            self._woken = False
        step = self.journal.step()
        if self.journal.pending:
            self._wake()
        return step

    def _carry_out(self, action: Any, staging_ids: list[str] | None, given: list[Any] | None) -> None:
        reading = self._reading
        if given == []:
            return
        if action == StagingAction.REMOVED:
            ids = None if given is None else [ids for value in given for ids in reading.ids_of(value)]
            with self._change(inside=True):
                self._areas.remove(ids, staging_ids)
            return
        items = None if given is None else [held for value in given for held in self._held(value)]
        with self._change(inside=True):
            if action == StagingAction.RELEASED and not items:
                self._areas.release(staging_ids)
            elif action == StagingAction.CREATED and not staging_ids:
                self._areas.open(items or [])
            elif action == StagingAction.ADDED and (items is not None or staging_ids):
                self._areas.add(items, staging_ids)
            else:
                raise StagingArgumentError(
                    "a release takes no items, an opening no ids, an addition some items, and every request an action; "
                    f"got {action} of {'no' if items is None else len(items)} items in stagings {staging_ids}"
                )

    # One change.

    @contextmanager
    def _change(self, inside: bool = False) -> Iterator[None]:
        """Hold the lock for one change that is done wholly or not at all, then tell all who want to know."""
        with self._lock:
            if not inside:
                self._refuse_closed()
                self._refuse_out_of_reach()
            try:
                self._refuse_too_fast()
                yield
            except StagingFullError:
                self._refused += 1
                raise
            self._telling.note(self._batch)
            self._batch = []
            if self.journal.pending:
                self._ring()
        self._telling.tell()

    def _write(self, change: Change) -> None:
        self.journal.write(change)
        self._batch.append(change)

    def _held(self, value: Any) -> list[Held]:
        reading = self._reading
        return [
            (item, [record.id for record in reading.records_of(item) if hasattr(record, "id")])
            for item in reading.items_of(value)
        ]

    def _copied(self, held: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return {each: [self._reading.copy_of(item) for item in items] for each, items in held.items()}

    def _ring(self) -> None:
        """Have the journal read; once until it was."""
        if threading.get_ident() == self._engine_thread:
            self._wake()
        elif not self._rung:
            # Before it rings: the engine may hear it at once.
            self._rung = True
            if not self.bell.push_tick(True):
                self._rung = False

    def _wake(self) -> None:
        """The same on the engine's thread, which works in simulated time too."""
        if not self._woken and self._wake_node is not None:
            self._woken = True
            self._wake_node()

    # What is refused.

    def _refuse_closed(self) -> None:
        # A node goes on until the engine ends; what it releases then is not waited for.
        if self._closed is not None and (self._ended or threading.get_ident() != self._engine_thread):
            raise fresh(self._closed)

    def _refuse_out_of_reach(self) -> None:
        if not self._realtime and threading.get_ident() != self._engine_thread:
            raise NotRunningError(
                f"channel {self.channel!r}: the gateway runs in simulated time, which nothing reaches from outside; "
                f"let a module ask with set_stage_requests, or use csp_gateway.testing"
            )

    def _refuse_too_fast(self) -> None:
        if self.journal.pending >= PENDING_LIMIT:
            raise StagingFullError(
                f"channel {self.channel!r}: {self.journal.pending} released records and events wait for the engine; "
                f"try again later"
            )

    def statistics(self) -> dict[str, int]:
        """What is open and staged, what waits for the engine and for listeners, and what went wrong."""
        return {
            "stagings": len(self._areas),
            "records": self._areas.records,
            "pending": self.journal.pending,
            "refused": self._refused,
            "untold": self._telling.untold,
            "missed": self._telling.missed,
            "listener_errors": self._telling.failed,
        }
