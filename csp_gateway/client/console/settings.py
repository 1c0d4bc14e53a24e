"""Settings: what the options of all commands say: which gateway, how to be let in, and how to answer."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.console.failures import WrongUsage

__all__ = ["Settings"]

_API = "/api/v1"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the options of all commands say; None where one was not given."""

    url: str | None = None
    token: str | None = None
    bearer: str | None = None
    timeout: float | None = None
    as_json: bool | None = None
    no_color: bool | None = None

    def over(self, before: Settings | None) -> Settings:
        """These where they were given, and else those that were given before the command."""
        if before is None:
            return self
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        if self.token or self.bearer:  # another credential, not one more
            before = replace(before, token=None, bearer=None)
        return replace(before, **{name: value for name, value in given.items() if value is not None})

    @property
    def secrets(self) -> list[str]:
        """What is never to be shown."""
        return [secret for secret in (self.token, self.bearer) if secret]

    @property
    def unsaid(self) -> list[str]:
        """Which gateway, and how to be let in, as far as nobody has said it; one credential is enough."""
        return [*(["url"] if self.url is None else []), *([] if self.secrets else ["token", "bearer"])]

    def config(self, **more: Any) -> GatewayClientConfig:
        """Where the gateway is, as its client wants to be told.

        Raises:
            WrongUsage: no gateway can be there, or nobody be let in so.
        """
        where = {} if self.url is None else _place(self.url)
        try:
            return GatewayClientConfig(api_key=self.token or "", bearer_token=self.bearer, **where, **more)
        except ValidationError as error:
            # Only the words: what was given may be a secret.
            said = "; ".join(each["msg"] for each in error.errors(include_input=False))
            if self.token and self.bearer:
                said = "--token and --bearer exclude one another: give the one that the gateway asks for"
            raise WrongUsage(said if self.url is None else f"{said} (the URL is {self.url!r})") from None


def _place(url: str) -> dict[str, Any]:
    """A URL as settings; without a protocol it is http, and without a port too then the port is 8000.

    >>> _place("desk:9000/eu/")
    {'protocol': 'http', 'host': 'desk', 'port': 9000, 'root_path': '/eu'}
    >>> _place("https://desk.example.com/api/v1")
    {'protocol': 'https', 'host': 'desk.example.com', 'port': 443, 'root_path': ''}
    """
    example = "a URL is such as http://localhost:8000 or https://desk.example.com/root"
    protocol, there, rest = url.partition("://")
    try:
        parts = urlsplit(f"{protocol.lower()}://{rest}" if there else f"http://{url}")
        port = parts.port
    except ValueError as error:
        raise WrongUsage(f"the URL {url!r} cannot be: {error}; {example}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WrongUsage(f"the URL {url!r} cannot be; {example}")
    if parts.username is not None or parts.query or parts.fragment:
        raise WrongUsage(f"a URL has no credentials and no parameters: there are --token and --bearer; {example}")
    if port is None:
        port = {"http": 80 if there else 8000, "https": 443}[parts.scheme]
    return {
        "protocol": parts.scheme,
        "host": parts.hostname,
        "port": port,
        "root_path": parts.path.rstrip("/").removesuffix(_API),
    }
