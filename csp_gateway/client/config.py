"""GatewayClientConfig: where a gateway is, and how to be let in."""

from __future__ import annotations

import warnings
from typing import Any, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from csp_gateway.client.returns import ReturnType
from csp_gateway.errors import did_you_mean

__all__ = ["ClientConfig", "ClientConfiguration", "GatewayClientConfig", "GatewayClientConfiguration"]

_PORTS = {"http": 80, "https": 443}
"""Which port a protocol has where none is said."""


class GatewayClientConfig(BaseModel):
    """Where a gateway is, and how to be let in.

    >>> GatewayClientConfig(host="https://desk.example.com", port=443).url("last/orders")
    'https://desk.example.com/api/v1/last/orders'

    Raises:
        pydantic.ValidationError: a ``ValueError``: an unknown setting, or a value that cannot be; ``api_key`` and
            ``bearer_token`` are both given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)  # it may be a secret

    protocol: Literal["http", "https"] = "http"
    host: str = Field(default="localhost", min_length=1)
    """A name or an address, with or without its port; of a URL its protocol, port and path count too."""
    port: int | None = Field(default=8000, ge=1, le=65535)
    """443 means https and 80 http; neither is written in URLs. None: the protocol's own."""
    root_path: str = ""
    """What comes before every path where a proxy serves the gateway below one: ``/desk``."""
    api_prefix: str = "api"
    api_version: str = "v1"
    api_key: str = Field(default="", repr=False)
    """Sent as ``?token=``."""
    bearer_token: str | None = Field(default=None, repr=False)
    """Sent as ``Authorization: Bearer``."""
    return_type: ReturnType = ReturnType.Raw
    """What the verbs return, unless a call says otherwise."""
    trusted_types: tuple[str, ...] = ()
    """Structs, or modules and packages of structs, that may be imported because a gateway names them. Those that the
    program has imported itself need not be here."""
    verify: bool | str = True
    """Whether the certificate of an https gateway is checked; or a file of authorities to check it against."""
    compress: bool | None = None
    """Whether answers may come compressed. None: unless the gateway is on this machine, where it only costs time."""
    retries: int = Field(default=2, ge=0, le=20)
    """How often a request that may be repeated is, when no gateway is reached or it says to come back."""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        given = dict(given)
        for name in given:
            if name not in cls.model_fields and name != "api_route":
                near = did_you_mean(str(name), cls.model_fields)
                raise PydanticCustomError(
                    "unknown_setting", "{said}", {"said": f"there is no setting {name!r}; {near}"}
                )
        _split_route(given)
        _split_host(given)
        return given

    @field_validator("return_type", mode="before")
    @classmethod
    def _any_case(cls, given: Any) -> Any:
        return given.lower() if isinstance(given, str) and not isinstance(given, ReturnType) else given

    @field_validator("root_path")
    @classmethod
    def _one_slash_before(cls, given: str) -> str:
        path = given.strip("/")
        return f"/{path}" if path else ""

    @field_validator("api_prefix", "api_version")
    @classmethod
    def _no_slashes(cls, given: str) -> str:
        return given.strip("/")

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        if self.api_key and self.bearer_token is not None:
            raise ValueError("api_key and bearer_token exclude one another: give the one that the gateway asks for")
        return self

    @property
    def api_route(self) -> str:
        """``/api/v1``: the path that all verbs are below."""
        return "".join(f"/{part}" for part in (self.api_prefix, self.api_version) if part)

    @property
    def root_url(self) -> str:
        """``http://host:port``, and the root path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        said = self.port is not None and self.port != _PORTS[self.protocol]
        return f"{self.protocol}://{host}{f':{self.port}' if said else ''}{self.root_path}"

    def url(self, path: str = "") -> str:
        """The URL of a path below ``api_route``; what is no letter of a URL is quoted.

        >>> GatewayClientConfig().url("last/by_desk/EU/FX")
        'http://localhost:8000/api/v1/last/by_desk/EU/FX'
        """
        return f"{self.root_url}{self.api_route}/{quote(path, safe='/%')}"

    def stream_url(self, path: str = "stream") -> str:
        """The URL of a live connection; the ``prefix`` of ``MountWebSocketRoutes`` begins with a slash."""
        return f"ws{self.url(path.strip('/')).removeprefix('http')}"

    @property
    def compressed(self) -> bool:
        """Whether answers may come compressed."""
        here = self.host == "localhost" or self.host.startswith("127.") or self.host == "::1"
        return not here if self.compress is None else self.compress

    @property
    def params(self) -> dict[str, str]:
        """The credentials that go into the URL."""
        return {"token": self.api_key} if self.api_key else {}

    @property
    def headers(self) -> dict[str, str]:
        """The credentials that go into the headers."""
        return {} if self.bearer_token is None else {"Authorization": f"Bearer {self.bearer_token}"}


def _split_route(given: dict[str, Any]) -> None:
    """``api_route`` of 2.8, as the prefix and the version that it joins."""
    if "api_route" not in given:
        return
    warnings.warn(
        "api_route is deprecated: say api_prefix and api_version, as in api_prefix='api', api_version='v1'",
        DeprecationWarning,
        stacklevel=5,
    )
    prefix, _, version = str(given.pop("api_route")).strip("/").rpartition("/")
    given.setdefault("api_prefix", prefix)
    given.setdefault("api_version", version)


def _split_host(given: dict[str, Any]) -> None:
    """A URL as ``host``, as the parts it is made of; then what a port says of the protocol."""
    host = given.get("host")
    has_port = isinstance(host, str) and (host.startswith("[") or host.count(":") == 1)
    if isinstance(host, str) and ("://" in host or has_port):
        url = urlsplit(host if "://" in host else f"//{host}")
        if url.scheme:
            given["protocol"] = url.scheme
        given["host"] = url.hostname or ""
        if url.port is not None:
            given.setdefault("port", url.port)
        if url.path.strip("/"):
            given.setdefault("root_path", url.path)
    for protocol, port in _PORTS.items():
        if str(given.get("port")) == str(port):
            given["protocol"] = protocol


GatewayClientConfiguration = GatewayClientConfig
ClientConfig = GatewayClientConfig
ClientConfiguration = GatewayClientConfig
