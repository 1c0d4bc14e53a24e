"""AsyncGatewayClient: a gateway for programs of asyncio."""

from __future__ import annotations

from typing import Self

from csp_gateway.client.async_streams import AsyncStreams
from csp_gateway.client.async_tables import AsyncTables
from csp_gateway.client.async_verbs import AsyncGatewayClientMixin
from csp_gateway.client.csp_streams import CspStreams

__all__ = ["AsyncClient", "AsyncGatewayClient"]


class AsyncGatewayClient(AsyncGatewayClientMixin, AsyncTables, AsyncStreams, CspStreams):
    """A gateway, for programs of asyncio: the methods of ``GatewayClient``, as coroutines.

    It belongs to one event loop, that of the first call; ``aclose``, or ``async with``, ends its connections.

    Args:
        config: where the gateway is, and how to be let in; a gateway on this machine if None.
        settings: fields of ``GatewayClientConfig`` that replace those of ``config``.

    Raises:
        pydantic.ValidationError: a ``ValueError``: a setting that there is not, or that cannot be so.
    """

    async def aclose(self) -> None:
        """End all connections. Who waits for an answer, or asks afterwards, gets a ``ClientClosedError`` at once."""
        await self._close_streams()
        await self._pool.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


AsyncClient = AsyncGatewayClient
