"""uvicorn's HTTP protocol, which writes what is at hand as soon as a request has been read.

For each request uvicorn starts a task and sends it messages, which is most of what a small answer costs. Only the
connection knows that there is nothing to wait for.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from starlette.types import Receive, Scope, Send

from csp_gateway.server.web.answered import outlasting
from csp_gateway.server.web.at_once import AtOnce, Header, ask_at_once
from csp_gateway.server.web.joining import JoiningProtocol

__all__ = ["ConnectionProtocol"]

_RUN = 16
"""Requests of one packet that are answered at once; more are begun as tasks, which take turns with other clients'."""
_STATUS_LINES = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus}


class ConnectionProtocol(JoiningProtocol):
    """Asks the application for an answer at hand, and begins the task without one, as for a body that is still to come.

    So does a request whose answer ends the connection, or of a client that does not read.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The log of accesses is uvicorn's, of its tasks.
        self._ask = None if self.config.access_log and self.access_log else ask_at_once(self.config.app)
        self._held: Any = None
        self._left = 0
        self._everywhere: tuple[Sequence[Header], bytes] = ([], b"")

    def data_received(self, data: bytes) -> None:
        """As uvicorn has it, for all requests that are whole; of one that is not, the task begins."""
        self._left = _RUN if self._ask is not None else 0
        super().data_received(data)
        self._left = 0
        if self._held is not None:
            self._begin()

    def on_message_complete(self) -> None:
        """Answer the request that was held back, or begin its task."""
        super().on_message_complete()
        if self._held is None:
            return
        cycle: Any = self.cycle
        try:
            answer = self._ask(cycle.scope, bytes(cycle.body)) if self._ask is not None else None
        except Exception as error:
            self._held = _raising(error)  # logged and answered as any other error of an application
            answer = None
        if answer is None:
            self._begin()
            return
        self._held = None
        self._left -= 1
        cycle.response_started = cycle.response_complete = True
        self._write(answer)
        cycle.on_response()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        # Outside of data_received nobody would come back to what is held.
        quick = self._left and app is self.app and cycle.keep_alive and not cycle.waiting_for_100_continue
        if quick and not self.flow.write_paused:
            self._held = app
        else:
            super()._start_asgi_task(cycle, outlasting(app, cycle))

    def _begin(self) -> None:
        app, self._held = self._held, None
        super()._start_asgi_task(self.cycle, outlasting(app, self.cycle))

    def _write(self, answer: AtOnce) -> None:
        everywhere = self.server_state.default_headers
        if everywhere is not self._everywhere[0]:
            self._everywhere = everywhere, _lines(everywhere)
        head = (_STATUS_LINES[answer.status], self._everywhere[1], _lines(answer.headers), b"\r\n", answer.body)
        self.transport.write(b"".join(head))


def _lines(headers: Sequence[Header]) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def _raising(error: Exception) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    return app
