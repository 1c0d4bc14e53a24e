"""SyncStream: a Stream for programs without an event loop, and for threads."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Literal, Self, Unpack

from csp_gateway.client.background import Background
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.followed import Gap
from csp_gateway.client.following import Message
from csp_gateway.client.link import OnState, StreamState
from csp_gateway.client.stream import Stream, unheeded
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.client.wishes import FollowOptions, Key
from csp_gateway.errors import StreamClosedError
from csp_gateway.wire.commands import Follow

__all__ = ["SyncStream"]


class SyncStream:
    """A live connection: an iterator of what it receives, until it is closed.

    ::

        with client.stream(["quotes"]) as stream:
            for message in stream:
                print(message["channel"], message["data"])

    What ``Stream`` says of it holds. One thread reads; any may subscribe, publish and close.

    Args:
        background: where its event loop runs.
        timeout: most seconds between messages, after which reading raises ``TimeoutError``; None for ever.
        on_gap: is called with each ``Gap`` where it belongs among the messages, on the thread that reads.
        on_state: is called with what becomes of the connection, on the background's thread, which should not wait.
    """

    def __init__(
        self,
        config: GatewayClientConfig,
        background: Background,
        *,
        timeout: float | None = None,
        on_gap: Callable[[Gap], Any] | None = None,
        on_state: OnState | None = None,
        options: StreamOptions | None = None,
    ) -> None:
        self.on_gap = on_gap
        self._background = background
        self._read: deque[Message | Gap] = deque()
        self._stream = Stream(config, timeout=timeout, on_state=on_state, options=options)
        weakref.finalize(self, _let_go, background, self._stream)

    # As of ``Stream``, each.

    def connected(self) -> None:
        """Wait until there is a connection; ``ServerException`` if there will be none."""
        self._background.run(self._stream.connected())

    def subscribe(
        self, field: str, key: Key = None, *, timeout: float | None = None, **options: Unpack[FollowOptions]
    ) -> Mapping[str, Any]:
        """Follow a channel; as ``Stream.subscribe``."""
        return self._background.run(self._stream.subscribe(field, key, timeout=timeout, **options))

    def follow(self, *wanted: Follow) -> None:
        """Follow some channels; as ``Stream.follow``."""
        self._background.run(self._stream.follow(*wanted))

    def unsubscribe(self, field: str, key: Key = None) -> bool:
        """Follow a channel, or a key of it, no more; whether it was followed."""
        return self._background.run(self._stream.unsubscribe(field, key))

    def publish(self, field: str, data: Any, key: Key = None, wait: Literal["accepted", "ticked"] = "accepted") -> None:
        """Tick a record, or several; as ``Stream.publish``."""
        self._background.run(self._stream.publish(field, data, key, wait))

    @property
    def timeout(self) -> float | None:
        """Most seconds between messages."""
        return self._stream.timeout

    @timeout.setter
    def timeout(self, seconds: float | None) -> None:
        self._stream.timeout = seconds

    @property
    def on_state(self) -> OnState | None:
        """What is called with what becomes of the connection."""
        return self._stream.on_state

    @on_state.setter
    def on_state(self, function: OnState | None) -> None:
        self._stream.on_state = function

    @property
    def state(self) -> StreamState:
        """What has become of the connection."""
        return self._stream.state

    @property
    def has_failed(self) -> bool:
        """Whether it has ended by itself, as whoever reads it is told."""
        return self._stream.has_failed

    @property
    def has_failed_unheard(self) -> bool:
        """Whether it has, and nobody has been told yet."""
        return self._stream.has_failed_unheard

    @property
    def why(self) -> str:
        """Why the connection is not there, in words."""
        return self._stream.why

    @property
    def channels(self) -> list[str]:
        """What is followed."""
        return self._stream.channels

    def follows(self, field: str) -> bool:
        """Whether a channel is followed; as ``Stream.follows``."""
        return self._stream.follows(field)

    # What is received.

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Message:
        self._background.check()
        while self._read or self._fetched():
            item = self._read.popleft()
            if isinstance(item, dict):
                return item
            if self.on_gap is None:
                unheeded(item)
            else:
                self.on_gap(item)
        raise StopIteration

    def _fetched(self) -> bool:
        """Whether there is anything to be read, once all that is there has been fetched at one go."""

        async def fetch() -> None:
            self._read.extend(await self._stream.take_many())  # there, so that Ctrl-C loses nothing

        try:
            if not self._background.closed:
                self._background.run(fetch())
        except (StreamClosedError, RuntimeError):
            if not self._background.closed:  # it may be since we looked
                raise
        return bool(self._read)

    def receive_many(self) -> list[Message]:
        """All messages that are there, at least one; none if the stream was closed.

        Raises:
            TimeoutError: there was none for ``timeout`` seconds.
            ServerException: the stream has ended, and everything was read.
        """
        first = next(self, None)
        messages = [] if first is None else [first]
        while self._read and isinstance(self._read[0], dict):
            messages.append(self._read.popleft())  # type: ignore[arg-type]
        return messages

    def close(self) -> None:
        """End it; what has been received and not been read is still there. Its own callbacks may do so, too."""
        self._background.finish(self._stream.aclose())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _let_go(background: Background, stream: Stream) -> None:
    """Nobody has the stream any more, which is noticed on any thread."""
    with suppress(RuntimeError, StreamClosedError):
        background.begin(stream.aclose())
