"""AsyncStagings: what is held back of a channel, for programs of asyncio."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from csp_gateway.client import calls
from csp_gateway.client.async_asking import AsyncAsking
from csp_gateway.client.calls import StageMethod
from csp_gateway.client.gateway_client import SECONDS
from csp_gateway.client.returns import ReturnType
from csp_gateway.client.sayable import encoded

__all__ = ["AsyncStagings"]


class AsyncStagings(AsyncAsking):
    """The verb ``stage``, and a method for each thing that it does.

    Each answers records as dicts by the ids of their stagings, and raises ``ServerException`` when it is not done.
    """

    async def stage(
        self,
        field: str,
        method: StageMethod = "list",
        data: Any = None,
        staging_ids: str | Iterable[str] | None = None,
        timeout: float | None = SECONDS,
    ) -> Any:
        """What is held back of a channel: ``add`` to it, ``remove`` from it, ``release`` it, ``list`` or ``lookup``.

        Args:
            data: a record, where one is added or removed.
            staging_ids: which stagings are meant; None and an empty list are not the same.

        Raises:
            WrongArgumentError: a ``ValueError``: there is no such method.
        """
        body = None if data is None else encoded(data, field)
        return await self._ask(calls.stage(field, method, body, staging_ids, timeout), ReturnType.Raw)

    async def stage_add(
        self,
        field: str,
        data: Any = None,
        staging_ids: str | Iterable[str] | None = None,
        timeout: float | None = SECONDS,
    ) -> dict[str, list[Any]]:
        """Hold a record back; of the stagings that were touched, what they hold now by their ids."""
        touched: dict[str, list[Any]] = await self.stage(field, "add", data, staging_ids, timeout)
        return touched

    async def stage_new(self, field: str, timeout: float | None = SECONDS) -> dict[str, list[Any]]:
        """Open a staging; its id, and that it holds nothing."""
        return await self.stage_add(field, timeout=timeout)

    async def stage_remove(
        self,
        field: str,
        data: Any = None,
        staging_ids: str | Iterable[str] | None = None,
        timeout: float | None = SECONDS,
    ) -> dict[str, list[Any]]:
        """Take a record back; of the stagings that were touched, what they hold still by their ids."""
        left: dict[str, list[Any]] = await self.stage(field, "remove", data, staging_ids, timeout)
        return left

    async def stage_clear(
        self, field: str, staging_ids: str | Iterable[str] | None = None, timeout: float | None = SECONDS
    ) -> dict[str, list[Any]]:
        """Take back all that stagings hold; they stay open."""
        return await self.stage_remove(field, None, staging_ids, timeout)

    async def stage_release(
        self, field: str, staging_ids: str | Iterable[str] | None = None, timeout: float | None = SECONDS
    ) -> dict[str, list[Any]]:
        """Let what is held back tick; what was released by the ids of its stagings."""
        released: dict[str, list[Any]] = await self.stage(field, "release", None, staging_ids, timeout)
        return released

    async def stage_lookup(
        self, field: str, staging_id: str | None = None, timeout: float | None = SECONDS
    ) -> dict[str, list[Any]]:
        """What the open stagings hold by their ids, or what one of them does."""
        held: dict[str, list[Any]] = await self.stage(field, "lookup", None, staging_id, timeout)
        return held

    async def stage_list(
        self, field: str, staging_id: str | None = None, timeout: float | None = SECONDS
    ) -> dict[str, list[Any]]:
        """The same as ``stage_lookup``; the ids alone answers ``stage(field, "list")``."""
        return await self.stage_lookup(field, staging_id, timeout)
