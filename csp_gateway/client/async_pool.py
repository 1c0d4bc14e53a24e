"""AsyncPool: connections over HTTP for asyncio, closed while others wait on them; a forked child has its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx2

from csp_gateway.client.forked import Origin
from csp_gateway.errors import ClientClosedError

__all__ = ["AsyncPool"]

_LEAVE_SECONDS = 1.0
"""For how long those who wait are given to be gone, before their connections are closed."""


class AsyncPool:
    """Connections over HTTP, on the event loop of the first request.

    Args:
        options: what httpx is told once.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._kept = _Connections(options)

    @property
    def lock(self) -> asyncio.Lock:
        """One for whoever has the pool; a child has one of its own, which nobody can have held when it was forked."""
        return self._connections().lock

    @property
    def is_open(self) -> bool:
        """Whether this process has been answered and has not closed it; httpx does not tell if connections are left."""
        kept = self._kept
        return kept.has_asked and not kept.closed and not kept.origin.is_elsewhere

    async def request(self, **request: Any) -> httpx2.Response:
        """The answer to a request, whole.

        Raises:
            ClientClosedError: the pool was closed, before or meanwhile.
            httpx2.RequestError: there is none.
        """
        connections = self._connections()
        async with connections.wait():
            answer = await connections.http.request(**request)
            connections.has_asked = True
            return answer

    async def sleep(self, seconds: float) -> None:
        """Wait between two requests.

        Raises:
            ClientClosedError: the pool was closed meanwhile.
        """
        async with self._connections().wait():
            await asyncio.sleep(seconds)

    async def aclose(self) -> None:
        """Wake all who wait, and close all connections. It can be called again."""
        await self._connections().aclose()

    def _connections(self) -> _Connections:
        if self._kept.origin.is_elsewhere:
            self._kept = self._kept.of_child(self._options)
        return self._kept


class _Connections:
    """Those of one process."""

    def __init__(self, options: dict[str, Any], parents: _Connections | None = None) -> None:
        self.origin = Origin()
        self.http = httpx2.AsyncClient(**options)
        self.lock = asyncio.Lock()
        self.closed: bool = parents is not None and parents.closed
        self.has_asked = False
        self.waiting: set[asyncio.Task[Any]] = set()
        """Those that wait for answers, each in ``wait``."""
        self._parents = parents

    def of_child(self, options: dict[str, Any]) -> _Connections:
        """New ones. Those of the parent are kept as they are: what would close them is its event loop's, too."""
        return _Connections(options, self)

    async def aclose(self) -> None:
        waiting = self.waiting - {asyncio.current_task()}
        if not self.closed:
            self.closed = True
            for task in waiting:
                task.cancel()
        for _ in range(int(_LEAVE_SECONDS / 0.005)):
            if not self.waiting & waiting:
                break
            await asyncio.sleep(0.005)
        await self.http.aclose()

    @contextlib.asynccontextmanager
    async def wait(self) -> AsyncIterator[None]:
        """Be cancelled by ``aclose``, which is no cancellation to whoever called: as in ``asyncio.timeout``."""
        task = asyncio.current_task()
        assert task is not None, "a coroutine of asyncio runs in a task"
        before = task.cancelling()
        if self.closed:
            raise ClientClosedError()
        self.waiting.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if self.closed and task.uncancel() <= before:
                raise ClientClosedError() from None
            raise
        except (httpx2.RequestError, httpx2.StreamError, OSError, RuntimeError):
            if self.closed:
                raise ClientClosedError() from None
            raise
        finally:
            self.waiting.discard(task)
