"""Whole frames over uvicorn's protocol, on real sockets: also to clients that do not read, or leave."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from csp_gateway.server.web.live import client as client_module
from tests.server.web.live.desk import Served, Talk
from tests.server.web.live.parts import Quote, quote

LONG = "x" * 60_000
"""A symbol of which a few dozen are more than may wait for one client."""


def stalled(desk: Served, channel: str, **wanted: Any) -> Talk:
    """A client that follows, and reads nothing but what its buffers take."""
    host, port = desk.url.removeprefix("http://").split(":")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect((host, int(port)))
    # It stops reading at the first message it has not been asked for.
    talk = desk.talk(sock=raw, max_queue=(1, 0), ping_interval=None, max_size=None)
    talk.follow(channel, **wanted)
    return talk


def flood(desk: Served, channel: str, count: int = 150) -> None:
    for n in range(count):
        desk.tick(channel, Quote(symbol=LONG, n=n))
        until(lambda: not desk.hub.feed(channel).stale)


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it has not come true"
        time.sleep(0.001)


def test_a_frame_is_the_same_bytes_for_all_and_other_messages_go_on_beside_it(desk: Served) -> None:
    talks = [desk.talk() for _ in range(3)]
    for talk in talks:
        talk.follow("notes")
    for n, symbol in enumerate(["A", "B" * 200, "C" * 70_000]):
        desk.tick("notes", quote(n, symbol))
        for talk in talks:
            assert talk.hear()["data"][0]["symbol"] == symbol
            assert talk.is_quiet()
    feed = desk.hub.statistics()["feeds"]["notes"]
    assert (feed["followers"], feed["alone"], feed["groups"]) == (3, 0, 1)


def test_with_compression_the_same_is_told(serve: Callable[..., Served]) -> None:
    desk = serve(start={"ws_per_message_deflate": True})
    plain, packed = desk.talk(), desk.talk(compression="deflate")
    assert packed.socket.protocol.extensions
    for talk in (plain, packed):
        talk.follow("notes", positions=True)
    for n in range(5):
        desk.tick("notes", quote(n, "x" * 1000))
    assert [plain.hear() for _ in range(5)] == [packed.hear() for _ in range(5)]
    packed.say(action="subscribe", channel="notes", positions=True, format="msgpack")
    assert packed.is_quiet()
    desk.tick("notes", quote(5))
    assert isinstance(message := packed.socket.recv(10), bytes)
    assert b"notes" in message


def test_who_reads_nothing_is_closed_and_nobody_else_notices(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = serve()
    monkeypatch.setattr(client_module, "WRITE_SECONDS", 0.3)
    lazy, quick = stalled(desk, "notes", policy="disconnect"), desk.talk(max_size=None)
    quick.follow("notes")
    for n in range(150):
        desk.tick("notes", Quote(symbol=LONG, n=n))
        assert quick.hear()["data"][0]["n"] == n
    assert max(client.line.waiting() for client in list(desk.hub.clients.values())) < 1.3 * 2**20
    until(lambda: len(desk.hub.clients) == 1)
    messages, code = lazy.hear_all()
    seen = [message["data"][0]["n"] for message in messages]
    assert seen == list(range(len(seen)))
    assert code in (None, 3008)  # None: it was cut off before it could be told
    quick.leave()


@pytest.mark.parametrize(("policy", "channel"), [("drop_oldest", "notes"), ("conflate", "quotes")])
def test_who_reads_again_goes_on(serve: Callable[..., Served], policy: str, channel: str) -> None:
    desk = serve(HISTORY_ITEMS=20)
    lazy = stalled(desk, channel, policy=policy, positions=True)
    flood(desk, channel)
    desk.tick(channel, Quote(symbol="last", n=150))
    place, numbers, gaps, skipped = 0, [], 0, 0
    while not numbers or numbers[-1] != 150:
        message = lazy.hear()
        if message["channel"] == "gap":
            gap = message["gap"]
            assert gap["from"] == place
            gaps, place = gaps + gap["count"], gap["to"]
            continue
        assert message["offset"] >= place
        place, skipped = message["next"], skipped + message.get("skipped", 0)
        numbers.append(message["data"][0]["n"])
    assert numbers == sorted(set(numbers))
    assert len(numbers) + gaps + skipped == 151
    assert (gaps if policy == "drop_oldest" else skipped) > 0
    assert (skipped if policy == "drop_oldest" else gaps) == 0
    if policy == "conflate":
        assert numbers[-2:] == [149, 150]  # the newest of each symbol
    desk.tick(channel, quote(151))
    assert lazy.hear()["data"][0]["n"] == 151
    assert "alone" in desk.hub.statistics()["feeds"][channel]


def test_a_stop_does_not_wait_for_who_reads_nothing(serve: Callable[..., Served]) -> None:
    desk = serve()
    lazy, quick = stalled(desk, "quotes"), desk.talk(max_size=None)
    quick.follow("notes")
    flood(desk, "quotes")
    began = time.monotonic()
    desk.gateway.stop()
    assert time.monotonic() - began < 6.5
    assert quick.hear()["closing"]["code"] == 3001
    lazy.leave()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (bytes([0x83, 0x80, 0, 0, 0, 0]), 1002),  # no such kind
        (bytes([0x81, 0x01, 0x41]), 1002),  # not masked
        (bytes([0x81, 0x81, 0, 0, 0, 0, 0xFF]), 1007),  # no UTF-8
        (bytes([0x81, 0xFF, 0, 0, 0, 0, 0x7F, 0, 0, 0, 0, 0, 0, 0]), 1009),  # larger than there is
    ],
)
def test_what_is_no_frame_closes_with_a_code_and_is_no_failure(
    desk: Served, frame: bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    witness = desk.talk()
    witness.follow("notes")
    talk = desk.talk()
    talk.follow("notes")
    talk.socket.socket.sendall(frame)
    with pytest.raises(ConnectionClosed) as closed:
        talk.hear()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code
    desk.tick("notes", quote(1))
    assert witness.hear()["data"][0]["n"] == 1
    assert [record for record in caplog.get_records("call") if record.levelname == "ERROR"] == []


def test_who_leaves_without_a_word_is_forgotten(desk: Served) -> None:
    before = desk.hub.statistics()["clients"]
    talks = [desk.talk() for _ in range(5)]
    for talk in talks:
        talk.follow("notes")
        talk.leave()
    until(lambda: desk.hub.statistics()["clients"] == before)


def test_json_is_what_it_says(desk: Served) -> None:
    talk = desk.talk()
    talk.follow("notes")
    desk.tick("notes", quote(1, 'a "quoted" ä\n'))
    message = talk.socket.recv(10)
    assert isinstance(message, str)
    assert json.loads(message)["data"][0]["symbol"] == 'a "quoted" ä\n'
