"""Environment variables that are spelled nearly as those that the console reads."""

from __future__ import annotations

import pytest

from csp_gateway import GatewaySettings
from csp_gateway.client.console.failures import WrongUsage
from csp_gateway.client.console.variables import refuse_misspelled, variable_of
from tests.client.console.invoking import invoke

OPTIONS = ["url", "token", "bearer"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CSP_GATEWAY_TOKN", "TOKEN"),
        ("CSP_GATEWAY_TOKENS", "TOKEN"),
        ("CSP_GATEWAY_BEARRER", "BEARER"),
        ("CSP_GATEWAY_URLS", "URL"),
        ("csp_gateway_url", "URL"),
        ("CSP_GATEWAY_API_KEY", "TOKEN"),
        ("CSP_GATEWAY_BEARER_TOKEN", "BEARER"),
        ("CSP_GATEWAY_HOST", "URL"),
    ],
)
def test_one_that_is_misspelled_is_refused_with_the_one_that_is_meant(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(name, "secret")
    with pytest.raises(WrongUsage) as refused:
        refuse_misspelled(OPTIONS)
    assert str(refused.value) == (
        f"csp-gateway reads no environment variable {name!r}; did you mean 'CSP_GATEWAY_{meant}'? "
        f"If not, set CSP_GATEWAY_{meant} to nothing"
    )
    monkeypatch.setenv(f"CSP_GATEWAY_{meant}", "")
    refuse_misspelled(OPTIONS)


@pytest.mark.parametrize("name", ["TOKEN_EU", "TOKEN_2", "URL_2", "MY_TOKEN", "EU_BEARER", "BEARER_FILE"])
def test_one_that_is_said_to_be_another_is_not_misspelled(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"CSP_GATEWAY_{name}", "x")
    refuse_misspelled(OPTIONS)


def test_what_is_said_already_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSP_GATEWAY_TOKENS", "x")
    refuse_misspelled(["url"])
    monkeypatch.setenv("CSP_GATEWAY_URL", "")
    refuse_misspelled(OPTIONS[:1])


@pytest.mark.parametrize("name", [*GatewaySettings.model_fields, "BUILD_UI", "RANDOM", "STRESS_SECONDS"])
def test_a_setting_of_a_gateway_is_none_of_ours(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(variable_of(name), "x")
    refuse_misspelled(OPTIONS)


def test_a_command_ends_with_2_and_says_nothing_of_the_secret(url: str) -> None:
    told = invoke("last", "example", "--url", url, CSP_GATEWAY_TOKN="hush")
    assert (told.status, told.out) == (2, "")
    assert "did you mean 'CSP_GATEWAY_TOKEN'?" in told.err
    assert "hush" not in told.err
    assert invoke("last", "example", "--url", url, "--token", "x", CSP_GATEWAY_TOKN="hush").status == 0
    assert invoke("last", "example", "--url", url, CSP_GATEWAY_API_KEY="hush", CSP_GATEWAY_TOKEN="").status == 0
