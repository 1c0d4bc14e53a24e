"""SyncQuestions: the verbs that ask for data, for programs that wait for the answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, overload

from csp_gateway import wire
from csp_gateway.client import calls
from csp_gateway.client.calls import Call, Parameters
from csp_gateway.client.gateway_client import SECONDS
from csp_gateway.client.returns import R_co, ReturnType

__all__ = ["SyncQuestions"]


class SyncQuestions(ABC, Generic[R_co]):
    """The verbs that ask for data; each call waits for the answer."""

    @abstractmethod
    def _ask(self, call: Call, wanted: ReturnType | str | None = None) -> Any:
        """What the gateway answers, as what is wanted."""

    @overload
    def last(self, field: str = "", timeout: float | None = SECONDS, *, return_type_override: None = None) -> R_co: ...

    @overload
    def last(
        self, field: str = "", timeout: float | None = SECONDS, *, return_type_override: ReturnType | str
    ) -> Any: ...

    def last(
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
        return self._ask(calls.last(field, timeout), return_type_override)

    @overload
    def next(self, field: str = "", timeout: float | None = None, *, return_type_override: None = None) -> R_co: ...

    @overload
    def next(self, field: str = "", timeout: float | None = None, *, return_type_override: ReturnType | str) -> Any: ...

    def next(
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
        return self._ask(calls.next_tick(field, timeout), return_type_override)

    @overload
    def state(
        self,
        field: str = "",
        timeout: float | None = SECONDS,
        query: wire.Query | Mapping[str, Any] | None = None,
        *,
        return_type_override: None = None,
    ) -> R_co: ...

    @overload
    def state(
        self,
        field: str = "",
        timeout: float | None = SECONDS,
        query: wire.Query | Mapping[str, Any] | None = None,
        *,
        return_type_override: ReturnType | str,
    ) -> Any: ...

    def state(
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
        return self._ask(calls.state(field, timeout, query), return_type_override)

    @overload
    def sql(
        self,
        select: str,
        parameters: Parameters = None,
        timeout: float | None = SECONDS,
        *,
        return_type_override: None = None,
    ) -> R_co: ...

    @overload
    def sql(
        self,
        select: str,
        parameters: Parameters = None,
        timeout: float | None = SECONDS,
        *,
        return_type_override: ReturnType | str,
    ) -> Any: ...

    def sql(
        self,
        select: str,
        parameters: Parameters = None,
        timeout: float | None = SECONDS,
        *,
        return_type_override: ReturnType | str | None = None,
    ) -> Any:
        """What one SELECT over all states answers.

        Args:
            select: in DuckDB's SQL; every state is a table.
            parameters: what ``$name`` in it stands for, by name; or what ``?`` or ``$1`` does, in order.
        """
        return self._ask(calls.sql(select, parameters, timeout), return_type_override)

    @overload
    def history(
        self,
        field: str = "",
        since: int | datetime | str | None = None,
        until: int | datetime | str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        timeout: float | None = SECONDS,
        *,
        return_type_override: None = None,
    ) -> R_co: ...

    @overload
    def history(
        self,
        field: str = "",
        since: int | datetime | str | None = None,
        until: int | datetime | str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        timeout: float | None = SECONDS,
        *,
        return_type_override: ReturnType | str,
    ) -> Any: ...

    def history(
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
        return self._ask(call, return_type_override)

    @overload
    def lookup(
        self, field: str, id: str, timeout: float | None = SECONDS, *, return_type_override: None = None
    ) -> R_co: ...

    @overload
    def lookup(
        self, field: str, id: str, timeout: float | None = SECONDS, *, return_type_override: ReturnType | str
    ) -> Any: ...

    def lookup(
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
        return self._ask(calls.lookup(field, id, timeout), return_type_override)
