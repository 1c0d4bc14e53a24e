"""Listener: follows the channels of another gateway, and pushes what they tick, and how it stands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from csp_gateway.client.config import GatewayClientConfig
from csp_gateway.client.csp_link import EngineLink
from csp_gateway.client.followed import Gap
from csp_gateway.client.following import Message
from csp_gateway.client.link import StreamState
from csp_gateway.client.stream import Stream
from csp_gateway.client.stream_options import StreamOptions
from csp_gateway.errors import FrameError, ServerException
from csp_gateway.server.modules.gateway_mirror.crossing import STATUS
from csp_gateway.server.modules.gateway_mirror.intake import Intake
from csp_gateway.server.modules.gateway_mirror.places import Places
from csp_gateway.server.modules.gateway_mirror.status import MirrorStatus

__all__ = ["STATUS_SECONDS", "Listener", "Wanted"]

STATUS_SECONDS = 1.0
"""How often the status is told while something changes in it; what becomes of the connection is told at once."""

_log = logging.getLogger(__name__)


class Wanted(NamedTuple):
    """A channel of the other gateway, or a key of a basket, and who reads what it ticks."""

    channel: str
    key: str | None
    intake: Intake


class Listener:
    """Follows channels of another gateway for as long as the engine runs; make it while the graph is built.

    Args:
        snapshot: whether to begin with what the channels hold.
        stop: whether the engine is to end when nothing more will come.
    """

    def __init__(
        self,
        config: GatewayClientConfig,
        options: StreamOptions,
        wanted: Sequence[Wanted],
        *,
        snapshot: bool | Literal["last", "state"],
        stop: bool,
    ) -> None:
        self.link = EngineLink(config, options, self._listen, name="gateway-mirror")
        self._where = config.root_url
        self._wanted = wanted
        self._by_channel: dict[str, list[Wanted]] = {}
        for each in wanted:
            self._by_channel.setdefault(each.channel, []).append(each)
        self._snapshot = snapshot
        self._stop = stop
        self._forget()

    def _forget(self) -> None:
        self._asking: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._places: dict[str, Places] = {}
        self._tick: tuple[Intake, Any, dict[Any, Any]] | None = None
        self._state: StreamState = "connecting"
        self._why = ""
        self._unreadable = self._received = self._gaps = self._missing = 0
        self._newest: tuple[str, datetime] | None = None
        self._told: dict[str, Any] = {}
        for wanted in self._wanted:
            wanted.intake.unreadable = 0

    async def _listen(self, stream: Stream) -> None:
        self._forget()

        async def became(state: StreamState) -> None:
            self._become(stream, state)

        stream.on_state = became
        self._ask(stream)
        beating = asyncio.create_task(self._beat())
        try:
            await self._read(stream)
        except ServerException as error:
            _log.error("nothing more will come of %s: %s", self._where, error)
            self._become(stream, "closed", str(error))
            if self._stop:
                raise
        finally:
            beating.cancel()
            self._tell()

    # What is wanted of the other one.

    def _ask(self, stream: Stream) -> None:
        """Follow what is not followed; on a new connection, too, what was refused on the one before."""
        for channel in self._by_channel:
            if channel not in self._asking and channel not in stream.channels:
                self._asking.add(channel)
                task = asyncio.create_task(self._follow(stream, channel))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _follow(self, stream: Stream, channel: str) -> None:
        # All keys of a basket: with some of them, nobody could tell where it begins anew.
        try:
            await stream.subscribe(channel, snapshot=self._snapshot, positions=True)
        except (FrameError, ServerException) as error:
            if stream.state != "closed":
                self._refused(f"{channel} is not followed: {error}")
        finally:
            self._asking.discard(channel)

    async def _catch_up(self, stream: Stream, gap: Gap) -> None:
        """The other one was started again: let it tell what it has ticked since, before we were there."""
        self._places.pop(gap.channel, None)
        if self._snapshot or not gap.to:
            return
        try:
            begun = await stream.subscribe(gap.channel, since=0, positions=True)
        except (FrameError, ServerException) as error:
            self._refused(f"{gap.channel}: what it has ticked since it was started is not told: {error}")
        else:
            self._places[gap.channel] = Places(gap.to if begun["from"] < gap.to else None)

    # What it tells.

    async def _read(self, stream: Stream) -> None:
        while True:
            try:
                items = await stream.take_many()
            except FrameError as error:
                self._refused(f"no more is followed of a channel: {error}")
                continue
            if not items:
                return
            for item in items:
                if isinstance(item, Gap):
                    self._push_tick()
                    await self._gap(stream, item)
                else:
                    await self._message(item)
            self._push_tick()

    async def _gap(self, stream: Stream, gap: Gap) -> None:
        _log.warning("%s: %s", self._where, gap)
        self._gaps += 1
        self._missing += gap.count or 0
        self._why = str(gap)
        if (places := self._places.get(gap.channel)) is not None:
            places.missed(gap.start)
        if gap.reason == "epoch_changed":
            await self._catch_up(stream, gap)
        self._tell()

    async def _message(self, message: Message) -> None:
        await self.link.room()
        channel = message["channel"]
        places = self._places.get(channel)
        if places is not None and not message.get("snapshot") and not places.is_new(message):
            return
        self._received += len(message["data"])
        self._newest = (message["time"], datetime.now(UTC)) if message.get("time") else self._newest
        for wanted in self._by_channel.get(channel, ()):
            if wanted.key in (None, str(message.get("key"))):
                for tick in wanted.intake.ticks(message):
                    self._add(wanted.intake, message.get("offset"), tick)

    def _add(self, intake: Intake, offset: Any, tick: Any) -> None:
        """Let it tick; of a basket, what ticked in one cycle there does so here."""
        pending = self._tick
        if isinstance(tick, dict):
            if pending is not None and pending[:2] == (intake, offset) and not tick.keys() & pending[2].keys():
                pending[2].update(tick)
                return
            self._push_tick()
            self._tick = (intake, offset, tick)
        else:
            self._push_tick()
            self.link.push((intake.channel, tick))

    def _push_tick(self) -> None:
        if self._tick is not None:
            intake, _, tick = self._tick
            self._tick = None
            self.link.push((intake.channel, tick))

    # How it stands.

    def _become(self, stream: Stream, state: StreamState, why: str | None = None) -> None:
        said = stream.why if why is None else why
        self._state, self._why = state, said if state != "connected" else self._why
        if state == "connected":
            self._why = ""
            _log.info("listens to %s", self._where)
            self._ask(stream)
        self._tell()

    def _refused(self, why: str) -> None:
        _log.error("%s: %s", self._where, why)
        self._why = why
        self._tell()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(STATUS_SECONDS)
            self._tell()

    def _tell(self) -> None:
        """Push the status, if it is another one."""
        unreadable = sum({id(each.intake): each.intake.unreadable for each in self._wanted}.values())
        if unreadable > self._unreadable:
            self._why = next(each.intake.why for each in self._wanted if each.intake.why)
            _log.warning("%s: %d records could not be read: %s", self._where, unreadable - self._unreadable, self._why)
            self._unreadable = unreadable
        told = self._figures()
        if told != self._told:
            self._told = told
            self.link.push((STATUS, MirrorStatus(**told)))

    def _figures(self) -> dict[str, Any]:
        figures: dict[str, Any] = {
            "gateway": self._where,
            "connected": self._state == "connected",
            "state": self._state,
            "why": self._why,
            "received": self._received,
            "unreadable": self._unreadable,
            "gaps": self._gaps,
            "missing": self._missing,
        }
        if self._newest is None:
            return figures
        ticked, came = self._newest
        lag = came - datetime.fromisoformat(ticked).replace(tzinfo=UTC)
        return figures | {"lag_seconds": max(0.0, lag.total_seconds())}
