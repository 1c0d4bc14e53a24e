"""A stream of events goes on from where it was cut, says what it lost, and ends when either side wants it to."""

import socket
import struct
import time
from typing import Any
from urllib.parse import urlsplit

import httpx2
import psutil
import pytest

from csp_gateway import GatewayModule, Keep, MountRestRoutes, MountWebSocketRoutes
from csp_gateway.server.web.live import event_stream
from tests.server.web.live.desk import Ch, Desk, Served
from tests.server.web.live.hearing import hearing
from tests.server.web.live.parts import quote


def until(true: Any, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it has not come true"
        time.sleep(0.005)


class Short(GatewayModule):
    """Keeps two ticks."""

    requires: Any = []

    def connect(self, channels: Ch) -> None:
        channels.expose(Ch.quotes, Keep(items=2))


def test_the_headers_keep_everybody_from_holding_it_back(desk: Served) -> None:
    with hearing(desk.url, "stream/quotes", accept_encoding="gzip, zstd") as heard:
        told = heard.answer.headers
        assert told["content-type"].startswith("text/event-stream")
        assert told["cache-control"] == "no-store"
        assert told["x-accel-buffering"] == "no"
        assert told["content-encoding"] is None


def test_who_was_cut_goes_on_from_where_he_was(desk: Served) -> None:
    with hearing(desk.url, "stream/quotes,legs") as heard:
        desk.tick("quotes", quote(1))
        assert heard.counts(1) == [1]
        last = heard.last_id
    desk.tick("quotes", quote(2))
    desk.tick("legs", quote(3), "A")
    with hearing(desk.url, "stream/quotes,legs", last_event_id=last) as heard:
        desk.tick("quotes", quote(4))
        assert sorted(heard.counts(3)) == [2, 3, 4]
    with hearing(desk.url, f"stream/quotes,legs?last_event_id={last}") as heard:
        assert sorted(heard.counts(3)) == [2, 3, 4]


def test_who_was_cut_before_the_first_tick_misses_nothing(desk: Served) -> None:
    with hearing(desk.url, "stream/quotes") as heard:
        last = heard.last_id
    desk.tick("quotes", quote(1))
    with hearing(desk.url, "stream/quotes", last_event_id=last) as heard:
        assert heard.counts(1) == [1]


def test_what_stood_is_not_told_again_to_who_had_it(desk: Served) -> None:
    desk.tick("quotes", quote(1))
    with hearing(desk.url, "stream/quotes?snapshot=last") as heard:
        # Until it has arrived, no id says that it has.
        assert "quotes" not in heard.last_id
        assert heard.counts(1) == [1]
        last = heard.last_id
    desk.tick("quotes", quote(2))
    with hearing(desk.url, "stream/quotes?snapshot=last", last_event_id=last) as heard:
        assert heard.counts(1) == [2]


def test_a_gap_is_told_before_the_next_tick(serve: Any) -> None:
    desk = serve(Desk(), Short(), MountWebSocketRoutes())
    with hearing(desk.url, "stream/quotes") as heard:
        desk.tick("quotes", quote(0))
        heard.hear()
        last = heard.last_id
    for n in range(1, 6):
        desk.tick("quotes", quote(n))
    with hearing(desk.url, "stream/quotes", last_event_id=last) as heard:
        gap = heard.hear()
        assert (gap.name, gap.message["channel"]) == ("gap", "gap")
        assert gap.message["gap"] == {"channel": "quotes", "from": 1, "to": 4, "count": 3, "reason": "expired"}
        assert gap.id.endswith(":quotes=4")
        assert heard.counts(2) == [4, 5]
    with hearing(desk.url, "stream/quotes?snapshot=last", last_event_id=last) as heard:
        assert heard.hear().message["gap"]["to"] == 6
        assert heard.counts(1) == [5]
    with hearing(desk.url, "stream/quotes", last_event_id="another:quotes=3") as heard:
        gap = heard.hear()
        assert (gap.message["gap"]["from"], gap.message["gap"]["reason"]) == (None, "epoch_changed")
        assert heard.counts(1) == [4]
    for path in ("quotes", "quotes?snapshot=last"):
        ahead = {"last-event-id": last.replace("=1", "=7")}
        refused = httpx2.get(f"{desk.url}/api/v1/stream/{path}", headers=ahead)
        assert (refused.status_code, refused.json()["detail"]) == (422, "offset 7 has not ticked yet; the next is 6")


def test_who_hears_nothing_for_long_is_pinged_and_told_where_it_goes_on(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "BEAT_SECONDS", 0.05)
    desk = serve()
    where = "%7B%22attr%22:%22n%22,%22by%22:%7B%22value%22:10,%22where%22:%22%3E%22%7D%7D"
    with hearing(desk.url, f"stream/quotes?where={where}") as heard:
        desk.tick("quotes", quote(1))
        until(lambda: heard.block() is not None and heard.last_id.endswith("quotes=1"))
        until(lambda: (heard.block(), len(heard.comments) >= 3)[1])
        assert set(heard.comments) == {": ping"}


def test_a_client_that_leaves_is_forgotten(desk: Served) -> None:
    with hearing(desk.url, "stream/quotes"):
        assert len(desk.hub.clients) == 1
    until(lambda: not desk.hub.clients)
    assert desk.hub.feed("quotes").cell.told is None
    assert desk.gateway.web_app is not None
    until(lambda: desk.gateway.web_app.patience.statistics()["in_progress"] == 0)  # type: ignore[union-attr]


def test_a_connection_that_is_reset_is_forgotten(desk: Served) -> None:
    with hearing(desk.url, "stream/quotes") as heard:
        heard.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    until(lambda: not desk.hub.clients)


def test_streams_are_no_requests_in_progress(serve: Any) -> None:
    desk = serve(Desk(), MountRestRoutes(), MountWebSocketRoutes(), MAX_REQUESTS=1, REQUEST_SECONDS=0.2)
    with hearing(desk.url, "stream/quotes") as one, hearing(desk.url, "stream/quotes") as other:
        assert httpx2.get(f"{desk.url}/api/v1/last/quotes?timeout=0.2").status_code == 200
        time.sleep(0.3)  # longer than a request may take
        desk.tick("quotes", quote(1))
        assert one.counts(1) == other.counts(1) == [1]


def test_so_many_clients_and_no_more(serve: Any) -> None:
    desk = serve(MAX_CLIENTS=1)
    with hearing(desk.url, "stream/quotes"):
        answer = httpx2.get(f"{desk.url}/api/v1/stream/quotes")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["type"] == "urn:csp-gateway:problem:too-many-clients"
    assert "MAX_CLIENTS" in answer.json()["detail"]


def test_head_says_the_headers_and_follows_nothing(desk: Served) -> None:
    answer = httpx2.head(f"{desk.url}/api/v1/stream/quotes")
    assert answer.headers["content-type"].startswith("text/event-stream")
    until(lambda: not desk.hub.clients)


def test_at_the_end_all_that_ticked_is_told_and_then_when_to_come_back(serve: Any) -> None:
    desk = serve()
    with hearing(desk.url, "stream/quotes") as heard:
        for n in range(50):
            desk.tick("quotes", quote(n))
        began = time.monotonic()
        desk.gateway.stop()
        assert time.monotonic() - began < 3
        assert heard.counts(50) == [*range(50)]
        closing = heard.hear()
        assert (closing.name, closing.message["closing"]["code"]) == ("closing", 3001)
        assert closing.retry == max(1, int(1000 * closing.message["closing"]["retry_after"]))
        assert heard.block() is None


def test_who_does_not_read_is_cut_off(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csp_gateway.server.web.live.client.WRITE_SECONDS", 0.2)
    monkeypatch.setattr(event_stream, "_LINGER", 0.2)
    desk = serve()
    with hearing(desk.url, "stream/many", buffer=4096), hearing(desk.url, "stream/notes") as other:
        large = [quote(n, "x" * 10_000) for n in range(100)]
        stalled = next(iter(desk.hub.clients.values()))
        for _ in range(12):
            desk.tick("many", large)
        until(lambda: stalled.is_gone)
        until(lambda: len(desk.hub.clients) == 1)
        until(lambda: connections(desk) == 1)
        desk.tick("notes", quote(1))
        assert other.counts(1) == [1]


def connections(desk: Served) -> int:
    """How many the server holds open."""
    port = urlsplit(desk.url).port
    held = psutil.Process().net_connections("tcp4")
    return sum(each.laddr.port == port and each.status == psutil.CONN_ESTABLISHED for each in held)
