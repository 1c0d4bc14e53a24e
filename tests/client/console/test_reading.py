"""Channels, their types and their newest ticks."""

from __future__ import annotations

import json

from tests.client.console.invoking import invoke
from tests.client.console.test_doctor import guarded


def test_channels_are_listed(url: str) -> None:
    told = invoke("channels", "--url", url)
    assert told.status == 0
    assert "example_list" in told.said
    assert "{key}" not in told.said
    verbs = {each["channel"]: each["verbs"] for each in json.loads(invoke("channels", "--url", url, "--json").out)}
    assert verbs["str_basket"] == ["last", "next", "stream", "send", "lookup"]
    assert verbs["heartbeat"] == ["stream"]


def test_where_nothing_can_be_asked_or_followed_it_says_what_to_see() -> None:
    with guarded(asks=0) as url:
        told = invoke("channels", "--url", url)
    assert (told.status, told.out) == (0, "")
    assert "see MountRestRoutes and MountWebSocketRoutes" in told.err


def test_the_newest_tick_is_told(url: str) -> None:
    assert invoke("next", "example", "--url", url).status == 0
    told = invoke("last", "example", "--url", url, "--json")
    assert told.status == 0
    assert "x" in json.loads(told.out)[0]


def test_the_newest_ticks_of_a_basket_are_told_with_their_keys(url: str) -> None:
    record = '{"x": %d, "dt": "2026-01-01T00:00:00", "d": "2026-01-01", "inner": {}}'
    for key, x in (("b", 8), ("a", 7), ("b", 9)):
        assert invoke("send", f"str-basket/{key}", record % x, "--wait", "ticked", "--url", url).status == 0
    for name in ("str_basket", "str-basket"):
        head, *lines = invoke("last", name, "--url", url).out.splitlines()
        assert head.split()[:2] == ["key", "x"]
        assert [line.split()[:2] for line in lines] == [["a", "7"], ["b", "9"]]
    told = invoke("last", "str_basket", "--url", url, "--json")
    assert [record["x"] for record in json.loads(told.out)] == [7, 9]
    assert "key" not in json.loads(told.out)[0]
    assert invoke("last", "str_basket/b", "--url", url).out.split()[0] == "x"


def test_a_channel_that_there_is_not_is_told_with_the_nearest(url: str) -> None:
    told = invoke("last", "exmple", "--url", url)
    assert told.status == 1
    assert "did you mean 'example'" in told.said


def test_the_fields_of_a_channel_are_told(url: str) -> None:
    told = invoke("schema", "example", "--url", url)
    assert told.status == 0
    head, *lines = told.out.splitlines()
    assert "must be there" in head
    assert [line.split()[:3] for line in lines if line.startswith("inner.z")] == [["inner.z", "int64", "no"]]
