"""Server-sent events: what one client is told, as the body of an answer that goes on until one of the two leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from csp_gateway.errors import FrameError, NotRunningError, UnknownChannelError
from csp_gateway.server.web.leaving import left
from csp_gateway.server.web.live.client import Client, Visitor
from csp_gateway.server.web.live.cutting import CUT
from csp_gateway.server.web.live.following import follow
from csp_gateway.server.web.live.framing import Batch, Framing, event
from csp_gateway.server.web.live.hub import Hub
from csp_gateway.server.web.live.line import QueuedLine
from csp_gateway.server.web.live.places import Places
from csp_gateway.server.web.live.told import gap, place_of
from csp_gateway.server.web.problem import (
    NOT_FOLLOWED,
    TOO_MANY_CLIENTS,
    ProblemReply,
    kind_of,
)
from csp_gateway.wire.closing import LAST_TO_COME_BACK
from csp_gateway.wire.commands import Follow

__all__ = ["BEAT_SECONDS", "EVENTS", "EventStream", "not_followed"]

EVENTS = "text/event-stream"
BEAT_SECONDS = 15.0
"""Seconds after which something is written, so that a client which has gone away is noticed."""
_RETRY = 2_000
"""Milliseconds until a browser comes back whose connection was cut."""
_NEVER = 24 * 3600 * 1000
"""The same of one that should not, as there is no way to say so: a browser always comes back."""
_LINGER = 1.0
"""Seconds in which a client may still read what was written before the end."""
_PING = b""
_GAP = b'{"channel":"gap","gap":'
_CLOSING = b'{"channel":"closing","closing":'
_PLACED = ("overflow", "expired", "epoch_changed")
"""Why ticks are missing that will not come any more: it goes on from behind them."""
_MISSING = frozenset({"unknown_channel", "unknown_key", "not_provided", "no_state"})
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


def not_followed(error: FrameError) -> ProblemReply:
    """Why channels cannot be followed as a request asks, over HTTP."""
    if error.code in _MISSING:
        kind = kind_of(UnknownChannelError())
    elif error.code in ("stopping", "gone"):
        kind = kind_of(NotRunningError())
    else:
        kind = TOO_MANY_CLIENTS if error.code == "too_many" else NOT_FOLLOWED
    return ProblemReply(kind, str(error))


class EventStream(Response):
    """The answer that tells channels as they tick.

    Args:
        wanted: one for each channel.
        places: where the client has got to before; the channels that are not in it begin anew.
        heartbeats: seconds between those that it wants, if it does.
    """

    def __init__(
        self,
        hub: Hub,
        wanted: Sequence[Follow],
        places: Places | None,
        visitor: Visitor,
        heartbeats: float | None = None,
    ) -> None:
        # As Starlette's own StreamingResponse: a response without a body has no length either.
        self.status_code = 200
        self.media_type = EVENTS
        self.background = None
        self.init_headers(_HEADERS)
        self._hub = hub
        self._wanted = wanted
        self._before = places
        self._visitor = visitor
        self._heartbeats = heartbeats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell the client what ticks, until it leaves or has to."""
        told = _Told(send)
        line = QueuedLine(told.tell, Framing.TEXT, _LINGER)
        try:
            client = self._hub.enter(line, self._visitor)
        except FrameError as error:
            await not_followed(error)(scope, receive, send)
            return
        client.speaks = True
        try:
            await self._follow_all(client, told.places)
        except FrameError as error:
            client.gone()
            await not_followed(error)(scope, receive, send)
            return
        except BaseException:
            client.gone()
            raise
        leaving, sending = asyncio.ensure_future(left(receive)), asyncio.ensure_future(line.run())
        beating = asyncio.ensure_future(self._beat(client, line, told.places))
        line.sending = sending
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await told.begin()
            await asyncio.wait({leaving, sending}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and not sending.cancelled():
                sending.result()
                await told.end(line.closed)
            elif not leaving.done():
                scope.get("extensions", {}).get(CUT, _left_to_the_server)()
        finally:
            client.gone()
            for task in (leaving, sending, beating):
                task.cancel()

    async def _follow_all(self, client: Client, places: Places) -> None:
        for each in self._wanted:
            await self._follow(client, each, places)
        if self._heartbeats is not None:
            self._hub.beat_for(client, self._heartbeats)

    async def _follow(self, client: Client, wanted: Follow, places: Places) -> None:
        """Go on from where the client has got to, or say what is missing; or begin anew."""
        feed = self._hub.feed(wanted.channel)
        channel, before = feed.shape.channel, self._before
        places.epoch = feed.history.epoch
        start = before.offsets.get(channel) if before is not None else None
        reason = None
        if start is not None and before is not None:
            reason = feed.history.since(start, before.epoch, limit=1).reason
            ahead = reason == "epoch_changed" and before.epoch == feed.history.epoch
            if reason is None or ahead or not wanted.snapshot:
                wanted = msgspec.structs.replace(wanted, since=start, epoch=before.epoch, snapshot=False, state=None)
        answer, subscription = await follow(self._hub, client, wanted)
        reason = answer.get("reason", reason)
        if reason is not None:
            known = start if wanted.since is None else wanted.since
            missing = gap(channel, known if reason == "expired" else None, answer["from"], reason)
            client.line.write(Batch(Framing.TEXT, [missing], missing))
        if not answer.get("snapshot"):
            places.offsets[channel] = answer["from"]
        if subscription is not None:
            feed.follow(subscription)

    async def _beat(self, client: Client, line: QueuedLine, places: Places) -> None:
        """Write something every so often; who has been told everything can go on from what comes next."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if line.waiting():
                continue
            for channel, subscription in client.subscriptions.items():
                if not subscription.behind:
                    places.offsets[channel] = self._hub.feed(channel).next
            line.write(Batch(Framing.TEXT, [_PING], _PING))


class _Told:
    """Messages on their way into the body, each as an event that says where the client has got to."""

    def __init__(self, send: Send) -> None:
        self.places = Places("")
        self._send = send
        self._parted = False

    async def begin(self) -> None:
        """Say at once where it begins: what is lost before the first tick can be asked for, too."""
        await self._write(b"retry: %d\nid: %b\n\n" % (_RETRY, str(self.places).encode()))

    async def tell(self, message: bytes, framing: Framing) -> None:
        """One message."""
        name = retry = b""
        if message == _PING:
            await self._write(b": ping\nid: %b\n\n" % str(self.places).encode())
            return
        if message.startswith(_GAP):
            name = b"gap"
            missing = orjson.loads(message)["gap"]
            if missing["reason"] in _PLACED:
                self.places.offsets[missing["channel"]] = missing["to"]
        elif message.startswith(_CLOSING):
            name, self._parted = b"closing", True
            pause = orjson.loads(message)["closing"]["retry_after"]
            retry = b"retry: %d\n" % max(1, int(1000 * pause))
        elif (place := place_of(message)) is not None:
            self.places.offsets[place[0]] = place[1]
        await self._write(retry + event(message, str(self.places).encode(), name))

    async def end(self, closed: tuple[int, str] | None) -> None:
        """The body is over; say why, if that was not said."""
        if closed is not None and not self._parted:
            code, reason = closed
            come_back = code <= LAST_TO_COME_BACK
            pause = _RETRY / 1000 if come_back else None
            closing = {"code": int(code), "reason": reason, "retry_after": pause}
            told = {"channel": "closing", "closing": closing}
            retry = b"" if come_back else b"retry: %d\n" % _NEVER
            await self._write(retry + event(orjson.dumps(told), str(self.places).encode(), b"closing"))
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, body: bytes) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": True})


def _left_to_the_server() -> Any:
    """There is nothing to cut the connection off with: the server ends it once it is read."""
