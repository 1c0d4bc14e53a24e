"""A client of server-sent events that reads them as a browser does: by blocks, whose fields are lines."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Event(NamedTuple):
    name: str
    id: str
    retry: int | None
    message: dict[str, Any]
    """Nothing of a block without data, which a browser does not tell the page of."""


class Hearing:
    """One client. Its ``last_id`` is what a browser would say when it comes back."""

    def __init__(self, answer: HTTPResponse, socket: socket.socket) -> None:
        self.answer = answer
        self.socket = socket
        self.last_id = ""
        self.comments: list[str] = []

    def block(self) -> Event | None:
        """The next block; None at the end of the body."""
        fields: dict[str, str] = {}
        while line := self.answer.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            if line.startswith(":"):
                self.comments.append(line)
            else:
                fields[name] = value
        if not fields and self.answer.isclosed():
            return None
        self.last_id = fields.get("id", self.last_id)
        retry = int(fields["retry"]) if "retry" in fields else None
        return Event(fields.get("event", "message"), self.last_id, retry, json.loads(fields.get("data", "{}")))

    def hear(self) -> Event:
        """The next event that has data."""
        while True:
            event = self.block()
            assert event is not None, "the stream has ended"
            if event.message:
                return event

    def counts(self, many: int) -> list[int]:
        """The numbers of the records of so many events."""
        return [record["n"] for _ in range(many) for record in self.hear().message["data"]]


@contextmanager
def hearing(url: str, path: str, *, buffer: int | None = None, **headers: str) -> Iterator[Hearing]:
    """Follow ``path`` of the API, such as ``stream/quotes``; the first block, which says where it begins, is read."""
    where = urlsplit(url)
    connection = HTTPConnection(where.netloc, timeout=20)
    if buffer is not None:
        assert where.hostname is not None
        connection.sock = socket.socket()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.sock.settimeout(20)
        connection.sock.connect((where.hostname, where.port))
    connection.request(
        "GET", f"/api/v1/{path}", headers={key.replace("_", "-"): value for key, value in headers.items()}
    )
    its_socket = connection.sock
    answer = connection.getresponse()
    try:
        assert answer.status == 200, answer.read()
        heard = Hearing(answer, its_socket)
        first = heard.block()
        assert first is not None
        assert first.retry == 2000
        yield heard
    finally:
        answer.close()
        connection.close()
