"""EngineLink: a live connection that lives as long as a csp engine runs, and what crosses from it into the engine."""

# What csp calls has csp's own signatures, and no types.
# mypy: disable-error-code="misc,untyped-decorator"

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import csp
from csp import ts
from csp.impl.pushadapter import PushInputAdapter
from csp.impl.wiring import py_push_adapter_def

from csp_gateway.client.background import Background
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.stream import Stream
from csp_gateway.client.stream_options import StreamOptions

__all__ = ["MOST_CROSSING", "MOST_PUBLISHING", "EngineLink", "taken"]

MOST_CROSSING = 10_000
"""Items that may wait for the engine; then no more is read from the connection, until it has taken half of them."""
MOST_PUBLISHING = 1_000
"""What the engine publishes and has not been answered."""

_FLUSH_SECONDS = 1.0
"""For how long an engine that stops waits for answers to what it has published."""
_LOOK_SECONDS = 0.002
"""How often who waits for room looks whether there is some."""

_log = logging.getLogger(__name__)


class _Way(PushInputAdapter):
    def __init__(self, link: "EngineLink") -> None:
        self._link = link

    def start(self, starttime: Any, endtime: Any) -> None:
        self._link.engine_starts(self)

    def stop(self) -> None:
        self._link.engine_stops()


class _Failure(NamedTuple):
    error: Exception


_way = py_push_adapter_def("gateway", _Way, ts[object], link=object, memoize=False)


class EngineLink:
    """A ``Stream`` from the start of an engine to its end, on one thread; make it while the graph is built.

    The engine's thread never waits for it, but for its end. In simulated time it does nothing.

    Args:
        name: of the thread.
        run: reads the stream, and pushes what is to tick. What it raises ends the engine, and is what ``csp.run``
            raises.
        push_mode: whether what was pushed ticks piece by piece, or as lists of what has come since the last cycle.
    """

    def __init__(
        self,
        config: GatewayClientConfig,
        options: StreamOptions,
        run: Callable[[Stream], Coroutine[Any, Any, None]],
        *,
        name: str,
        push_mode: Any = csp.PushMode.NON_COLLAPSING,
    ) -> None:
        self.edge = _way(self, push_mode=push_mode)
        """What was pushed; ``taken`` has to see it."""
        self._config = config
        self._options = options
        self._run = run
        self._name = name
        self._realtime = csp.is_configured_realtime()
        self._lock = threading.Lock()
        self._way: Any = None
        self._background: Background | None = None
        self._stream: Stream | None = None
        self._publishing: set[concurrent.futures.Future[None]] = set()
        self._pushed = 0
        self._arrived = 0

    # On the engine's thread.

    def engine_starts(self, way: Any) -> None:
        """Connect."""
        if self._realtime:
            self._way = way
            self._pushed = self._arrived = 0
            self._background = Background(self._name)
            self._stream = Stream(self._config, options=self._options)
            self._background.begin(self._read(self._stream))

    def engine_stops(self) -> None:
        """Let go of the connection, and of the thread, once what was published is answered or has had its time."""
        background, self._background, self._stream = self._background, None, None
        if background is None:
            return
        with self._lock:
            publishing = set(self._publishing)
        left = concurrent.futures.wait(publishing, _FLUSH_SECONDS).not_done
        if left:
            _log.warning("%s: the engine stops, and %d publishes were not answered", self._name, len(left))
        with self._lock:
            self._way = None
        background.close()

    def begin(self, work: Callable[[Stream], Coroutine[Any, Any, Any]]) -> None:
        """Do something with the stream, beside the engine; what it raises ends the engine."""

        async def done(stream: Stream) -> None:
            try:
                await work(stream)
            except Exception as error:
                self.fail(error)

        if self._background is not None and self._stream is not None:
            self._background.begin(done(self._stream))

    def publish(self, channel: str, data: Any, key: str | None, failed: Callable[[str], None]) -> None:
        """Publish, beside the engine.

        Args:
            failed: called, on any thread, with why it was not done.
        """
        background, stream = self._background, self._stream
        if background is None or stream is None:
            return failed(f"{channel}: nothing is published in simulated time")
        with self._lock:
            full = len(self._publishing) >= MOST_PUBLISHING
        if full:
            return failed(f"{channel}: {MOST_PUBLISHING:,} publishes wait for their answers already")
        future = background.begin(stream.publish(channel, data, key))
        with self._lock:
            self._publishing.add(future)

        def answered(future: "concurrent.futures.Future[None]") -> None:
            with self._lock:
                self._publishing.discard(future)
            error = None if future.cancelled() else future.exception()
            if error is not None:
                failed(f"{channel}: {error}")

        future.add_done_callback(answered)
        return None

    def arrived(self, items: list[Any]) -> None:
        """The engine has taken these."""
        self._arrived += len(items)
        if isinstance(items[-1], _Failure):
            raise items[-1].error

    # On the thread of the stream.

    def push(self, item: Any) -> None:
        """Let an item tick; nothing, if the engine has ended. Who pushes many waits for ``room`` in between."""
        with self._lock:
            if self._way is not None:
                self._pushed += 1
                self._way.push_tick(item)

    async def room(self) -> None:
        """Wait until the engine is not too far behind."""
        if self._pushed - self._arrived >= MOST_CROSSING:
            while 2 * (self._pushed - self._arrived) > MOST_CROSSING:
                await asyncio.sleep(_LOOK_SECONDS)

    def fail(self, error: Exception) -> None:
        """End the engine with an error, unless it has ended; what was pushed before ticks first."""
        self.push(_Failure(error))  # csp's own way makes a new error of its text, which not all of ours can be made of

    async def _read(self, stream: Stream) -> None:
        try:
            await self._run(stream)
        except Exception as error:
            self.fail(error)


@csp.node(memoize=False)
def taken(items: ts[object], link: object) -> ts[object]:
    """What was pushed, as lists."""
    if csp.ticked(items):
        several = items if isinstance(items, list) else [items]
        link.arrived(several)  # type: ignore[attr-defined]
        return several
