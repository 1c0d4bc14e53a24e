"""Clients that listen, all in a process of its own: bare sockets, so that they are not what is measured.

``python -m benchmarks.listeners PORT PID CLIENTS SECONDS LOOKED_AT`` says a line once all are there, listens from the
first message on, and says as JSON what they heard. A piece that is read is counted in one search, and the time is taken
once for it.
"""

from __future__ import annotations

import json
import re
import select
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from benchmarks.streams import Server  # which takes seconds to be imported

__all__ = ["STREAM", "Heard", "joined", "listen"]

STREAM = "/api/v1/stream"

_SUBSCRIBE = b'{"action":"subscribe","channel":"quotes","policy":"drop_oldest"}'
_UPGRADE = (
    b"GET %b HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n" % STREAM.encode()
)
_ONCE = b'"stamp":'
"""Every message has it once."""
_REST = len(_ONCE) - 1
_STAMP = re.compile(rb'"stamp":(\d{19})')
_WORKED = re.compile(rb'"quantity":(\d+),')
_PIECE = 256 * 1024
_ALL = 20_000
"""Messages a second up to which the time of each is looked at; beyond them, of one piece in seven."""
_SEVENTH = 7
_WARM_UP = 0.7
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What all clients together heard.

    Attributes:
        rate: messages a second.
        share: of the client that heard least, beside the mean of all.
        p50: µs from when a message was made until it was heard, which half of them stayed under.
        p99: the same of 99 in 100.
        cpu: percent of one core that the server's process took.
        worked: median µs that the engine's thread worked for one message; of ours alone.
    """

    rate: float
    share: float
    p50: float
    p99: float
    cpu: float
    worked: float


def listen(server: Server, rate: float, clients: int, seconds: float) -> Heard:
    """Have a server tell so many clients so many messages a second each, and listen."""
    every = 1 if rate * clients <= _ALL else _SEVENTH
    given = [str(each) for each in (server.port, server.pid, clients, seconds, every)]
    command = [sys.executable, "-m", "benchmarks.listeners", *given]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as listening:
        assert listening.stdout is not None
        listening.stdout.readline()
        server.pace(rate)
        try:
            return Heard(**json.loads(listening.stdout.readline()))
        finally:
            server.pace(0)


def joined(port: int, socket_bytes: int = 0) -> socket.socket:
    """A client that has said what it wants, and has not read anything yet.

    Args:
        socket_bytes: what the system keeps for it; 0: as the system has it.
    """
    raw = socket.socket()
    if socket_bytes:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, socket_bytes)
    raw.settimeout(_PATIENCE)
    raw.connect(("127.0.0.1", port))
    raw.sendall(_UPGRADE)
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        if not (more := raw.recv(1)):
            raise ConnectionError(f"the server hung up after {answer!r}")
        answer += more
    raw.sendall(bytes([0x81, 0x80 | len(_SUBSCRIBE), 0, 0, 0, 0]) + _SUBSCRIBE)
    return raw


class _Listeners:
    """So many clients, and what they hear."""

    def __init__(self, port: int, clients: int, every: int) -> None:
        self.counts: dict[int, int] = {}
        self.looked_at: list[tuple[int, bytes]] = []
        self._every = every
        self._pieces = 0
        self._poll = select.epoll()
        self._sockets = {}
        self._rests = {}
        self._buffer = bytearray(_REST + _PIECE)
        self._room = memoryview(self._buffer)[_REST:]
        for _ in range(clients):
            client = joined(port)
            client.setblocking(False)
            self._sockets[client.fileno()] = client
            self._rests[client.fileno()] = bytes(_REST)
            self.counts[client.fileno()] = 0
            self._poll.register(client, select.EPOLLIN)

    def hear(self, seconds: float) -> bool:
        """Read what comes for so long; whether anything has."""
        buffer, room, every = self._buffer, self._room, self._every
        heard = False
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            for number, _ in self._poll.poll(left):
                size = self._sockets[number].recv_into(room)
                came = time.time_ns()
                if not size:
                    raise ConnectionError("the server has hung up")
                heard = True
                buffer[:_REST] = self._rests[number]
                self.counts[number] += buffer.count(_ONCE, 0, size + _REST)
                self._rests[number] = bytes(buffer[size : size + _REST])
                self._pieces += 1
                if self._pieces % every == 0:
                    self.looked_at.append((came, bytes(room[:size])))
        return heard


def _listen(port: int, pid: int, clients: int, seconds: float, every: int) -> Heard:
    listeners = _Listeners(port, clients, every)
    print("all are there", flush=True)
    deadline = time.perf_counter() + _PATIENCE
    while not listeners.hear(0.05):
        if time.perf_counter() > deadline:
            break  # nobody is told anything
    listeners.hear(_WARM_UP)
    before = dict(listeners.counts)
    listeners.looked_at.clear()
    server = psutil.Process(pid)
    busy, begun = sum(server.cpu_times()[:2]), time.perf_counter()
    listeners.hear(seconds)
    spent = time.perf_counter() - begun
    cpu = (sum(server.cpu_times()[:2]) - busy) / spent * 100
    heard = [count - before[number] for number, count in listeners.counts.items()]
    late = sorted(came - int(made) for came, said in listeners.looked_at for made in _STAMP.findall(said))
    work = [int(each) for _, said in listeners.looked_at[:20_000] for each in _WORKED.findall(said)]
    mean = sum(heard) / len(heard)
    p50, p99 = (late[int(len(late) * share)] / 1e3 if late else float("inf") for share in (0.5, 0.99))
    share = min(heard) / mean if mean else 0.0
    return Heard(sum(heard) / spent, share, p50, p99, cpu, statistics.median(work or [0]) / 1e3)


if __name__ == "__main__":
    _, *numbers = sys.argv
    port, pid, clients, seconds, every = numbers
    told = _listen(int(port), int(pid), int(clients), float(seconds), int(every))
    print(json.dumps(asdict(told)), flush=True)
