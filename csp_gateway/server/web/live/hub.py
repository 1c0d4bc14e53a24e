"""Who follows what: one hand-over from the engine's thread to the event loop, whatever has ticked."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import orjson

from csp_gateway.errors import FrameError, GatewayException
from csp_gateway.server.channels import GatewayChannels, Outside
from csp_gateway.server.state import State
from csp_gateway.server.web.live.client import Client, Visitor
from csp_gateway.server.web.live.feed import Feed
from csp_gateway.server.web.live.framing import batch
from csp_gateway.server.web.live.line import Line
from csp_gateway.server.web.live.subscription import Subscription
from csp_gateway.server.web.live.unserved import no_channel
from csp_gateway.server.web.verbs import Shape
from csp_gateway.server.web.workers import Workers
from csp_gateway.wire.closing import Closing

__all__ = ["HEARTBEAT", "Hub"]

_log = logging.getLogger(__name__)

HEARTBEAT = "heartbeat"
"""What is followed by who wants to be told that the gateway is there."""
_SPREAD = 0.005
"""Seconds a client, among which clients are spread when they come back."""
_LEAST_SPREAD = 1.0
_HEARTBEAT = orjson.dumps({"channel": HEARTBEAT, "data": "PING"})


class Hub:
    """All that is followed, and all who follow.

    On the event loop, but for what a feed arms on the engine's thread, which is told of and never waits.

    Args:
        most_clients: beyond so many nobody is let in.
    """

    def __init__(self, channels: GatewayChannels, workers: Workers, most_clients: int) -> None:
        self.workers = workers
        self.most_clients = most_clients
        self.clients: dict[str, Client] = {}
        self.heartbeats: dict[Client, float] = {}
        """Who wants them, and seconds between two."""
        self._channels = channels
        self._shapes: dict[str, Shape] = {}
        self._feeds: dict[str, Feed] = {}
        self._stale: deque[Feed] = deque()
        self._armed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._beating: set[float] = set()
        self._ended: tuple[Closing, str] | None = None
        self._dismissed = False
        self._counts: Counter[str] = Counter()
        channels.outside.when_closed(self._engine_ended)

    # What can be followed.

    def serve(self, shape: Shape) -> None:
        """Let a channel be followed; it keeps a history."""
        self._shapes[shape.channel] = shape

    def feed(self, channel: str) -> Feed:
        """The feed of a channel, by its name or with dashes in it.

        Raises:
            FrameError: it is not served; or nobody provides it.
        """
        name = channel if channel in self._shapes else channel.replace("-", "_")
        if name not in self._shapes:
            raise no_channel(channel, self._shapes, self._shapes)
        if name not in self._feeds:
            try:
                cell = self._outside.cell(name)
            except GatewayException as error:
                raise FrameError("not_provided", str(error)) from None
            self._feeds[name] = Feed(self._shapes[name], cell, self._keyby(name), self.workers, self._arm)
        return self._feeds[name]

    def state(self, feed: Feed, alias: str | None) -> State[Any]:
        """The state whose records stand before what a channel ticks.

        Raises:
            FrameError: there is no such state.
        """
        if feed.shape.container is not None:
            raise FrameError(
                "no_state",
                f"channel {feed.shape.channel!r} is a basket, and what is collected of one cannot be followed: take "
                f"snapshot='last', which is the newest tick of each key",
            )
        found = self._outside.state_of(feed.shape.channel, alias)
        if found is None:
            named = "" if alias is None else f" under the name {alias!r}"
            raise FrameError(
                "no_state",
                f"channel {feed.shape.channel!r} is not collected as a whole{named}: take snapshot='last', or let a "
                f"module collect it with set_state",
            )
        return found

    @property
    def served(self) -> Mapping[str, Shape]:
        """What can be followed."""
        return self._shapes

    @property
    def _outside(self) -> Outside:
        return self._channels.outside

    def _keyby(self, channel: str) -> tuple[str, ...] | None:
        """What tells the records of the channel's state apart; None if only their ids do."""
        state = self._outside.state_of(channel)
        return None if state is None or state.keyby in ((), ("id",)) else state.keyby

    # Who follows.

    def enter(self, line: Line, visitor: Visitor) -> Client:
        """A client has come.

        Raises:
            FrameError: there are too many; or the gateway is about to end.
        """
        self._loop = asyncio.get_running_loop()
        if self._ended is not None:
            raise FrameError("stopping", self._ended[1])
        if len(self.clients) >= self.most_clients:
            self._counts["turned_away"] += 1
            raise FrameError(
                "too_many", f"{self.most_clients:,} clients are here, which is MAX_CLIENTS; try again later"
            )
        client = Client(line, visitor, self._leave)
        self.clients[client.id] = client
        self._counts["came"] += 1
        return client

    def beat_for(self, client: Client, seconds: float) -> None:
        """Tell a client every so often that the gateway is there."""
        self.heartbeats[client] = seconds
        if seconds not in self._beating:
            self._beating.add(seconds)
            asyncio.get_running_loop().call_later(seconds, self._beat, seconds)

    def _leave(self, client: Client) -> None:
        self.clients.pop(client.id, None)
        self.heartbeats.pop(client, None)
        for channel, subscription in list(client.subscriptions.items()):
            self._feeds[channel].unfollow(subscription)
            self.note_end(subscription)
        client.subscriptions.clear()
        self._counts["left"] += 1

    def note_end(self, subscription: Subscription) -> None:
        """Count what was not told of a subscription that is over, and has no successor."""
        self._counts["dropped"] += subscription.dropped
        self._counts["skipped"] += subscription.skipped

    def _beat(self, seconds: float) -> None:
        clients = [client for client, wanted in self.heartbeats.items() if wanted == seconds]
        if not clients:
            self._beating.discard(seconds)
            return
        asyncio.get_running_loop().call_later(seconds, self._beat, seconds)
        for client in clients:
            if not client.line.full:
                client.line.write(batch([_HEARTBEAT], client.line.framing(packed=False)))

    # What has ticked.

    def _arm(self, feed: Feed) -> None:
        """On the engine's thread, and on the event loop: have the feed pumped."""
        self._stale.append(feed)
        if not self._armed and self._loop is not None:
            self._armed = True
            with suppress(RuntimeError):  # the loop is closed: nobody follows any more
                self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self._armed = False
        # Those that are armed meanwhile come with the next turn: others have one, too.
        for _ in range(len(self._stale)):
            self._pump(self._stale.popleft())

    def _pump(self, feed: Feed) -> bool:
        """Tell what has ticked; False if that could not be done, which others are not to suffer from."""
        try:
            feed.pump()
        except Exception:  # whatever a value's class raises when it is looked at
            self._counts["failed"] += 1
            _log.exception("channel %r could not be told", feed.shape.channel)
            return False
        return True

    # The end.

    def _engine_ended(self, cause: BaseException | None) -> None:
        """On the engine's thread."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._end, cause)

    def _end(self, cause: BaseException | None) -> None:
        """Tell the last ticks, and ask everybody to come back."""
        if cause is not None:
            self._ended = (Closing.ENGINE_ENDED, "the engine has failed")
        for feed in self._feeds.values():
            while not feed.told_everything and feed.cell.told is not None and not feed.busy:
                if not self._pump(feed):
                    break
        self.dismiss()

    def dismiss(self) -> None:
        """Ask everybody to come back some other time."""
        if self._dismissed:
            return
        self._dismissed = True
        self._ended = code, reason = self._ended or (Closing.STOPPING, "the gateway stops")
        spread = max(_LEAST_SPREAD, _SPREAD * len(self.clients))
        for client in list(self.clients.values()):
            client.leave(code, reason, spread)

    def statistics(self) -> dict[str, Any]:
        """Who is there and was; what each channel's followers were told, and were not."""
        feeds = {name: feed.statistics() for name, feed in list(self._feeds.items())}
        present = list(self.clients.values())
        lost: Counter[str] = Counter(dropped=self._counts["dropped"], skipped=self._counts["skipped"])
        for subscription in self._subscriptions(present):
            lost["dropped"] += subscription.dropped
            lost["skipped"] += subscription.skipped
        return {
            "clients": len(present),
            "full": sum(client.line.full for client in present),
            "waiting_bytes": sum(client.line.waiting() for client in present),
            **{name: self._counts[name] for name in ("came", "left", "turned_away", "failed")},
            **lost,
            "feeds": feeds,
        }

    def _subscriptions(self, clients: list[Client]) -> Iterator[Subscription]:
        for client in clients:
            yield from list(client.subscriptions.values())
