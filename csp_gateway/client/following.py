"""What is followed and sent over a live connection, and what is said and heard of it; no I/O.

A connection may be lost at any time, and what is wanted stays: ``greet`` asks for it on the next one.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec
from msgspec.structs import asdict

from csp_gateway.client.followed import Followed, Gap, keys_of, one_spelling
from csp_gateway.client.given_up import GivenUp
from csp_gateway.client.saying import spelled
from csp_gateway.errors import FrameError, SendRefusedError, ServerVersionError, WrongArgumentError
from csp_gateway.wire.commands import PROTOCOL, Follow, Unsubscribe

__all__ = ["LARGEST", "MOST_BYTES", "MOST_UNSAID", "Answered", "Following", "Heard", "Leaving", "Message", "Refused"]

MOST_UNSAID = 1_000
"""Messages that may wait until they can be said."""
MOST_BYTES = 16 * 1024 * 1024
"""The same in bytes."""
LARGEST = 1024 * 1024
"""Bytes of one message: the gateway ends the connection for a larger one."""

_NOT_NOW = ("gone", "stopping")
"""Errors of a gateway that is about to end the connection."""

Message: TypeAlias = dict[str, Any]
"""What ticked: ``channel``, of a basket ``key``, and ``data``, which is a list of records."""


class Answered(NamedTuple):
    """A message was done; ``gap`` is what is missing of what is told from now on."""

    id: int
    result: Mapping[str, Any]
    gap: Gap | None = None


class Refused(NamedTuple):
    """A message was not done, and why; its id, if it could be read."""

    id: int | None
    error: FrameError


class Leaving(NamedTuple):
    """The gateway is about to end the connection; ``retry_after`` are seconds until to come back, None: never."""

    code: int
    reason: str
    retry_after: float | None


Heard: TypeAlias = Message | Gap | Answered | Refused | Leaving


class _Asked(NamedTuple):
    """A subscribe or unsubscribe that is not answered; ``again``: we ask by ourselves, for what was followed."""

    wanted: Follow | Unsubscribe
    again: bool


class Following:
    """What one client follows and sends."""

    def __init__(self) -> None:
        self._channels: dict[str, Followed] = {}
        self._asked: dict[int, _Asked] = {}
        self._given_up = GivenUp()
        self._sent: set[int] = set()
        """Sends that have been said and not been answered."""
        self._unsaid: deque[tuple[int, bytes]] = deque()
        self._sends: dict[int, bytes] = {}
        """Sends that have not been said: they wait for a connection."""
        self._bytes = 0
        self._ids = itertools.count(1)
        self._connected = False

    @property
    def channels(self) -> list[str]:
        """What is followed."""
        return list(self._channels)

    def follows(self, channel: str) -> bool:
        """Whether a channel is followed, or will be when that is answered."""
        asked = list(self._asked.values())  # at one go: other threads ask, too
        wanted = {each.wanted.channel for each in asked if isinstance(each.wanted, Follow)}
        return one_spelling(channel) in map(one_spelling, wanted.union(self._channels))

    # What the user wants; each gives the id of the message that will be answered.

    def subscribe(self, follow: Follow) -> int:
        """Follow a channel; ``SendRefusedError`` as of ``send``."""
        self._check_room()
        return self._ask(_Asked(follow, again=False))

    def unsubscribe(self, channel: str, key: str | int | None = None) -> int:
        """Follow a channel, or a key of it, no more; ``SendRefusedError`` as of ``send``."""
        self._check_room()
        return self._ask(_Asked(Unsubscribe(channel=channel, key=key), again=False))

    def send(self, channel: str, data: bytes, key: str | int | None, wait: Literal["accepted", "ticked"]) -> int:
        """Send records, which are JSON already.

        Raises:
            WrongArgumentError: a ``ValueError``: it is more than a gateway takes as one message.
            SendRefusedError: too much waits until it can be said.
        """
        identifier = next(self._ids)
        text = spelled("send", identifier, {"channel": channel, "key": key, "wait": wait, "data": msgspec.Raw(data)})
        size = len(text)
        if size > LARGEST:
            raise WrongArgumentError(
                f"{size:,} bytes for channel {channel!r}: one message has at most {LARGEST:,}; publish fewer "
                "records at once, or use `send`"
            )
        self._check_room(size)
        self._sends[identifier] = text
        self._bytes += size
        return identifier

    def give_up(self, identifier: int) -> bool:
        """Nobody waits for this answer any more; whether the message was never said, and never will be."""
        text, asked = self._sends.pop(identifier, None), self._asked.pop(identifier, None)
        if text is not None:
            self._bytes -= len(text)
            return True
        self._sent.discard(identifier)
        said = self._connected and all(each[0] != identifier for each in self._unsaid)
        self._unsaid = deque(each for each in self._unsaid if each[0] != identifier)
        if asked is not None and said:
            self._given_up.add(identifier, asked.wanted)
        return asked is not None and not said

    def _check_room(self, size: int = 0) -> None:
        waiting = len(self._asked) + len(self._given_up) + len(self._sends)
        if waiting >= MOST_UNSAID:
            waiting -= sum(each.again for each in self._asked.values())  # the user does not wait for those
        if waiting >= MOST_UNSAID or self._bytes + size > MOST_BYTES:
            raise SendRefusedError("too much waits until it can be said to the gateway: wait for the answers")

    def _ask(self, asked: _Asked) -> int:
        identifier = next(self._ids)
        message = _message(identifier, asked)  # if it cannot be said that is told here, and not where all is said anew
        self._asked[identifier] = asked
        if self._connected:
            self._unsaid.append(message)
        return identifier

    # What is said.

    def greet(self) -> None:
        """There is a new connection: what was followed before is asked for, and what has not been answered."""
        self._connected = True
        self._unsaid.clear()
        left = {identifier: asked for identifier, asked in self._asked.items() if not asked.again}
        self._asked = {}
        for followed in self._channels.values():
            for follow in followed.again():
                self._ask(_Asked(follow, again=True))
            if followed.without:
                self._ask(_Asked(Unsubscribe(channel=followed.channel, keys=sorted(followed.without)), again=True))
        self._asked |= left
        self._unsaid.extend(_message(identifier, asked) for identifier, asked in left.items())

    def next_to_say(self) -> tuple[int, bytes] | None:
        """The next message to be said, and its id; what was followed goes before what is sent."""
        if self._unsaid:
            return self._unsaid.popleft()
        if not self._connected or not self._sends:
            return None
        identifier, text = next(iter(self._sends.items()))
        del self._sends[identifier]
        self._bytes -= len(text)
        self._sent.add(identifier)
        return identifier, text

    def lost(self) -> set[int]:
        """The connection is lost; the sends of which nobody knows whether they were done."""
        self._connected = False
        self._given_up.clear()
        doubtful, self._sent = self._sent, set()
        return doubtful

    # What is heard.

    def heard(self, frame: str | bytes) -> Heard | None:
        """What a frame means; None if that is of no interest to anybody.

        Raises:
            msgspec.DecodeError: it is neither JSON nor MessagePack.
            ServerVersionError: the gateway speaks another version of the messages.
        """
        message: Message = (msgspec.json if isinstance(frame, str) else msgspec.msgpack).decode(frame)
        match message["channel"]:
            case "reply":
                return self._answered(message)
            case "error":
                return self._refused(message)
            case "gap":
                said = message["gap"]
                gap = Gap(said["channel"], said["from"], said["to"], said["count"], said["reason"])
                missing = self._channels.get(gap.channel)
                return gap if missing is None or missing.missed(gap) else None
            case "closing":
                said = message["closing"]
                return Leaving(said["code"], said["reason"], said["retry_after"])
            case channel:
                followed = self._channels.get(channel)
                return message if followed is not None and followed.heard(message) else None

    def _answered(self, message: Message) -> Answered:
        version = message.get("protocol", PROTOCOL)
        if version != PROTOCOL:
            raise ServerVersionError(
                f"the gateway speaks version {version} of the messages, and this client version {PROTOCOL}: "
                f"{'bring the client' if version > PROTOCOL else 'the gateway is to be brought'} up to date"
            )
        identifier, result = message["id"], message["result"]
        asked = self._asked.pop(identifier, None)
        self._sent.discard(identifier)
        gap = None
        if asked is None:
            self._leave(identifier, result.get("channel", ""))
        elif isinstance(asked.wanted, Follow):
            gap = self._begun(identifier, asked.wanted, result, again=asked.again)
        elif not asked.again:  # what we end by ourselves is not wanted, or is wanted anew
            self._ended(asked.wanted, result["channel"])
        self._narrow()
        return Answered(identifier, result, gap)

    def _begun(self, identifier: int, follow: Follow, result: Mapping[str, Any], *, again: bool) -> Gap | None:
        channel = result["channel"]
        followed = self._channels.setdefault(channel, Followed(channel, follow))
        if followed.deaf_until == identifier:
            followed.deaf_until = None
        gap = followed.begun(follow, result, again=again)
        if gap is not None and again and not follow.snapshot and followed.options.snapshot:
            anew = next(self._ids)
            self._asked[anew] = asked = _Asked(followed.anew(anew), again=True)
            self._unsaid.append(_message(anew, asked))
        return gap

    def _ended(self, wanted: Unsubscribe, channel: str) -> None:
        followed = self._channels.get(channel)
        if followed is not None and followed.ended(keys_of(wanted)):
            del self._channels[channel]

    def _leave(self, identifier: int, channel: str) -> None:
        """What was given up is followed: no more, as far as nobody else wishes it; or it has ended."""
        ended = self._given_up.ended(identifier)
        if ended is not None:
            self._ended(ended, channel)
            return
        pending = (each.wanted for each in self._asked.values() if isinstance(each.wanted, Follow))
        left = self._given_up.answered(identifier, channel, pending, self._channels.get(channel))
        if left is not None:
            self._ask(_Asked(Unsubscribe(channel=channel, keys=sorted(left) or None), again=True))

    def _narrow(self) -> None:
        for channel in self._given_up.narrowed(each.wanted.channel for each in self._asked.values()):
            followed = self._channels.get(channel)
            if followed is None or followed.keys is not None:
                anew = () if followed is None else followed.again()
                for wanted in (Unsubscribe(channel=channel), *anew):
                    self._ask(_Asked(wanted, again=True))

    def _refused(self, message: Message) -> Refused | None:
        error: Any = message["error"]
        identifier: Any = message.get("id")
        asked = self._asked.get(identifier)
        if error["code"] in _NOT_NOW and asked is not None:
            return None  # the connection ends, and it is asked again on the next one
        of_interest = identifier is None or asked is not None or identifier in self._sent
        self._sent.discard(identifier)
        self._given_up.refused(identifier)
        self._asked.pop(identifier, None)
        if asked is not None and asked.again:
            of_interest = isinstance(asked.wanted, Follow)  # who ends what is not there has what he wanted
            if of_interest and self._channels.pop(asked.wanted.channel, None) is not None:
                self._ask(_Asked(Unsubscribe(channel=asked.wanted.channel), again=True))
        self._narrow()
        return Refused(identifier, FrameError(error["code"], error["message"], identifier)) if of_interest else None


def _message(identifier: int, asked: _Asked) -> tuple[int, bytes]:
    follows = isinstance(asked.wanted, Follow)
    wanted = asdict(asked.wanted) | ({"positions": True} if follows else {})
    return identifier, spelled("subscribe" if follows else "unsubscribe", identifier, wanted)
