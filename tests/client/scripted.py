"""A server of WebSockets that does what a test says, for what no gateway does."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.stream_options import StreamOptions

HASTY = StreamOptions(backoff=(0.001, 0.01), connection_timeout=0.3, open_timeout=0.2, answer_timeout=0.3)


@asynccontextmanager
async def scripted(
    script: Callable[[ServerConnection], Awaitable[None]], **options: Any
) -> AsyncIterator[GatewayClientConfig]:
    """Serve each connection so; gives how to reach it."""
    serving: list[tuple[asyncio.Task[None] | None, ServerConnection]] = []

    async def handle(socket: ServerConnection) -> None:
        serving.append((asyncio.current_task(), socket))
        with suppress(asyncio.CancelledError, ConnectionClosed):
            await script(socket)

    async with serve(handle, "127.0.0.1", 0, close_timeout=0.1, ping_interval=None, **options) as server:
        try:
            yield GatewayClientConfig(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        finally:
            for task, socket in serving:
                assert task is not None
                task.cancel()
                socket.transport.abort()


@asynccontextmanager
async def silent() -> AsyncIterator[GatewayClientConfig]:
    """A server that accepts and never says a word."""
    writers = []

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.read()

    async with await asyncio.start_server(mute, "127.0.0.1", 0) as server:
        yield GatewayClientConfig(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        for writer in writers:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def hear(socket: ServerConnection) -> dict[str, Any]:
    """What the client says next."""
    said: dict[str, Any] = json.loads(await socket.recv())
    return said


async def answer(socket: ServerConnection, said: dict[str, Any], **result: Any) -> None:
    """Answer a message."""
    told = {"channel": "reply", "id": said["id"], "action": said["action"], "result": result, "protocol": 1}
    await socket.send(json.dumps(told))


async def tell(socket: ServerConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def tick(socket: ServerConnection, channel: str, offset: int, **more: Any) -> None:
    """Tell a tick whose record is its offset."""
    message = {"channel": channel, "offset": offset, "next": offset + 1, "epoch": "e", "time": "t"}
    await tell(socket, **(message | more), data=[offset])


async def forever() -> None:
    await asyncio.Event().wait()
