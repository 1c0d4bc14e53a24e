"""One connection to a gateway: says what is to be said, hears what is told, and notices when nobody is there."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NoReturn
from urllib.parse import urlencode

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from csp_gateway.client.coming_back import CAUSES, ComingBack, Ending, ending_of
from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.following import Following, Heard, Leaving
from csp_gateway.client.stream_options import StreamOptions

__all__ = ["Connection", "reach"]

_CLOSE_SECONDS = 1.0
"""Seconds in which a gateway may say that it has heard our goodbye."""
_FRAMES = 64
"""Frames that are read ahead."""

_quiet = logging.Logger("csp_gateway.client.connection", logging.INFO)
"""Whatever level is set elsewhere: below this one, requests are logged with the credentials in them."""
_quiet.parent = logging.getLogger("csp_gateway.client")


class _Line(ClientConnection):
    """A connection that knows when it heard anything."""

    heard_at = 0.0

    def data_received(self, data: bytes) -> None:
        self.heard_at = self.loop.time()
        super().data_received(data)


def reach(config: GatewayClientConfig, options: StreamOptions) -> connect:
    """An attempt to connect, to be entered."""
    url = config.stream_url(options.path)
    given: dict[str, Any] = {"ssl": _trust(config)} if url.startswith("wss:") else {}
    return connect(
        f"{url}?{urlencode(config.params)}" if config.params else url,
        additional_headers=config.headers,
        user_agent_header="csp-gateway-client",
        compression=None,
        open_timeout=options.open_timeout,
        ping_interval=None,  # they would take a gateway for dead whose answers we do not read
        close_timeout=_CLOSE_SECONDS,
        max_size=options.max_message_bytes,
        max_queue=_FRAMES,
        logger=_quiet,
        create_connection=_Line,
        **given,
    )


def _trust(config: GatewayClientConfig) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=config.verify if isinstance(config.verify, str) else None)
    if config.verify is False:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Connection:
    """One connection, from the greeting to its end.

    Args:
        following: what is said, and what that which is heard means.
        coming_back: is told when something was heard.
        receive: takes what is heard, and how many bytes that was; may wait, and nothing more is read until it returns.
        said: called with the id of each message that has been said.
    """

    def __init__(
        self,
        socket: ClientConnection,
        following: Following,
        coming_back: ComingBack,
        receive: Callable[[Heard, int], Awaitable[None]],
        said: Callable[[int], None],
    ) -> None:
        assert isinstance(socket, _Line)
        self._socket = socket
        self._following = following
        self._coming_back = coming_back
        self._receive = receive
        self._said = said
        self._to_say = asyncio.Event()
        self._leaving: Leaving | None = None
        self._waits = False
        """Whether nothing is read because what was heard is not taken."""
        self._dead = False

    def say(self) -> None:
        """There is something to be said."""
        self._to_say.set()

    async def run(self, options: StreamOptions) -> Ending:
        """Until it ends; how it has."""
        self._following.greet()
        beside = [asyncio.ensure_future(self._write()), asyncio.ensure_future(self._watch(options))]
        try:
            await self._read()
        except CAUSES as error:
            return ending_of(TimeoutError() if self._dead else error, self._leaving)
        except (msgspec.MsgspecError, UnicodeError, LookupError, TypeError) as error:
            return Ending(f"it said what is no message of a gateway: {error!r:.200}", doubtful=True)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            if self._waits:
                self._socket.transport.abort()  # its goodbye would not be read

    async def _read(self) -> NoReturn:
        while True:
            frame = await self._socket.recv()
            heard = self._following.heard(frame)
            if isinstance(heard, dict):
                self._coming_back.told()
            else:
                self._coming_back.alive()
                self._to_say.set()
            if isinstance(heard, Leaving):
                self._leaving = heard
            elif heard is not None:
                self._waits = True
                await self._receive(heard, len(frame))
                self._waits = False
                self._socket.heard_at = asyncio.get_running_loop().time()

    async def _write(self) -> None:
        with suppress(ConnectionClosed):  # whoever reads is told
            while True:
                self._to_say.clear()
                while (message := self._following.next_to_say()) is not None:
                    identifier, text = message
                    await self._socket.send(text, text=True)
                    self._said(identifier)
                await self._to_say.wait()

    async def _watch(self, options: StreamOptions) -> None:
        """Ping, and end the connection if nothing comes back."""
        while True:
            await asyncio.sleep(options.ping_interval)
            answered = asyncio.ensure_future(self._ping())
            try:
                while not answered.done():
                    since = asyncio.get_running_loop().time()
                    await asyncio.wait({answered}, timeout=options.ping_timeout)
                    if not (answered.done() or self._waits or self._socket.heard_at > since):
                        self._dead = True
                        self._socket.transport.abort()
                        return
            finally:
                answered.cancel()

    async def _ping(self) -> None:
        with suppress(ConnectionClosed):
            await (await self._socket.ping())
            self._coming_back.alive()
