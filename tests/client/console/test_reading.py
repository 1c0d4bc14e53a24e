"""Channels, their types and their newest ticks."""

from __future__ import annotations

import json

from tests.client.console.test_options import invoke


def test_channels_are_listed(url: str) -> None:
    status, said = invoke("channels", "--url", url)
    assert status == 0
    assert "example_list" in said
    assert "{key}" not in said


def test_the_newest_tick_is_told(url: str) -> None:
    assert invoke("next", "example", "--url", url)[0] == 0
    status, said = invoke("last", "example", "--url", url, "--json")
    assert status == 0
    assert "x" in json.loads(said)[0]


def test_a_channel_that_there_is_not_is_told_with_the_nearest(url: str) -> None:
    status, said = invoke("last", "exmple", "--url", url)
    assert status == 1
    assert "did you mean 'example'" in said


def test_the_fields_of_a_channel_are_told(url: str) -> None:
    status, said = invoke("schema", "example", "--url", url)
    assert status == 0
    assert "internal_csp_struct.z" in said
