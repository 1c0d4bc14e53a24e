"""AsyncPool: connections over HTTP for asyncio, which can be closed while others wait on them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx2

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
        self._http = httpx2.AsyncClient(**options)
        self._closed = False
        self._waiting: set[asyncio.Task[Any]] = set()
        """Those that wait for answers, each in ``waiting``."""

    async def request(self, **request: Any) -> httpx2.Response:
        """The answer to a request, whole.

        Raises:
            ClientClosedError: the pool was closed, before or meanwhile.
            httpx2.RequestError: there is none.
        """
        async with self._wait():
            return await self._http.request(**request)

    async def sleep(self, seconds: float) -> None:
        """Wait between two requests.

        Raises:
            ClientClosedError: the pool was closed meanwhile.
        """
        async with self._wait():
            await asyncio.sleep(seconds)

    async def aclose(self) -> None:
        """Wake all who wait, and close all connections. It can be called again."""
        waiting = self._waiting - {asyncio.current_task()}
        if not self._closed:
            self._closed = True
            for task in waiting:
                task.cancel()
        for _ in range(int(_LEAVE_SECONDS / 0.005)):
            if not self._waiting & waiting:
                break
            await asyncio.sleep(0.005)
        await self._http.aclose()

    @contextlib.asynccontextmanager
    async def _wait(self) -> AsyncIterator[None]:
        """Be cancelled by ``aclose``, which is no cancellation to whoever called: as in ``asyncio.timeout``."""
        task = asyncio.current_task()
        assert task is not None, "a coroutine of asyncio runs in a task"
        before = task.cancelling()
        if self._closed:
            raise ClientClosedError()
        self._waiting.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if self._closed and task.uncancel() <= before:
                raise ClientClosedError() from None
            raise
        except (httpx2.RequestError, httpx2.StreamError, OSError, RuntimeError):
            if self._closed:
                raise ClientClosedError() from None
            raise
        finally:
            self._waiting.discard(task)
