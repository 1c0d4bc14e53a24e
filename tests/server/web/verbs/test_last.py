"""GET last."""

import threading
import time
from datetime import timedelta
from typing import Any

import csp
from csp import ts

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


def test_it_never_waits_for_the_engine(serve: Any) -> None:
    busy, go_on = threading.Event(), threading.Event()

    class Sleepy(GatewayModule):
        def connect(self, channels: SlowCh) -> None:
            channels.set_channel(SlowCh.slow, csp.const(Slow(n=1)))
            channels.add_send_channel(SlowCh.slow)
            csp.add_graph_output("held", csp.apply(csp.const(True, delay), hold, bool))

    def hold(_: bool) -> bool:
        busy.set()
        return go_on.wait(15)

    delay = timedelta(milliseconds=50)
    client = serve(Sleepy(), MountRestRoutes(), channels=SlowCh())
    assert busy.wait(5)
    # A node holds the engine meanwhile; the bound is wide because the machine may be busy.
    took = [timed(client, "/api/v1/last/slow") for _ in range(20)]
    assert min(took) < 0.02
    # Even while somebody's send has not arrived it waits a quarter second at most.
    client.post("/api/v1/send/slow", json={"n": 2})
    assert timed(client, "/api/v1/last/slow") < 2
    assert busy.is_set()
    go_on.set()


def timed(client: Any, path: str) -> float:
    started = time.perf_counter()
    assert client.get(path).json()[0]["n"] == 1
    return time.perf_counter() - started


def test_wrong_method(client: Any) -> None:
    assert client.post("/api/v1/last/my_counts").status_code == 405
