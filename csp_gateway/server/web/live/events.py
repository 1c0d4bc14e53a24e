"""GET <prefix>/<channel>: ticks as server-sent events, for a browser's EventSource and for ``curl -N``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from csp_gateway.errors import FrameError
from csp_gateway.server.web.live.client import Visitor
from csp_gateway.server.web.live.event_stream import BEAT_SECONDS, EVENTS, EventStream, not_followed
from csp_gateway.server.web.live.hub import HEARTBEAT, Hub
from csp_gateway.server.web.live.places import Places
from csp_gateway.server.web.live.unserved import no_channel
from csp_gateway.server.web.problem import Problem
from csp_gateway.server.web.verbs import Shape, refuse_unknown
from csp_gateway.wire.commands import Follow, Policy

__all__ = ["mount_events"]

_MANY = ("keys", "fields")
_Nothing = SkipJsonSchema[None]

_Channels = Annotated[
    str,
    Path(description="Channels with commas in between; of a basket all keys, or `basket/KEY`; or `heartbeat`."),
]
_LastId = Annotated[
    str | _Nothing,
    Header(alias="Last-Event-ID", description="The id of the newest event that has arrived: go on from it."),
]


class _Options(BaseModel):
    """The parameters of the URL."""

    key: str | _Nothing = Field(None, description="Of a basket, the one key that is wanted; an enum's by name.")
    keys: list[str] | _Nothing = Field(None, description="The same of several: given once for each.")
    snapshot: Literal["false", "true", "last", "state"] = Field(
        "false",
        description="First what stands: the newest tick, of each key (`true`, `last`); or the records of a state.",
    )
    state: str | _Nothing = Field(
        None, description="Which state, with `snapshot=state`; absent: that of the channel's own name."
    )
    since: int | _Nothing = Field(
        None, ge=0, description="Of one channel, the offset to go on from. `Last-Event-ID` goes before it."
    )
    epoch: str | _Nothing = Field(None, description="The run of the gateway that `since` counts in.")
    fields: list[str] | _Nothing = Field(
        None,
        description="A field that is wanted, dots lead into nested structs: given once for each. Absent: all.",
    )
    where: str | _Nothing = Field(
        None, description="Which records are wanted, as JSON: the `filters` of a query, or one of them."
    )
    min_interval: float = Field(
        0.0,
        ge=0,
        le=3600,
        description="Seconds between events of a channel: the newest of each key is told then.",
    )
    latest_by: str | _Nothing = Field(None, description="The field that tells records apart whose newest is wanted.")
    policy: Policy | _Nothing = Field(
        None,
        description="What becomes of ticks that are not read in time. Absent: `conflate` where there are keys, or "
        "`disconnect`.",
    )
    last_event_id: str | _Nothing = Field(
        None, description="What `Last-Event-ID` says, for who cannot say it: a page that was loaded anew."
    )

    def of_each(self) -> dict[str, Any]:
        """The options that are the same for all channels."""
        begins: dict[str, bool | Literal["last", "state"]] = {"true": True, "last": "last", "state": "state"}
        return {
            "snapshot": begins.get(self.snapshot, False),
            "state": self.state,
            "positions": True,
            "fields": self.fields,
            "where": msgspec.Raw(self.where.encode()) if self.where is not None else msgspec.Raw(),
            "min_interval": self.min_interval,
            "latest_by": self.latest_by,
            "policy": self.policy,
        }


_DESCRIPTION = """\
Ticks as they come, as `text/event-stream`, until either side leaves: `curl -N`, or `new EventSource(…)`, which comes
back by itself and goes on from where it was.

The `data` of an event is the message that a WebSocket would carry. A tick is an event without a name (`message`). `gap`
says which ticks were lost, before the next one; `closing` that the gateway ends the stream, why, and when to come back.
Every event's `id` says where each channel has got to: `epoch:channel=offset,…`.
"""


def mount_events(
    router: APIRouter, hub: Hub, channels: Iterable[str], prefix: str, beat_seconds: float = BEAT_SECONDS
) -> None:
    """Serve ``GET <prefix>/<channel>[,<channel>…]`` for these channels, and for ``heartbeat``.

    Args:
        beat_seconds: between heartbeats.
    """
    served = frozenset(channels)

    async def events(
        request: Request, channels: _Channels, asked: Annotated[_Options, Query()], last_id: _LastId = None
    ) -> Response:
        refuse_unknown(request, _Options.model_fields, many=_MANY)
        options = asked.of_each()
        try:
            shapes = {name: hub.served[name] for name in served}
            followed, beats = _without_heartbeat(shapes, channels)
            if beats and not followed and (extra := asked.model_fields_set - {"last_event_id"}):
                raise FrameError("invalid", f"the heartbeat has no {min(extra)}: leave it out")
            named = _named(shapes, followed, asked.key, asked.keys) if followed or not beats else {}
            places = _places(last_id or asked.last_event_id) if named else None  # heartbeats have none
            if places is None and asked.since is not None:
                options |= _since(named, asked.since, asked.epoch)
        except FrameError as error:
            return not_followed(error)
        wanted = [Follow(channel=channel, keys=wanted, **options) for channel, wanted in named.items()]
        peer = request.client
        address = f"{peer.host}:{peer.port}" if peer else ""
        visitor = Visitor("events", address, request.headers.get("user-agent", "")[:200])
        return EventStream(hub, wanted, places, visitor, beat_seconds if beats else None)

    router.add_api_route(
        prefix + "/{channels:path}",
        events,
        methods=["GET"],
        response_class=Response,
        responses={
            200: {"description": "Events", "content": {EVENTS: {"schema": {"type": "string"}}}},
            404: {"model": Problem, "description": "There is no such channel, key or state"},
        },
        tags=["Streaming"],
        summary="Follow channels as server-sent events",
        operation_id=f"follow{prefix.replace('/', '_')}",
        description=_DESCRIPTION,
    )


def _without_heartbeat(served: dict[str, Shape], path: str) -> tuple[str, bool]:
    """The other channels that a path names, and whether it names the heartbeat too."""
    names = path.split(",")
    if HEARTBEAT not in names or HEARTBEAT in served or _is_key(served, path):
        return path, False
    return ",".join(name for name in names if name != HEARTBEAT), True


def _places(identifier: str | None) -> Places | None:
    return Places.read(identifier) if identifier else None


def _since(named: dict[str, Any], since: int, epoch: str | None) -> dict[str, Any]:
    if len(named) > 1:
        raise FrameError("invalid", "since is an offset of one channel: of several say where, by last_event_id")
    return {"since": since, "epoch": epoch}


def _named(
    served: dict[str, Shape], path: str, key: str | None, keys: list[str] | None
) -> dict[str, list[str | int] | None]:
    """The channels that a path names, and of each the keys that are wanted; None for all."""
    asked = [*([] if key is None else [key]), *(keys or ())]
    named: dict[str, list[str | int] | None] = {}
    for each in [path] if _is_key(served, path) else path.split(","):
        spelled, slash, of_path = each.partition("/")
        channel = _channel(served, spelled)
        wanted: list[str | int] | None = [*([of_path] if slash else []), *asked] or None
        known = named.get(channel, [])
        named[channel] = None if wanted is None or known is None else list(dict.fromkeys([*known, *wanted]))
    return named


def _is_key(served: dict[str, Shape], path: str) -> bool:
    """Whether a path is a channel and one of its keys, whatever is in that."""
    channel, slash, key = path.partition("/")
    shape = served.get(channel) or served.get(channel.replace("-", "_"))
    return bool(slash) and shape is not None and key in shape.keys


def _channel(served: dict[str, Shape], spelled: str) -> str:
    name = spelled if spelled in served else spelled.replace("-", "_")
    if name not in served:
        raise no_channel(spelled, [*served, HEARTBEAT], served)
    return name
