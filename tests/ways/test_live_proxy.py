"""The proxy that other tests rely on does what its rules say, and no more."""

import asyncio
import os
import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from tests.ways.rule_proxy import Rule as R
from tests.ways.rule_proxy import RuleProxy, _reset
from tests.ways.trouble import until

HEAD = b"GET / HTTP/1.1\r\n\r\n"
SHORT = bytes([0x81, 5]) + b"short"
MASKED = bytes([0x81, 0x80 | 5]) + b"mask" + b"other"
LONG = bytes([0x82, 126, 1, 0]) + bytes(256)
LONGER = bytes([0x82, 127]) + (70_000).to_bytes(8) + bytes(70_000)


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        try:
            while data := self.request.recv(65536):
                self.request.sendall(data)
        except OSError:
            pass


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def connect(proxy: RuleProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=10)


def back(sock: socket.socket, most: float = float("inf")) -> bytes:
    """What comes, until it ends or is enough."""
    came = b""
    while len(came) < most and (data := sock.recv(65536)):
        came += data
    return came


def test_without_rules_all_goes_through_both_ways(echo: int) -> None:
    sent = os.urandom(1_000_000)
    with RuleProxy(echo) as proxy, connect(proxy) as sock:
        threading.Thread(target=sock.sendall, args=[sent]).start()
        assert back(sock, len(sent)) == sent
        assert [event.what for event in proxy.events] == ["opened"]


@pytest.mark.parametrize("pieces", [1, 7, 10_000_000])
def test_it_drops_at_a_byte_whatever_the_pieces(echo: int, pieces: int) -> None:
    with RuleProxy(echo, [R("drop", byte=20)]) as proxy, connect(proxy) as sock:
        sent = bytes(range(100))
        for at in range(0, 100, pieces):
            try:
                sock.sendall(sent[at : at + pieces])
            except OSError:
                break
        assert back(sock, 20) == sent[:20]
        until(lambda: proxy.did("closed"))
        assert [(event.what, event.way, event.byte) for event in proxy.did("drop")] == [("drop", "down", 20)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (R("drop", frame=0), len(HEAD)),
        (R("drop", frame=1), len(HEAD + SHORT)),
        (R("cut", frame=1), len(HEAD + SHORT) + len(MASKED) // 2),
        (R("drop", frame=3), len(HEAD + SHORT + MASKED + LONG)),
        (R("cut", frame=3), len(HEAD + SHORT + MASKED + LONG) + len(LONGER) // 2),
        (R("drop", frame=4, way="up"), len(HEAD + SHORT + MASKED + LONG + LONGER)),
    ],
    ids=str,
)
def test_it_knows_the_frames(echo: int, rule: R, expected: int) -> None:
    with RuleProxy(echo, [rule]) as proxy, connect(proxy) as sock:
        sock.sendall(HEAD + SHORT + MASKED + LONG + LONGER + SHORT)
        back(sock, expected)
        until(lambda: proxy.did("closed"))
        assert [(event.what, event.byte) for event in proxy.did("drop", "cut")] == [(rule.action, expected)]


def test_a_reset_is_a_reset(echo: int) -> None:
    with RuleProxy(echo, [R("reset", after=0.1)]) as proxy:
        with pytest.raises(ConnectionResetError), connect(proxy) as sock:
            sock.recv(1)
        assert proxy.did("reset")


def test_one_byte_is_corrupted_and_the_rest_is_not(echo: int) -> None:
    with RuleProxy(echo, [R("corrupt", byte=3, way="up")]) as proxy, connect(proxy) as sock:
        sock.sendall(bytes(10))
        assert back(sock, 10) == bytes([0, 0, 0, 255, 0, 0, 0, 0, 0, 0])


def test_what_is_delayed_or_throttled_arrives_later(echo: int) -> None:
    rules = [R("delay", byte=0, seconds=0.2, connection=0), R("throttle", byte=0, rate=4_000, connection=1)]
    with RuleProxy(echo, rules) as proxy:
        for _ in range(2):
            begun = time.monotonic()
            with connect(proxy) as sock:
                sock.sendall(b"first")
                assert back(sock, 5) == b"first"
                sock.sendall(bytes(1_000))
                assert back(sock, 1_000) == bytes(1_000)
                assert time.monotonic() - begun >= 0.19


def test_a_stall_holds_one_way_and_ends(echo: int) -> None:
    with RuleProxy(echo, [R("stall", byte=2, seconds=0.2)]) as proxy, connect(proxy) as sock:
        begun = time.monotonic()
        sock.sendall(b"abcd")
        assert back(sock, 2) == b"ab"
        assert time.monotonic() - begun < 0.19
        assert back(sock, 2) == b"cd"
        assert time.monotonic() - begun >= 0.19


def test_a_stall_is_felt_by_who_sends(echo: int) -> None:
    with RuleProxy(echo, [R("stall", byte=0, way="up")], buffer=4096) as proxy, connect(proxy) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            sock.sendall(bytes(10_000_000))


def test_a_rule_happens_so_many_times_and_to_the_connection_it_names(echo: int) -> None:
    rules = [R("drop", byte=1, times=1), R("drop", byte=2, connection=2)]
    with RuleProxy(echo, rules) as proxy:
        came = []
        for _ in range(4):
            with connect(proxy) as sock:
                sock.sendall(b"abc")
                came.append(back(sock, 3))
        assert came == [b"a", b"abc", b"ab", b"abc"]
        until(lambda: len(proxy.did("closed")) == 4)
        assert [event.connection for event in proxy.did("drop")] == [0, 2]


def test_the_rules_of_each_connection_may_be_its_own_and_the_server_may_move(echo: int) -> None:
    with RuleProxy(1, lambda number: [R("drop", byte=number + 1)]) as proxy:
        with connect(proxy) as sock:
            assert back(sock) == b""  # nobody listens there
        proxy.target = echo
        with connect(proxy) as sock:
            sock.sendall(b"abc")
            assert back(sock, 2) == b"ab"


def test_what_the_other_side_has_closed_is_reset_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    async def closed() -> None:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.close()
        await writer.wait_closed()
        _reset(writer)
        server.close()

    asyncio.run(closed())
    assert caplog.records == []
