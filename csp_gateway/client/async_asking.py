"""AsyncAsking: a call made over HTTP, and its answer awaited."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from typing import Any, TypeVar

import httpx2

from csp_gateway.client import calls
from csp_gateway.client.async_pool import AsyncPool
from csp_gateway.client.calls import Call, Wait
from csp_gateway.client.catalogue import Catalogue
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.gateway_client import DOCUMENT_SECONDS, JSON, Answer, BaseGatewayClient
from csp_gateway.client.replies import returned
from csp_gateway.client.response_wrapper import ResponseWrapper
from csp_gateway.client.retrying import Attempts, Patience
from csp_gateway.client.returns import ReturnType
from csp_gateway.client.sending import Sending

__all__ = ["AsyncAsking"]

T = TypeVar("T")

_LARGE = 256 * 1024
"""Bytes of an answer that take a thread of their own to be read: some milliseconds of JSON."""


class AsyncAsking(BaseGatewayClient):
    """A client that awaits each answer. It belongs to one event loop, that of the first call.

    Args:
        config: where the gateway is, and how to be let in; a gateway on this machine if None.
        settings: fields of ``GatewayClientConfig`` that replace those of ``config``.
    """

    def __init__(self, config: GatewayClientConfig | None = None, **settings: Any) -> None:
        super().__init__(config, **settings)
        self._pool = AsyncPool(self._options())

    @property
    def openapi_spec(self) -> dict[str, Any]:
        """The gateway's OpenAPI document, a copy of its own, with what it refers to in its place.

        A property cannot be awaited: where nothing has been asked of the gateway yet, the event loop waits for the
        document. After ``await client.refresh()`` it does not.

        Raises:
            ServerException: no gateway answers there.
        """
        if self._catalogue is None:
            call = calls.document(DOCUMENT_SECONDS)
            with httpx2.Client(**self._options()) as http:
                try:
                    response = http.request(**self._request(call, JSON, DOCUMENT_SECONDS))
                except httpx2.RequestError as error:
                    Attempts(call, retries=0).after_failure(error, self._config.root_url)
                    raise
            self._learn(Answer(response.status_code, response.headers, response.content))
        return copy.deepcopy(self._known_catalogue().document)

    async def refresh(self) -> None:
        """Learn anew which channels the gateway has mounted: after another gateway was started there.

        Raises:
            ServerException: no gateway answers there.
        """
        self._learn(await self._fetch(calls.document(DOCUMENT_SECONDS), JSON))

    async def _learn_once(self, patience: Patience | None = None) -> None:
        if self._catalogue is None:
            async with self._pool.lock:
                if self._catalogue is None:
                    self._learn(await self._fetch(calls.document(DOCUMENT_SECONDS), JSON, patience))

    async def _ask(self, call: Call, wanted: ReturnType | str | None = None) -> Any:
        kind = self._kind(wanted, call)
        answer = await self._told(call, kind)
        return await _aside(answer, lambda: returned(self._read(call, answer), kind))

    async def _send(
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
        await self._learn_for(asked, learning)
        left = learning.left
        self._known_catalogue().check(asked)
        with Sending(kind, count_only=count_only) as sending:
            for call, records in self._sends(field, data, wait, timeout):
                sending.begin(records)
                sending.end(await self._answer(call, kind, Patience(timeout, left)))
                left = timeout
        return sending.result()

    async def _answer(self, call: Call, kind: ReturnType, patience: Patience | None = None) -> ResponseWrapper:
        answer = await self._told(call, kind, patience)
        return await _aside(answer, lambda: self._read(call, answer))

    async def _told(self, call: Call, kind: ReturnType, patience: Patience | None = None) -> Answer:
        """What the gateway says, as it has come."""
        patience = patience or Patience(call.timeout)
        is_new = await self._learn_for(call, patience)
        answer = await self._fetch(call, self._accepted(call, kind), patience)
        if not is_new and self._has_changed(call, answer):
            await self._learn_anew(self._known_catalogue(), patience)
            self._known_catalogue().check(call)
        return answer

    async def _learn_for(self, call: Call, patience: Patience | None = None) -> bool:
        """Know the gateway; and if what is asked is unknown, as it is now. Whether its document was read for that."""
        patience = patience or Patience(call.timeout)
        known = self._catalogue
        if known is None:
            await self._learn_once(patience)
        elif not known.offers(call):
            await self._learn_anew(known, patience)
        return self._catalogue is not known

    async def _learn_anew(self, known: Catalogue, patience: Patience) -> None:
        """Read the document again, unless another has since: maybe another gateway was started there."""
        async with self._pool.lock:
            if self._catalogue is known:
                self._learn(await self._fetch(calls.document(DOCUMENT_SECONDS), JSON, patience))

    async def _fetch(self, call: Call, accepted: str, patience: Patience | None = None) -> Answer:
        attempts = Attempts(call, self._config.retries, patience)
        while True:
            try:
                response = await self._pool.request(
                    **self._request(call, accepted, attempts.patience.left), follow_redirects=self._follows(call)
                )
            except httpx2.RequestError as error:
                wait = attempts.after_failure(error, self._config.root_url)
            else:
                again = attempts.after_answer(response.status_code, response.headers)
                if again is None:
                    return Answer(response.status_code, response.headers, response.content)
                wait = again
            await self._pool.sleep(wait)


async def _aside(answer: Answer, read: Callable[[], T]) -> T:
    """What is read of an answer: of a large one on a thread, for the event loop has others to serve."""
    return await asyncio.to_thread(read) if len(answer.body) > _LARGE else read()
