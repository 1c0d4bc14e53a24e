"""GatewayClient: a gateway for programs that wait for what they ask."""

from __future__ import annotations

from typing import Self

from csp_gateway.client.csp_streams import CspStreams
from csp_gateway.client.sync_tables import SyncTables
from csp_gateway.client.sync_verbs import SyncGatewayClientMixin

__all__ = ["Client", "GatewayClient", "SyncGatewayClient"]


class GatewayClient(SyncGatewayClientMixin, SyncTables, CspStreams):
    """A gateway, for programs that wait for what they ask: scripts, notebooks, threads.

    It needs no closing when the program ends; ``close``, or ``with``, ends its connections before. Any thread may call.

    Args:
        config: where the gateway is, and how to be let in; a gateway on this machine if None.
        progress: called with the bytes of an answer that have come, again and again.
        settings: fields of ``GatewayClientConfig`` that replace those of ``config``.

    Raises:
        pydantic.ValidationError: a ``ValueError``: a setting that there is not, or that cannot be so.
    """

    def close(self) -> None:
        """End all connections. Who waits for an answer, or asks afterwards, gets a ``ClientClosedError`` at once."""
        self._close_streams()
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


Client = SyncGatewayClient = GatewayClient
