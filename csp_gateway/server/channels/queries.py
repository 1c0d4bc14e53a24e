"""Questions that take a while, answered on a few threads: neither the engine nor an event loop waits for them."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from csp_gateway.errors import GatewayException, QueriesRefusedError, fresh
from csp_gateway.server.channels.answers import Answer

__all__ = ["QUERIES_LIMIT", "Queries"]

QUERIES_LIMIT = 1_000
"""Queries that may be asked and not answered yet; one more is refused."""
_THREADS = 2
_ENDING = 2.0
"""Seconds that the threads are waited for at the end: what they do is told to stop."""


class Queries:
    """The queries of one run; its threads are started by the first of them.

    Args:
        name: what its threads are called.
        limit: queries that may be open; one more is refused.
    """

    def __init__(self, name: str = "csp-queries", limit: int = QUERIES_LIMIT) -> None:
        self.refused = 0
        self._name = name
        self._limit = limit
        self._pool: ThreadPoolExecutor | None = None
        self._threads: list[threading.Thread] = []
        self._open: set[Answer] = set()
        self._after: dict[Answer, list[tuple[Callable[[], Any], Answer]]] = {}
        self._closed: GatewayException | None = None
        self._lock = threading.Lock()

    def ask(self, question: Callable[[], Any], after: Answer | None = None) -> Answer:
        """What ``question`` gives or raises.

        Args:
            question: called on one of the threads.
            after: what must be known before; if it fails, so does this.

        Raises:
            QueriesRefusedError: too many are open.
        """
        answer = Answer()
        with self._lock:
            if self._closed is not None:
                raise fresh(self._closed)
            if len(self._open) >= self._limit:
                self.refused += 1
                raise QueriesRefusedError(f"{self._limit} queries wait for their answers already; ask again later")
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_THREADS, self._name, self._begin)
            self._open.add(answer)
            first = after is not None and after not in self._after
            if after is not None:
                self._after.setdefault(after, []).append((question, answer))
        if after is None:
            self._submit(self._answer, question, answer)
        elif first:
            # Once, however many wait for it: it is the engine's thread that calls.
            after.add_done_callback(self._go_on)
        return answer

    def close(self, reason: GatewayException, stop: Callable[[], object] = lambda: None) -> None:
        """Refuse who comes from now on, and answer who waits, with ``reason``; the threads end.

        They are waited for, but not for longer than two seconds: who asked has been answered.

        Args:
            stop: called when nobody waits any more, to end what they do.
        """
        with self._lock:
            self._closed = reason
            pool, self._pool = self._pool, None
            waiting, self._open = list(self._open), set()
            self._after = {}
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        for answer in waiting:
            answer.set_exception(fresh(reason))
        stop()
        until = time.monotonic() + _ENDING
        for thread in list(self._threads):
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))

    @property
    def closed(self) -> bool:
        """Whether nobody waits for answers any more: what is being answered may stop."""
        return self._closed is not None

    def statistics(self) -> dict[str, int]:
        """How many are ``open``, and how many were ``refused``."""
        return {"open": len(self._open), "refused": self.refused}

    def _begin(self) -> None:
        self._threads.append(threading.current_thread())

    def _go_on(self, before: Any) -> None:
        with self._lock:
            together = self._after.pop(before, [])
        self._submit(self._hand_out, before, together)

    def _hand_out(self, before: Answer, together: list[tuple[Callable[[], Any], Answer]]) -> None:
        error = before.exception()
        for question, answer in together:
            if error is None:
                self._submit(self._answer, question, answer)
            elif self._is_due(answer):
                answer.set_exception(error)

    def _submit(self, work: Callable[..., None], *given: Any) -> None:
        with self._lock:
            if self._pool is not None:
                self._pool.submit(work, *given)

    def _answer(self, question: Callable[[], Any], answer: Answer) -> None:
        try:
            found = question()
        except BaseException as error:
            if self._is_due(answer):
                answer.set_exception(error)
        else:
            if self._is_due(answer):
                answer.set_result(found)

    def _is_due(self, answer: Answer) -> bool:
        """Whether the answer is still waited for; whoever is told so gives it."""
        with self._lock:
            due = answer in self._open
            self._open.discard(answer)
            return due
