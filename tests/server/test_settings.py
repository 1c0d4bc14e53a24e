"""GatewaySettings: defaults, the environment, and mistyped keys."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from csp_gateway.errors import VariableError
from csp_gateway.server.channels import GatewayChannels, HistoryLimits
from csp_gateway.server.module import GatewayModule
from csp_gateway.server.settings import GatewaySettings, Settings
from csp_gateway.server.state import SqlLimits
from csp_gateway.server.state.database import DATABASE

ROOT = Path(__file__).parents[2]


class Nothing(GatewayModule):
    def connect(self, channels: GatewayChannels) -> None:
        pass


def test_a_gateway_listens_on_this_machine_only_until_told_otherwise() -> None:
    settings = GatewaySettings()
    assert (settings.BIND, settings.PORT) == ("127.0.0.1", 8000)
    assert version("csp-gateway") == settings.VERSION
    assert not settings.UI


def test_the_environment_sets_what_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSP_GATEWAY_PORT", "9001")
    monkeypatch.setenv("CSP_GATEWAY_BACKEND_CORS_ORIGINS", '["http://example.com"]')
    assert GatewaySettings().PORT == 9001
    assert GatewaySettings(PORT=9002).PORT == 9002
    assert [str(origin) for origin in GatewaySettings().BACKEND_CORS_ORIGINS] == ["http://example.com/"]


def test_the_environment_without_the_prefix_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9001")
    monkeypatch.setenv("VERSION", "someone else's")
    assert GatewaySettings().PORT == 8000
    assert version("csp-gateway") == GatewaySettings().VERSION


@pytest.mark.parametrize(
    ("given", "nearest"), [("PROT", "PORT"), ("BACKEND_CORS_ORIGIN", "BACKEND_CORS_ORIGINS"), ("port", "PORT")]
)
def test_a_mistyped_variable_is_refused_with_the_nearest(
    given: str, nearest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CSP_GATEWAY_{given}", "1")
    said = f"there is no setting for the environment variable 'CSP_GATEWAY_{given}'; "
    with pytest.raises(VariableError, match=f"{said}did you mean 'CSP_GATEWAY_{nearest}'"):
        GatewaySettings()


def test_variables_that_are_not_a_gateways_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    used = set()
    consoles = ROOT / "csp_gateway" / "client" / "console" / "options.py"
    for path in [ROOT / "hatch_build.py", ROOT / "Makefile", consoles, *(ROOT / "tests" / "ways").glob("*.py")]:
        used |= set(re.findall("CSP_GATEWAY_[A-Z_]+[A-Z]", path.read_text(encoding="utf-8")))
    assert {"CSP_GATEWAY_BUILD_UI", "CSP_GATEWAY_STRESS_SECONDS"} <= used
    for name in used:
        monkeypatch.setenv(name, "9001")
    assert GatewaySettings().PORT in (8000, 9001)


def test_a_class_of_settings_with_more_of_them_has_variables_for_those(monkeypatch: pytest.MonkeyPatch) -> None:
    class More(GatewaySettings):
        DESK: str = ""

    class Prefixed(More):
        model_config = SettingsConfigDict(env_prefix="DESK_")

    monkeypatch.setenv("CSP_GATEWAY_DESK", "fx")
    assert More().DESK == "fx"
    monkeypatch.setenv("DESK_PROT", "1")
    with pytest.raises(VariableError, match="'DESK_PROT'; did you mean 'DESK_PORT'"):
        Prefixed()


@pytest.mark.parametrize(("given", "nearest"), [("PROT", "PORT"), ("TITEL", "TITLE"), ("ROOTPATH", "ROOT_PATH")])
def test_a_mistyped_key_is_refused_with_the_nearest(given: str, nearest: str) -> None:
    with pytest.raises(ValidationError, match=f"there is no setting '{given}'; did you mean '{nearest}'"):
        GatewaySettings(**{given: 1})  # type: ignore[arg-type]  # the mistake is the point


@pytest.mark.parametrize(
    "wrong",
    [
        {"PORT": 70_000},
        {"PORT": "eight"},
        {"BACKEND_CORS_ORIGINS": ["not a url"]},
        {"HISTORY_ITEMS": 0},
        {"HISTORY_ITEMS": None},
        {"HISTORY_SECONDS": 0},
        {"HISTORY_SECONDS": "inf"},
        {"HISTORY_BYTES": 0},
        {"SQL_SECONDS": 0},
        {"SQL_SECONDS": "inf"},
        {"SQL_ROWS": 0},
        {"SQL_BYTES": 0},
        {"API_VERSION_DEFAULT": "/"},
        {"DUCKDB_BYTES": 64 * 2**20 - 1},
    ],
)
def test_a_wrong_value_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GatewaySettings(**wrong)


def test_what_a_channel_keeps_by_default_is_what_a_history_keeps_that_is_not_told() -> None:
    settings = GatewaySettings()
    assert (settings.HISTORY_ITEMS, settings.HISTORY_SECONDS, settings.HISTORY_BYTES) == (1000, 300.0, 16 * 2**20)
    assert HistoryLimits() == HistoryLimits(settings.HISTORY_ITEMS, settings.HISTORY_SECONDS, settings.HISTORY_BYTES)


def test_what_a_select_may_take_by_default_is_what_one_may_that_is_not_told() -> None:
    settings = GatewaySettings()
    assert (settings.SQL_SECONDS, settings.SQL_ROWS, settings.SQL_BYTES) == (10.0, 1_000_000, 256 * 2**20)
    assert SqlLimits() == SqlLimits(settings.SQL_SECONDS, settings.SQL_ROWS, settings.SQL_BYTES)


def test_duckdb_has_the_memory_of_the_gateway_that_wants_most(run_gateway: Any) -> None:
    before = DATABASE.memory
    assert GatewaySettings().DUCKDB_BYTES == 2**30
    for asked in (before + 2**20, before):
        run_gateway(GatewayChannels(), Nothing(), DUCKDB_BYTES=asked)
        assert DATABASE.memory == before + 2**20


def test_paths_are_spelled_one_way() -> None:
    settings = GatewaySettings(ROOT_PATH="desk/", API_PREFIX="/rest/", API_VERSION_DEFAULT="/v2/")
    assert settings.ROOT_PATH == "/desk"
    assert settings.API_STR == settings.api() == "/rest/v2"
    assert settings.api("v3") == settings.api("/v3/") == "/rest/v3"
    assert settings.api("/") == "/rest/v2"
    assert GatewaySettings(ROOT_PATH="/").ROOT_PATH == ""
    assert GatewaySettings(API_PREFIX="/").api("v3") == "/v3"


def test_settings_has_its_short_name() -> None:
    assert Settings is GatewaySettings


def test_what_kubernetes_tells_of_a_service_of_this_name_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT_8000_TCP", "PORT_8000_TCP_ADDR"):
        monkeypatch.setenv(f"CSP_GATEWAY_{name}", "tcp://10.0.0.1:8000")
    assert GatewaySettings().PORT == 8000
