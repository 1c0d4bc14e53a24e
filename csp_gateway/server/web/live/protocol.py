"""uvicorn's WebSocket protocol, which can also be given whole frames: the same bytes for every client that wants them.

Through ASGI each client's own chain of calls frames a message anew, which is most of the cost of telling many clients
the same. Routes, credentials and the handshake stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request

from csp_gateway.server.web.live.framing import Batch, Framing
from csp_gateway.server.web.live.line import HIGH_BYTES, LOW_BYTES
from csp_gateway.wire.closing import Closing

__all__ = ["EXTENSION", "FrameProtocol"]

EXTENSION = "csp_gateway.line"
"""Where a WebSocket's scope has the protocol, among its ``extensions``."""

_WHOLE = (Framing.TEXT_FRAME, Framing.BINARY_FRAME)
_LINGER = 5.0
"""Seconds in which a client may still read what was written before the end."""
_LINGER_WHEN_SLOW = 1.0
_PATIENCE = 6
"""Pings in a row that may go unanswered by who has not read what was written before them."""


class FrameProtocol(WebSocketsSansIOProtocol):
    """A ``Line`` over one WebSocket, for whoever finds it in the scope. ASGI's ``send`` goes on beside it."""

    full = False
    _unanswered = 0
    on_writable: Callable[[], None] | None = None
    on_full: Callable[[], None] | None = None
    on_stopping: Callable[[], None] | None = None
    """Called when the server stops: whoever is called has it closed, and soon."""

    def handle_connect(self, event: Request) -> None:
        """As uvicorn has it; the scope leads here."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            # The task that serves it begins with the loop's next turn.
            cast("dict[str, Any]", self.scope["extensions"])[EXTENSION] = self

    def handle_parser_exception(self) -> None:
        """As uvicorn has it; who says something wrong before it is let in is told nothing."""
        if self.conn.close_sent is None:
            self.transport.close()
            return
        super().handle_parser_exception()

    def send_receive_event_to_app(self) -> None:
        """As uvicorn has it; that a text is no UTF-8 is not logged as if the gateway had failed."""
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_text(b"".join(self.frames)):
            self.frames = []
            self.conn.fail(CloseCode.INVALID_DATA, "a text has to be UTF-8")
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    def claim(self) -> None:
        """Be a line from now on: full when so many bytes wait that ``line`` says it is."""
        self.transport.set_write_buffer_limits(HIGH_BYTES, LOW_BYTES)

    # What a Line can do.

    def framing(self, *, packed: bool) -> Framing:
        """As ``Line``; where compression was agreed on, each message is framed for this client alone."""
        if self.conn.extensions:
            return Framing.BYTES if packed else Framing.TEXT
        return Framing.BINARY_FRAME if packed else Framing.TEXT_FRAME

    def write(self, batch: Batch) -> None:
        """As ``Line``."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        if batch.framing in _WHOLE:
            self.transport.write(batch.joined)
            return
        for message in batch.messages:
            (self.conn.send_text if batch.framing is Framing.TEXT else self.conn.send_binary)(message)
        self.transport.write(b"".join(self.conn.data_to_send()))

    def waiting(self) -> int:
        """As ``Line``."""
        return 0 if self.transport.is_closing() else self.transport.get_write_buffer_size()

    def close(self, code: int, reason: str) -> None:
        """As ``Line``."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        linger = _LINGER_WHEN_SLOW if code == Closing.SLOW or self.full else _LINGER
        self.close_timer = self.loop.call_later(linger, self.transport.abort)

    # What the transport, the server and its clock say.

    def keepalive_timeout(self) -> None:
        """A ping was not answered; it may lie behind what the client has not read yet, which others judge."""
        if self.waiting() and self._unanswered < _PATIENCE:
            self._unanswered += 1
            self.pong_timer = self.pending_ping_payload = None
            self.schedule_ping()
            return
        super().keepalive_timeout()

    def handle_pong(self, event: Frame) -> None:
        """The client is there."""
        self._unanswered = 0
        super().handle_pong(event)

    def pause_writing(self) -> None:
        """So many bytes wait that no more should be written."""
        super().pause_writing()
        self.full = True
        if self.on_full is not None:
            self.on_full()

    def resume_writing(self) -> None:
        """Most of it is sent."""
        super().resume_writing()
        self.full = False
        if self.on_writable is not None:
            self.on_writable()

    def shutdown(self) -> None:
        """The server stops: say so, and when to come back. Whoever is still being told closes when that is done."""
        if self.on_stopping is None or self.close_sent or not self.handshake_complete:
            super().shutdown()
            return
        self.on_stopping()


def _is_text(said: bytes) -> bool:
    try:
        said.decode()
    except UnicodeDecodeError:
        return False
    return True
