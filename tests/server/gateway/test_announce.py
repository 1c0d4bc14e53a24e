"""What a gateway says when it starts to serve."""

import logging
from typing import Any

import pytest

from csp_gateway import (
    GatewayModule,
    GatewaySettings,
    MountChannelsGraph,
    MountControls,
    MountFieldRestRoutes,
    MountMetrics,
    MountRestRoutes,
    MountWebSocketRoutes,
)
from csp_gateway.server.gateway.announce import announce, start_lines


class Talks(GatewayModule):
    def info(self, settings: Any) -> str:
        return f"talks     {settings.api()}/talk"


def test_it_says_where_everything_is() -> None:
    settings = GatewaySettings(TITLE="Desk", VERSION="1.2")
    assert start_lines(settings, "http://localhost:8000", True, [Talks(), GatewayModule()]) == [
        "Desk 1.2",
        "  page      http://localhost:8000",
        "  REST API  http://localhost:8000/api/v1",
        "  docs      http://localhost:8000/docs and http://localhost:8000/redoc",
        "  talks     /api/v1/talk",
        "  stop it with Ctrl-C",
    ]
    assert not any("page" in line for line in start_lines(settings, "http://localhost:8000", False, []))


def test_it_says_the_prefix_of_a_proxy() -> None:
    lines = start_lines(GatewaySettings(ROOT_PATH="/desk"), "http://localhost:8000", True, [])
    assert lines[1:4] == [
        "  page      http://localhost:8000/desk",
        "  REST API  http://localhost:8000/desk/api/v1",
        "  docs      http://localhost:8000/desk/docs and http://localhost:8000/desk/redoc",
    ]


def test_modules_say_the_prefix_of_a_proxy_too() -> None:
    modules = [
        MountChannelsGraph(),
        MountControls(),
        MountFieldRestRoutes(fields=[]),
        MountMetrics(),
        MountRestRoutes(mount_sql=True),
        MountWebSocketRoutes(),
    ]
    _, *lines, _ = start_lines(GatewaySettings(ROOT_PATH="/desk"), "http://localhost:8000", False, modules)
    assert [line for line in lines if "/desk/" not in line] == []


def test_it_logs_where_logging_is_set_up(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.INFO):
        announce(["one", "two"])
    assert [record.getMessage() for record in caplog.records] == ["one", "two"]
    assert capsys.readouterr().err == ""


def test_it_writes_where_only_warnings_are_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("csp_gateway"), "level", logging.WARNING)
    logging.getLogger("csp_gateway").manager._clear_cache()
    announce(["one"])
    assert capsys.readouterr().err == "one\n"


def test_it_writes_where_nobody_listens(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("csp_gateway"), "propagate", False)
    announce(["one", "two"])
    assert capsys.readouterr().err == "one\ntwo\n"
