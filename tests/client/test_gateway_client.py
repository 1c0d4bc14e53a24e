"""What every client is: a configuration, and what is known of the gateway."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from csp_gateway import BaseGatewayClient, GatewayClient, GatewayClientConfig, ServerUnreachableError
from csp_gateway.client import calls
from csp_gateway.client.gateway_client import Answer


def test_settings_replace_those_of_a_config() -> None:
    config = GatewayClientConfig(host="desk", port=9000, api_key="k3y")
    client = BaseGatewayClient(config, port=9001)
    assert (client.config.host, client.config.port, client.config.api_key) == ("desk", 9001, "k3y")
    assert BaseGatewayClient().config == GatewayClientConfig()
    assert BaseGatewayClient(config).config == config


def test_a_setting_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValidationError, match="did you mean 'host'"):
        GatewayClient(hots="desk")
    with pytest.raises(ValidationError, match="exclude one another"):
        GatewayClient(GatewayClientConfig(api_key="k3y"), bearer_token="t0ken")


def test_credentials_go_with_every_request() -> None:
    request = BaseGatewayClient(api_key="k3y")._request(calls.send("a", b"{}", "ticked", 1.0), "application/json")
    assert request["params"] == {"token": "k3y", "wait": "ticked"}
    assert BaseGatewayClient(bearer_token="t0ken")._options()["headers"]["Authorization"] == "Bearer t0ken"


def test_the_urls_that_are_asked_again_and_again_are_kept_and_bounded() -> None:
    client = BaseGatewayClient(api_key="k3y")
    first = client._request(calls.last("a b", None), "application/json")
    again = client._request(calls.last("a b", None), "application/json")
    assert str(first["url"]) == "http://localhost:8000/api/v1/last/a%20b?token=k3y"
    assert again["url"] is first["url"]
    assert first["params"] is None
    for i in range(3_000):
        client._request(calls.lookup("a", str(i), None), "application/json")
    assert len(client._urls) <= 1_000


def test_answers_come_compressed_only_from_another_machine() -> None:
    assert BaseGatewayClient()._options()["headers"]["Accept-Encoding"] == "identity"
    assert BaseGatewayClient(compress=True)._options()["headers"].get("Accept-Encoding") is None
    assert BaseGatewayClient(host="desk")._options()["headers"].get("Accept-Encoding") is None


def test_what_is_at_the_root_is_not_below_the_api() -> None:
    client = BaseGatewayClient(host="https://desk/here", port=443)
    assert client._request(calls.health(1.0), "*/*")["url"] == "https://desk/here/readyz"
    assert client._request(calls.last("a", 1.0), "*/*")["url"] == "https://desk/here/api/v1/last/a"


def test_another_server_without_a_document_is_no_gateway() -> None:
    client = BaseGatewayClient(host="desk:18802")
    with pytest.raises(ServerUnreachableError, match="what answers at http://desk:18802 is no gateway"):
        client._learn(Answer(404, {}, b"<html>"))
