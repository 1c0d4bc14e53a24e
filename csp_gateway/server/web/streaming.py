"""Rows as an HTTP reply that is made while it is sent: a chunk at a time on the query pool, as fast as it is read."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from csp_gateway.errors import NotRunningError, QueriesRefusedError
from csp_gateway.server.channels import Answer
from csp_gateway.server.web.formats import Format
from csp_gateway.server.web.leaving import left

if TYPE_CHECKING:
    from csp_gateway.server.structs.tabular import Tabular

__all__ = ["tabular_reply"]

Ask = Callable[[Callable[[], Any]], Answer]

_CHUNK = 64 * 1024
"""Bytes that end a chunk, with the piece that reaches them: of JSON some hundred rows, of columns up to 10,000."""
_MOST_SENT = 256 * 1024
"""Bytes handed to the server at once; what the client has not taken of them is all that waits in its buffers."""
_PATIENCE = 0.05
"""Seconds until a chunk is asked for again that the pool has refused."""
_ENDING = 4.0
"""Seconds in which, at its end, the server breaks off what is being sent; see ``WebServer``."""
_STALLED = 60.0
"""Seconds after which a client that takes nothing is left: what it does not read is held for it."""


async def tabular_reply(
    chosen: Format,
    rows: "Tabular",
    ask: Ask,
    headers: Mapping[str, str] | None = None,
    on_end: Callable[[], None] = lambda: None,
) -> Response:
    """Rows in the format that was chosen: whole, with its length, if they are one chunk; else as a stream.

    Args:
        rows: read on the threads of ``ask`` alone, one of them at a time.
        ask: ``outside.queries.ask``. Each chunk is a question of its own, so that others get their turn in between.
        headers: what the reply says beside its format.
        on_end: called once, when the rows are no longer needed, however it ends.

    Raises:
        Exception: what making the first chunk raised. After it an error can only break the transfer off; the server
            logs it.
    """
    making = _Making(chosen.pieces(rows))
    try:
        chunk, ended = await ask(making.more)
    except BaseException:
        making.close()
        on_end()
        raise
    said = {"vary": "Accept", **(headers or {})}
    if ended:
        on_end()
        return Response(chunk, 200, said, chosen.content_type)
    return _Streamed(chunk, making, ask, said, chosen.content_type, on_end)


class _Making:
    """The pieces of an answer, gathered to chunks; on one thread at a time."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._unwanted = False
        self._busy = threading.Lock()

    def more(self) -> tuple[bytes, bool]:
        """The next chunk, and whether it is the last."""
        gathered, size, ended = [], 0, True
        with self._busy:
            while not self._unwanted:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                gathered.append(piece)
                size += len(piece)
                if size >= _CHUNK:
                    ended = False
                    break
        if self._unwanted:
            self.close()
        return b"".join(gathered), ended

    def close(self) -> None:
        """Nobody wants the rest: whatever it holds is let go, at once or by the thread that is making a chunk."""
        self._unwanted = True
        if self._busy.acquire(blocking=False):
            try:
                close = getattr(self._pieces, "close", None)
                if close is not None:
                    close()
            finally:
                self._busy.release()


class _Streamed(Response):
    """A reply whose first chunk is there, and whose others are made as the client takes them."""

    def __init__(
        self,
        chunk: bytes,
        making: _Making,
        ask: Ask,
        headers: Mapping[str, str],
        media_type: str,
        on_end: Callable[[], None],
    ) -> None:
        # As Starlette's own StreamingResponse: a response without a body has no length either.
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self.init_headers(headers)
        self._chunk = chunk
        self._making = making
        self._ask = ask
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # uvicorn neither ends the task of a client that has left, nor says so when more is sent to it.
        leaving = asyncio.ensure_future(left(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            chunk, ended = self._chunk, False
            self._chunk = b""
            while not leaving.done():
                for start in range(0, len(chunk), _MOST_SENT):
                    body = chunk[start : start + _MOST_SENT]
                    async with asyncio.timeout(_STALLED):
                        await send({"type": "http.response.body", "body": body, "more_body": True})
                if ended:
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    return
                chunk, ended = await self._more(leaving)
        except TimeoutError:
            raise RuntimeError(f"a client took nothing of {scope['path']} for {_STALLED:g} s, and was left") from None
        except Exception as error:
            # Not finished, so that what the client has is no valid answer; an error of ours would be called handled.
            raise RuntimeError(f"the answer to {scope['method']} {scope['path']} was broken off: {error}") from error
        finally:
            leaving.cancel()
            self._making.close()
            self._on_end()

    async def _more(self, leaving: "asyncio.Future[None]") -> tuple[bytes, bool]:
        """The next chunk, and whether it is the last; if the client leaves meanwhile, whatever."""
        while not leaving.done():
            try:
                coming = self._ask(self._making.more).on_loop()
            except QueriesRefusedError:  # what others ask must not break what this client has begun to read
                await asyncio.wait({leaving}, timeout=_PATIENCE)
                continue
            except NotRunningError:
                await self._broken_off(leaving)
                continue
            coming.add_done_callback(asyncio.Future.exception)  # looked at, even if the client has left
            await asyncio.wait({coming, leaving}, return_when="FIRST_COMPLETED")
            if coming.done() and isinstance(coming.exception(), NotRunningError):
                await self._broken_off(leaving)
            elif coming.done():
                chunk: tuple[bytes, bool] = coming.result()
                return chunk
        return b"", False

    @staticmethod
    async def _broken_off(leaving: "asyncio.Future[None]") -> None:
        """The gateway stops: wait for the server to cut the client off, which is the one way to say so in silence.

        Raises:
            NotRunningError: it does not.
        """
        await asyncio.wait({leaving}, timeout=_ENDING)
        if not leaving.done():
            raise NotRunningError("the gateway has stopped")
