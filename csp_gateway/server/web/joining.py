"""uvicorn's HTTP protocol, which writes the head of an answer together with its body: one system call, one packet.

By itself it writes one after the other, and uvloop each at once: a small answer costs twice what is dearest about it,
and wakes its reader twice.
"""

from typing import Any

from csp_gateway.server.web.live import CuttableProtocol

__all__ = ["JoiningProtocol"]

_COPIED = 64 * 1024
"""Bytes of a body that are copied behind the head; a larger one is handed over as it is."""


class JoiningProtocol(CuttableProtocol):
    """Holds a head back until its body comes, as ASGI lets it; not one that goes before a stream, or has no body."""

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if cycle.scope["method"] != "HEAD":
            cycle.transport = _Joining(cycle)
        super()._start_asgi_task(cycle, app)


class _Joining:
    """What uvicorn uses of a transport while it answers one request.

    Args:
        cycle: uvicorn's, of that request.
    """

    __slots__ = ("_begun", "_cycle", "_head", "_transport", "abort", "is_closing")

    def __init__(self, cycle: Any) -> None:
        self._cycle = cycle
        self._transport = cycle.transport
        self._head = b""
        self._begun = False
        self.abort = self._transport.abort
        self.is_closing = self._transport.is_closing

    def write(self, data: bytes) -> None:
        head, self._head = self._head, b""
        if head:
            if len(data) <= _COPIED:
                self._transport.write(head + data)
            else:
                self._transport.writelines((head, data))
        elif self._begun or not self._cycle.response_started:  # before the answer, only that it may be sent for
            self._transport.write(data)
        else:
            self._begun = True
            # Of a stream the length is not told, and its body may be long in coming.
            if self._cycle.chunked_encoding is False:
                self._head = data
            else:
                self._transport.write(data)

    def close(self) -> None:
        if self._head:
            self.write(b"")
        self._transport.close()
