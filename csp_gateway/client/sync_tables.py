"""SyncTables: states that are kept here, for programs that wait for them."""

from __future__ import annotations

from csp_gateway.client.replies import source_of
from csp_gateway.client.stream import Stream
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.client.sync_asking import SyncAsking
from csp_gateway.client.sync_streams import SyncStreams
from csp_gateway.client.sync_table import Table
from csp_gateway.client.table import AsyncTable, OnChange, Source
from csp_gateway.client.wishes import FollowOptions, Where
from csp_gateway.wire.commands import Policy

__all__ = ["SyncTables"]


class SyncTables(SyncAsking, SyncStreams):
    """States that are kept here. Any thread may call."""

    def table(
        self,
        name: str,
        *,
        where: Where | None = None,
        fields: list[str] | None = None,
        min_interval: float = 0.0,
        policy: Policy | None = None,
        on_change: OnChange | None = None,
        connection: StreamOptions | None = None,
        timeout: float | None = 30.0,
    ) -> Table:
        """A copy of a state that follows it: all records by key, as a mapping or a frame, at any moment.

        ::

            with client.table("quotes") as table:
                table["ABC"]["bid"], table.to_polars()

        It comes back when the connection is lost, and then equals the state again; nothing is promised of every single
        change in between. ``min_interval`` and ``fields`` make it cheaper.

        Args:
            name: the state; of a channel that is collected once, the channel's name.
            where: only records that pass; not of states with ``max_rows``.
            fields: only these fields, and those of the key.
            min_interval: seconds between changes; only the newest of each key is told then.
            policy: what becomes of ticks that are not read in time; the newest of each key is kept, unless said.
            on_change: called with all records before and after they have changed, on another thread.
            connection: how patient the connection is, and how much it holds.
            timeout: seconds until all that stands has to be here.

        Raises:
            ServerRouteNotMountedException: there is no such state; the nearest is named.
            FrameError: it cannot be followed so: it is of a basket, or there is no such field.
            ServerException: there is no connection, or what stands has not come in time.
        """
        self._learn_once(timeout)
        source = Source(*source_of(name, self._known_catalogue(), self._config.trusted_types))
        options: FollowOptions = {"where": where, "fields": fields, "min_interval": min_interval, "policy": policy}
        background = self._background()

        async def opened() -> AsyncTable:
            table = AsyncTable(Stream(self._config, options=connection), source, options, on_change)
            await table.open(timeout)
            return table

        return Table(background, background.run(opened()))
