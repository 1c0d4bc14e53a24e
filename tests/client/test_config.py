"""Where a gateway is, and how to be let in."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from csp_gateway.client import (
    ClientConfig,
    ClientConfiguration,
    GatewayClientConfig,
    GatewayClientConfiguration,
    ReturnType,
)


def test_the_defaults_are_a_gateway_on_this_machine() -> None:
    config = GatewayClientConfig()
    assert (config.protocol, config.host, config.port, config.api_route) == ("http", "localhost", 8000, "/api/v1")
    assert (config.api_key, config.bearer_token, config.return_type) == ("", None, ReturnType.Raw)
    assert config.url("last/example") == "http://localhost:8000/api/v1/last/example"
    assert config.stream_url() == config.stream_url("/stream") == "ws://localhost:8000/api/v1/stream"


def test_the_older_names_are_the_same_class() -> None:
    assert GatewayClientConfig is GatewayClientConfiguration is ClientConfig is ClientConfiguration


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"host": "https://x"}, "https://x:8000/api/v1/"),
        ({"host": "https://x:9000"}, "https://x:9000/api/v1/"),
        ({"host": "https://x/desk/"}, "https://x:8000/desk/api/v1/"),
        ({"host": "http://x", "protocol": "https"}, "http://x:8000/api/v1/"),
        ({"host": "x", "port": None}, "http://x/api/v1/"),
        ({"host": "x", "port": 443}, "https://x/api/v1/"),
        ({"host": "x", "port": "443"}, "https://x/api/v1/"),
        ({"host": "x", "port": 80, "protocol": "https"}, "http://x/api/v1/"),
        ({"host": "x", "port": 1, "api_prefix": "", "api_version": "v2"}, "http://x:1/v2/"),
        ({"host": "::1"}, "http://[::1]:8000/api/v1/"),
        ({"host": "http://[::1]:8001"}, "http://[::1]:8001/api/v1/"),
        ({"root_path": "desk"}, "http://localhost:8000/desk/api/v1/"),
    ],
)
def test_a_url_is_put_together(given: dict[str, Any], url: str) -> None:
    assert GatewayClientConfig(**given).url() == url


def test_a_key_of_a_basket_is_quoted_as_far_as_a_url_needs_it() -> None:
    assert GatewayClientConfig().url("last/by desk/ä?#").endswith("/last/by%20desk/%C3%A4%3F%23")


def test_the_route_of_2_8_is_deprecated_and_is_still_read() -> None:
    with pytest.warns(DeprecationWarning, match="api_route is deprecated"):
        config = GatewayClientConfig(api_route="/desk/api/v2")
    assert (config.api_prefix, config.api_version, config.api_route) == ("desk/api", "v2", "/desk/api/v2")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hots": "x"}, "did you mean 'host'"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"host": ""}, "host"),
        ({"host": "ftp://x"}, "protocol"),
        ({"return_type": "parquet"}, "return_type"),
        ({"api_key": "a", "bearer_token": "b"}, "exclude one another"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        GatewayClientConfig(**given)


@pytest.mark.parametrize("named", ["pandas", "PANDAS", ReturnType.Pandas])
def test_a_return_type_can_be_named(named: Any) -> None:
    assert GatewayClientConfig(return_type=named).return_type is ReturnType.Pandas


def test_credentials_go_where_the_gateway_looks_and_are_not_shown() -> None:
    by_key, by_token = GatewayClientConfig(api_key="k3y"), GatewayClientConfig(bearer_token="t0ken")
    assert (by_key.params, by_key.headers) == ({"token": "k3y"}, {})
    assert (by_token.params, by_token.headers) == ({}, {"Authorization": "Bearer t0ken"})
    assert "k3y" not in repr(by_key)
    assert "t0ken" not in repr(by_token)


def test_a_config_can_be_a_key() -> None:
    assert len({GatewayClientConfig(), GatewayClientConfig(), GatewayClientConfig(port=1)}) == 2


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("desk:18802", "http://desk:18802"),
        ("127.0.0.1:80", "http://127.0.0.1"),
        ("[::1]:9000", "http://[::1]:9000"),
        ("[::1]", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
    ],
)
def test_a_host_may_have_its_port_with_it(host: str, url: str) -> None:
    assert GatewayClientConfig(host=host).root_url == url
