"""SyncStagings: what is held back of a channel, for programs that wait for the answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from csp_gateway.client import calls
from csp_gateway.client.calls import StageMethod
from csp_gateway.client.gateway_client import SECONDS
from csp_gateway.client.returns import ReturnType
from csp_gateway.client.sayable import encoded
from csp_gateway.client.sync_asking import SyncAsking

__all__ = ["SyncStagings"]


class SyncStagings(SyncAsking):
    """The verb ``stage``, and a method for each thing that it does.

    Each answers records as dicts by the ids of their stagings, and raises ``ServerException`` when it is not done.
    """

    def stage(
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
        return self._ask(calls.stage(field, method, body, staging_ids, timeout), ReturnType.Raw)

    def stage_add(
        self,
        field: str,
        data: Any = None,
        staging_ids: str | Iterable[str] | None = None,
        timeout: float | None = SECONDS,
    ) -> dict[str, list[Any]]:
        """Hold a record back; of the stagings that were touched, what they hold now by their ids."""
        touched: dict[str, list[Any]] = self.stage(field, "add", data, staging_ids, timeout)
        return touched

    def stage_new(self, field: str, timeout: float | None = SECONDS) -> dict[str, list[Any]]:
        """Open a staging; its id, and that it holds nothing."""
        return self.stage_add(field, timeout=timeout)

    def stage_remove(
        self,
        field: str,
        data: Any = None,
        staging_ids: str | Iterable[str] | None = None,
        timeout: float | None = SECONDS,
    ) -> dict[str, list[Any]]:
        """Take a record back; of the stagings that were touched, what they hold still by their ids."""
        left: dict[str, list[Any]] = self.stage(field, "remove", data, staging_ids, timeout)
        return left

    def stage_clear(
        self, field: str, staging_ids: str | Iterable[str] | None = None, timeout: float | None = SECONDS
    ) -> dict[str, list[Any]]:
        """Take back all that stagings hold; they stay open."""
        return self.stage_remove(field, None, staging_ids, timeout)

    def stage_release(
        self, field: str, staging_ids: str | Iterable[str] | None = None, timeout: float | None = SECONDS
    ) -> dict[str, list[Any]]:
        """Let what is held back tick; what was released by the ids of its stagings."""
        released: dict[str, list[Any]] = self.stage(field, "release", None, staging_ids, timeout)
        return released

    def stage_lookup(
        self, field: str, staging_id: str | None = None, timeout: float | None = SECONDS
    ) -> dict[str, list[Any]]:
        """What the open stagings hold by their ids, or what one of them does."""
        held: dict[str, list[Any]] = self.stage(field, "lookup", None, staging_id, timeout)
        return held

    def stage_list(
        self, field: str, staging_id: str | None = None, timeout: float | None = SECONDS
    ) -> dict[str, list[Any]]:
        """The same as ``stage_lookup``; the ids alone answers ``stage(field, "list")``."""
        return self.stage_lookup(field, staging_id, timeout)
