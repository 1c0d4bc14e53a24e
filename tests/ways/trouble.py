"""A gateway whose engine stands still or fails when a client sends it a nap, and clients that speak HTTP by hand.

``python trouble.py`` serves one that fails once three requests wait, and says on its first line where.
"""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import csp
from csp import ts
from pydantic import PrivateAttr

from csp_gateway import (
    Controls,
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewaySettings,
    GatewayStruct,
    MountControls,
    MountRestRoutes,
)

API = "/api/v1"
PATIENCE = 20.0
"""Seconds until something that has to happen counts as lost."""


class Note(GatewayStruct):
    n: int
    text: str = ""


class Ch(GatewayChannels):
    notes: ts[Note] = None
    others: ts[Note] = None
    naps: ts[Note] = None
    controls: ts[Controls] = None


class Bed(GatewayModule):
    """What is sent to ``naps`` keeps the engine in one cycle, until ``wake`` is called."""

    _asleep: threading.Event = PrivateAttr(default_factory=threading.Event)
    _awake: threading.Event = PrivateAttr(default_factory=threading.Event)

    def connect(self, channels: Ch) -> None:
        for name in (Ch.notes, Ch.others, Ch.naps):
            channels.add_send_channel(name)
        channels.set_state(Ch.notes, "n")
        channels.set_stage(Ch.others)
        csp.add_graph_output("bed", csp.apply(channels.get_channel(Ch.naps), self.nap, bool))

    def nap(self, _: Note) -> bool:
        """On the engine's thread."""
        self._asleep.set()
        if not self._awake.wait(PATIENCE):
            raise TimeoutError("nobody has called")
        return True

    def wait_until_asleep(self) -> None:
        assert self._asleep.wait(PATIENCE)

    def wake(self) -> None:
        self._awake.set()


def modules(bed: Bed) -> list[GatewayModule]:
    return [bed, MountControls(), MountRestRoutes(force_mount_all=True)]


@dataclass(frozen=True)
class Told:
    """An answer, and how many seconds it took."""

    status: int
    headers: Any
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The kind of a problem."""
        assert self.headers["content-type"] == "application/problem+json"
        assert self.json["status"] == self.status
        return self.json["type"].rpartition(":")[2]


class Caller:
    """One connection, to which any bytes can be written."""

    def __init__(self, url: str, receive_buffer: int = 0) -> None:
        where = urlsplit(url)
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        try:
            self.socket.connect(("127.0.0.1", where.port))
        except OSError:
            self.socket.close()
            raise

    def begin(self, method: str, path: str, body: bytes = b"", *headers: str, length: int | None = None) -> None:
        """Write a request, of which more may follow if ``length`` is more than there is of its body."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
        if length is None:
            length = len(body)
        if length:
            lines += ["Content-Type: application/json"]
        if length > 0:
            lines += [f"Content-Length: {length}"]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def told(self) -> Told:
        """The answer, when it is there."""
        begun = time.monotonic()
        with http.client.HTTPResponse(self.socket) as answer:
            answer.begin()
            return Told(answer.status, answer.headers, answer.read(), time.monotonic() - begun)

    def leave(self) -> None:
        self.socket.close()

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


def ask(url: str, method: str, path: str, body: Any = None, *headers: str) -> Told:
    """The answer to one request; a ``body`` that is not bytes is written as JSON."""
    with Caller(url) as caller:
        written = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        caller.begin(method, path, written, *headers)
        return caller.told()


def until(holds: Callable[[], object], seconds: float = PATIENCE) -> float:
    """Wait until something holds; how many seconds that took."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < seconds, "it never came to hold"
        time.sleep(0.005)
    return time.monotonic() - begun


class Nightmare(Bed):
    """Fails, once it sleeps and as many wait as are to."""

    _gateway: Any = PrivateAttr(None)

    def watch(self, gateway: Gateway) -> None:
        """Count those who wait there."""
        self._gateway = gateway

    def nap(self, _: Note) -> bool:
        patience = self._gateway.web_app.patience
        until(lambda: (told := patience.statistics())["in_progress"] + told["waiting"] >= 3)
        print("fails", time.monotonic(), flush=True)  # noqa: T201  # the parent reads it
        raise ZeroDivisionError("in a node of the user's")


def main() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    nightmare = Nightmare()
    gateway = Gateway(modules=modules(nightmare), channels=Ch(), settings=GatewaySettings(PORT=port))
    nightmare.watch(gateway)
    print(f"http://localhost:{port}", flush=True)  # noqa: T201
    gateway.start(rest=True)


if __name__ == "__main__":
    main()
