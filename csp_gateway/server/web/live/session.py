"""One WebSocket: what its client says is done and answered, one message after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from fastapi import HTTPException
from starlette.websockets import WebSocket, WebSocketDisconnect

from csp_gateway.errors import FrameError, GatewayException, did_you_mean
from csp_gateway.server.web.live.client import Client, Visitor
from csp_gateway.server.web.live.following import follow, unfollow
from csp_gateway.server.web.live.framing import Framing, batch
from csp_gateway.server.web.live.hub import HEARTBEAT, Hub
from csp_gateway.server.web.live.line import QueuedLine
from csp_gateway.server.web.live.protocol import EXTENSION, FrameProtocol
from csp_gateway.server.web.live.told import gap
from csp_gateway.server.web.live.turns import Turns
from csp_gateway.server.web.live.unserved import no_channel
from csp_gateway.server.web.verbs import Intake, Refused
from csp_gateway.wire.closing import Closing
from csp_gateway.wire.commands import PROTOCOL, Command, Ping, Send, Subscribe, Unsubscribe, read_command

__all__ = ["Rules", "Session"]

_log = logging.getLogger(__name__)

_MOST_WAITING = 100
"""Sends of one client that wait until they have ticked."""
_SHOWN_ERRORS = 10
_LINGER = 5.0
"""Seconds in which a client may still be told why it is closed."""


class Rules(NamedTuple):
    """What clients of one route may do.

    Attributes:
        channels: those that may be followed.
        sends: channel → what takes what is sent to it.
        closed: any other channel that there is → why nothing can be sent to it here.
        readonly: whether nothing may be sent at all.
        beat_seconds: between heartbeats.
    """

    channels: frozenset[str]
    sends: Mapping[str, Intake]
    closed: Mapping[str, str]
    readonly: bool
    beat_seconds: float


class Session:
    """The conversation with one client."""

    def __init__(self, hub: Hub, rules: Rules, socket: WebSocket) -> None:
        self._hub = hub
        self._rules = rules
        self._socket = socket
        self._waiting: set[asyncio.Task[None]] = set()
        self._greeted = False

    async def run(self) -> None:
        """Serve the client until it leaves, or has to."""
        await self._socket.accept()
        line = self._socket.scope["extensions"].get(EXTENSION)
        if isinstance(line, FrameProtocol):
            line.claim()
            await self._converse(line, line)
            return
        queued = QueuedLine(self._send, Framing.TEXT, _LINGER)
        queued.sending = sending = asyncio.ensure_future(self._send_all(queued))
        conversing = asyncio.ensure_future(self._converse(queued, None))
        try:
            await asyncio.wait({sending, conversing}, return_when=asyncio.FIRST_COMPLETED)
            if conversing.done():
                conversing.result()
                if queued.closed is not None:
                    await asyncio.wait({sending})
        finally:
            # Who neither reads nor leaves is left to the server.
            for task in (sending, conversing):
                task.cancel()
            await asyncio.wait({sending, conversing})

    async def _send(self, message: bytes, framing: Framing) -> None:
        if framing is Framing.BYTES:
            await self._socket.send_bytes(message)
        else:
            await self._socket.send_text(message.decode())

    async def _send_all(self, line: QueuedLine) -> None:
        try:
            await line.run()
            assert line.closed is not None
            await self._socket.close(*line.closed)
        except (RuntimeError, WebSocketDisconnect):
            pass  # it is gone

    async def _converse(self, line: Any, protocol: FrameProtocol | None) -> None:
        headers, peer = self._socket.headers, self._socket.client
        address = f"{peer.host}:{peer.port}" if peer else ""
        try:
            client = self._hub.enter(line, Visitor("websocket", address, headers.get("user-agent", "")[:200]))
        except FrameError as error:
            line.close(Closing.TOO_MANY if error.code == "too_many" else Closing.STOPPING, str(error)[:120])
            return
        if protocol is not None:
            protocol.on_stopping = self._hub.dismiss
        turns = Turns()
        try:
            while True:
                message = await self._socket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                if client.is_gone:
                    continue  # its close is on the way
                await turns.take(self._hear(client, message))
                await client.room()
        finally:
            for task in self._waiting:
                task.cancel()
            client.gone()

    async def _hear(self, client: Client, message: Mapping[str, Any]) -> None:
        text = message.get("text")
        said = text if text is not None else message.get("bytes", b"")
        client.packs = packed = text is None
        command: Command | None = None
        try:
            command = read_command(said)
            client.speaks |= command.id is not None
            await self._do(client, command, packed)
        except FrameError as error:
            self._refuse(client, error, command, packed)
        except HTTPException as refusal:
            self._refuse(client, FrameError("refused", str(refusal.detail)), command, packed)
        except GatewayException as error:
            self._refuse(client, FrameError("refused", str(error)), command, packed)
        except Exception:
            _log.exception("a client's message could not be done")
            self._refuse(client, FrameError("internal", "it could not be done; the log says why"), command, packed)

    async def _do(self, client: Client, command: Command, packed: bool) -> None:
        match command:
            case Ping():
                self._reply(client, command, {"pong": True}, packed, always=True)
            case Subscribe(channel=channel) if channel == HEARTBEAT:
                _hold_plain(command)
                self._hub.beat_for(client, self._rules.beat_seconds)
                self._reply(client, command, {"channel": HEARTBEAT}, packed)
            case Unsubscribe(channel=channel) if channel == HEARTBEAT:
                _hold_plain(command)
                followed = self._hub.heartbeats.pop(client, None) is not None
                self._reply(client, command, {"channel": HEARTBEAT, "followed": followed}, packed)
            case Subscribe():
                self._allow(command.channel)
                answer, begun = await follow(self._hub, client, command)
                self._reply(client, command, answer, packed)
                if begun is None:
                    return
                if answer.get("recovered") is False and command.id is None:
                    self._tell_gap(client, command, answer, packed)
                self._hub.feed(command.channel).follow(begun)
            case Unsubscribe():
                self._allow(command.channel)
                self._reply(client, command, unfollow(self._hub, client, command), packed)
            case Send():
                await self._take(client, command, packed)

    def _tell_gap(self, client: Client, command: Subscribe, answer: dict[str, Any], packed: bool) -> None:
        """Say that it could not go on from where it was asked to, to who gets no answer."""
        start = command.since if answer["reason"] == "expired" else None
        missing = gap(answer["channel"], start, answer["from"], answer["reason"])
        client.line.write(batch([missing], client.line.framing(packed=packed)))

    def _allow(self, channel: str) -> None:
        if channel not in self._rules.channels and channel.replace("-", "_") not in self._rules.channels:
            raise no_channel(channel, self._rules.channels, self._hub.served)

    async def _take(self, client: Client, command: Send, packed: bool) -> None:
        if self._rules.readonly:
            raise FrameError("readonly", "nothing can be sent here: it was mounted with readonly=True")
        name = command.channel if command.channel in self._rules.sends else command.channel.replace("-", "_")
        intake = self._rules.sends.get(name)
        if intake is None:
            raise self._not_sendable(command.channel, name)
        if command.wait == "ticked" and len(self._waiting) >= _MOST_WAITING:
            raise FrameError("too_many", f"{_MOST_WAITING} sends wait until they have ticked: wait for one of them")
        data, key = bytes(command.data), None if command.key is None else str(command.key)
        ticked = command.wait == "ticked"
        try:
            if intake.is_quick(len(data)):
                accepted = intake.accept(data, key, ticked=ticked)
            else:
                accepted = await self._hub.workers.decode(len(data), lambda: intake.accept(data, key, ticked=ticked))
        except Refused as refused:
            raise FrameError("invalid", _told(refused)) from None
        if accepted.ticked is None:
            self._reply(client, command, {"channel": name, "acknowledged": "accepted"}, packed)
            return
        task = asyncio.ensure_future(self._acknowledge(client, command, name, accepted.ticked, packed))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def _not_sendable(self, channel: str, name: str) -> FrameError:
        if why := self._rules.closed.get(channel) or self._rules.closed.get(name):
            return FrameError("not_sendable", why)
        if channel == HEARTBEAT:
            return FrameError("not_sendable", "the heartbeat takes nothing: it can be followed, and no more")
        near = did_you_mean(channel[:80], self._rules.sends)
        return FrameError("unknown_channel", f"there is no channel {channel[:80]!r} to send to here; {near}")

    async def _acknowledge(self, client: Client, command: Send, name: str, ticked: Any, packed: bool) -> None:
        try:
            await ticked
        except GatewayException as error:
            self._refuse(client, FrameError("not_ticked", str(error)), command, packed)
        else:
            self._reply(client, command, {"channel": name, "acknowledged": "ticked"}, packed)

    def _reply(
        self, client: Client, command: Command, answer: dict[str, Any], packed: bool, *, always: bool = False
    ) -> None:
        """Answer who gave an ``id``; the first answer says which version of the protocol is spoken."""
        if command.id is None and not always:
            return
        told = {"channel": "reply", "id": command.id, "action": type(command).__struct_config__.tag, "result": answer}
        if not self._greeted:
            self._greeted = True
            told["protocol"] = PROTOCOL
        client.tell(told, packed=packed)

    def _refuse(self, client: Client, error: FrameError, command: Command | None, packed: bool) -> None:
        identifier = command.id if command is not None else error.id
        told: dict[str, Any] = {"channel": "error", "error": {"code": error.code, "message": str(error)}}
        if identifier is not None:
            told["id"] = identifier
        if command is not None:
            channel = getattr(command, "channel", None)
            told["request"] = {"action": type(command).__struct_config__.tag, "channel": channel}
        client.tell(told, packed=packed)


def _hold_plain(command: Subscribe | Unsubscribe) -> None:
    """Refuse what only channels of the gateway have. ``positions`` promises nothing of what has none: clients may ask
    for them always."""
    plain = type(command)(id=command.id, channel=HEARTBEAT)
    for name in command.__struct_fields__:
        if name != "positions" and getattr(command, name) != getattr(plain, name):
            raise FrameError("invalid", f"the heartbeat has no {name}: leave it out")


def _told(refused: Refused) -> str:
    """The errors of what was sent in one text, each with its place."""
    shown = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in refused.errors[:_SHOWN_ERRORS]]
    left = (refused.count or len(refused.errors)) - len(shown)
    return "; ".join(shown) + (f"; and {left} more" if left > 0 else "")
