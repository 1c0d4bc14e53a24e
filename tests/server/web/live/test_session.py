"""A conversation: each message is done, in order, and answered where it has an id or is wrong."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import csp
import msgspec
import pytest
from csp import ts
from websockets.exceptions import ConnectionClosed

from csp_gateway import EngineError, Gateway, GatewaySettings, MountWebSocketRoutes
from csp_gateway.server.web.live import session
from csp_gateway.server.web.live.hub import Hub
from csp_gateway.server.web.live.session import Rules, Session
from csp_gateway.server.web.live.turns import Turns
from csp_gateway.server.web.workers import Workers
from csp_gateway.testing import client_to
from tests.server.web.live.desk import Ch, Desk, Served, serving
from tests.server.web.live.parts import Quote, Silent, looped, quote, until

RECORD = {"symbol": "A", "n": 1}


# --- Answers ----------------------------------------------------------------------------------------------------------


def test_the_first_answer_names_the_protocol_and_what_has_no_id_has_no_answer(desk: Served) -> None:
    talk = desk.talk()
    talk.say(action="subscribe", channel="notes")
    talk.say(action="unsubscribe", channel="notes")
    talk.say(action="send", channel="notes", data=RECORD)
    talk.say(action="ping")
    first = talk.hear()
    assert first == {"channel": "reply", "id": None, "action": "ping", "result": {"pong": True}, "protocol": 1}
    talk.say(action="subscribe", channel="notes", id="mine")
    second = talk.hear()
    assert second["id"] == "mine"
    assert "protocol" not in second
    assert second["result"].keys() == {"channel", "epoch", "from"}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("nope", "unreadable"),
        ("[]", "unreadable"),
        (b"\xc1", "unreadable"),
        ("[" * 10_000, "unreadable"),
        ("{}", "unknown_action"),
        ('{"action":"fly"}', "unknown_action"),
        ('{"action":"subscribe"}', "invalid"),
        ('{"action":"subscribe","channel":["notes"]}', "invalid"),
        ('{"action":"subscribe","channel":"notes","key":"A"}', "unknown_key"),
        ('{"action":"subscribe","channel":"note"}', "unknown_channel"),
        ('{"action":"subscribe","channel":"\\ud800"}', "unreadable"),
        ('{"action":"subscribe","channel":"notes","where":' + "[" * 900 + "]" * 900 + "}", "invalid_filter"),
        ('{"action":"unsubscribe","channel":"legs","key":"Q"}', "unknown_key"),
        ('{"action":"unsubscribe","channel":"note"}', "unknown_channel"),
        ('{"action":"subscribe","channel":"heartbeat","snapshot":true}', "invalid"),
        ('{"action":"subscribe","channel":"heartbeat","where":{}}', "invalid"),
        ('{"action":"unsubscribe","channel":"heartbeat","key":"A"}', "invalid"),
        ('{"action":"send","channel":"notes"}', "invalid"),
        ('{"action":"send","channel":"nobody","data":{}}', "not_sendable"),
        ('{"action":"send","channel":"note","data":{}}', "unknown_channel"),
        ('{"action":"send","channel":"notes","data":{"n":"x"}}', "invalid"),
        ('{"action":"send","channel":"notes","data":7}', "invalid"),
        ('{"action":"send","channel":"notes","data":' + "[" * 900 + "]" * 900 + "}", "invalid"),
        ('{"action":"send","channel":"legs","data":{"Q":{"symbol":"A","n":1}}}', "invalid"),
        ('{"action":"send","channel":"legs","key":"Q","data":{"symbol":"A","n":1}}', "invalid"),
        (msgspec.msgpack.encode({"action": "send", "channel": "notes", "data": {1: b"x"}}), "invalid"),
    ],
    ids=range(26),
)
def test_what_is_wrong_is_answered_and_the_conversation_goes_on(
    desk: Served, message: Any, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    talk = desk.talk()
    talk.socket.send(message)
    said = talk.hear()
    assert (said["channel"], said["error"]["code"]) == ("error", code), said
    assert said["error"]["message"]
    assert talk.follow("notes")["channel"] == "notes"
    assert [record for record in caplog.get_records("call") if record.levelname == "ERROR"] == []


def test_an_error_says_to_what_it_is_the_answer(desk: Served) -> None:
    talk = desk.talk()
    talk.say(action="subscribe", channel="note", id=7)
    said = talk.hear()
    assert (said["id"], said["request"]) == (7, {"action": "subscribe", "channel": "note"})
    assert "did you mean 'notes'" in said["error"]["message"]


# --- To send ----------------------------------------------------------------------------------------------------------


def test_what_is_sent_ticks_as_the_older_package_had_it(desk: Served) -> None:
    talk = desk.talk()
    for channel in ("notes", "many", "legs"):
        talk.follow(channel)

    def sent(count: int, **message: Any) -> list[tuple[Any, list[int]]]:
        talk.say(action="send", **message)
        heard = [talk.hear() for _ in range(count)]
        return [(each.get("key"), [record["n"] for record in each["data"]]) for each in heard]

    one, two = ({"symbol": "A", "n": n} for n in (1, 2))
    assert sent(1, channel="notes", data=one) == [(None, [1])]
    assert sent(2, channel="notes", data=[one, two]) == [(None, [1]), (None, [2])]
    assert sent(1, channel="many", data=[one, two]) == [(None, [1, 2])]
    assert sent(1, channel="many", data=one) == [(None, [1])]
    assert sent(1, channel="legs", key='C "d"', data=one) == [('C "d"', [1])]
    assert sent(2, channel="legs", data={"A": one, "B": two}) == [("A", [1]), ("B", [2])]


@pytest.mark.parametrize("wait", ["accepted", "ticked"])
def test_what_is_sent_is_acknowledged_when_it_is_asked_for(desk: Served, wait: str) -> None:
    talk = desk.talk()
    answer = talk.ask(action="send", channel="notes", data={"symbol": "A", "n": 41}, wait=wait)
    assert answer == {"channel": "notes", "acknowledged": wait}
    assert desk.channels.last("notes").n == 41


def test_what_is_invalid_says_where_and_nothing_ticks(desk: Served) -> None:
    talk = desk.talk()
    talk.follow("notes")
    answer = talk.ask(action="send", channel="notes", data=[RECORD, {"symbol": "A", "n": "x"}])
    assert answer["code"] == "invalid"
    assert "n: " in answer["message"]
    assert talk.is_quiet()


def test_messagepack_both_ways(desk: Served) -> None:
    talk = desk.talk()

    def say(**message: Any) -> None:
        talk.socket.send(msgspec.msgpack.encode(message))

    where = {"attr": "n", "by": {"value": 1, "where": ">"}}
    say(action="subscribe", channel="notes", id=1, format="msgpack", positions=True, where=where)
    answer = msgspec.msgpack.decode(talk.socket.recv(10))
    assert answer["result"]["channel"] == "notes"
    say(action="send", channel="notes", data=[RECORD, {"symbol": "B", "n": 2}])
    told = talk.socket.recv(10)
    assert isinstance(told, bytes)
    assert [record["n"] for record in msgspec.msgpack.decode(told)["data"]] == [2]
    say(action="fly")
    assert msgspec.msgpack.decode(talk.socket.recv(10))["error"]["code"] == "unknown_action"


def test_the_end_is_told_in_the_way_the_client_speaks(serve: Callable[..., Served]) -> None:
    desk = serve()
    talk = desk.talk()
    talk.socket.send(msgspec.msgpack.encode({"action": "ping", "id": 1}))
    assert isinstance(talk.socket.recv(10), bytes)
    desk.gateway.stop()
    assert isinstance(closing := talk.socket.recv(10), bytes)
    assert msgspec.msgpack.decode(closing)["closing"]["code"] == 3001


def test_large_ticks_come_whole_and_in_order(desk: Served) -> None:
    talk = desk.talk(max_size=None)
    talk.follow("many")
    narrow = desk.talk(max_size=None)
    narrow.follow("many", fields=["n"])
    for n in range(3):
        desk.tick("many", [quote(n)] * 10_000)
        desk.tick("many", [quote(-n)])
    for each in (talk, narrow):
        heard = [each.hear()["data"] for _ in range(6)]
        assert [(len(data), data[0]["n"]) for data in heard] == [
            pair for n in range(3) for pair in ((10_000, n), (1, -n))
        ]


def test_what_one_client_says_takes_turns_with_all_else(desk: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    clock = iter(range(1_000))  # each look at it is a second later
    monkeypatch.setattr(session, "Turns", lambda: Turns(lambda: float(next(clock)), sleep))
    talk = desk.talk()
    for _ in range(5):
        assert talk.ask(action="ping") == {"pong": True}
    assert len(slept) >= 4


def test_who_always_asks_for_positions_may_ask_for_heartbeats(desk: Served) -> None:
    talk = desk.talk()
    assert talk.ask(action="subscribe", channel="heartbeat", positions=True) == {"channel": "heartbeat"}
    assert talk.ask(action="unsubscribe", channel="heartbeat")["followed"]


# --- Other servers ----------------------------------------------------------------------------------------------------


def test_without_frames_of_our_own_all_is_the_same() -> None:
    gateway = Gateway(channels=Ch(), modules=[Desk(), MountWebSocketRoutes()])
    with client_to(gateway) as client, client.websocket_connect("/api/v1/stream") as socket:
        socket.send_json({"action": "subscribe", "channel": "notes", "id": 1})
        assert socket.receive_json()["result"]["from"] == 0
        socket.send_json({"action": "send", "channel": "notes", "data": RECORD, "id": 2, "wait": "ticked"})
        heard = [socket.receive_json() for _ in range(2)]
        assert sorted(each["channel"] for each in heard) == ["notes", "reply"]
        socket.send_json({"action": "subscribe", "channel": "notes", "format": "msgpack", "since": 0})
        assert msgspec.msgpack.decode(socket.receive_bytes())["data"][0]["n"] == 1


def test_who_is_one_too_many_is_told_so(serve: Callable[..., Served]) -> None:
    desk = serve(MAX_CLIENTS=1)
    first = desk.talk()
    assert first.is_quiet()
    with pytest.raises(ConnectionClosed) as closed:
        desk.talk().hear()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "MAX_CLIENTS" in closed.value.rcvd.reason) == (3502, True)
    assert desk.hub.statistics()["turned_away"] == 1
    assert first.is_quiet()


def test_who_is_one_too_many_is_told_so_by_any_server() -> None:
    gateway = Gateway(channels=Ch(), modules=[Desk(), MountWebSocketRoutes()], settings=GatewaySettings(MAX_CLIENTS=1))
    with client_to(gateway) as client, client.websocket_connect("/api/v1/stream") as first:
        first.send_json({"action": "ping"})
        assert first.receive_json()["result"]
        with client.websocket_connect("/api/v1/stream") as second:
            assert second.receive()["code"] == 3502


# --- The end ----------------------------------------------------------------------------------------------------------


def test_at_the_stop_all_is_told_and_then_when_to_come_back(serve: Callable[..., Served]) -> None:
    desk = serve()
    old, new = desk.talk(), desk.talk()
    old.say(action="subscribe", channel="notes")
    new.follow("notes")
    new.follow("quotes", min_interval=3600)
    deadline = time.monotonic() + 10
    while desk.hub.statistics()["feeds"]["notes"]["followers"] < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    desk.tick("quotes", quote(0))
    assert new.hear()["data"][0]["n"] == 0
    for n in range(500):
        desk.channels.send("notes", quote(n))
    desk.tick("notes", quote(500))
    desk.tick("quotes", quote(1))
    desk.tick("quotes", quote(2))
    began = time.monotonic()
    desk.gateway.stop()
    assert time.monotonic() - began < 2.5
    for talk, more in ((old, 0), (new, 2)):
        messages, code = talk.hear_all()
        assert code == 3001
        notes = [each["data"][0]["n"] for each in messages if each["channel"] == "notes"]
        assert notes == list(range(501))
        assert len(messages) == 501 + more  # the newest of quotes, and the closing
        assert [each["data"][0]["n"] for each in messages if each["channel"] == "quotes"] == [2] * bool(more)
        assert sum(each["channel"] == "closing" for each in messages) == bool(more)


class Dies(Desk):
    @csp.node
    def die(self, notes: ts[Quote]):  # type: ignore[no-untyped-def]  # csp's own language
        if csp.ticked(notes) and notes.n == 13:
            raise ZeroDivisionError("of the test")

    def connect(self, channels: Ch) -> None:
        super().connect(channels)
        self.die(channels.get_channel(Ch.notes))


def test_when_the_engine_fails_clients_are_told_so() -> None:
    heard, code = [], None

    def run() -> None:
        nonlocal heard, code
        with serving(Dies(), MountWebSocketRoutes()) as desk:
            talk = desk.talk()
            talk.follow("notes")
            for n in (11, 12, 13):
                desk.channels.send("notes", quote(n))
            heard, code = talk.hear_all()

    with pytest.raises(EngineError):
        run()
    assert code == 3003
    assert [each["data"][0]["n"] for each in heard if "data" in each][:2] == [11, 12]
    assert heard[-1]["closing"]["code"] == 3003


class Elsewhere:
    """A socket of another server, whose client neither reads nor leaves."""

    client = None

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.scope: dict[str, Any] = {"extensions": {}}
        self.said: list[dict[str, Any]] = [{"type": "websocket.receive", "text": '{"action":"ping"}'}]

    async def accept(self) -> None: ...

    async def receive(self) -> dict[str, Any]:
        if not self.said:
            await asyncio.Event().wait()
        return self.said.pop()

    async def send_text(self, _: str) -> None:
        await asyncio.Event().wait()


@looped
async def test_on_another_server_who_neither_reads_nor_leaves_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_LINGER", 0.02)
    hub = Hub(Silent(), Workers(), 10)  # type: ignore[arg-type]
    rules = Rules(frozenset(), {}, {}, readonly=True, beat_seconds=1.0)
    running = asyncio.ensure_future(Session(hub, rules, Elsewhere()).run())  # type: ignore[arg-type]
    await until(lambda: hub.clients and next(iter(hub.clients.values())).line.waiting())
    (client,) = hub.clients.values()
    client.slow()
    await asyncio.wait_for(running, 10)
    assert hub.clients == {}
    assert len(asyncio.all_tasks()) == 1
