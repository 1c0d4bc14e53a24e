"""The front answers what FastAPI would, byte for byte."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import csp
import pytest
from csp import ts
from fastapi.testclient import TestClient

from csp_gateway import ChannelSelection, GatewayChannels, GatewayModule, GatewayStruct, MountRestRoutes
from csp_gateway.server.channels import door
from csp_gateway.server.web.deadline import BEGUN
from csp_gateway.server.web.verbs import INLINE_BYTES, Intake, Writer

from . import conftest


@pytest.fixture
def long_way(client: Any) -> TestClient:
    """The same gateway without its front."""
    return TestClient(client.gateway.web_app.get_fastapi())


@pytest.mark.parametrize("path", ["/api/v1/last/my_counts", "/api/v1/last/several", "/api/v1/last/silent"])
def test_last_is_the_same_both_ways(client: Any, long_way: TestClient, path: str) -> None:
    for body in (None, [{"n": 1}], [{"n": 2}, {"n": 3}]):
        if body:
            client.post("/api/v1/send/my_counts", json=body)
            client.post("/api/v1/send/several", json=body)
            client.gateway.channels.last("my_counts")
            client.gateway.channels.last("several")
        short, long = client.get(path), long_way.get(path)
        assert (short.status_code, short.content) == (long.status_code, long.content)
        assert short.headers["content-type"] == long.headers["content-type"]
        assert int(short.headers["content-length"]) == len(short.content)


def test_what_is_compressed_is_the_same_both_ways(client: Any, long_way: TestClient) -> None:
    client.post("/api/v1/send/several?wait=ticked", json=[{"n": n} for n in range(1000)])
    for coding in ("gzip", "identity"):
        ways = [way.get("/api/v1/last/several", headers={"accept-encoding": coding}) for way in (client, long_way)]
        short, long = ways
        assert short.content == long.content
        assert short.headers.get("content-encoding") == long.headers.get("content-encoding")
        assert (short.headers.get("content-encoding") == "gzip") == (coding == "gzip")


@pytest.mark.parametrize("query", ["", "?timeout=10"])
def test_a_large_tick_that_was_waited_for_is_compressed_both_ways(client: Any, query: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.get, f"/api/v1/next/my_counts{query}", headers={"accept-encoding": "gzip"})
        cell = client.gateway.channels.outside.cell("my_counts")
        while not cell._upcoming:
            time.sleep(0.002)
        client.post("/api/v1/send/my_counts", json={"n": 1, "note": "x" * 50_000})
        answer = asked.result(10)
    assert (answer.headers["content-encoding"], answer.json()[0]["note"]) == ("gzip", "x" * 50_000)


@pytest.mark.parametrize("body", [b'{"n": "x"}', b"{", b"3", b'{"n":1,"nn":2}', b'[{"n":1},{"n":[]}]', b"[[]]"])
def test_a_refused_send_is_the_same_both_ways(client: Any, long_way: TestClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    short = client.post("/api/v1/send/my_counts", content=body, headers=headers)
    long = long_way.post("/api/v1/send/my_counts", content=body, headers=headers)
    assert (short.status_code, short.json()) == (long.status_code, long.json())
    assert short.status_code == 422


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_what_does_not_say_it_is_json_is_refused_both_ways(client: Any, long_way: TestClient, kind: str | None) -> None:
    # A page of another origin can send these without asking; it must not be able to send to a channel.
    headers = {"content-type": kind} if kind else {}
    for way in (client, long_way):
        answer = way.post("/api/v1/send/my_counts", content=b'{"n": 1}', headers=headers)
        assert answer.status_code == 422
        assert "send it with Content-Type: application/json" in answer.json()["detail"][0]["msg"]
    assert client.gateway.channels.statistics()["sends"]["my_counts"]["sent"] == 0


def test_other_methods_and_paths_pass(client: Any) -> None:
    assert client.delete("/api/v1/last/my_counts").status_code == 405
    assert client.get("/openapi.json").status_code == 200


class Watched(GatewayStruct):
    """Notes in which thread it is validated."""

    n: int


class WatchedCh(GatewayChannels):
    watched: ts[Watched] = None


class WatchedFeed(GatewayModule):
    requires: ChannelSelection | None = []

    def connect(self, channels: Any) -> None:
        channels.add_send_channel("watched")


@pytest.mark.parametrize("ruled", [False, True])
def test_large_bodies_and_rules_are_kept_from_the_event_loop(
    serve: Any, monkeypatch: pytest.MonkeyPatch, ruled: bool
) -> None:
    threads, accept = [], Intake.accept

    def note(record: Watched) -> Watched:
        threads.append(threading.current_thread())
        return record

    def noted(*args: Any, **more: Any) -> Any:
        threads.append(threading.current_thread())
        return accept(*args, **more)

    monkeypatch.setattr(Intake, "accept", noted)
    if ruled:
        Watched.add_validator(note)
    client = serve(WatchedFeed(), MountRestRoutes(), channels=WatchedCh())

    async def on_loop() -> threading.Thread:
        return threading.current_thread()

    with client:  # one loop for all of them
        loop_thread = client.portal.call(on_loop)
        for path in ("/api/v1/send/watched", "/api/v1/send/watched?token=1"):
            for padding, here in ((0, not ruled), (INLINE_BYTES, False)):
                threads.clear()
                body = b'{"n": 1}' + b" " * padding
                answer = client.post(path, content=body, headers={"content-type": "application/json"})
                assert answer.status_code == 200
                assert {thread is loop_thread for thread in threads} == {here}
                assert {thread.name.startswith("web-worker") for thread in threads} == {not here}
        assert client.gateway.web_app.statistics()["workers"]["done"] >= 2
    client.gateway.stop()
    assert not [thread for thread in threads if thread.is_alive()]
    Watched.clear_validators()


class Grown(GatewayStruct):
    n: int


class GrownCh(GatewayChannels):
    grown: ts[Grown] = None


class Grow(GatewayModule):
    """Ticks one struct again and again, changed in place."""

    @csp.node
    def grow(self, beat: ts[bool]) -> ts[Grown]:
        with csp.state():
            s_one = Grown(n=0)
        if csp.ticked(beat):
            s_one.n += 1
            return s_one

    def connect(self, channels: Any) -> None:
        channels.set_channel("grown", self.grow(csp.timer(timedelta(milliseconds=10), True)))


def test_a_struct_that_ticks_again_changed_in_place_is_read_anew(serve: Any) -> None:
    client = serve(Grow(), MountRestRoutes(), channels=GrownCh())
    seen: set[int] = set()
    deadline = time.monotonic() + 10
    while len(seen) < 3 and time.monotonic() < deadline:
        seen.update(record["n"] for record in client.get("/api/v1/last/grown").json())
    assert len(seen) >= 3


def test_a_sender_reads_its_own_writes(serve: Any) -> None:
    class Slow(conftest.Feed):
        def connect(self, channels: Any) -> None:
            super().connect(channels)
            beat = csp.timer(timedelta(milliseconds=5), True)
            # A node holds the engine half of the time: what was sent is often still on its way when it is asked for.
            csp.add_graph_output("slow", csp.apply(beat, lambda _: time.sleep(0.002) or True, bool))

    client = serve(Slow(), MountRestRoutes())
    for n in range(300):
        client.post("/api/v1/send/my_counts", json={"n": n})
        assert client.get("/api/v1/last/my_counts").json()[0]["n"] == n


def test_a_send_that_is_refused_is_tried_once(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "WAITING_LIMIT", 5)
    client = serve()
    answer = client.post("/api/v1/send/my_counts", json=[{"n": n} for n in range(10)])
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "send them in several goes" in answer.json()["detail"]
    assert client.gateway.channels.statistics()["sends"]["my_counts"]["refused"] == 10


class Odd(GatewayStruct):
    o: object


class OddCh(GatewayChannels):
    odd: ts[Odd] = None


class OddFeed(GatewayModule):
    def connect(self, channels: Any) -> None:
        channels.set_channel("odd", csp.const(Odd(o=object())))


@pytest.mark.parametrize("path", ["/api/v1/last/odd", "/api/v1/last/odd?token=1"])
def test_what_cannot_be_written_is_a_sentence(serve: Any, caplog: pytest.LogCaptureFixture, path: str) -> None:
    client = serve(OddFeed(), MountRestRoutes(), channels=OddCh())
    answer = client.get(path)
    assert answer.status_code == 500
    assert answer.json()["detail"].startswith("Odd cannot be written as JSON: ")
    assert any(record.exc_info for record in caplog.records)


def test_a_large_tick_is_not_written_on_the_event_loop(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    threads, original = [], Writer.write

    def seen(*args: Any, **more: Any) -> bytes:
        threads.append(threading.current_thread().name.rpartition("_")[0])
        return original(*args, **more)

    monkeypatch.setattr(Writer, "write", seen)
    client = serve()
    with client:
        for path in ("last/several", "last/several?timeout=10"):
            client.post("/api/v1/send/several?wait=ticked", json=[{"n": n} for n in range(10_000)])
            threads.clear()
            first = client.get(f"/api/v1/{path}")
            assert len(first.json()) == 10_000
            assert client.get(f"/api/v1/{path}").content == first.content
            assert threads == ["web-worker"]


def test_what_is_read_here_and_passed_on_has_one_deadline(client: Any) -> None:
    passed: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope)
        await client.gateway.web_app.get_fastapi()(scope, receive, send)

    # The front, as it stands, in front of another application.
    client.gateway.web_app._front._app = app
    assert client.post("/api/v1/send/my_counts", json={"n": "x"}).status_code == 422
    assert BEGUN in passed[0]


@pytest.mark.parametrize("query", ["", "?timeout=0.05"])
def test_the_path_that_was_asked_for_is_the_same_both_ways(serve: Any, query: str) -> None:
    client = serve(ROOT_PATH="/desk", NEXT_SECONDS=0.05)
    for prefix in ("", "/desk"):
        answer = client.get(f"{prefix}/api/v1/next/silent{query}")
        assert (answer.status_code, answer.json()["instance"]) == (504, "/desk/api/v1/next/silent")
