"""Link: a connection that comes back, and who waits for an answer over it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import Any, Literal, TypeAlias, TypeVar

from csp_gateway.client.coming_back import CAUSES, ComingBack, Ending, ending_of
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.connection import Connection, reach
from csp_gateway.client.followed import Gap
from csp_gateway.client.following import Answered, Following, Heard, Message, Refused
from csp_gateway.client.forked import Origin
from csp_gateway.client.inbox import Inbox
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.errors import FrameError, PublishLostError, ServerTimeoutError, StreamClosedError, fresh

__all__ = ["Link", "OnState", "StreamState", "called"]

T = TypeVar("T")

StreamState: TypeAlias = Literal["connecting", "connected", "lost", "closed"]
OnState: TypeAlias = Callable[[StreamState], Awaitable[None] | None]

_log = logging.getLogger(__name__)


class _Waiting:
    """Somebody who waits for an answer."""

    def __init__(self, within: float | None, at_most: float | None) -> None:
        loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[Mapping[str, Any]] = loop.create_future()
        self.seconds = _least(within, at_most)
        self.limit = asyncio.timeout(self.seconds)
        self.said = False
        self._until = None if at_most is None else loop.time() + at_most

    def say(self, answer_timeout: float) -> None:
        """It is said now, and may be waited for from now on for so long."""
        self.said = True
        now = asyncio.get_running_loop().time()
        self.limit.reschedule(_least(now + answer_timeout, self._until))


def _least(*seconds: float | None) -> float | None:
    return min((each for each in seconds if each is not None), default=None)


class Link:
    """A connection to a gateway, and after it the next one, until it is closed or that is of no use. On one event loop.

    Args:
        on_state: is called with what becomes of it.
    """

    def __init__(self, config: GatewayClientConfig, options: StreamOptions, on_state: OnState | None) -> None:
        self.following = Following()
        self.inbox: Inbox[Message | Gap | FrameError] = Inbox(options.most_messages, options.most_bytes)
        """What is to be read, in its order."""
        self.on_state = on_state
        self.state: StreamState = "connecting"
        self.why = ""
        self.origin = Origin()
        self.error: Exception | None = None
        """Why it has ended."""
        self._config = config
        self._options = options
        self._waiting: dict[int, _Waiting] = {}
        self._connection: Connection | None = None
        self._met = asyncio.Event()
        """Set while it is connected, and once it has ended."""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connect, if that has not begun.

        Raises:
            ServerException: it has ended.
            RuntimeError: ``on_state`` is called, and the connection goes on when that returns.
        """
        self.origin.check()
        if self.error is not None:
            raise fresh(self.error)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="gateway-stream")
        elif asyncio.current_task() is self._task:
            raise RuntimeError("on_state would wait for itself: let it start a task, which does this")

    async def aclose(self) -> None:
        """End it; a forked child leaves it alone."""
        if self.origin.is_elsewhere:
            return
        self._end(StreamClosedError("the stream was closed", 1000))
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        elif self.state != "closed":  # it has not begun, and will not
            await self._become("closed", "the stream was closed")

    async def connected(self) -> None:
        """Wait until there is a connection; ``ServerException`` if there will be none."""
        self.start()
        await self._met.wait()
        if self.error is not None:
            raise fresh(self.error)

    async def answer(
        self, identifier: int, what: str, within: float | None = None, at_most: float | None = None
    ) -> Mapping[str, Any]:
        """What the gateway answers to a message that waits in ``following``.

        Args:
            what: was asked, for an error.
            within: seconds that it may wait for a connection, where there is none; None: as long as one is tried for.
            at_most: seconds to wait in all.
        """
        waiting = self._waiting[identifier] = _Waiting(within if self._connection is None else None, at_most)
        if self._connection is not None:
            self._connection.say()
        try:
            async with waiting.limit:
                return await waiting.answer
        except TimeoutError:
            if not waiting.limit.expired():
                raise
            if waiting.answer.done() and not waiting.answer.cancelled():
                return waiting.answer.result()  # it has come at the same moment, and is done
            if not waiting.said:
                raise ServerTimeoutError(self._unreached(what, waiting.seconds)) from None
            unread = "; its answer may be behind messages that nobody reads" if self.inbox.is_full else ""
            seconds = _least(self._options.answer_timeout, at_most)
            raise ServerTimeoutError(f"{what} was not answered within {seconds:g} s{unread}") from None
        finally:
            del self._waiting[identifier]
            if not waiting.answer.done() or waiting.answer.cancelled():
                self.following.give_up(identifier)

    def _unreached(self, what: str, within: float | None) -> str:
        where = self._config.stream_url(self._options.path)
        why = f": {self.why}" if self.why else ""
        return f"no live connection to {where} for the {what} within {within:g} s{why}; is a gateway running there?"

    async def _run(self) -> None:
        options = self._options
        where = self._config.stream_url(options.path)
        try:  # whatever goes wrong, who waits is to be told
            coming_back = ComingBack(where, options.connection_timeout, options.backoff)
            while True:
                ending = await self._connect(coming_back)
                pause = coming_back.after(ending)
                _log.info("the live connection is lost, and tried again in %.1f s: %s", pause, ending.why)
                await self._become("lost", ending.why)
                await asyncio.sleep(pause)
                await self._become("connecting", ending.why)
        except Exception as error:
            self._end(error)
        finally:
            await self._become("closed", str(self.error))

    async def _connect(self, coming_back: ComingBack) -> Ending:
        attempt = reach(self._config, self._options)
        try:
            async with attempt as socket:
                connection = Connection(socket, self.following, coming_back, self._receive, self._said)
                self._connection = connection
                self._met.set()
                await self._become("connected", "")
                return await connection.run(self._options)
        except CAUSES as error:
            return ending_of(error)
        finally:
            self._connection = None
            if self.error is None:
                self._met.clear()
            for identifier in self.following.lost():
                lost = "the connection was lost before it was answered: it may have ticked, or not"
                self._resolve(identifier, PublishLostError(lost))

    async def _receive(self, heard: Heard, size: int) -> None:
        if isinstance(heard, dict | Gap):
            await self.inbox.put(heard, size)
        elif isinstance(heard, Answered):
            self._resolve(heard.id, heard.result)  # who waits for it may be who is to make room
            if heard.gap is not None:
                await self.inbox.put(heard.gap, 0)
        elif isinstance(heard, Refused) and not (heard.id is not None and self._resolve(heard.id, heard.error)):
            await self.inbox.put(heard.error, size)

    def _resolve(self, identifier: int, answer: Mapping[str, Any] | Exception) -> bool:
        """Whether somebody waits for it."""
        waiting = self._waiting.get(identifier)
        if waiting is None:
            return False
        if not waiting.answer.done():
            if isinstance(answer, Exception):
                waiting.answer.set_exception(answer)
            else:
                waiting.answer.set_result(answer)
        return True

    def _said(self, identifier: int) -> None:
        waiting = self._waiting.get(identifier)
        if waiting is not None and not waiting.answer.done():
            waiting.say(self._options.answer_timeout)

    def _end(self, error: Exception) -> None:
        if self.error is None:
            self.error = error
            self.inbox.end()
            self._met.set()
            for identifier in list(self._waiting):
                self._resolve(identifier, fresh(error))

    async def _become(self, state: StreamState, why: str) -> None:
        self.state, self.why = state, why
        if self.on_state is not None:
            try:
                await called(self.on_state, state)
            except Exception:
                _log.exception("on_state(%r) raised", state)


async def called(function: Callable[[T], Awaitable[None] | None], value: T) -> None:
    """Call a function, or a coroutine function."""
    outcome = function(value)
    if isawaitable(outcome):
        await outcome
