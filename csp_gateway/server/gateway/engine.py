"""The csp engine on its own thread: build, run, stop, join."""

# A node's signature is csp's own language: type variables in quotes, no return type.
# mypy: disable-error-code="untyped-decorator,no-untyped-def"

import atexit
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import csp
from csp import ts
from csp.impl.wiring.runtime import MAX_END_TIME, build_graph

from csp_gateway.errors import BuildFailedError, EngineError, GatewayException, StartTimeoutError
from csp_gateway.server.gateway.bell import Bell, StoppedAtOnce

__all__ = ["Engine"]

_log = logging.getLogger("csp_gateway")

_EXIT_SECONDS = 10.0


class Engine:
    """One run of a graph.

    Args:
        graph: builds the graph, on the engine's thread; what it returns is among the outputs.
        starttime: engine time to start from, naive UTC; None for now.
        endtime: engine time to end at, or how long to run; None for never.
        realtime: False runs in simulated time, as fast as the graph goes.
        on_running: called on the engine's thread in the first cycle.
        on_ended: called on the engine's thread once no node runs any more, with the error that ended the run or None.
        on_beat: called on the engine's thread with engine time, first in the first cycle, then whenever the engine time
            has passed that it answered.
    """

    def __init__(
        self,
        graph: Callable[[], Any],
        *,
        starttime: datetime | None,
        endtime: datetime | timedelta | None,
        realtime: bool,
        on_running: Callable[[], None],
        on_ended: Callable[[BaseException | None], None],
        on_beat: Callable[[datetime], timedelta] | None = None,
    ) -> None:
        self._graph = graph
        self._starttime = starttime or datetime.now(UTC).replace(tzinfo=None)
        self._endtime = MAX_END_TIME if endtime is None else endtime
        self._realtime = realtime
        self._on_running = on_running
        self._on_ended = on_ended
        self._on_beat = on_beat
        self._bell: Bell | None = None
        self._lock = threading.Lock()
        self._stop_asked = False
        self._up = threading.Event()
        self._stopped = threading.Event()
        self._ended = threading.Event()
        self.outputs: Any = None
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name="csp-engine", daemon=True)

    def start(self, timeout: float) -> None:
        """Start the thread and wait until the graph runs.

        Raises:
            BuildFailedError, WiringError: the graph could not be built.
            EngineError: a node raised in its start or in the first cycle.
            StartTimeoutError: it was not running within ``timeout`` seconds; it is told to stop as soon as it can.
        """
        # A program that ends without stopping the engine would otherwise take the interpreter away under it.
        atexit.register(self._end_with_the_program)
        self.thread.start()
        up = self._up.wait(timeout)
        if self.error is not None:
            raise self.error
        if not up:
            self.stop_engine()
            raise StartTimeoutError(
                f"the graph was not running after {timeout:g} s: a module's connect is still busy, "
                f"or raise build_timeout"
            )

    def stop_engine(self) -> None:
        """Ask the engine to stop; it does so after the cycle it is in. Asking again changes nothing."""
        with self._lock:
            self._stop_asked = True
        if self._bell is not None:
            self._bell.ring()

    def end(self, patience: float, timeout: float) -> bool:
        """Stop the engine and wait until no node runs any more; whether that is so.

        Args:
            patience: seconds after which an engine that is behind real time is stopped in the middle of its backlog.
            timeout: seconds to wait then, for the node it is in.
        """
        self.stop_engine()
        if not self._stopped.wait(patience) and self._bell is not None:
            self._bell.stop_at_once()
        return self._stopped.wait(timeout)

    def join(self, suppress: bool = False, timeout: float | None = None) -> Any:
        """Wait for the end; the outputs of the run, None if it has not ended within ``timeout`` seconds.

        Raises:
            EngineError: a node raised; not if ``suppress``.
        """
        # An event, because a Thread.join() that a signal interrupts believes the thread has ended (Python 3.11).
        self._ended.wait(timeout)
        if self.error is not None and not suppress:
            raise self.error
        return self.outputs

    def is_alive(self) -> bool:
        """Whether the thread still runs."""
        return self.thread.is_alive() and not self._ended.is_set()

    def _wired(self) -> Any:
        self._bell = Bell()
        csp.stop_engine(self._bell.edge)
        # It ticks in the first cycle, when every node has started.
        tell_first_cycle(csp.const(True), self)
        if self._on_beat is not None:
            beat(csp.const(True), self)
        return self._graph()

    def note_first_cycle(self) -> None:
        """The graph runs; on the engine's thread."""
        self._on_running()
        self._up.set()
        with self._lock:
            stop_asked = self._stop_asked
        if stop_asked and self._bell is not None:
            self._bell.ring()

    def note_beat(self, now: datetime) -> timedelta:
        """The engine gets on; on its thread. How long it is until the next beat."""
        assert self._on_beat is not None
        return self._on_beat(now)

    def _run(self) -> None:
        try:
            context = self._build()
            with self._lock:
                stop_asked = self._stop_asked
            if not stop_asked:
                self._run_built(context)
        except BaseException as error:
            self.error = error
        finally:
            self._stopped.set()
            try:
                self._on_ended(self.error)
            finally:
                self._up.set()
                self._ended.set()
                atexit.unregister(self._end_with_the_program)

    def _end_with_the_program(self) -> None:
        if self.end(1.0, _EXIT_SECONDS):
            self._ended.wait(_EXIT_SECONDS)

    def _build(self) -> Any:
        end = self._endtime
        if isinstance(end, timedelta):
            self._endtime = end = self._starttime + end
        try:
            return build_graph(self._wired, starttime=self._starttime, endtime=end, realtime=self._realtime)
        except GatewayException:
            raise
        except Exception as error:
            raise BuildFailedError(f"the graph cannot be built: {type(error).__name__}: {error}") from error

    def _run_built(self, context: Any) -> None:
        try:
            self.outputs = csp.run(context, starttime=self._starttime, endtime=self._endtime, realtime=self._realtime)
        except StoppedAtOnce as stopped:
            _log.warning("the engine was %s; this run has no outputs", stopped)
        except Exception as error:
            raise EngineError(f"the engine stopped: a node raised {type(error).__name__}: {error}") from error


@csp.node
def tell_first_cycle(first: ts[bool], engine: Engine):
    """Tell the engine that its graph runs."""
    if csp.ticked(first):
        engine.note_first_cycle()


@csp.node
def beat(first: ts[bool], engine: Engine):
    """Tell that the engine gets on."""
    with csp.alarms():
        again: ts[bool] = csp.alarm(bool)
    if csp.ticked(first, again):
        csp.schedule_alarm(again, engine.note_beat(csp.now()), True)
