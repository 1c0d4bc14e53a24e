"""A stream of events that is cut off at any byte, and goes on by the newest id that arrived, misses nothing.

60 cuts by default; with ``CSP_GATEWAY_STRESS_SECONDS`` set 1,000. ``STREAM_SEED`` repeats a run.
"""

import json
import os
import random
import time
from collections.abc import Iterable
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Any

import pytest

from csp_gateway.testing import serving_gateway
from csp_gateway.wire.closing import Closing
from tests.ways.live_source import gateway, keys_of, port_of, records_of
from tests.ways.rule_proxy import Rule, RuleProxy

LARGE = "CSP_GATEWAY_STRESS_SECONDS" in os.environ
CUTS = 1_000 if LARGE else 60
SEED = int(os.environ.get("STREAM_SEED", time.time_ns() % 1_000_000 if LARGE else 1))
SECONDS = 600 if LARGE else 50


class Browser:
    """Hears events as ``EventSource`` does: of a cut one nothing, and it comes back with the newest id."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.last_id: str | None = None
        self.heard: list[tuple[str, str | None, int, list[int]]] = []
        """Channel, key, offset, and the records' numbers."""
        self.named: list[dict[str, Any]] = []

    def hear(self, port: int, until: int | None = None) -> None:
        """Hear until it is cut off, or as many messages more."""
        with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            try:
                headers = {"last-event-id": self.last_id} if self.last_id is not None else {}
                connection.request("GET", f"/api/v1/stream/{self.path}", headers=headers)
                answer = connection.getresponse()
                end = len(self.heard) + until if until is not None else None
                fields: dict[str, str] = {}
                while (line := answer.readline().decode()).endswith("\n") and len(self.heard) != end:
                    if line == "\n":
                        self._block(fields)
                        fields = {}
                    else:
                        name, _, value = line.rstrip("\n").partition(": ")
                        fields[name] = value
            except (OSError, HTTPException, UnicodeDecodeError):
                return

    def _block(self, fields: dict[str, str]) -> None:
        self.last_id = fields.get("id", self.last_id)
        if "data" not in fields:
            return
        message = json.loads(fields["data"])
        if "event" in fields:
            self.named.append(message)
            return
        numbers = [record["n"] for record in message["data"]]
        self.heard.append((message["channel"], message.get("key"), message["offset"], numbers))

    def of(self, channel: str) -> list[tuple[int, str | None, list[int]]]:
        """What it heard of one channel, each once: a tick of a basket that had not arrived whole is told again."""
        told = [(offset, key, numbers) for name, key, offset, numbers in self.heard if name == channel]
        once = list(dict.fromkeys((offset, key) for offset, key, _ in told))
        if channel != "basket":
            assert len(once) == len(told), "something was told twice"
        by_place = {(offset, key): numbers for offset, key, numbers in told}
        return [(offset, key, by_place[offset, key]) for offset, key in once]


def somewhere(drawn: random.Random) -> Iterable[Rule]:
    yield Rule(drawn.choice(["drop", "reset"]), byte=drawn.randrange(300, 60_000))
    yield Rule("reset", after=0.2)


@pytest.mark.timeout(SECONDS + 10)
def test_nothing_is_lost_doubled_or_reordered() -> None:
    print("STREAM_SEED =", SEED)  # noqa: T201  # pytest shows it when the test fails
    drawn = random.Random(SEED)
    browser = Browser("plain,listed,basket")
    with serving_gateway(gateway(ms=3)) as url, RuleProxy(port_of(url), lambda _: somewhere(drawn)) as proxy:
        for _ in range(CUTS):
            browser.hear(proxy.port)
        browser.hear(port_of(url), until=300)
        assert len(proxy.did("drop", "reset")) >= CUTS
    assert browser.named == []
    for channel in ("plain", "listed", "basket"):
        told = browser.of(channel)
        offsets = list(dict.fromkeys(offset for offset, _, _ in told))
        assert offsets == list(range(offsets[0], offsets[0] + len(offsets))), channel
        assert len(offsets) > 100
        assert all(numbers == records_of(channel, offset) for offset, _, numbers in told), channel
    whole = browser.of("basket")
    # The last of them may not have arrived whole.
    for offset in {offset for offset, _, _ in whole[:-3]}:
        assert [key for each, key, _ in whole if each == offset] == keys_of(offset)


def test_who_stays_away_too_long_is_told_what_he_missed_before_the_next_tick() -> None:
    browser = Browser("brief")
    with serving_gateway(gateway(ms=3)) as url:
        for _ in range(5):
            browser.hear(port_of(url), until=20)
            time.sleep(0.2)
    # Where this machine stands still for long, what it should have told has gone, too, and it is asked to come back.
    closings = [each["closing"] for each in browser.named if "closing" in each]
    assert {each["code"] for each in closings} <= {Closing.SLOW}
    gaps = [each["gap"] for each in browser.named if "gap" in each]
    assert len(gaps) >= 4
    offsets = {offset for offset, _, _ in browser.of("brief")}
    missing: set[int] = set()
    for gap in gaps:
        assert gap["reason"] in ("expired", "overflow")
        missing.update(range(gap["from"], gap["to"]))
    assert offsets.isdisjoint(missing)
    assert offsets | missing == set(range(min(offsets | missing), max(offsets | missing) + 1))
