"""THE OUTSIDE: what the world asks of a channels object while the graph runs; each method is one line into its part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from csp_gateway.errors import did_you_mean
from csp_gateway.server.channels.bus import Bus
from csp_gateway.server.channels.outside import Outside
from csp_gateway.server.state import Parameters, SqlLimits, State
from csp_gateway.wire import Query

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Asking"]

_ACKNOWLEDGED = ("accepted", "ticked")


class Asking:
    """The half of ``GatewayChannels`` that is called from any thread while the graph runs."""

    if TYPE_CHECKING:
        _bus: Bus

    @property
    def outside(self) -> Outside:
        """The same calls as answers that can be awaited, and that many can be waited for at once."""
        return self._bus.outside

    def last(self, field: str, indexer: Any = None, *, timeout: float | None = None) -> Any:
        """The newest value of a channel, None if it has not ticked. Values sent before are in it.

        Of a basket the keys that have ticked, with their newest values; with an indexer the value of one key.

        Raises:
            NoProviderException: nobody sets the channel.
            NotRunningError: before start or after stop.
            TimeoutError: no answer within ``timeout`` seconds.
        """
        return self.outside.last(field, indexer).within(timeout, f"channel {field!r} gave no answer")

    def next(self, field: str, indexer: Any = None, *, timeout: float | None = None) -> Any:
        """Wait for the coming tick of a channel; None if the gateway stops before.

        Of a basket, until any key ticks, and then as ``last``; with an indexer, until that key does.

        Raises:
            NoProviderException: nobody sets the channel.
            NotRunningError: before start or after stop, or the engine failed while waiting.
            TimeoutError: no tick within ``timeout`` seconds.
        """
        return self.outside.next(field, indexer).within(timeout, f"channel {field!r} did not tick")

    def state(self, field: str, indexer: Any = None, *, timeout: float | None = None) -> State[Any] | None:
        """A state by its name, to be queried or iterated; None before its first record. Values sent before are in it.

        Raises:
            NoProviderException: no state is called so.
            NotRunningError: before start or after stop.
            TimeoutError: no answer within ``timeout`` seconds.
        """
        asked = self.outside.state(field, indexer)
        state: State[Any] | None = asked.within(timeout, f"state {field!r} gave no answer")
        return state

    def query(self, field: str, indexer: Any = None, query: Query | Mapping[str, Any] | str | None = None) -> list[Any]:
        """The records of a state that a query means, by key ascending; all of them without one. As ``state``.

        Raises:
            QueryError: the query names what is not there, or compares what cannot be compared.
            NoProviderException: no state is called so.
            NotRunningError: before start or after stop.
        """
        records: list[Any] = self.outside.query(field, indexer, query).result()
        return records

    def sql(self, select: str, parameters: Parameters = None, *, limits: SqlLimits | None = None) -> pa.Table:
        """What one SELECT answers, with every state of structs as a table by its name. Values sent before are in them.

        ``channels.sql("select symbol, sum(size) from orders where price > $low group by symbol", {"low": 10})``

        Args:
            select: DuckDB's SQL. A state of one key of a basket is called ``"by_side[BUY]"``.
            parameters: for ``$name`` a mapping, for ``?`` a list.
            limits: how long it may take, and how large the answer may be.

        Raises:
            SqlError: a ``QueryError``: it is not one SELECT, names what is not there, or does what it may not.
            QueryTimeoutError: a ``TimeoutError``: it took too long.
            AnswerTooLargeError: more rows or bytes, or more memory, than it may have.
            NotRunningError: before start or after stop.
        """
        table: pa.Table = self.outside.sql(select, parameters, limits).result()
        return table

    def send(
        self,
        field: str,
        value: Any,
        indexer: Any = None,
        *,
        wait: Literal["accepted", "ticked"] = "accepted",
        timeout: float | None = None,
    ) -> None:
        """Queue a value as one tick of a channel; returns before the engine has seen it, unless ``wait`` is ticked.

        A basket takes a dict by key (a list basket, a list with None for no tick), all in one engine cycle; or one
        value and its indexer.

        Args:
            wait: ``ticked`` returns once the engine cycle is over in which the value ticked.
            timeout: the most seconds to wait for that; None is until the engine ends.

        Raises:
            NoProviderException: nobody called ``add_send_channel`` for it.
            TypeError: a value of another type.
            ValueError: there is no such ``wait``, or a ``timeout`` and nothing to wait for.
            SendRefusedError: too many sent values wait for the engine.
            NotRunningError: before start or after stop, or the engine ended while waiting.
            TimeoutError: it did not tick within ``timeout`` seconds; it is queued all the same.
        """
        if wait not in _ACKNOWLEDGED:
            raise ValueError(f"there is no wait {wait!r}; {did_you_mean(wait, _ACKNOWLEDGED)}")
        if wait == "accepted" and timeout is not None:
            raise ValueError("a timeout, and nothing to wait for: say wait='ticked', or no timeout")
        ticked = self.outside.send_all(field, [value], indexer, ticked=wait == "ticked")
        if ticked is not None:
            ticked.within(timeout, f"what was sent to channel {field!r} is queued, and did not tick")

    def staged_channels(self) -> list[str]:
        """The channels from which records can be held back."""
        return self._bus.stages.staged()

    def stage_add(self, field: str, struct: Any = None, staging_ids: Sequence[str] | None = None) -> list[str]:
        """Hold a record back from a channel, or open a new staging; the ids of the stagings that were touched.

        Of a list channel ``struct`` may be a list, of a basket it is a dict by key. All or nothing is done.

        Args:
            struct: None opens an empty staging.
            staging_ids: None is the newest staging, or a new one if none is open. An empty list is every staging that
                lacks the record, or a new one if none does.

        Raises:
            NoProviderException: the channel is not staged.
            TypeError: a record of another type.
            StagingArgumentError: a ``ValueError``: staging ids, and no record.
            UnknownStagingError: a ``KeyError``: no staging of one of the ids is open.
            StagingFullError: more stagings or records than one channel may have.
            NotRunningError: before start or after stop.
        """
        return self._bus.stages.add(field, struct, staging_ids)

    def stage_remove(self, field: str, struct: Any = None, staging_ids: Sequence[str] | None = None) -> list[str]:
        """Take a record back, found by its id, or whole stagings; the ids of the stagings that were touched.

        Args:
            struct: a record or its id. None drops the newest staging (``staging_ids`` None), or all (an empty list),
                or empties those named and keeps them open.
            staging_ids: None is the newest staging that holds the record, an empty list every one. Those that are not
                open are passed over.

        Raises:
            NoProviderException: the channel is not staged.
            NotRunningError: before start or after stop.
        """
        return self._bus.stages.remove(field, struct, staging_ids)

    def stage_release(self, field: str, staging_ids: Sequence[str] | None = None) -> dict[str, list[Any]]:
        """Let staged records into the channel, in order, one tick each; what each staging held, by its id.

        Args:
            staging_ids: None and an empty list are all stagings; those that are not open are passed over.

        Raises:
            NoProviderException: the channel is not staged.
            NotRunningError: before start or after stop.
        """
        return self._bus.stages.release(field, staging_ids)

    def stage_list(self, field: str, staging_id: str | None = None) -> list[str]:
        """The ids of the open stagings, the newest last; with an id, that one if it is open.

        Raises:
            NoProviderException: the channel is not staged.
            NotRunningError: before start or after stop.
        """
        return self._bus.stages.ids(field, staging_id)

    def stage_lookup(self, field: str, staging_id: str | None = None) -> dict[str, list[Any]]:
        """What the open stagings hold back, by their ids; with an id, that one if it is open.

        Raises:
            NoProviderException: the channel is not staged.
            NotRunningError: before start or after stop.
        """
        return self._bus.stages.lookup(field, staging_id)
