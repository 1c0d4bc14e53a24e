"""Stream: a live connection that heals itself: what is followed goes on from where it was, or a gap is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, Self, TypeAlias, Unpack

from csp_gateway.client.arguments import check
from csp_gateway.client.bodies import batches
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.followed import Gap
from csp_gateway.client.following import Message
from csp_gateway.client.link import Link, OnState, StreamState, called
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.client.wishes import FollowOptions, Key, joined, refuse_unknown, wish
from csp_gateway.errors import FrameError, ServerTimeoutError, fresh
from csp_gateway.wire.commands import Follow

__all__ = ["OnGap", "Stream", "unheeded"]

OnGap: TypeAlias = Callable[[Gap], Awaitable[None] | None]

_AT_ONCE = 100
"""Channels that are asked for before the first of them is answered."""

_log = logging.getLogger(__name__)


class Stream:
    """A live connection: what is followed of a gateway, and what is sent to it, until it is closed.

    ::

        async with Stream(config) as stream:
            await stream.subscribe("quotes", snapshot=True)
            async for message in stream:
                print(message["channel"], message["data"])

    Where the connection is lost, it comes back by itself, and goes on where it was: nothing is lost of what the gateway
    still keeps, and nothing is told twice. What is lost beyond that is told to ``on_gap`` before the next tick.
    To be used on one event loop; what is not read stays with the gateway.

    Args:
        timeout: most seconds between messages, and for the connection that follows a channel, after which
            ``TimeoutError`` is raised; None for ever.
        on_gap: is called with each ``Gap`` where it belongs among the messages, by whoever reads them; without it, a
            gap is a warning in the log.
        on_state: is called with what becomes of the connection: ``connecting``, ``connected``, ``lost``, ``closed``;
            ``why`` says more. The connection goes on when it returns: it cannot wait for an answer.
    """

    def __init__(
        self,
        config: GatewayClientConfig,
        *,
        timeout: float | None = None,
        on_gap: OnGap | None = None,
        on_state: OnState | None = None,
        options: StreamOptions | None = None,
    ) -> None:
        self.timeout = timeout
        self.on_gap = on_gap
        self._link = Link(config, options or StreamOptions(), on_state)
        self._closed = False
        self._end_told = False

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def start(self) -> None:
        """Connect, if that has not begun; whatever is asked for does it too.

        Raises:
            ServerException: it has ended; or this is a forked child of the process that opened it.
        """
        self._link.start()

    async def aclose(self) -> None:
        """End it: what waits for an answer gets none, and what has come can still be read."""
        self._closed = True
        await self._link.aclose()

    async def connected(self) -> None:
        """Wait until there is a connection.

        Raises:
            ServerException: there will be none.
        """
        await self._link.connected()

    @property
    def state(self) -> StreamState:
        """What has become of the connection; in a forked child it is closed."""
        return "closed" if self._link.origin.is_elsewhere else self._link.state

    @property
    def has_failed(self) -> bool:
        """Whether it has ended by itself, as whoever reads it is told."""
        return self._link.error is not None and not (self._closed or self.is_elsewhere)

    @property
    def has_failed_unheard(self) -> bool:
        """Whether it has, and nobody has been told yet."""
        return self.has_failed and not self._end_told

    @property
    def is_elsewhere(self) -> bool:
        """Whether this is a forked child of the process that has it."""
        return self._link.origin.is_elsewhere

    @property
    def on_state(self) -> OnState | None:
        """What is called with what becomes of the connection."""
        return self._link.on_state

    @on_state.setter
    def on_state(self, function: OnState | None) -> None:
        self._link.on_state = function

    @property
    def why(self) -> str:
        """Why the connection is not there, in words."""
        return self._link.why

    @property
    def channels(self) -> list[str]:
        """What is followed."""
        return self._link.following.channels

    def follows(self, field: str) -> bool:
        """Whether a channel is followed, or a key of it; or was asked for, and that is not answered."""
        return self._link.following.follows(field)

    # What is asked of the gateway.

    async def subscribe(
        self, field: str, key: Key = None, *, timeout: float | None = None, **options: Unpack[FollowOptions]
    ) -> Mapping[str, Any]:
        """Follow a channel; of a basket, one of its keys, or all of them.

        Args:
            timeout: most seconds to wait for the answer, and for the connection before; None for as long as the
                connection's options and the stream's ``timeout`` say.
            options: those of ``csp_gateway.wire.commands.Follow``: ``snapshot``, ``since`` and ``epoch``,
                ``positions``, ``fields``, ``where``, ``min_interval``, ``latest_by``, ``format``, ``policy``.

        Returns:
            What the gateway answers: ``epoch``, and ``from``, the offset of the first tick that will be told.

        Raises:
            FrameError: it cannot be followed so; ``code`` says in one word why.
            ServerException: it was not answered in time; or there is no connection, and will be none.
        """
        check("subscribe", field=field, key=key, timeout=timeout)
        refuse_unknown(options, ("timeout",))
        return await self._follow(wish(field, key, **options), timeout)

    async def follow(self, *wanted: Follow) -> list[Mapping[str, Any]]:
        """As ``subscribe``, of any number of channels and keys, of which some are asked for at once, and then the next.

        When one is refused, others may be followed all the same. Keys of one basket that are wanted alike have one
        answer.
        """
        self.start()
        answers: list[Mapping[str, Any]] = []
        fewer = joined(wanted)
        for start in range(0, len(fewer), _AT_ONCE):
            portion = fewer[start : start + _AT_ONCE]
            asked = (self._follow(each) for each, _ in portion)
            outcomes = await asyncio.gather(*asked, return_exceptions=True)
            for outcome, (_, count) in zip(outcomes, portion, strict=True):
                if isinstance(outcome, BaseException):
                    raise outcome
                answers += [outcome] * count
        return answers

    async def _follow(self, wanted: Follow, at_most: float | None = None) -> Mapping[str, Any]:
        self.start()
        asked = self._link.following.subscribe(wanted)
        return await self._ask(asked, "subscribe", wanted.channel, self.timeout, at_most)

    async def unsubscribe(self, field: str, key: Key = None) -> bool:
        """Follow a channel, or a key of it, no more; whether it was followed. What has come already can be read."""
        check("unsubscribe", field=field, key=key)
        self.start()
        wanted = wish(field, key)
        result = await self._ask(self._link.following.unsubscribe(wanted.channel, wanted.key), "unsubscribe", field)
        return bool(result.get("followed"))

    async def publish(
        self, field: str, data: Any, key: Key = None, wait: Literal["accepted", "ticked"] = "accepted"
    ) -> None:
        """Tick a record, or several; of a basket without a key, records by key.

        A publish is never said twice: if the connection is lost before the answer, nobody knows whether it ticked.
        What was not said yet waits for the next connection.

        Args:
            wait: until it is queued, or until an engine cycle has seen it.

        Raises:
            PublishLostError: the connection was lost before it was answered: it may have ticked, or not.
            FrameError: the gateway refuses it; ``code`` says in one word why.
            ServerException: it was not answered in time; or there is no connection, and will be none.
        """
        check("publish", field=field, key=key, wait=wait)
        self.start()
        wanted = wish(field, key)
        (body,) = batches(data, field, whole=True)
        await self._ask(self._link.following.send(wanted.channel, body, wanted.key, wait), "publish", field)

    async def _ask(
        self, identifier: int, action: str, channel: str, within: float | None = None, at_most: float | None = None
    ) -> Mapping[str, Any]:
        return await self._link.answer(identifier, f"{action} of channel {channel!r}", within, at_most)

    # What the gateway tells.

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        while await self._wait():
            item = self._link.inbox.take()
            if isinstance(item, dict):
                return item
            await self._told(item)
        raise StopAsyncIteration

    async def receive_many(self) -> list[Message]:
        """All messages that are there, at least one; none if the stream was closed.

        Raises:
            TimeoutError: there was none for ``timeout`` seconds.
            ServerException: the stream has ended, and everything was read.
        """
        while await self._wait():
            messages: list[Message] = []
            while len(self._link.inbox) and isinstance(self._link.inbox.first(), dict):
                messages.append(self._link.inbox.take())  # type: ignore[arg-type]
            if messages:
                return messages
            await self._told(self._link.inbox.take())
        return []

    async def take_many(self) -> list[Message | Gap]:
        """As ``receive_many``, with the gaps where they belong: ``on_gap`` is not called."""
        items: list[Message | Gap] = []
        if await self._wait():
            inbox = self._link.inbox
            while len(inbox) and not (items and isinstance(inbox.first(), FrameError)):
                item = inbox.take()
                if isinstance(item, FrameError):
                    raise item
                items.append(item)
        return items

    async def _wait(self) -> bool:
        """Wait until there is something to be read; False if the stream was closed."""
        self._link.origin.check()
        inbox, error = self._link.inbox, self._link.error
        if not len(inbox) and error is None:
            self.start()
            try:
                async with asyncio.timeout(self.timeout):
                    await inbox.wait()
            except TimeoutError:
                raise ServerTimeoutError(f"no message has come for {self.timeout:g} s") from None
            error = self._link.error
        if len(inbox) or self._closed:
            return bool(len(inbox))
        self._end_told = True
        raise fresh(error) if error is not None else AssertionError("it has not ended")

    async def _told(self, item: Message | Gap | FrameError) -> None:
        if isinstance(item, FrameError):
            raise item
        assert isinstance(item, Gap)
        if self.on_gap is None:
            unheeded(item)
        else:
            await called(self.on_gap, item)


def unheeded(gap: Gap) -> None:
    """Say that something is missing where nobody has asked to be told."""
    _log.warning("%s; on_gap would be told", gap)
