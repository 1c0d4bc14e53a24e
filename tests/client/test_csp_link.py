"""EngineLink: a live connection that lives as long as an engine, and what crosses from it."""

# No annotations from the future: csp reads those of nodes.

import asyncio
import threading
from datetime import datetime, timedelta
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway.client import csp_link
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.csp_link import EngineLink, taken
from csp_gateway.client.stream import Stream
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.errors import FrameError
from tests.client.sources import source, threads

NOBODY = GatewayClientConfig(host="127.0.0.1", port=1)


@csp.node(memoize=False)
def passed(items: ts[object], to: object):
    if csp.ticked(items):
        for item in items:
            to(item)


def run(read: Any, to: Any, config: GatewayClientConfig = NOBODY) -> None:
    def graph() -> None:
        link = EngineLink(config, StreamOptions(), lambda stream: read(link, stream), name="test-link")
        passed(taken(link.edge, link), to)

    csp.run(graph, realtime=True, endtime=timedelta(seconds=30))


class End(Exception):
    """The engine has what it is to have."""


def test_what_is_pushed_ticks_in_its_order_and_no_thread_is_left() -> None:
    told: list[Any] = []

    async def read(link: EngineLink, stream: Stream) -> None:
        assert threads("test-link")
        for each in range(1_000):
            link.push(each)
        raise End

    with pytest.raises(End):
        run(read, told.append)
    assert told == list(range(1_000))
    assert not threads("test-link")


def test_an_error_is_raised_as_it_is() -> None:
    async def read(link: EngineLink, stream: Stream) -> None:
        raise FrameError("unknown_channel", "there is none", 3)

    with pytest.raises(FrameError, match="there is none") as raised:
        run(read, lambda _: None)
    assert raised.value.code == "unknown_channel"


def test_who_pushes_waits_for_an_engine_that_is_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csp_link, "MOST_CROSSING", 10)
    go_on, most = threading.Event(), [0]

    async def read(link: EngineLink, stream: Stream) -> None:
        asyncio.get_running_loop().call_later(0.1, go_on.set)
        for each in range(100):
            await link.room()
            most[0] = max(most[0], link._pushed - link._arrived)
            link.push(each)
        raise End

    with pytest.raises(End):
        run(read, lambda _: go_on.wait(10))
    assert most[0] < 10


def test_no_more_is_published_than_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csp_link, "MOST_PUBLISHING", 3)
    monkeypatch.setattr(csp_link, "_FLUSH_SECONDS", 0.01)
    failed: list[str] = []

    async def read(link: EngineLink, stream: Stream) -> None:
        for _ in range(5):
            link.publish("quotes", {"n": 1}, None, failed.append)
        raise End

    with pytest.raises(End):
        run(read, lambda _: None)
    assert failed == ["quotes: 3 publishes wait for their answers already"] * 2


def test_what_cannot_be_published_is_told() -> None:
    failed: list[str] = []

    async def read(link: EngineLink, stream: Stream) -> None:
        await stream.connected()
        link.publish("quotes", object(), None, failed.append)
        link.publish("nothing", {"n": 1}, None, failed.append)
        while len(failed) < 2:
            await asyncio.sleep(0.001)
        raise End

    with source() as (_, config), pytest.raises(End):
        run(read, lambda _: None, config)
    assert failed[0].startswith("quotes: ")
    assert "'nothing'" in failed[1]


def test_in_simulated_time_there_is_no_connection() -> None:
    failed: list[str] = []

    async def read(link: EngineLink, stream: Stream) -> None:
        raise AssertionError("nothing is read")

    def graph() -> None:
        link = EngineLink(NOBODY, StreamOptions(), lambda stream: read(link, stream), name="test-link")
        passed(taken(link.edge, link), failed.append)
        link.publish("quotes", {"n": 1}, None, failed.append)

    csp.run(graph, starttime=datetime(2026, 1, 1), endtime=timedelta(1))
    assert failed == ["quotes: nothing is published in simulated time"]
