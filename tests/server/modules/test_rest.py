"""MountRestRoutes: which verbs on which channels."""

import logging
from collections.abc import Iterator
from typing import Any

import csp
import pytest
from csp import ts
from fastapi.testclient import TestClient
from pydantic import ValidationError

from csp_gateway import (
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewaySettings,
    GatewayStruct,
    MountRestRoutes,
    UnknownChannelError,
)


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: ts[Count] = None
    b: ts[Count] = None


class Feed(GatewayModule):
    def connect(self, channels: Ch) -> None:
        for name in ("a", "b"):
            channels.set_channel(name, csp.const(Count(n=1)))
        channels.add_send_channel("a")


@pytest.fixture
def mounted() -> Iterator[Any]:
    gateways = []

    def mount(**options: Any) -> TestClient:
        gateway = Gateway(modules=[MountRestRoutes(**options), Feed()], channels=Ch())
        gateways.append(gateway)
        gateway.start(rest=True, _in_test=True)
        return TestClient(gateway.web_app, base_url="http://localhost")

    yield mount
    for gateway in gateways:
        if gateway.running:
            gateway.stop()


def verbs(client: TestClient) -> dict[str, list[str]]:
    return {verb: client.get(f"/api/v1/{verb}/").json() for verb in ("last", "next", "lookup", "send")}


def test_by_default_everything_that_can_be(mounted: Any) -> None:
    assert verbs(mounted()) == {"last": ["a", "b"], "next": ["a", "b"], "lookup": ["a", "b"], "send": ["a"]}


def test_a_selection_a_verb(mounted: Any) -> None:
    client = mounted(mount_last=["b"], mount_next={"exclude": ["a"]}, mount_lookup=[], mount_send=["b"])
    assert verbs(client) == {"last": ["b"], "next": ["b"], "lookup": [], "send": []}
    assert client.get("/api/v1/last/a").json() == {"detail": "Not Found"}


def test_force_mount_all_overrides_selections_but_not_what_can_be_sent_to(mounted: Any) -> None:
    client = mounted(force_mount_all=True, mount_last=[], mount_send=[])
    assert verbs(client)["last"] == ["a", "b"]
    assert verbs(client)["send"] == ["a"]


def test_channels_that_cannot_be_sent_to_are_logged(mounted: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        mounted()
    assert "Requested channels missing send routes are: ['b']" in caplog.text


def test_a_mistyped_channel_fails_the_start(mounted: Any) -> None:
    with pytest.raises(UnknownChannelError, match="no channel 'aa' to select; did you mean 'a'"):
        mounted(mount_last=["aa"])


def test_a_mistyped_option_names_the_nearest() -> None:
    with pytest.raises(ValidationError, match="did you mean 'mount_lookup'"):
        MountRestRoutes(mount_lokup=[])


def test_it_tells_where_the_routes_are() -> None:
    assert "/api/v1/{last,next,send,lookup}/<channel>" in MountRestRoutes().info(GatewaySettings())


def test_it_needs_nobody_to_provide_anything() -> None:
    gateway = Gateway(modules=[MountRestRoutes()], channels=Ch())
    gateway.start(rest=True, _in_test=True)
    assert TestClient(gateway.web_app, base_url="http://localhost").get("/api/v1/last/a").status_code == 404
    gateway.stop()
