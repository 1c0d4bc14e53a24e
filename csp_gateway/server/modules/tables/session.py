"""One viewer's socket: its requests in, if they only read; Perspective's answers out, if it reads them."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Protocol

from perspective import Server
from starlette.websockets import WebSocket, WebSocketDisconnect

from csp_gateway.server.modules.tables import protocol
from csp_gateway.server.modules.tables.protocol import Request, UnreadableRequest

__all__ = ["MOST_BYTES", "MOST_MESSAGES", "Viewer"]

logger = logging.getLogger(__name__)

MOST_BYTES = 64 * 2**20
"""Bytes that may wait for one viewer; a table's first view is in it, so it is no small number."""
MOST_MESSAGES = 2_000
"""Messages that may wait for one viewer."""
MOST_VIEWS = 500
"""Views one viewer may have open."""
MOST_WATCHES = 100
"""Times one viewer may ask to be told of the changes of one view."""

# The port of an update says who wrote it, so that a viewer can pass over its own. No update comes from this one.
_NO_WRITERS_PORT = 2**31 - 1

_READ_ONLY = "tables are read-only here: a viewer cannot make, change or delete them"


class Closing(Exception):
    """The socket is to be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _Session(Protocol):
    def handle_request(self, message: bytes) -> None: ...
    def close(self) -> None: ...


class Outbox:
    """What Perspective says to one viewer, from any thread, until the viewer's task sends it.

    One hand-over to the event loop carries whatever has piled up. Beyond ``MOST_BYTES`` or ``MOST_MESSAGES`` the
    viewer does not keep up: everything is dropped and ``slow`` is set.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.slow = asyncio.Event()
        self._loop = loop
        self._ready = asyncio.Event()
        self._lock = threading.Lock()
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._armed = False
        self._closed = False

    def put(self, message: bytes) -> None:
        """Take a message to be sent; never blocks, never raises."""
        with self._lock:
            if self._closed:
                return
            self._waiting.append(message)
            self._bytes += len(message)
            if self._bytes > MOST_BYTES or len(self._waiting) > MOST_MESSAGES:
                self._drop()
                self._tell(self.slow.set)
            elif not self._armed:
                self._armed = True
                self._tell(self._ready.set)

    async def take(self) -> bytes:
        """The next message, once there is one."""
        while True:
            with self._lock:
                if self._waiting:
                    message = self._waiting.popleft()
                    self._bytes -= len(message)
                    return message
                self._armed = False
                self._ready.clear()
            await self._ready.wait()

    def close(self) -> None:
        """Take nothing from now on."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        self._closed = True
        self._waiting.clear()
        self._bytes = 0

    def _tell(self, callback: Callable[[], object]) -> None:
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:  # the loop is closed: nobody is there any more
            self._drop()


class Viewer:
    """One socket's conversation with the table server.

    Args:
        socket: accepted by ``run``.
        server: whose tables are shown.
        pool: where requests are worked on; a view of a big table takes a while and must not hold up the event loop.
        taken: ids that are not free for a view, those of all viewers and the names of tables; shared, loop thread only.
    """

    def __init__(self, socket: WebSocket, server: Server, pool: Executor, taken: set[str]) -> None:
        self.refused = 0
        self._socket = socket
        self._server = server
        self._pool = pool
        self._taken = taken
        self._views: set[str] = set()
        self._watches: Counter[str] = Counter()
        self._asked_views: dict[int, str] = {}

    async def run(self) -> None:
        """Serve the viewer until it leaves, or has to: 1003 for what is no request, 1013 when it does not keep up."""
        loop = asyncio.get_running_loop()
        await self._socket.accept()
        self._outbox = Outbox(loop)
        opening: asyncio.Future[_Session] = loop.run_in_executor(self._pool, self._server.new_session, self._heard)
        tasks: list[asyncio.Task[None]] = []
        try:
            session = await asyncio.shield(opening)
            tasks += [loop.create_task(part) for part in (self._answer(session), self._send(), self._watch_pace())]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._outbox.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._taken -= self._views
            await asyncio.shield(self._close(opening))
        await self._part_from(next(iter(done)).exception())

    async def _close(self, opening: asyncio.Future[_Session]) -> None:
        # Whoever is cancelled while a session is being opened still has it, a moment later.
        session = await opening
        await asyncio.get_running_loop().run_in_executor(self._pool, session.close)

    async def _part_from(self, why: BaseException | None) -> None:
        if isinstance(why, Closing):
            try:
                async with asyncio.timeout(1):
                    await self._socket.close(why.code, why.reason)
            except (TimeoutError, RuntimeError, WebSocketDisconnect):
                pass  # it does not read, or it is gone: the server drops the connection when this returns
        elif why is not None and not isinstance(why, WebSocketDisconnect | RuntimeError):
            raise why

    async def _answer(self, session: _Session) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1005))
            content: bytes | None = message.get("bytes")
            if content is None:
                raise Closing(1003, "Perspective's requests are binary")
            try:
                request = protocol.read(content)
                answer = self._answer_here(request)
            except UnreadableRequest as error:
                self.refused += 1
                raise Closing(1003, f"not a request: {error}") from None
            if answer is not None:
                self._outbox.put(answer)
            else:
                await self._pass_on(session, content)

    async def _pass_on(self, session: _Session, content: bytes) -> None:
        loop = asyncio.get_running_loop()
        try:
            # The session must outlive its request, even when this task is cancelled.
            await _uncancelled(loop.run_in_executor(self._pool, session.handle_request, content))
        except Exception:
            logger.exception("a viewer's request failed; its socket is closed")
            raise Closing(1011, "the request failed") from None

    def _answer_here(self, request: Request) -> bytes | None:
        """The answer to what does not go to the server; None for what may."""
        if request.verb == protocol.MAKE_PORT:
            return protocol.port(request, _NO_WRITERS_PORT)
        why = self._refusal(request)
        if why is not None:
            self.refused += 1
            return protocol.failure(request, why)
        return None

    def _refusal(self, request: Request) -> str | None:
        if request.verb not in protocol.READS:
            return _READ_ONLY
        if request.verb == protocol.MAKE_VIEW:
            return self._refuse_view(request)
        if request.verb in protocol.OF_A_VIEW and request.entity not in self._views:
            return "View not found"
        if request.verb == protocol.DROP_VIEW:
            self._forget(request.entity)
            return None
        watched = request.entity if request.entity in self._views else ""  # all tables are counted together
        if request.verb in protocol.UNWATCH:
            self._watches[watched] = max(0, self._watches[watched] - 1)
        elif request.watches:
            if self._watches[watched] >= MOST_WATCHES:
                return f"at most {MOST_WATCHES} callbacks of one view, or of tables"
            self._watches[watched] += 1
        return None

    def _refuse_view(self, request: Request) -> str | None:
        view = request.view_id
        if view in self._taken:
            return f"there is a view {view!r} already"
        if len(self._views) >= MOST_VIEWS:
            return f"at most {MOST_VIEWS} views for one viewer: delete some"
        self._views.add(view)
        self._taken.add(view)
        self._asked_views[request.msg_id] = view
        return None

    def _forget(self, view: str) -> None:
        self._views.discard(view)
        self._taken.discard(view)
        self._watches.pop(view, None)

    def _heard(self, message: bytes) -> None:
        """Called by Perspective, in whichever thread it works."""
        self._outbox.put(bytes(message))

    async def _send(self) -> None:
        while True:
            message = await self._outbox.take()
            if self._asked_views:
                self._note_answer(message)
            await self._socket.send_bytes(message)

    def _note_answer(self, message: bytes) -> None:
        """A view that was refused by the server is not this viewer's."""
        msg_id, failed = protocol.answered(message)
        view = self._asked_views.pop(msg_id, None)
        if view is not None and failed:
            self._forget(view)

    async def _watch_pace(self) -> None:
        await self._outbox.slow.wait()
        raise Closing(1013, "slow")


async def _uncancelled(work: asyncio.Future[Any]) -> None:
    """Wait for ``work`` to end, and only then be cancelled."""
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
