"""StreamOptions: how patient a live connection is, and how much it holds."""

from dataclasses import dataclass

__all__ = ["StreamOptions"]


@dataclass(frozen=True, kw_only=True)
class StreamOptions:
    """How patient a live connection is, and how much it holds.

    Attributes:
        connection_timeout: seconds without a connection after which it is given up; 0: at once; None: never.
        answer_timeout: seconds after which a message that was said should have been answered.
        backoff: seconds that are waited at most before the second attempt to connect, and at most before any; how long
            is drawn, so that not all clients come back at once.
        open_timeout: seconds for one attempt to connect.
        ping_interval: seconds between pings.
        ping_timeout: seconds without anything from the gateway, after a ping, until it is taken for dead.
        most_messages: that may have been received and not been read; then no more is read from the gateway, whose
            ``policy`` says what becomes of the rest.
        most_bytes: the same in bytes.
        max_message_bytes: of one message; a larger one ends the stream.
        path: of the socket, below the API: the ``prefix`` of ``MountWebSocketRoutes``.
    """

    connection_timeout: float | None = 60.0
    answer_timeout: float = 10.0
    backoff: tuple[float, float] = (0.5, 5.0)
    open_timeout: float = 10.0
    ping_interval: float = 10.0
    ping_timeout: float = 10.0
    most_messages: int = 10_000
    most_bytes: int = 64 * 1024 * 1024
    max_message_bytes: int = 256 * 1024 * 1024
    path: str = "stream"
