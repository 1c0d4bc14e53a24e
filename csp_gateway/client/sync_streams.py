"""SyncStreams: ticks as they come, for programs that wait for them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from csp_gateway._lazy import later
from csp_gateway.client.arguments import check
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.forked import ForkedLock
from csp_gateway.client.gateway_client import SECONDS

if TYPE_CHECKING:
    from csp_gateway.client import background, followed, following, link, stream_options, sync_stream, wishes
else:  # a program that follows nothing does without asyncio and websockets
    background = later("csp_gateway.client.background")
    followed = later("csp_gateway.client.followed")
    following = later("csp_gateway.client.following")
    link = later("csp_gateway.client.link")
    stream_options = later("csp_gateway.client.stream_options")
    sync_stream = later("csp_gateway.client.sync_stream")
    wishes = later("csp_gateway.client.wishes")

__all__ = ["SyncStreams"]


_OF_STREAM = ("callback", "timeout", "on_gap", "on_state", "connection")
"""What ``stream`` takes by name, beside how channels are followed."""


class SyncStreams:
    """Ticks as they come, and sending over the connection on which they do. Any thread may call."""

    _config: GatewayClientConfig
    _thread: background.Background | None = None
    _own: sync_stream.SyncStream | None = None
    """What ``subscribe`` has opened, and no call of ``stream`` has taken over."""
    _failed: sync_stream.SyncStream | None = None
    """The one before, if it has ended by itself and who reads ``received`` has not been told."""
    _running: tuple[weakref.ref[sync_stream.SyncStream], ...] = ()
    """What calls of ``stream`` read, where anybody still has it; the newest last."""
    _opening = ForkedLock()

    @overload
    def stream(
        self,
        channels: Iterable[wishes.Wish] | str,
        callback: None = None,
        timeout: float | None = None,
        *,
        on_gap: Callable[[followed.Gap], Any] | None = None,
        on_state: link.OnState | None = None,
        connection: stream_options.StreamOptions | None = None,
        **options: Unpack[wishes.FollowOptions],
    ) -> sync_stream.SyncStream: ...

    @overload
    def stream(
        self,
        channels: Iterable[wishes.Wish] | str,
        callback: Callable[[following.Message], Any],
        timeout: float | None = None,
        *,
        on_gap: Callable[[followed.Gap], Any] | None = None,
        on_state: link.OnState | None = None,
        connection: stream_options.StreamOptions | None = None,
        **options: Unpack[wishes.FollowOptions],
    ) -> None: ...

    def stream(
        self,
        channels: Iterable[wishes.Wish] | str,
        callback: Callable[[following.Message], Any] | None = None,
        timeout: float | None = None,
        *,
        on_gap: Callable[[followed.Gap], Any] | None = None,
        on_state: link.OnState | None = None,
        connection: stream_options.StreamOptions | None = None,
        **options: Unpack[wishes.FollowOptions],
    ) -> sync_stream.SyncStream | None:
        """What channels tick, message by message: ``channel``, of a basket ``key``, and ``data``, a list of records.

        ::

            for message in client.stream(["quotes", ("by_side", "BUY")], timeout=5):
                print(message["channel"], message["data"])

        If the connection is lost, it comes back, and goes on where it was. What ``subscribe`` follows is told here too.

        Args:
            channels: names, ``(basket, key)``, or whole ``Follow`` values.
            callback: called with each message; the call does not return before the stream ends. Without it there is an
                iterator, which is closed by ``close``, by ``with``, or when nobody has it any more.
            timeout: most seconds between messages; None for ever.
            on_gap: called with each ``Gap``, before the first message behind it.
            on_state: called with ``connecting``, ``connected``, ``lost`` and ``closed``, on another thread. The
                connection holds it: an iterator to which it leads, as a method of its owner does, is to be closed.
            connection: how patient the connection is, and how much it holds.
            options: how they are followed, as ``Follow`` says: ``snapshot``, ``since`` and ``epoch``, ``positions``,
                ``fields``, ``where``, ``min_interval``, ``latest_by``, ``format``, ``policy``.

        Raises:
            TimeoutError: no message has come for ``timeout`` seconds.
            FrameError: a channel cannot be followed so.
            ServerException: there is no connection, and will be none; the message says why.
        """
        check("stream", callback=callback, timeout=timeout, on_gap=on_gap, on_state=on_state, connection=connection)
        wishes.refuse_unknown(options, _OF_STREAM)
        wanted = wishes.wishes(channels, options)
        with self._opening:
            stream, self._own = self._own_if_open(), None
            if stream is None:
                stream = sync_stream.SyncStream(self._config, self._background(), options=connection)
            self._running = tuple(map(weakref.ref, (*self._running_if_open(), stream)))
        stream.timeout, stream.on_gap, stream.on_state = timeout, on_gap, on_state
        try:
            stream.follow(*wanted)
            if callback is None:
                return stream
            for message in stream:
                callback(message)
        except BaseException:
            stream.close()
            raise
        return None

    def subscribe(
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
        return self._live().subscribe(field, key, timeout=timeout, **options)

    def unsubscribe(self, field: str, key: wishes.Key = None) -> bool:
        """Follow it no more, whichever streams of this client do; whether it was followed."""
        check("unsubscribe", field=field, key=key)
        with self._opening:
            own = self._own_if_open()
            streams = [*self._running_if_open(), *([] if own is None else [own])]
        # Where nobody does, the newest asks whether there is such a channel.
        channel = wishes.wish(field, key).channel
        followers = [stream for stream in streams if stream.follows(channel)] or streams[-1:]
        followed, failed = False, None
        for stream in followers:
            try:
                followed |= stream.unsubscribe(field, key)
            except Exception as error:  # the others are to end all the same
                failed = failed or error
        if failed is not None:
            raise failed
        return followed

    def publish(
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
        self._live().publish(field, data, key, wait)

    def received(
        self, timeout: float | None = None, *, on_gap: Callable[[followed.Gap], Any] | None = None
    ) -> sync_stream.SyncStream:
        """An iterator of what the connection receives that ``subscribe`` has opened; ``next`` of it is one message.

        Where that has ended by itself, the iterator raises why, after what has been received: subscribe anew then.
        """
        check("received", timeout=timeout, on_gap=on_gap)
        with self._opening:
            stream = self._failed_if_unheard() or self._live()
        stream.timeout, stream.on_gap = timeout, on_gap
        return stream

    def _live(self) -> sync_stream.SyncStream:
        with self._opening:
            stream = self._own_if_open() or next(reversed(self._running_if_open()), None)
            if stream is None:
                self._keep_if_unheard()
                stream = self._own = sync_stream.SyncStream(self._config, self._background())
            return stream

    def _failed_if_unheard(self) -> sync_stream.SyncStream | None:
        """What was followed and has ended: to wait for more of it, on another one, would be to wait for ever."""
        own, failed = self._own, self._failed
        if failed is not None and failed.has_failed_unheard:
            return failed
        return own if own is not None and own.has_failed and own.channels else None

    def _keep_if_unheard(self) -> None:
        """Another one is opened, and ``received`` tells first how this one has ended."""
        if self._own is not None and self._own.has_failed_unheard and self._own.channels:
            self._failed = self._own

    def _own_if_open(self) -> sync_stream.SyncStream | None:
        return self._own if self._own is not None and self._own.state != "closed" else None

    def _running_if_open(self) -> list[sync_stream.SyncStream]:
        streams = [each() for each in self._running]
        return [stream for stream in streams if stream is not None and stream.state != "closed"]

    def _background(self) -> background.Background:
        with self._opening:
            if self._thread is None or (self._thread.is_elsewhere and not self._thread.closed):
                self._thread = background.Background("gateway-client")
            return self._thread

    def _close_streams(self) -> None:
        """End all live connections, and the thread that they are on."""
        self._background().close()
