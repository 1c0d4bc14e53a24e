"""MountControls."""

from collections.abc import Callable
from typing import Any

import pytest
from csp import ts

from csp_gateway import (
    ConfigError,
    Controls,
    GatewayChannels,
    GatewaySettings,
    GatewayStruct,
    MountControls,
    MountRestRoutes,
)
from csp_gateway.testing import GatewayTestClient

Start = Callable[..., GatewayTestClient]


class Desk(GatewayChannels):
    controls: ts[Controls] = None


@pytest.mark.parametrize("version", [None, "v2"])
def test_all_controls_are_mounted_or_those_that_are_chosen(gateway_client: Start, version: str | None) -> None:
    client = gateway_client(Desk(), MountControls(api_version=version))
    url = f"/api/{version or 'v1'}/controls"
    assert client.get(f"{url}/").json() == ["heartbeat", "shutdown", "stats"]
    assert client.get(url).json() == ["heartbeat", "shutdown", "stats"]
    assert client.get(f"{url}/heartbeat").status_code == 200
    some = gateway_client(Desk(), MountControls(mount_shutdown=False, mount_stats=False))
    assert some.get("/api/v1/controls/").json() == ["heartbeat"]
    assert some.post("/api/v1/controls/shutdown").status_code == 404


class Without(GatewayChannels):
    """No channel of this name."""


class Record(GatewayStruct):
    n: int


class Other(GatewayChannels):
    controls: ts[Record] = None


class Several(GatewayChannels):
    controls: ts[list[Controls]] = None


@pytest.mark.parametrize(("channels", "said"), [(Without, "there is none"), (Other, "Record"), (Several, "List")])
def test_without_its_channel_it_says_what_to_do(gateway_client: Start, channels: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as raised:
        gateway_client(channels(), MountControls())
    assert f"add the line `controls: ts[Controls] = None` to {channels.__name__}" in str(raised.value)


def test_where_the_routes_are() -> None:
    settings = GatewaySettings()
    assert MountControls().info(settings) == "controls  /api/v1/controls/{heartbeat,stats,shutdown}"
    none = MountControls(mount_heartbeat=False, mount_stats=False, mount_shutdown=False)
    assert none.info(settings) is None


def test_what_is_sent_on_its_channel_ticks_and_controls_nothing(gateway_client: Start) -> None:
    client = gateway_client(Desk(), MountControls(), MountRestRoutes(force_mount_all=True))
    # The names are for modules that look at the channel; the end is asked of controls/shutdown alone.
    for name in ("shutdown", "pause"):
        assert client.post("/api/v1/send/controls", json={"name": name}).status_code == 200
    assert client.get("/api/v1/controls/heartbeat").json()[0]["status"] == "ok"
