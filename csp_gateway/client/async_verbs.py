"""AsyncGatewayClientMixin: every verb of the REST API, for programs of asyncio."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from csp_gateway import wire
from csp_gateway.client import calls
from csp_gateway.client.async_stagings import AsyncStagings
from csp_gateway.client.calls import Wait
from csp_gateway.client.gateway_client import JSON, SECONDS
from csp_gateway.client.replies import read_health
from csp_gateway.client.returns import ReturnType
from csp_gateway.client.sending import Sending

__all__ = ["AsyncGatewayClientMixin"]


class AsyncGatewayClientMixin(AsyncStagings):
    """Every verb of the REST API; each call is awaited.

    All take ``timeout``: seconds to wait for the gateway to go on, None for ever; and but for those of stagings
    ``return_type_override``: what is returned, instead of what the configuration says.

    All raise:
        ServerException: what was asked was not done; which kind of it says why.
    """

    async def controls(
        self,
        field: str = "",
        data: Any = None,
        timeout: float | None = SECONDS,
        *,
        return_type_override: ReturnType | str | None = None,
    ) -> Any:
        """Whether the gateway lives (``heartbeat``), how it is doing (``stats``), or its end (``shutdown``).

        Args:
            field: which; empty for the names of those that there are.
            data: nothing: it is an argument because it was one.
        """
        return await self._ask(calls.controls(field, timeout), return_type_override)

    async def last(
        self,
        field: str = "",
        timeout: float | None = SECONDS,
        *,
        return_type_override: ReturnType | str | None = None,
    ) -> Any:
        """The newest tick of a channel.

        Args:
            field: the channel, or ``basket/KEY``; empty for the channels that can be asked.
        """
        return await self._ask(calls.last(field, timeout), return_type_override)

    async def next(
        self,
        field: str = "",
        timeout: float | None = None,
        *,
        return_type_override: ReturnType | str | None = None,
    ) -> Any:
        """The coming tick of a channel: waits for it, without a ``timeout`` for as long as it takes.

        Args:
            field: the channel, or ``basket/KEY``; empty for the channels that can be asked.
        """
        return await self._ask(calls.next_tick(field, timeout), return_type_override)

    async def state(
        self,
        field: str = "",
        timeout: float | None = SECONDS,
        query: wire.Query | Mapping[str, Any] | None = None,
        *,
        return_type_override: ReturnType | str | None = None,
    ) -> Any:
        """The newest record of each key, or what a query makes of them.

        Args:
            field: the state; empty for the states that can be asked.
            query: a ``Query``, or the mapping that says the same.

        Raises:
            QueryError: a ``ValueError``: the query cannot be read.
        """
        return await self._ask(calls.state(field, timeout, query), return_type_override)

    async def sql(
        self,
        select: str,
        parameters: Mapping[str, Any] | None = None,
        timeout: float | None = SECONDS,
        *,
        return_type_override: ReturnType | str | None = None,
    ) -> Any:
        """What one SELECT over all states answers.

        Args:
            select: in DuckDB's SQL; every state is a table.
            parameters: what ``$name`` in it stands for.
        """
        return await self._ask(calls.sql(select, parameters, timeout), return_type_override)

    async def history(
        self,
        field: str = "",
        since: int | datetime | str | None = None,
        until: int | datetime | str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        timeout: float | None = SECONDS,
        *,
        return_type_override: ReturnType | str | None = None,
    ) -> Any:
        """The ticks that are kept of a channel, the oldest first; the newest thousand if nothing else is said.

        Args:
            field: the channel; empty for the channels that can be asked.
            since, until: from the first to before the last; offsets both, or times.
            limit: the most ticks.
            cursor: the ``cursor`` of the wrapper before, in place of ``since``.
        """
        call = calls.history(field, since, until, limit, cursor, timeout)
        return await self._ask(call, return_type_override)

    async def lookup(
        self,
        field: str,
        id: str,
        timeout: float | None = SECONDS,
        *,
        return_type_override: ReturnType | str | None = None,
    ) -> Any:
        """The struct of an id, if it is among the newest that the gateway keeps.

        Args:
            field: the channel whose class it is of, or ``id`` for whatever class.
        """
        return await self._ask(calls.lookup(field, id, timeout), return_type_override)

    async def send(
        self,
        field: str = "",
        data: Any = None,
        timeout: float | None = SECONDS,
        *,
        wait: Wait = "accepted",
        count_only: bool = False,
        return_type_override: ReturnType | str | None = None,
    ) -> Any:
        """Tick what is given. What is tried again after a failure ticks once.

        Args:
            field: the channel, or ``basket/KEY``; empty for the channels that can be sent to.
            data: a struct, a dict, a data frame of rows, or several of them, as any iterable; of a whole basket, such
                by key. More than a request can carry are sent in several, each after the one before; the records of
                a list channel, which are one tick, and those of a whole basket are not divided.
            wait: ``accepted``: until it is queued; ``ticked``: until an engine cycle that has seen it is over.
            count_only: return how many records were accepted. Otherwise all that the gateway answers is held until the
                last is sent, as it is returned: of a million records, that is much.

        Returns:
            What was accepted, with the ``id`` and ``timestamp`` that the gateway gave.

        Raises:
            TypeError: something in ``data`` cannot be said in JSON. What was sent before it has been, which a note of
                the error says; a ``ServerException`` says it as ``accepted``.
        """
        if not field:
            return await self._ask(calls.send("", None, wait, timeout), return_type_override)
        asked = calls.send(field, b"", wait, timeout)
        kind = self._kind(return_type_override, asked)
        await self._learn_for(asked)
        self._known_catalogue().check(asked)
        with Sending(kind, count_only=count_only) as sending:
            for call, records in self._sends(field, data, wait, timeout):
                sending.begin(records)
                sending.end(await self._answer(call, kind))
        return sending.result()

    async def fields(
        self, name: str = "", timeout: float | None = SECONDS, *, return_type_override: ReturnType | str | None = None
    ) -> Any:
        """A static field of the gateway's channels; without a name, the names of those that there are."""
        return await self._ask(calls.field_values(name, timeout), return_type_override)

    async def channels(self) -> dict[str, list[str]]:
        """Which verbs can be asked of which channels and states; of keys of baskets as ``basket/{key}``."""
        await self._learn_once()
        return self._known_catalogue().verbs()

    async def streams(self, timeout: float | None = SECONDS) -> list[str]:
        """What can be followed by ``stream`` and ``subscribe``: channels, and of a basket each key, ``basket/KEY``."""
        names: list[str] = await self._ask(calls.streams(timeout), ReturnType.Raw)
        return names

    async def clients(self, timeout: float | None = SECONDS) -> list[dict[str, Any]]:
        """Who follows channels now, how far behind they are, and what was dropped for them."""
        there: list[dict[str, Any]] = await self._ask(calls.clients(timeout), ReturnType.Raw)
        return there

    async def remove_client(self, id: str, timeout: float | None = SECONDS) -> None:
        """End the live connection of a client; it is told not to come back."""
        await self._ask(calls.remove_client(id, timeout), ReturnType.Raw)

    async def health(self, timeout: float | None = SECONDS) -> dict[str, Any]:
        """Whether the gateway is ready, and if not, why.

        Raises:
            ServerUnreachableError: a ``ConnectionError``: no gateway answers there.
        """
        return read_health(*await self._fetch(calls.health(timeout), JSON))
