"""BaseGatewayClient: what every client is: a configuration, and what is known of the gateway it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx2

from csp_gateway.client import calls
from csp_gateway.client.arguments import check
from csp_gateway.client.bodies import counted
from csp_gateway.client.calls import Call, Wait
from csp_gateway.client.catalogue import Catalogue
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.replies import accepted_format, document_in, error_of, is_of_no_route, wrapped
from csp_gateway.client.response_wrapper import ResponseWrapper
from csp_gateway.client.returns import ReturnType
from csp_gateway.client.unlogged import keep_credentials_unlogged
from csp_gateway.errors import ServerUnreachableError

__all__ = ["DOCUMENT_SECONDS", "JSON", "SECONDS", "Answer", "BaseGatewayClient"]

SECONDS = 10.0
"""For how long a client waits for an answer, unless the call says otherwise."""
DOCUMENT_SECONDS = 30.0
"""For how long it waits for the document of the API, which a gateway of many channels makes for a while."""
JSON = "application/json"

_AGENT = "csp-gateway-client"
_MOST_URLS = 1_000
"""Those that are kept: of keys and ids there are any number."""


class Answer(NamedTuple):
    """What came over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class BaseGatewayClient:
    """What every client is. It asks nothing itself: that do ``GatewayClient`` and ``AsyncGatewayClient``.

    Args:
        config: where the gateway is, and how to be let in; a gateway on this machine if None.
        settings: fields of ``GatewayClientConfig`` that replace those of ``config``.

    Raises:
        pydantic.ValidationError: a ``ValueError``: a setting that there is not, or that cannot be so.
    """

    def __init__(self, config: GatewayClientConfig | None = None, **settings: Any) -> None:
        check(type(self).__name__, config=config)
        given = {} if config is None else config.model_dump(exclude_unset=True)
        self._config = GatewayClientConfig(**{**given, **settings})
        self._catalogue: Catalogue | None = None
        self._urls: dict[str, httpx2.URL] = {}

    @property
    def config(self) -> GatewayClientConfig:
        """Where the gateway is, and how to be let in."""
        return self._config

    def _options(self) -> dict[str, Any]:
        """What httpx is told once."""
        keep_credentials_unlogged()
        encodings = {} if self._config.compressed else {"Accept-Encoding": "identity"}
        return {
            "headers": {"User-Agent": _AGENT, **self._config.headers, **encodings},
            "verify": self._config.verify,
            "limits": httpx2.Limits(max_connections=None, max_keepalive_connections=20),
        }

    def _request(self, call: Call, accepted: str, timeout: float | None = None) -> dict[str, Any]:
        """What httpx is told of one call."""
        return {
            "method": call.method,
            "url": self._url(call),
            "params": {**self._config.params, **call.params} if call.params else None,
            "headers": {"Accept": accepted, **call.headers},
            "content": call.body,
            "timeout": timeout,
        }

    def _url(self, call: Call) -> httpx2.URL:
        """The URL without what the call adds to it, with the credentials that go into it. Read once: that is dear."""
        url = self._urls.get(call.path)
        if url is None:
            if len(self._urls) >= _MOST_URLS:
                self._urls.clear()
            path = f"{self._config.root_url}{call.path}" if call.at_root else self._config.url(call.path)
            url = self._urls[call.path] = httpx2.URL(path, params=self._config.params or None)
        return url

    @staticmethod
    def _follows(call: Call) -> bool:
        """Whether to go where the gateway sends us: a redirect would make a question of what is to be done."""
        return call.method == "GET"

    def _accepted(self, call: Call, kind: ReturnType) -> str:
        """The format to ask for, once it is seen that the gateway offers what is asked."""
        if call.at_root:
            return JSON
        catalogue = self._known_catalogue()
        catalogue.check(call)
        return accepted_format(call, catalogue, kind)

    def _has_changed(self, call: Call, answer: Answer) -> bool:
        """Whether the gateway does not know what its document has told: another one was started there."""
        return not call.at_root and is_of_no_route(answer.status, answer.body)

    def _kind(self, wanted: ReturnType | str | None, call: Call) -> ReturnType:
        """What to return; no structs of names, or of what a query makes."""
        kind = self._config.return_type if wanted is None else ReturnType(wanted)
        structs = bool(call.field) and call.typed and call.whole
        return ReturnType.Raw if kind is ReturnType.Struct and not structs else kind

    def _read(self, call: Call, answer: Answer) -> ResponseWrapper:
        return wrapped(call, self._known_catalogue(), self._config.trusted_types, *answer)

    def _learn(self, answer: Answer) -> None:
        """Know the gateway by its document."""
        if answer.status == 404:
            raise ServerUnreachableError(
                f"what answers at {self._config.root_url} is no gateway, for it has no /openapi.json: "
                f"see host, port and root_path"
            )
        if answer.status != 200:
            raise error_of(answer.status, answer.body)
        self._catalogue = Catalogue(document_in(answer.body), self._config.api_route)

    def _known_catalogue(self) -> Catalogue:
        assert self._catalogue is not None, "the document is fetched before anything is asked"
        return self._catalogue

    def _sends(self, field: str, data: Any, wait: Wait, timeout: float | None) -> Iterator[tuple[Call, int]]:
        """What is to be sent, as calls one after the other, and how many records each has.

        Each is made when the one before is done.
        """
        catalogue = self._known_catalogue()
        basket = "/" not in field and catalogue.is_basket("send", field)
        asked = calls.send(field, b"", wait, timeout)
        whole = basket or catalogue.is_listed(asked)
        for body in counted(data, field, whole=whole, keyed=basket, schema=catalogue.row_schema(asked)):
            yield calls.send(field, body.content, wait, timeout), body.records
