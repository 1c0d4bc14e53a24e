"""A gateway that serves the socket, whose channels a test sends to, and clients of it on real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from socket import SHUT_RDWR
from typing import Any

import msgspec
from csp import ts
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from csp_gateway import (
    ChannelSelection,
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewaySettings,
    MountWebSocketRoutes,
)
from csp_gateway.server.web.live import Hub
from csp_gateway.testing import serving_gateway
from tests.server.web.live.parts import Quote


class Ch(GatewayChannels):
    quotes: ts[Quote] = None
    notes: ts[Quote] = None
    many: ts[list[Quote]] = None
    legs: dict[str, ts[Quote]] = None
    nobody: ts[Quote] = None


class Desk(GatewayModule):
    """All channels but ``nobody`` are what a test sends; ``quotes`` is collected by symbol."""

    requires: ChannelSelection | None = []

    def dynamic_keys(self) -> dict[str, list[Any]]:
        return {Ch.legs: ["A", "B", 'C "d"']}

    def connect(self, channels: Ch) -> None:
        for field in (Ch.quotes, Ch.notes, Ch.many, Ch.legs):
            channels.add_send_channel(field)
        channels.set_state(Ch.quotes, "symbol")


class Talk:
    """One client."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._ids = 0

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def hear(self, seconds: float = 10.0) -> dict[str, Any]:
        """The next message."""
        message = self.socket.recv(seconds)
        said: dict[str, Any] = json.loads(message) if isinstance(message, str) else msgspec.msgpack.decode(message)
        return said

    def hear_all(self) -> tuple[list[dict[str, Any]], int | None]:
        """All messages until the connection is closed, and the code with which it is."""
        messages = []
        try:
            while True:
                messages.append(self.hear())
        except ConnectionClosed as closed:
            return messages, None if closed.rcvd is None else closed.rcvd.code

    def ask(self, **message: Any) -> dict[str, Any]:
        """The answer to a message, which comes before anything else: its result, or its error."""
        self._ids += 1
        self.say(id=self._ids, **message)
        answer = self.hear()
        assert answer["id"] == self._ids, answer
        result: dict[str, Any] = answer["result"] if answer["channel"] == "reply" else answer["error"]
        return result

    def follow(self, channel: str, **wanted: Any) -> dict[str, Any]:
        return self.ask(action="subscribe", channel=channel, **wanted)

    def leave(self) -> None:
        """Without a word."""
        with suppress(OSError):
            self.socket.socket.shutdown(SHUT_RDWR)

    def is_quiet(self) -> bool:
        """Whether nothing more comes than the answer to a ping."""
        self.say(action="ping", id="quiet")
        return self.hear().get("id") == "quiet"


class Served:
    """The gateway while it serves."""

    def __init__(self, gateway: Gateway, url: str, stack: ExitStack) -> None:
        self.gateway = gateway
        self.channels: Any = gateway.channels
        self.url = url
        self._stack = stack

    @property
    def stream(self) -> str:
        return f"{self.url.replace('http', 'ws')}/api/v1/stream"

    @property
    def hub(self) -> Hub:
        assert self.gateway.web_app is not None
        return self.gateway.web_app.hub

    def talk(self, **options: Any) -> Talk:
        return Talk(self._stack.enter_context(connect(self.stream, **{"compression": None, **options})))

    def tick(self, field: str, value: Any, key: Any = None) -> None:
        """Send, and wait until the engine has ticked."""
        answer = self.channels.outside.send_all(field, [value], key, ticked=True)
        answer.result(20)


@contextmanager
def serving(*modules: GatewayModule, start: dict[str, Any] | None = None, **settings: Any) -> Iterator[Served]:
    made = list(modules) or [Desk(), MountWebSocketRoutes()]
    gateway = Gateway(channels=Ch(), modules=made, settings=GatewaySettings(**settings))
    with serving_gateway(gateway, **(start or {})) as url, ExitStack() as stack:
        yield Served(gateway, url, stack)
