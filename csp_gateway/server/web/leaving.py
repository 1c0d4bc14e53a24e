"""A client that goes away, which uvicorn tells only who listens for it."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

__all__ = ["left"]


async def left(receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> None:
    """Wait until the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass
