"""AsyncGatewayClientMixin: every verb of the REST API, for programs of asyncio."""

from __future__ import annotations

from typing import Any

from csp_gateway.client import calls
from csp_gateway.client.async_answers import AsyncAnswers
from csp_gateway.client.async_stagings import AsyncStagings
from csp_gateway.client.gateway_client import JSON, SECONDS
from csp_gateway.client.replies import read_health
from csp_gateway.client.returns import R_co, ReturnType

__all__ = ["AsyncGatewayClientMixin"]


class AsyncGatewayClientMixin(AsyncStagings, AsyncAnswers[R_co]):
    """Every verb of the REST API; each call is awaited.

    All take ``timeout``: seconds to wait for the gateway to go on, None for ever; and but for those of stagings
    ``return_type_override``: what is returned, instead of what the configuration says.

    All raise:
        ServerException: what was asked was not done; which kind of it says why.
        WrongArgumentError: a ``TypeError``: an argument is of a type that is not taken; nothing was asked.
    """

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
