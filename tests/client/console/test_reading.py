"""Channels, their types and their newest ticks."""

from __future__ import annotations

import json

from csp_gateway import Gateway, MountRestRoutes
from csp_gateway.testing import serving_gateway
from tests.client.console.conftest import Examples, Feed
from tests.client.console.invoking import invoke


def test_channels_are_listed(url: str) -> None:
    told = invoke("channels", "--url", url)
    assert told.status == 0
    assert "example_list" in told.said
    assert "{key}" not in told.said
    verbs = {each["channel"]: each["verbs"] for each in json.loads(invoke("channels", "--url", url, "--json").out)}
    assert verbs["str_basket"] == ["last", "next", "stream", "send", "lookup"]
    assert verbs["heartbeat"] == ["stream"]


def test_where_nothing_can_be_followed_nothing_says_so() -> None:
    gateway = Gateway(channels=Examples(), modules=[Feed(), MountRestRoutes(force_mount_all=True)])
    with serving_gateway(gateway) as url:
        told = invoke("channels", "--url", url)
    assert told.status == 0
    assert "example_list" in told.out
    assert "stream" not in told.out


def test_the_newest_tick_is_told(url: str) -> None:
    assert invoke("next", "example", "--url", url).status == 0
    told = invoke("last", "example", "--url", url, "--json")
    assert told.status == 0
    assert "x" in json.loads(told.out)[0]


def test_a_channel_that_there_is_not_is_told_with_the_nearest(url: str) -> None:
    told = invoke("last", "exmple", "--url", url)
    assert told.status == 1
    assert "did you mean 'example'" in told.said


def test_the_fields_of_a_channel_are_told(url: str) -> None:
    told = invoke("schema", "example", "--url", url)
    assert told.status == 0
    assert "inner.z" in told.said
