"""Whoever stops reading or says rubbish is his own concern: all others are told everything, and memory is bounded."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from csp_gateway import Gateway
from csp_gateway.testing import serving_gateway
from csp_gateway.wire.closing import Closing
from tests.ways.live_source import STREAM, gateway, port_of
from tests.ways.live_witnesses import Everybody
from tests.ways.trouble import until

HEALTHY = 20
LIMIT = 1024 * 1024
HEAVY = 20_000
"""Bytes of a record; at most one message more than ``LIMIT`` waits for anybody."""


@contextmanager
def stalled(port: int, *wanted: str) -> Iterator[Any]:
    """A client that says these, and reads nothing."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", port))
    # Without this its library would read and keep what has come.
    given: dict[str, Any] = {"compression": None, "max_queue": 1, "ping_interval": None, "close_timeout": 0.2}
    with connect(f"ws://127.0.0.1:{port}{STREAM}", sock=raw, **given) as client:
        for each in wanted:
            client.send(each)
        yield client


class Watch(threading.Thread):
    """Looks at the most that ever waits for all clients together, and for how long one is full."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(name="watch")
        self.hub = gateway.web_app.hub  # type: ignore[union-attr]
        self.most = 0
        self.full_since: float | None = None
        self.full_seconds = 0.0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.02):
            told = self.hub.statistics()
            self.most = max(self.most, told["waiting_bytes"])
            if told["full"]:
                self.full_since = self.full_since or time.monotonic()
                self.full_seconds = time.monotonic() - self.full_since

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()


def rubbish(port: int, over: threading.Event) -> None:
    """Says anything but what is right, and comes back when it is thrown out."""
    drawn = random.Random(1)
    while not over.is_set():
        with connect(f"ws://127.0.0.1:{port}{STREAM}", compression=None, close_timeout=0.2) as client:
            try:
                while not over.wait(0.002):
                    size = drawn.choice([0, 1, 10, 1_000, 100_000])
                    said = drawn.choice([drawn.randbytes(size), '{"action":' * (size // 10), "x" * size])
                    client.send(said)
                    client.recv(timeout=10)
                return
            except ConnectionClosed:
                pass


def code_after_all(client: Any) -> int | None:
    """Read until it is closed; with which code."""
    try:
        while True:
            client.recv(timeout=5)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def subscribe(channel: str, **options: Any) -> str:
    told = "".join(f',"{name}":{value}' for name, value in options.items())
    return f'{{"action":"subscribe","channel":"{channel}"{told}}}'


@contextmanager
def served(**given: Any) -> Iterator[tuple[int, Gateway]]:
    made = gateway(**given)
    with serving_gateway(made) as url:
        yield port_of(url), made


def test_one_that_stops_reading_and_one_that_says_rubbish_touch_nobody() -> None:
    with served(ms=5, heavy_ms=5, heavy_bytes=HEAVY) as (port, made), Everybody(port, HEALTHY) as everybody:
        over = threading.Event()
        speaking = threading.Thread(target=rubbish, args=[port, over], name="rubbish")
        speaking.start()
        with Watch(made) as watch, stalled(port, subscribe("heavy")) as client:
            history = made.channels.outside.history("plain")
            hub: Any = made.web_app.hub  # type: ignore[union-attr]
            until(lambda: hub.statistics()["full"] == 1)
            before = psutil.Process().memory_info().rss
            until(lambda: hub.statistics()["full"] == 0)
            # The close lies behind all that it has not read, and it is given a second to read that.
            assert code_after_all(client) == Closing.SLOW
            upto = history.next - 1
            everybody.reach(upto)
        over.set()
        speaking.join()
        grown = psutil.Process().memory_info().rss - before
    everybody.judge(upto)
    assert 4.5 <= watch.full_seconds <= 6
    assert watch.most <= LIMIT * 1.1 + HEALTHY * 20_000
    # The histories grow; the heavy one by 4 MB a second, up to its 16 MiB.
    assert grown < 100 * 2**20


@pytest.mark.parametrize(
    ("channel", "options"),
    [
        ("heavy", {"policy": '"drop_oldest"'}),
        ("heavy", {"policy": '"drop_oldest"', "since": 0}),
        ("heavy", {"policy": '"conflate"'}),
        ("heavy", {"policy": '"conflate"', "latest_by": '"symbol"'}),
        ("heavy", {"policy": '"conflate"', "latest_by": '"n"', "since": 0}),
        ("heavy", {"min_interval": 0.5, "latest_by": '"n"', "since": 0}),
        ("heavy", {"policy": '"disconnect"', "since": 0}),
        ("heavy", {"fields": '["text"]', "since": 0, "policy": '"drop_oldest"'}),
        ("heavy", {"format": '"msgpack"', "since": 0, "policy": '"drop_oldest"'}),
    ],
    ids=str,
)
def test_what_waits_for_a_client_is_bounded_whatever_it_asked_for(channel: str, options: dict[str, Any]) -> None:
    with served(ms=50, heavy_ms=1, heavy_bytes=HEAVY) as (port, made):
        until(lambda: made.channels.outside.history("heavy").next > 600)
        with Watch(made) as watch, stalled(port, subscribe(channel, **options)):
            until(lambda: watch.full_seconds > 0.5)
        assert LIMIT * 0.9 <= watch.most <= LIMIT * 1.1 + HEAVY
