"""AsyncTables: states that are kept here, for programs of asyncio."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from csp_gateway._lazy import later
from csp_gateway.client import retrying
from csp_gateway.client.arguments import check
from csp_gateway.client.async_asking import AsyncAsking
from csp_gateway.client.replies import source_of

if TYPE_CHECKING:
    from csp_gateway.client import stream as streams
    from csp_gateway.client import stream_options, wishes
    from csp_gateway.client import table as tables
    from csp_gateway.wire import commands
else:  # a program that follows nothing does without websockets
    streams = later("csp_gateway.client.stream")
    stream_options = later("csp_gateway.client.stream_options")
    tables = later("csp_gateway.client.table")
    wishes = later("csp_gateway.client.wishes")
    commands = later("csp_gateway.wire.commands")

__all__ = ["AsyncTables"]


class AsyncTables(AsyncAsking):
    """States that are kept here. On one event loop."""

    @asynccontextmanager
    async def table(
        self,
        name: str,
        *,
        where: wishes.Where | None = None,
        fields: list[str] | None = None,
        min_interval: float = 0.0,
        policy: commands.Policy | None = None,
        on_change: tables.OnChange | None = None,
        connection: stream_options.StreamOptions | None = None,
        timeout: float | None = 30.0,
    ) -> AsyncGenerator[tables.AsyncTable, None]:
        """A copy of a state that follows it: all records by key, as a mapping or a frame, at any moment.

        ::

            async with client.table("quotes") as table:
                table["ABC"]["bid"], table.to_polars()

        It comes back when the connection is lost, and then equals the state again; nothing is promised of every single
        change in between. ``min_interval`` and ``fields`` make it cheaper.

        Args:
            name: the state; of a channel that is collected once, the channel's name.
            where: only records that pass; not of states with ``max_rows``.
            fields: only these fields, and those of the key.
            min_interval: seconds between changes; only the newest of each key is told then.
            policy: what becomes of ticks that are not read in time; the newest of each key is kept, unless said.
            on_change: called with all records before and after they have changed.
            connection: how patient the connection is, and how much it holds.
            timeout: seconds until all that stands has to be here.

        Raises:
            ServerRouteNotMountedException: there is no such state; the nearest is named.
            FrameError: it cannot be followed so: it is of a basket, or there is no such field.
            ServerException: there is no connection, or what stands has not come in time.
        """
        check("table", name=name, on_change=on_change, connection=connection, timeout=timeout)
        await self._learn_once(retrying.Patience(timeout))
        source = tables.Source(*source_of(name, self._known_catalogue(), self._config.trusted_types))
        options: wishes.FollowOptions = {
            "where": where,
            "fields": fields,
            "min_interval": min_interval,
            "policy": policy,
        }
        table = tables.AsyncTable(streams.Stream(self._config, options=connection), source, options, on_change)
        await table.open(timeout)
        try:
            yield table
        finally:
            await table.aclose()
