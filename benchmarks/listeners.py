"""Clients that listen, from a process of their own: with picows, which is quick enough not to be what is measured.

``python -m benchmarks.listeners PORT PID CLIENTS SECONDS STALLED`` prints what they heard as JSON.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import psutil
import uvloop
from picows import WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.streams import STREAM, Server

__all__ = ["Heard", "listen"]

_SUBSCRIBE = b'{"action":"subscribe","channel":"quotes","policy":"drop_oldest"}'
_UPGRADE = (
    b"GET %b HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n" % STREAM.encode()
)
_STAMP = re.compile(rb'"stamp":(\d+)')
_WORKED = re.compile(rb'"quantity":(\d+)')
_SAMPLED = 7
"""Of how many messages of a client one is looked at; the others are only counted."""
_WARM_UP = 1.5


@dataclass(frozen=True, slots=True)
class Heard:
    """What all clients together heard.

    Attributes:
        rate: messages a second.
        share: of the client that heard least, beside the mean of all.
        p99: µs from when a message was made until it was heard, which 99 of 100 stayed under.
        cpu: percent of one core that the server's process took.
        worked: median µs that the engine's thread worked for one message; of ours alone.
    """

    rate: float
    share: float
    p99: float
    cpu: float
    worked: float


def listen(server: Server, clients: int, seconds: float, *, stalled: bool = False) -> Heard:
    """Listen with so many clients; ``stalled``: beside one more that reads nothing."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.listeners",
        str(server.port),
        str(server.pid),
        str(clients),
        str(seconds),
    ]
    done = subprocess.run([*command, str(int(stalled))], stdout=subprocess.PIPE, text=True, check=True)
    return Heard(**json.loads(done.stdout))


class _Client(WSListener):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.looked_at: list[tuple[int, bytes]] = []

    def on_ws_frame(self, transport: WSTransport, frame: Any) -> None:
        self.count += 1
        if self.count % _SAMPLED == 0:
            self.looked_at.append((time.time_ns(), frame.get_payload_as_bytes()))


async def _listen(port: int, pid: int, clients: int, seconds: float, stalled: bool) -> Heard:
    _wait_for(port)
    silent = _stall(port) if stalled else None
    listeners: list[Any] = []
    transports = []
    for _ in range(clients):
        transport, listener = await ws_connect(
            _Client, f"ws://127.0.0.1:{port}{STREAM}", use_aiofastnet=False, websocket_handshake_timeout=30
        )
        listeners.append(listener)
        transports.append(transport)
    for transport in transports:
        transport.send(WSMsgType.TEXT, _SUBSCRIBE)
    await asyncio.sleep(_WARM_UP)
    before = [each.count for each in listeners]
    for each in listeners:
        each.looked_at.clear()
    server = psutil.Process(pid)
    busy, begun = sum(server.cpu_times()[:2]), time.perf_counter()
    await asyncio.sleep(seconds)
    spent = time.perf_counter() - begun
    heard = [each.count - count for each, count in zip(listeners, before, strict=True)]
    cpu = (sum(server.cpu_times()[:2]) - busy) / spent * 100
    looked_at = [one for each in listeners for one in each.looked_at]
    if silent is not None:
        silent.close()
    late = sorted(came - made for came, said in looked_at for made in _numbers(_STAMP, said))
    worked = statistics.median([work for _, said in looked_at[:10_000] for work in _numbers(_WORKED, said)] or [0])
    p99 = late[int(len(late) * 0.99)] / 1e3 if late else float("inf")
    mean = sum(heard) / len(heard)
    return Heard(sum(heard) / spent, min(heard) / mean if mean else 0.0, p99, cpu, worked / 1e3)


def _numbers(pattern: re.Pattern[bytes], said: bytes) -> list[int]:
    """One; or none, of a message that says that others are missing."""
    return [int(found) for found in pattern.findall(said)]


def _stall(port: int) -> socket.socket:
    """A client that says what it wants, and reads nothing."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", port))
    raw.sendall(_UPGRADE)
    raw.recv(1024)
    raw.sendall(bytes([0x81, 0x80 | len(_SUBSCRIBE), 0, 0, 0, 0]) + _SUBSCRIBE)
    return raw


def _wait_for(port: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


if __name__ == "__main__":
    _, port, pid, clients, seconds, stalled = sys.argv
    told = uvloop.run(_listen(int(port), int(pid), int(clients), float(seconds), stalled == "1"))
    print(json.dumps(asdict(told)))
