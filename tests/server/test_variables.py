"""Environment variables that name no setting, or say what none can be."""

from __future__ import annotations

import pytest
from pydantic import Field, Secret, SecretStr, ValidationError

from csp_gateway import ConfigError, Gateway, GatewayChannels, GatewaySettings
from csp_gateway.errors import VariableError
from csp_gateway.server.variables import refuse_unknown_variables, unreadable


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "abc", "says 'abc': it should be a whole number from 0 to 65535"),
        ("PORT", "70000", "says '70000': it should be a whole number from 0 to 65535"),
        ("HISTORY_ITEMS", "0", "says '0': it should be a whole number of at least 1"),
        ("SQL_SECONDS", "inf", "says 'inf': it should be a number above 0"),
        ("UI", "perhaps", "says 'perhaps': it should be true or false"),
        ("ALLOWED_HOSTS", "a,b", """says 'a,b': it should be a list in JSON, such as ["a", "b"]; it is no JSON"""),
        ("ALLOWED_HOSTS", "[1]", "it should be a list in JSON"),
        ("BACKEND_CORS_ORIGINS", '["x"]', "input should be a valid URL"),
        ("PORT", "x" * 9999, "says 'xxx"),
        ("API_VERSION_DEFAULT", "/", "says '/': a version of the API has a name, such as v1"),
    ],
    ids=range(10),
)
def test_what_no_setting_can_be_is_told_with_what_it_can(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CSP_GATEWAY_{name}", value)
    with pytest.raises(VariableError) as refused:
        GatewaySettings()
    assert str(refused.value).startswith(f"the environment variable CSP_GATEWAY_{name} says ")
    assert said in str(refused.value)
    assert len(str(refused.value)) < 300
    assert isinstance(refused.value, ConfigError)


def test_all_that_are_wrong_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSP_GATEWAY_PORT", "a")
    monkeypatch.setenv("CSP_GATEWAY_UI", "b")
    with pytest.raises(VariableError, match=r"CSP_GATEWAY_PORT says 'a'.*; .*CSP_GATEWAY_UI says 'b'"):
        GatewaySettings(TITLE="x")


def test_what_is_given_wins_and_is_blamed_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSP_GATEWAY_PORT", "abc")
    assert GatewaySettings(PORT=1).PORT == 1
    with pytest.raises(ValidationError, match="PORT"):
        GatewaySettings(PORT=-1)


def test_within_a_gateway_it_is_the_same_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSP_GATEWAY_PROT", "1")
    for more in ({}, {"settings": {"PORT": 1}}):
        with pytest.raises(VariableError, match="did you mean 'CSP_GATEWAY_PORT'"):
            Gateway(channels=GatewayChannels(), modules=[], **more)


def test_what_an_unknown_variable_says_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_SECRET", "hush")
    with pytest.raises(VariableError) as refused:
        refuse_unknown_variables("DESK_", ["PORT"])
    assert "hush" not in str(refused.value)
    refuse_unknown_variables("", ["PORT"])
    refuse_unknown_variables("OTHER_", ["PORT"])


class Guarded(GatewaySettings):
    """Settings of a user's, with secrets among them."""

    DESK_KEY: SecretStr | None = Field(default=None, min_length=20)
    DESK_KEYS: list[SecretStr] = []
    DESK_NUMBER: Secret[int] = Secret(0)


@pytest.mark.parametrize("name", ["DESK_KEY", "DESK_KEYS", "DESK_NUMBER"])
def test_what_a_secret_says_is_not_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CSP_GATEWAY_{name}", "hush")
    with pytest.raises(VariableError, match=f"^the environment variable CSP_GATEWAY_{name}: ") as refused:
        Guarded()
    assert "hush" not in str(refused.value)


def test_what_does_not_name_its_field_is_told_as_it_is() -> None:
    told = unreadable(ValueError("no such file"), "DESK_", {"PORT": Field()})
    assert str(told) == "an environment variable DESK_… cannot be read: no such file"
