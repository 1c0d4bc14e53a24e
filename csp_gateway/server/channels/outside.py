"""OUTSIDE ACCESS: what the world may do while the graph runs; answers are futures."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from csp_gateway.errors import GatewayException, NoProviderException, NotRunningError, fresh
from csp_gateway.server.channels.answers import Answer
from csp_gateway.server.channels.cells import Cell
from csp_gateway.server.channels.door import Soon
from csp_gateway.server.channels.history import History
from csp_gateway.server.channels.queries import Queries
from csp_gateway.server.channels.selects import Selects
from csp_gateway.server.channels.sends import Sends
from csp_gateway.server.channels.stages import Stages
from csp_gateway.server.channels.states import States
from csp_gateway.server.channels.streams import is_none
from csp_gateway.server.channels.wiring import Wiring
from csp_gateway.server.state import Cancellation, Parameters, SqlLimits, State, Stop
from csp_gateway.wire import Query

__all__ = ["Outside"]


class Outside:
    """The outside of one build of the graph.

    Its methods may be called from any thread and never wait: they give an ``Answer``, for a thread to ask with
    ``result(timeout)``, or to be awaited in asyncio. All of them raise ``NotRunningError`` before the engine
    runs and after it has ended.
    """

    def __init__(
        self,
        wiring: Wiring,
        cells: Mapping[str, Cell],
        sends: Sends,
        states: States,
        stages: Stages,
        wake: Callable[[Cell], None],
    ) -> None:
        self._wiring = wiring
        self._cells = cells
        self._sends = sends
        self._states = states
        self._stages = stages
        self._wake = wake
        self.queries = Queries()
        self.selects = Selects(states, cells)
        self.engine_thread: int | None = None
        """The thread on which the engine runs, or ran."""
        self._realtime = True
        self._when_closed: list[Callable[[BaseException | None], None]] = []
        self._closed: NotRunningError | None = NotRunningError("the gateway is not running yet: start it first")

    def open(self, engine_thread: int, realtime: bool = True) -> None:
        """The engine runs, on this thread."""
        self.engine_thread = engine_thread
        self._realtime = realtime
        self._closed = None

    def close(self, reason: str, cause: BaseException | None = None) -> None:
        """The engine has ended: answer all who wait. ``cause`` is given when it failed."""
        self._closed = NotRunningError(reason)
        self._closed.__cause__ = cause
        for cell in self._cells.values():
            cell.close(self._closed, failed=cause is not None)
        self.queries.close(self._closed)
        self.selects.close(self._closed)
        self._stages.close(self._closed)
        self._states.close()
        for tell in self._when_closed:
            tell(cause)

    def when_closed(self, tell: Callable[[BaseException | None], None]) -> None:
        """Have ``tell`` called when the engine has ended, on its thread: with its error, or None. It must not raise."""
        self._when_closed.append(tell)

    @property
    def running(self) -> bool:
        """Whether the engine runs."""
        return self._closed is None

    def cell(self, field: str) -> Cell:
        """The newest tick of a channel, for who reads it often.

        Raises:
            UnknownChannelError: there is no such channel.
            NoProviderException: nobody sets it.
        """
        if field not in self._cells:
            self._wiring.streams.of(field)
            raise NoProviderException(f"Nobody provides {field!r}: no module of this gateway sets it")
        return self._cells[field]

    def last(self, field: str, indexer: Any = None) -> Answer:
        """The newest value, None if the channel has not ticked; of a basket, its keys that have, in a dict.

        Values sent before this call have arrived in it. It does not wait for the engine unless one of those is still
        on its way, or nobody has ever asked for this channel.
        """
        cell, key = self._asked(field, indexer)
        if not cell.awake:
            self._refuse_inside(field)
            self._ring(cell)
        elif cell.settled:
            return Answer.of(cell.read(key))
        self._refuse_inside(field)
        return cell.settle(key)

    def next(self, field: str, indexer: Any = None) -> Answer:
        """The value of the coming tick, None if the engine ends before. All who ask share the answer.

        Of a basket with a key, the coming tick of that key; without, what ``last`` says when any key ticks.
        """
        cell, key = self._asked(field, indexer)
        self._refuse_inside(field)
        coming = cell.next(key)
        if not cell.awake:
            self._ring(cell)
        return coming

    def state(self, name: str, indexer: Any = None) -> Answer:
        """A state, None before its first record. What was sent to its channel before this call is in it.

        Raises:
            NoProviderException: no state is called so.
        """
        state, arriving = self.reach(name, indexer)
        if arriving is None:
            return Answer.of(state if len(state) else None)
        return self.queries.ask(lambda: state if len(state) else None, arriving)

    def query(self, name: str, indexer: Any = None, query: Query | Mapping[str, Any] | str | None = None) -> Answer:
        """The records of a state that ``query`` means, on a thread that serves queries; the engine is not visited.

        What was sent to its channel before this call is among them.

        Raises:
            NoProviderException: no state is called so.
            QueriesRefusedError: too many queries are open. What is wrong with the query itself, the answer says.
        """
        state, arriving = self.reach(name, indexer)
        stop = Stop(cancelled=lambda: self.queries.closed)
        return self.queries.ask(lambda: state.ask(query, stop).values, arriving)

    def reach(self, name: str, indexer: Any = None) -> tuple[State[Any], Answer | None]:
        """A state, to be asked on a thread that may take its time, as those of ``queries``; and what to wait for until
        what was sent to its channel is in it, None if nothing is on its way.

        Raises:
            NoProviderException: no state is called so.
        """
        self._refuse_closed()
        state, field = self._states.find(name, indexer), self._states.field_of(name)
        arriving = self._cells[field].arrival() if field in self._cells else None
        if arriving is not None:
            self._refuse_inside(field)
        return state, arriving

    def state_of(self, field: str, alias: str | None = None) -> State[Any] | None:
        """The state that collects a channel, whole, under this name, or its own; None if there is no such state."""
        alias = field if alias is None else alias
        try:
            return self._states.find(alias) if self._states.field_of(alias) == field else None
        except NoProviderException:
            return None

    def channel_of(self, alias: str) -> str:
        """The channel that a state is collected of."""
        return self._states.field_of(alias)

    def sql(
        self,
        select: str,
        parameters: Parameters = None,
        limits: SqlLimits | None = None,
        cancel: Cancellation | None = None,
    ) -> Answer:
        """What one SELECT over all states answers, as an Arrow table, made on a thread that serves such questions.

        What was sent before is in it.

        Args:
            cancel: for who may want to stop it.

        Raises:
            QueriesRefusedError: too many are open. What is wrong with the SELECT, the answer says.
        """
        self._refuse_closed()
        if threading.get_ident() == self.engine_thread:
            raise GatewayException("asked in SQL from inside the graph, which would wait for itself: get a state there")
        return self.selects.ask(select, parameters, limits or SqlLimits(), cancel or Cancellation())

    def send(self, field: str, value: Any, indexer: Any = None) -> None:
        """Queue a value as one tick of a channel, of a key, or of several keys of a basket at once.

        Raises:
            NoProviderException: nobody called ``add_send_channel`` for it.
            TypeError: a value of another type.
            SendRefusedError: too many values wait for the engine.
        """
        self.send_all(field, [value], indexer)

    def send_all(
        self, field: str, values: list[Any], indexer: Any = None, *, ticked: bool = False, soon: Soon | None = None
    ) -> Answer | None:
        """Queue values as ticks that follow each other, all or none.

        Args:
            soon: see ``Door.push``.
            ticked: give an answer, which is known once the engine cycle is over in which the last of them ticked.
                The engine ending before is its error. Otherwise None is given.
        """
        self._refuse_closed()
        if not self._realtime:
            raise NotRunningError(
                f"channel {field!r}: the gateway runs in simulated time, which nothing reaches from outside; "
                f"let a module set the channel, or use csp_gateway.testing"
            )
        if ticked and threading.get_ident() == self.engine_thread:
            raise GatewayException(
                f"sent to channel {field!r} from inside the graph, which would wait for itself: send without waiting"
            )
        return self._sends.door(field).push(values, indexer, ticked=ticked, soon=soon)

    def history(self, field: str) -> History:
        """The newest ticks of a channel that keeps them.

        Raises:
            NoProviderException: the channel keeps none, or nobody sets it.
        """
        if not self._wiring.bound:
            self._refuse_closed()
        kept = self.cell(field).history
        if kept is None:
            raise NoProviderException(
                f"channel {field!r} keeps no history: expose it over REST, call channels.expose({field!r}) in a "
                f"connect, or declare it with Annotated[…, Keep()]"
            )
        return kept

    def _asked(self, field: str, indexer: Any) -> tuple[Cell, Any]:
        self._refuse_closed()
        cell = self.cell(field)
        if is_none(indexer):
            return cell, None
        _, key = self._wiring.streams.one(field, indexer)
        if not self._wiring.is_supplied(field, key):
            raise NoProviderException(f"Nobody provides {field!r} at {key!r}: no module of this gateway sets that key")
        return cell, key

    def _refuse_closed(self) -> None:
        if self._closed is not None:
            raise fresh(self._closed)

    def _ring(self, cell: Cell) -> None:
        if not self._realtime:
            raise NotRunningError(
                f"channel {cell.field!r}: the gateway runs in simulated time and was not told to keep this channel at "
                f"hand: call channels.expose({cell.field!r}) in a connect"
            )
        # Once a cell: who asks later finds it awake, or about to be.
        if cell.first_to_ring():
            self._wake(cell)

    def _refuse_inside(self, field: str) -> None:
        if threading.get_ident() == self.engine_thread:
            raise GatewayException(
                f"asked for channel {field!r} from inside the graph, which would wait for itself: "
                f"use channels.get_channel({field!r}) in connect and read the edge in your node"
            )
