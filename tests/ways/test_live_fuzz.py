"""Whatever a client says, it is answered or closed with a code, nothing fails in the server, and nobody else notices.

1,500 messages by default; with ``CSP_GATEWAY_STRESS_SECONDS`` set 20,000. ``STREAM_SEED`` repeats a run.
"""

import json
import logging
import os
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from csp_gateway.testing import serving_gateway
from tests.ways.live_source import KEYS, STREAM, gateway, port_of
from tests.ways.live_witnesses import Everybody
from tests.ways.trouble import until

LARGE = "CSP_GATEWAY_STRESS_SECONDS" in os.environ
MESSAGES = 20_000 if LARGE else 1_500
RAW = 2_000 if LARGE else 150
SEED = int(os.environ.get("STREAM_SEED", time.time_ns() % 1_000_000 if LARGE else 1))
TURN = 10
"""Messages that are said before the answers are read."""
CHANNELS = ["plain", "listed", "basket", "keyed", "brief", "notes", "heartbeat"]
ODD: list[Any] = [None, True, 0, -1, 2**31, 2**63, -(2**64), 10**40, 1e308, 0.5, "", "x", "Ω", "\ud800", "\x00", [], {}]
ODD += [[[]], {"a": 1}, "A", "state", "x" * 5_000, [1, "a", None], {"": {}}]


class Said(NamedTuple):
    """One message, and what is known of it."""

    payload: str | bytes
    wrong: bool = False
    """Whether it has to be refused."""


def item(drawn: random.Random) -> Any:
    return {"n": drawn.randrange(100), "symbol": drawn.choice(["a", "b"])}


def command(drawn: random.Random) -> dict[str, Any]:
    """A message that is right, or nearly."""
    action = drawn.choice(["subscribe", "subscribe", "unsubscribe", "send", "ping"])
    said: dict[str, Any] = {"action": action}
    if drawn.random() < 0.8:
        said["id"] = drawn.choice([drawn.randrange(1_000), str(drawn.random()), drawn.randrange(10**25)])
    if action == "ping":
        return said
    said["channel"] = "notes" if action == "send" else drawn.choice(CHANNELS)
    if action == "send":
        said["data"] = drawn.choice([item(drawn), [item(drawn), item(drawn)], {}, [], {"n": "x"}, None])
        said |= drawn.choice([{}, {}, {"wait": "ticked"}, {"wait": "accepted"}, {"key": "A"}])
    elif said["channel"] == "basket":
        said |= drawn.choice([{}, {"key": drawn.choice(KEYS)}, {"keys": KEYS[:2]}, {"key": "Z"}, {"keys": []}])
    if action == "subscribe":
        for option in drawn.sample(OPTIONS, drawn.randrange(4)):
            said |= option(drawn)
    return said


MORE = {"attr": "n", "by": {"value": 5, "where": "gt"}}
OPTIONS: list[Callable[[random.Random], dict[str, Any]]] = [
    lambda drawn: {"snapshot": drawn.choice([True, False, "last", "state", "other"])},
    lambda drawn: {"since": drawn.choice([0, 1, 10, 10**6, -1])},
    lambda drawn: {"epoch": "another"},
    lambda drawn: {"positions": drawn.random() < 0.8},
    lambda drawn: {"fields": drawn.choice([["n"], ["symbol", "n"], ["no"], [], ["n.n"]])},
    lambda drawn: {"where": drawn.choice([MORE, [MORE], [], {}, 5, {"attr": "no"}])},
    lambda drawn: {"min_interval": drawn.choice([0, 0.01, 1, -1, 10**9])},
    lambda drawn: {"latest_by": drawn.choice(["symbol", "n", "no", ""])},
    lambda drawn: {"format": drawn.choice(["json", "json", "msgpack", "xml"])},
    lambda drawn: {"policy": drawn.choice(["conflate", "drop_oldest", "disconnect", "other"])},
    lambda drawn: {"state": drawn.choice(["keyed", "no", None])},
]


def right(drawn: random.Random) -> Said:
    return Said(json.dumps(command(drawn)))


def packed(drawn: random.Random) -> Said:
    odd = drawn.choice([{}, {}, {"data": msgspec.msgpack.Ext(5, b"x")}, {"data": {b"x": b"y"}}, {"where": MORE}])
    return Said(msgspec.msgpack.encode(command(drawn) | {"id": drawn.choice([1, "ü"])} | odd))


def mistyped(drawn: random.Random) -> Said:
    """One member is something else."""
    said = command(drawn)
    said[drawn.choice([*said, "key", "keys", "where", "data", "channel"])] = drawn.choice(ODD)
    return Said(json.dumps(said))


def misspelled(drawn: random.Random) -> Said:
    said = command(drawn)
    return Said(json.dumps(said | {drawn.choice(["feilds", "", "Action", "id "]): drawn.choice(ODD)}), wrong=True)


def mutated(drawn: random.Random) -> Said:
    """Some characters are gone, or others."""
    said = list(json.dumps(command(drawn)))
    for _ in range(drawn.randrange(1, 4)):
        at = drawn.randrange(len(said) + 1)
        said[at : at + drawn.randrange(3)] = drawn.choice(["", '"', "{", "}", "[", ",", ":", "\\", "0", "\x00", "é"])
    return Said("".join(said))


def mutated_bytes(drawn: random.Random) -> Said:
    said = bytearray(msgspec.msgpack.encode(command(drawn) | {"id": 1}))
    for _ in range(drawn.randrange(1, 4)):
        said[drawn.randrange(len(said))] = drawn.randrange(256)
    return Said(bytes(said))


def noise(drawn: random.Random) -> Said:
    return Said(
        drawn.choice([b"\xc1", b"", b"\xff" * 50]) + b"\xc1" + drawn.randbytes(drawn.randrange(200)), wrong=True
    )


def no_object(drawn: random.Random) -> Said:
    return Said(json.dumps(drawn.choice([None, 1, "subscribe", [], [{"action": "ping"}], True, 1e400])), wrong=True)


def huge(drawn: random.Random) -> Said:
    """Nearly all that is allowed."""
    long = "x" * drawn.choice([70_000, 1_000_000])
    said = drawn.choice([{"channel": long}, {"key": long, "channel": "basket"}, {"fields": [long], "channel": "plain"}])
    action = drawn.choice(["subscribe", "unsubscribe" if "fields" not in said else "subscribe", long[:100_000]])
    return Said(json.dumps(said | {"action": action, "id": 1})[: 1024 * 1024], wrong=True)


def deep(drawn: random.Random) -> Said:
    depth = drawn.choice([50, 500, 5_000, 100_000])
    return drawn.choice(
        [
            Said("[" * depth, wrong=True),
            Said("[" * depth + "]" * depth, wrong=True),
            Said('{"action":"send","channel":"notes","data":' + "[" * depth + "]" * depth + "}", wrong=True),
            Said(
                '{"action":"subscribe","channel":"plain","where":' + '{"a":' * depth + "1" + "}" * depth + "}",
                wrong=True,
            ),
            Said(b"\x91" * depth, wrong=True),
            Said(b"\x82\xa6action\xa4ping\xa2id" + b"\x91" * depth, wrong=True),
        ]
    )


KINDS = [right, right, packed, mistyped, mistyped, misspelled, mutated, mutated, mutated_bytes, noise, no_object, deep]


def identifier_of(payload: str | bytes) -> Any:
    """The ``id`` with which it has to be answered; None if it gives none that could be."""
    try:
        said = json.loads(payload) if isinstance(payload, str) else msgspec.msgpack.decode(payload)
        json.dumps(said, ensure_ascii=False).encode()
    except (ValueError, TypeError, RecursionError):
        return None
    named = said.get("id") if isinstance(said, dict) else None
    if isinstance(named, int):
        return named if not isinstance(named, bool) and -(2**63) <= named < 2**63 else None
    return named if isinstance(named, str) else None


class Speaker:
    """Says messages over one connection after another, and holds the answers against them."""

    def __init__(self, port: int) -> None:
        self.url = f"ws://127.0.0.1:{port}{STREAM}"
        self.socket: ClientConnection | None = None
        self.pings = 0
        self.awaited: set[Any] = set()
        """Those that may be answered later: ``wait="ticked"``."""

    def say(self, messages: list[Said]) -> None:
        """Each with a ping after it, whose answer comes after all that is answered at once."""
        if self.socket is None:
            self.socket = connect(self.url, compression=None, max_size=None, close_timeout=0.5, legacy=True)
        first = self.pings
        for said in messages:
            self.socket.send(said.payload)
            self.pings += 1
            self.socket.send(json.dumps({"action": "ping", "id": f"ping {self.pings}"}))
        for number, said in enumerate(messages, first + 1):
            self.judge(said, self.answers(f"ping {number}"))

    def answers(self, ping: str) -> list[Any]:
        heard = []
        while True:
            assert self.socket is not None
            frame = self.socket.recv(timeout=20)
            message = json.loads(frame) if isinstance(frame, str) else msgspec.msgpack.decode(frame)
            assert isinstance(message["channel"], str)
            if message["channel"] in ("reply", "error"):
                if message.get("id") == ping:
                    return heard
                if message.get("id") in self.awaited and "notes" in json.dumps(message):
                    self.awaited.discard(message["id"])
                heard.append(message)

    def judge(self, said: Said, heard: list[Any]) -> None:
        errors = [each for each in heard if each["channel"] == "error"]
        assert all(each["error"]["code"] not in ("internal", "") for each in errors), (said.payload[:200], errors)
        named = identifier_of(said.payload)
        if named is not None and "ticked" in str(said.payload) and not any(each.get("id") == named for each in heard):
            self.awaited.add(named)
        elif named is not None:
            assert any(each.get("id") == named for each in heard), (said.payload[:200], heard)
        if said.wrong:
            assert errors, (said.payload[:200], heard)

    def leave(self) -> None:
        """Once all is answered."""
        deadline = time.monotonic() + 10
        while self.awaited and time.monotonic() < deadline:
            self.say([Said('{"action":"ping"}')])
        assert not self.awaited
        if self.socket is not None:
            self.socket.close()
            self.socket = None


@pytest.fixture
def no_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The log has no error, and no traceback of whatever level."""
    yield
    wrong = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR or record.exc_info]
    assert not wrong, [(record.getMessage(), record.exc_info) for record in wrong[:3]]


@pytest.mark.timeout(900 if LARGE else 60)
def test_whatever_is_said_is_answered_and_nobody_else_notices(no_errors: None) -> None:
    print("STREAM_SEED =", SEED)  # noqa: T201  # pytest shows it when the test fails
    drawn = random.Random(SEED)
    with serving_gateway(made := gateway(ms=20)) as url, Everybody(port_of(url), 3) as witnesses:
        speaker = Speaker(port_of(url))
        for turn in range(MESSAGES // TURN):
            speaker.say([drawn.choice(KINDS)(drawn) for _ in range(TURN)])
            if turn % 20 == 0:
                speaker.say([huge(drawn)])
                speaker.leave()
        speaker.leave()
        hub: Any = made.web_app.hub  # type: ignore[union-attr]
        upto = made.channels.outside.history("plain").next
        witnesses.reach(upto)
        assert hub.statistics()["failed"] == 0
    witnesses.judge(upto)


def test_a_message_that_is_too_long_closes_with_a_code(no_errors: None) -> None:
    with serving_gateway(gateway(ms=20)) as url:
        for said in ("x" * (1024 * 1024 + 1), b"\x00" * 3_000_000):
            with connect(f"ws://127.0.0.1:{port_of(url)}{STREAM}", compression=None) as client:
                with suppress(ConnectionClosed):
                    client.send(said)
                with pytest.raises(ConnectionClosed) as closed:
                    client.recv(timeout=10)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1009


# --- Frames that are none ---------------------------------------------------------------------------------------------

UPGRADE = (
    f"GET {STREAM} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
).encode()


def frame(first: int, payload: bytes = b"", *, masked: bool = True, size: int | None = None) -> bytes:
    size = len(payload) if size is None else size
    mask = 0x80 * masked
    if size < 126:
        head = bytes([first, mask | size])
    elif size < 65_536:
        head = struct.pack("!BBH", first, mask | 126, size)
    else:
        head = struct.pack("!BBQ", first, mask | 127, size)
    return head + b"\0\0\0\0" * masked + payload


PING = b'{"action":"ping"}'
BROKEN: dict[str, tuple[int, Callable[[random.Random], bytes]]] = {
    "not masked": (1002, lambda _: frame(0x81, PING, masked=False)),
    "reserved opcode": (1002, lambda drawn: frame(0x80 | drawn.choice([3, 4, 7, 11, 15]), PING)),
    "reserved bit": (1002, lambda drawn: frame(0x81 | drawn.choice([0x10, 0x20, 0x40]), PING)),
    "no UTF-8": (1007, lambda drawn: frame(0x81, drawn.choice([b"\xff", b"\xed\xa0\x80", b'{"\xc3']))),
    "no UTF-8, in parts": (1007, lambda _: frame(0x01, b'{"') + frame(0x80, b"\xff")),
    "goes on with nothing": (1002, lambda _: frame(0x80, PING)),
    "begun anew": (1002, lambda _: frame(0x01, PING) + frame(0x81, PING)),
    "long ping": (1002, lambda _: frame(0x89, bytes(126))),
    "ping in parts": (1002, lambda _: frame(0x09, b"x")),
    "too long": (1009, lambda drawn: frame(0x81, PING, size=drawn.choice([1024 * 1024 + 1, 2**40, 2**62]))),
    "too long in parts": (1009, lambda _: frame(0x01, bytes(900_000)) + frame(0x80, bytes(900_000))),
    "close with half a code": (1002, lambda _: frame(0x88, b"\x03")),
    "close with no code": (1002, lambda drawn: frame(0x88, struct.pack("!H", drawn.choice([0, 999, 1005, 1006, 70])))),
}


def codes_in(data: bytes) -> list[int]:
    """The codes of the close frames among what a server has sent after the head."""
    codes = []
    at = data.index(b"\r\n\r\n") + 4
    while at + 2 <= len(data):
        first, size = data[at], data[at + 1]
        at += 2
        if size == 126:
            (size,), at = struct.unpack_from("!H", data, at), at + 2
        elif size == 127:
            (size,), at = struct.unpack_from("!Q", data, at), at + 8
        if first == 0x88:
            codes.append(struct.unpack_from("!H", data, at)[0])
        at += size
    return codes


def told_to(port: int, said: bytes, *, early: bool = False, leaves: bool = False) -> bytes:
    """All that is answered to some bytes, until the server ends it.

    Args:
        early: whether there is no upgrade before them that is waited for.
        leaves: whether nothing more will be sent.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
        came = b""
        if not early:
            raw.sendall(UPGRADE)
            while b"\r\n\r\n" not in came:
                came += raw.recv(65536)
        with suppress(OSError):
            raw.sendall(said)
            if leaves:
                raw.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            while data := raw.recv(65536):
                came += data
        return came


@pytest.mark.timeout(600 if LARGE else 60)
def test_what_is_no_frame_closes_with_a_code_and_nobody_else_notices(no_errors: None) -> None:
    print("STREAM_SEED =", SEED)  # noqa: T201
    drawn = random.Random(SEED)
    with serving_gateway(made := gateway(ms=20)) as url, Everybody(port_of(url), 3) as witnesses:
        port = port_of(url)
        for number in range(RAW):
            name, (code, make) = list(BROKEN.items())[number % len(BROKEN)]
            before = frame(0x81, PING) * drawn.randrange(3)
            answered = told_to(port, before + make(drawn))
            assert codes_in(answered) == [code], (name, answered[-200:])
        for _ in range(RAW // 5):
            # Cut in the middle of whatever it is; or no WebSocket at all.
            whole = UPGRADE + frame(0x81, PING) + frame(0x82, drawn.randbytes(300)) + drawn.randbytes(20)
            told_to(port, whole[: drawn.randrange(1, len(whole))], early=True, leaves=True)
            told_to(port, drawn.randbytes(drawn.randrange(1, 500)) + b"\r\n\r\n", early=True, leaves=True)
            told_to(port, UPGRADE + BROKEN["not masked"][1](drawn), early=True, leaves=True)
        hub: Any = made.web_app.hub  # type: ignore[union-attr]
        upto = made.channels.outside.history("plain").next
        witnesses.reach(upto)
        until(lambda: hub.statistics()["clients"] == 3)
    witnesses.judge(upto)
