"""SyncGatewayClientMixin: every verb of the REST API, for programs that wait for the answer."""

from __future__ import annotations

from typing import Any

from csp_gateway.client import calls
from csp_gateway.client.gateway_client import JSON, SECONDS
from csp_gateway.client.replies import read_health
from csp_gateway.client.returns import R_co, ReturnType
from csp_gateway.client.sync_answers import SyncAnswers
from csp_gateway.client.sync_stagings import SyncStagings

__all__ = ["SyncGatewayClientMixin"]


class SyncGatewayClientMixin(SyncStagings, SyncAnswers[R_co]):
    """Every verb of the REST API; each call waits for the answer. Any thread may call.

    All take ``timeout``: seconds to wait for the gateway to go on, None for ever; and but for those of stagings
    ``return_type_override``: what is returned, instead of what the configuration says.

    All raise:
        ServerException: what was asked was not done; which kind of it says why.
        WrongArgumentError: a ``TypeError``: an argument is of a type that is not taken; nothing was asked.
    """

    def channels(self) -> dict[str, list[str]]:
        """Which verbs can be asked of which channels and states; of keys of baskets as ``basket/{key}``."""
        self._learn_once()
        return self._known_catalogue().verbs()

    def streams(self, timeout: float | None = SECONDS) -> list[str]:
        """What can be followed by ``stream`` and ``subscribe``: channels, and of a basket each key, ``basket/KEY``."""
        names: list[str] = self._ask(calls.streams(timeout), ReturnType.Raw)
        return names

    def clients(self, timeout: float | None = SECONDS) -> list[dict[str, Any]]:
        """Who follows channels now, how far behind they are, and what was dropped for them."""
        there: list[dict[str, Any]] = self._ask(calls.clients(timeout), ReturnType.Raw)
        return there

    def remove_client(self, id: str, timeout: float | None = SECONDS) -> None:
        """End the live connection of a client; it is told not to come back."""
        self._ask(calls.remove_client(id, timeout), ReturnType.Raw)

    def health(self, timeout: float | None = SECONDS) -> dict[str, Any]:
        """Whether the gateway is ready, and if not, why.

        Raises:
            ServerUnreachableError: a ``ConnectionError``: no gateway answers there.
        """
        return read_health(*self._fetch(calls.health(timeout), JSON))
