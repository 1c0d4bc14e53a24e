"""AsyncStreams: ticks as they come, for programs of asyncio."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack

from csp_gateway._lazy import later
from csp_gateway.client.arguments import check
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.gateway_client import SECONDS
from csp_gateway.errors import WrongArgumentError

if TYPE_CHECKING:
    from csp_gateway.client import following, link, stream_options, wishes
    from csp_gateway.client import stream as streams
    from csp_gateway.wire import commands
else:  # a program that follows nothing does without websockets
    following = later("csp_gateway.client.following")
    link = later("csp_gateway.client.link")
    streams = later("csp_gateway.client.stream")
    stream_options = later("csp_gateway.client.stream_options")
    wishes = later("csp_gateway.client.wishes")
    commands = later("csp_gateway.wire.commands")

__all__ = ["AsyncStreams"]

_OF_STREAM = ("timeout", "on_gap", "on_state", "connection")
"""What ``stream`` takes by name, beside how channels are followed."""
_Reader: TypeAlias = "list[weakref.ref[AsyncGenerator[following.Message, None]]]"
"""Who reads, once there is one. Python closes what nobody has any more only later, on the event loop."""


class AsyncStreams:
    """Ticks as they come, and sending over the connection on which they do. On one event loop."""

    _config: GatewayClientConfig
    _own: streams.Stream | None = None
    """What ``subscribe`` has opened, and no call of ``stream`` has taken over."""
    _failed: streams.Stream | None = None
    """The one before, if it has ended by itself and who reads ``received`` has not been told."""
    _running: tuple[tuple[streams.Stream, _Reader], ...] = ()
    """What calls of ``stream`` read, and who does; the newest last."""
    _streams_closed = False

    def stream(
        self,
        channels: Iterable[wishes.Wish] | str,
        timeout: float | None = None,
        *,
        on_gap: streams.OnGap | None = None,
        on_state: link.OnState | None = None,
        connection: stream_options.StreamOptions | None = None,
        **options: Unpack[wishes.FollowOptions],
    ) -> AsyncGenerator[following.Message, None]:
        """What channels tick, message by message: ``channel``, of a basket ``key``, and ``data``, a list of records.

        ::

            async for message in client.stream(["quotes", ("by_side", "BUY")], timeout=5):
                print(message["channel"], message["data"])

        It begins with the first message that is asked for. If the connection is lost, it comes back, and goes on where
        it was. What ``subscribe`` follows is told here too.

        Args:
            channels: names, ``(basket, key)``, or whole ``Follow`` values.
            timeout: most seconds between messages; None for ever.
            on_gap: called with each ``Gap``, before the first message behind it; a function, or one of asyncio.
            on_state: called with ``connecting``, ``connected``, ``lost`` and ``closed``.
            connection: how patient the connection is, and how much it holds.
            options: how they are followed, as ``Follow`` says: ``snapshot``, ``since`` and ``epoch``, ``positions``,
                ``fields``, ``where``, ``min_interval``, ``latest_by``, ``format``, ``policy``.

        Raises:
            TimeoutError: no message has come for ``timeout`` seconds.
            FrameError: a channel cannot be followed so.
            ServerException: there is no connection, and will be none; the message says why.
        """
        check("stream", timeout=timeout, on_gap=on_gap, on_state=on_state, connection=connection)
        if "callback" in options:
            raise WrongArgumentError(
                "stream: there is no callback here: read it by `async for message in client.stream(…)`"
            )
        wishes.refuse_unknown(options, _OF_STREAM)
        reader: _Reader = []
        messages = self._streamed(reader, wishes.wishes(channels, options), timeout, on_gap, on_state, connection)
        reader.append(weakref.ref(messages))
        return messages

    async def _streamed(
        self,
        reader: _Reader,
        wanted: list[commands.Follow],
        timeout: float | None,
        on_gap: streams.OnGap | None,
        on_state: link.OnState | None,
        connection: stream_options.StreamOptions | None,
    ) -> AsyncGenerator[following.Message, None]:
        stream, self._own = self._own_if_open(), None
        if stream is None:
            stream = self._opened(connection)
        stream.timeout, stream.on_gap, stream.on_state = timeout, on_gap, on_state
        self._running += ((stream, reader),)
        try:
            await stream.follow(*wanted)
            async for message in stream:
                yield message
        finally:
            self._running = tuple(each for each in self._running if each[0] is not stream)
            await stream.aclose()

    async def subscribe(
        self,
        field: str,
        key: wishes.Key = None,
        *,
        timeout: float | None = SECONDS,
        **options: Unpack[wishes.FollowOptions],
    ) -> Mapping[str, Any]:
        """Follow a channel, or a key of it, on the connection of the newest ``stream`` that runs, which tells it too.

        If none runs, one is opened: ``received`` reads it, and the next ``stream`` takes it over.

        Args:
            timeout: seconds to wait for the gateway's answer, and for the connection before; None for as long as one is
                tried for.
            options: as those of ``stream``.

        Returns:
            What the gateway answers: ``epoch``, and ``from``, the offset of the first tick that will be told.

        Raises:
            ServerTimeoutError: a ``TimeoutError``: it did not come in time.
            FrameError: it cannot be followed so; ``code`` says in one word why.
            ServerException: there is no connection, and will be none; the message says why.
        """
        return await self._live().subscribe(field, key, timeout=timeout, **options)

    async def unsubscribe(self, field: str, key: wishes.Key = None) -> bool:
        """Follow it no more, whichever streams of this client do; whether it was followed."""
        check("unsubscribe", field=field, key=key)
        own = self._own_if_open()
        streams = [*self._running_if_open(), *([] if own is None else [own])]
        # Where nobody does, the newest asks whether there is such a channel.
        channel = wishes.wish(field, key).channel
        followers = [stream for stream in streams if stream.follows(channel)] or streams[-1:]
        asked = (stream.unsubscribe(field, key) for stream in followers)
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        for outcome in outcomes:  # the others have ended all the same
            if isinstance(outcome, BaseException):
                raise outcome
        return any(outcomes)

    async def publish(
        self, field: str, data: Any, key: wishes.Key = None, wait: Literal["accepted", "ticked"] = "accepted"
    ) -> None:
        """Tick a record, or several, over the live connection; of a basket without a key, records by key.

        Unlike ``send`` it is never repeated: if the connection is lost before the answer, nobody knows whether it
        ticked.

        Args:
            wait: until it is queued, or until an engine cycle has seen it.

        Raises:
            PublishLostError: the connection was lost before it was answered: it may have ticked, or not.
            FrameError: the gateway refuses it; ``code`` says in one word why.
            ServerException: it was not answered in time; or there is no connection, and will be none.
        """
        await self._live().publish(field, data, key, wait)

    def received(self, timeout: float | None = None, *, on_gap: streams.OnGap | None = None) -> streams.Stream:
        """What the connection receives that ``subscribe`` has opened, for ``async for``; ``anext`` is one message.

        Where that has ended by itself, it raises why, after what has been received: subscribe anew then.
        """
        check("received", timeout=timeout, on_gap=on_gap)
        stream = self._failed_if_unheard() or self._live()
        stream.timeout, stream.on_gap = timeout, on_gap
        return stream

    def _live(self) -> streams.Stream:
        stream = self._own_if_open() or next(reversed(self._running_if_open()), None)
        if stream is None:
            self._keep_if_unheard()
            stream = self._own = self._opened(None)
        return stream

    def _failed_if_unheard(self) -> streams.Stream | None:
        """What was followed and has ended: to wait for more of it, on another one, would be to wait for ever."""
        own, failed = self._own, self._failed
        if failed is not None and failed.has_failed_unheard:
            return failed
        return own if own is not None and own.has_failed and own.channels else None

    def _keep_if_unheard(self) -> None:
        """Another one is opened, and ``received`` tells first how this one has ended."""
        if self._own is not None and self._own.has_failed_unheard and self._own.channels:
            self._failed = self._own

    def _own_if_open(self) -> streams.Stream | None:
        return self._own if self._own is not None and self._own.state != "closed" else None

    def _running_if_open(self) -> list[streams.Stream]:
        return [stream for stream, (reader,) in self._running if stream.state != "closed" and reader() is not None]

    def _opened(self, connection: stream_options.StreamOptions | None) -> streams.Stream:
        if self._streams_closed:
            raise RuntimeError("this client is closed: make another one")
        return streams.Stream(self._config, options=connection)

    async def _close_streams(self) -> None:
        """End all live connections."""
        self._streams_closed = True
        async with AsyncExitStack() as ending:  # each of them, even if one raises
            for stream in (*([] if self._own is None else [self._own]), *(stream for stream, _ in self._running)):
                ending.push_async_callback(stream.aclose)
