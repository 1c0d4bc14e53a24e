"""GET last."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import csp
import pytest
from csp import ts
from pydantic import PrivateAttr

from csp_gateway import GatewayChannels, GatewayModule, GatewayStruct, MountRestRoutes


class Slow(GatewayStruct):
    n: int


class SlowCh(GatewayChannels):
    slow: ts[Slow] = None


def test_before_and_after_the_first_tick(client: Any) -> None:
    assert client.get("/api/v1/last/my_counts").json() == []
    sent = client.post("/api/v1/send/my_counts", json={"n": 3}).json()
    assert client.get("/api/v1/last/my_counts").json() == sent
    assert list(sent[0]) == ["id", "timestamp", "n", "note"]


def test_the_spelling_with_dashes(client: Any) -> None:
    sent = client.post("/api/v1/send/my-counts", json={"n": 3}).json()
    assert client.get("/api/v1/last/my-counts").json() == sent


def test_a_list_tick_is_all_of_it(client: Any) -> None:
    sent = client.post("/api/v1/send/several", json=[{"n": 1}, {"n": 2}]).json()
    assert client.get("/api/v1/last/several").json() == sent
    assert [record["n"] for record in sent] == [1, 2]


def test_provided_and_silent_is_empty_and_nobody_is_404(client: Any) -> None:
    assert client.get("/api/v1/last/silent").json() == []
    answer = client.get("/api/v1/last/nobody")
    assert (answer.status_code, answer.json()["detail"]) == (404, "Channel not found: nobody")
    answer = client.get("/api/v1/last/never_heard_of")
    assert (answer.status_code, answer.json()["detail"]) == (404, "Not Found")


def test_a_query_string_goes_the_long_way_and_answers_the_same(client: Any) -> None:
    sent = client.post("/api/v1/send/my_counts", json={"n": 3}).json()
    assert client.get("/api/v1/last/my_counts?token=1").json() == sent


class Sleepy(GatewayModule):
    """Holds the engine from its first moments on, until it is told to go on."""

    _busy: threading.Event = PrivateAttr(default_factory=threading.Event)
    _go_on: threading.Event = PrivateAttr(default_factory=threading.Event)

    def connect(self, channels: SlowCh) -> None:
        channels.set_channel(SlowCh.slow, csp.const(Slow(n=1)))
        channels.add_send_channel(SlowCh.slow)
        later = csp.const(True, timedelta(milliseconds=50))
        csp.add_graph_output("held", csp.apply(later, self._hold, bool))

    def _hold(self, _: bool) -> bool:
        self._busy.set()
        return self._go_on.wait(15)

    def wait_until_busy(self) -> threading.Event:
        assert self._busy.wait(5)
        return self._go_on


@pytest.fixture
def sleepy(serve: Any) -> Iterator[tuple[Any, threading.Event]]:
    """A client to a gateway whose engine is busy, and what lets it go on."""
    module = Sleepy()
    client = serve(module, MountRestRoutes(), channels=SlowCh())
    go_on = module.wait_until_busy()
    yield client, go_on
    go_on.set()


def test_it_never_waits_for_the_engine(sleepy: Any) -> None:
    client, _ = sleepy
    # A node holds the engine meanwhile; the bound is wide because the machine may be busy.
    took = [timed(client, "/api/v1/last/slow") for _ in range(20)]
    assert min(took) < 0.02


def test_it_waits_for_what_was_sent_before_until_its_deadline(sleepy: Any) -> None:
    client, go_on = sleepy
    client.post("/api/v1/send/slow", json={"n": 2})
    late = client.get("/api/v1/last/slow?timeout=0.4")
    assert late.status_code == 504
    said = "GET /api/v1/last/slow was not answered within 0.4 s; it waited for what was sent to slow before to arrive"
    assert late.json()["detail"] == said
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.get, "/api/v1/last/slow")
        while client.gateway.web_app.patience.statistics()["in_progress"] < 1:
            assert not asked.done()
        go_on.set()
        assert [record["n"] for record in asked.result(15).json()] == [2]


def timed(client: Any, path: str) -> float:
    started = time.perf_counter()
    assert client.get(path).json()[0]["n"] == 1
    return time.perf_counter() - started


def test_wrong_method(client: Any) -> None:
    assert client.post("/api/v1/last/my_counts").status_code == 405
