"""SyncAsking: a call made over HTTP, and its answer waited for."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import httpx2

from csp_gateway.client import calls
from csp_gateway.client.calls import Call, Wait
from csp_gateway.client.catalogue import Catalogue
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.gateway_client import DOCUMENT_SECONDS, JSON, Answer, BaseGatewayClient
from csp_gateway.client.replies import returned
from csp_gateway.client.response_wrapper import ResponseWrapper
from csp_gateway.client.retrying import Attempts, Patience
from csp_gateway.client.returns import ReturnType
from csp_gateway.client.sending import Sending
from csp_gateway.client.sync_pool import SyncPool

__all__ = ["SyncAsking"]


class SyncAsking(BaseGatewayClient):
    """A client that waits for each answer. Any thread may call.

    Args:
        config: where the gateway is, and how to be let in; a gateway on this machine if None.
        progress: called with the bytes of an answer that have come, again and again.
        settings: fields of ``GatewayClientConfig`` that replace those of ``config``.
    """

    def __init__(
        self,
        config: GatewayClientConfig | None = None,
        *,
        progress: Callable[[int], None] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(config, **settings)
        self._pool = SyncPool(self._options())
        self._progress = progress

    @property
    def openapi_spec(self) -> dict[str, Any]:
        """The gateway's OpenAPI document, a copy of its own, with what it refers to in its place.

        Raises:
            ServerException: no gateway answers there.
        """
        self._learn_once()
        return copy.deepcopy(self._known_catalogue().document)

    def refresh(self) -> None:
        """Learn anew which channels the gateway has mounted: after another gateway was started there.

        Raises:
            ServerException: no gateway answers there.
        """
        self._learn(self._fetch(calls.document(DOCUMENT_SECONDS), JSON))

    def _learn_once(self, patience: Patience | None = None) -> None:
        if self._catalogue is None:
            with self._pool.lock:
                if self._catalogue is None:
                    self._learn(self._fetch(calls.document(DOCUMENT_SECONDS), JSON, patience))

    def _ask(self, call: Call, wanted: ReturnType | str | None = None) -> Any:
        kind = self._kind(wanted, call)
        return returned(self._answer(call, kind), kind)

    def _send(
        self,
        field: str,
        data: Any,
        wait: Wait,
        timeout: float | None,
        wanted: ReturnType | str | None,
        *,
        count_only: bool,
    ) -> Any:
        """What is answered to all that is sent, in as many requests as it needs."""
        asked = calls.send(field, b"", wait, timeout)
        kind = self._kind(wanted, asked)
        learning = Patience(timeout)
        self._learn_for(asked, learning)
        left = learning.left
        self._known_catalogue().check(asked)
        with Sending(kind, count_only=count_only) as sending:
            for call, records in self._sends(field, data, wait, timeout):
                sending.begin(records)
                sending.end(self._answer(call, kind, Patience(timeout, left)))
                left = timeout
        return sending.result()

    def _answer(self, call: Call, kind: ReturnType, patience: Patience | None = None) -> ResponseWrapper:
        patience = patience or Patience(call.timeout)
        is_new = self._learn_for(call, patience)
        answer = self._fetch(call, self._accepted(call, kind), patience)
        if not is_new and self._has_changed(call, answer):
            self._learn_anew(self._known_catalogue(), patience)
            self._known_catalogue().check(call)
        return self._read(call, answer)

    def _learn_for(self, call: Call, patience: Patience | None = None) -> bool:
        """Know the gateway; and if what is asked is unknown, as it is now. Whether its document was read for that."""
        patience = patience or Patience(call.timeout)
        known = self._catalogue
        if known is None:
            self._learn_once(patience)
        elif not known.offers(call):
            self._learn_anew(known, patience)
        return self._catalogue is not known

    def _learn_anew(self, known: Catalogue, patience: Patience) -> None:
        """Read the document again, unless another has since: maybe another gateway was started there."""
        with self._pool.lock:
            if self._catalogue is known:
                self._learn(self._fetch(calls.document(DOCUMENT_SECONDS), JSON, patience))

    def _fetch(self, call: Call, accepted: str, patience: Patience | None = None) -> Answer:
        attempts = Attempts(call, self._config.retries, patience)
        while True:
            request = self._pool.build(**self._request(call, accepted, attempts.patience.left))
            try:
                answer = self._made(request, follows=self._follows(call))
            except httpx2.RequestError as error:
                wait = attempts.after_failure(error, self._config.root_url)
            else:
                again = attempts.after_answer(answer.status, answer.headers)
                if again is None:
                    return answer
                wait = again
            self._pool.sleep(wait)

    def _made(self, request: httpx2.Request, *, follows: bool) -> Answer:
        with self._pool.answer(request, follows=follows) as response:
            if self._progress is None:
                return Answer(response.status_code, response.headers, response.read())
            parts = []
            for part in response.iter_bytes():
                parts.append(part)
                self._progress(response.num_bytes_downloaded)
            return Answer(response.status_code, response.headers, b"".join(parts))
