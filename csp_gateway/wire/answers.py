"""What a gateway says on a live connection, as msgspec structs: what it writes is held against them in tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

__all__ = [
    "ERRORS",
    "Answer",
    "Closing",
    "Failure",
    "Gap",
    "GapReason",
    "Heartbeat",
    "Leaving",
    "Missing",
    "Refusal",
    "Request",
    "Result",
    "Rules",
    "Ticked",
]

Action: TypeAlias = Literal["subscribe", "unsubscribe", "send", "ping"]
GapReason: TypeAlias = Literal["overflow", "expired", "epoch_changed", "unwritable", "too_many_keys"]

ERRORS: Mapping[str, str] = {
    "gone": "the client left before it was done",
    "internal": "the gateway failed; its log says why",
    "invalid": "an option or a record cannot be so; the message says which and why",
    "invalid_filter": "`where` is no filter, or not one of these records",
    "no_state": "there is no state to begin with",
    "not_provided": "no module provides the channel",
    "not_sendable": "the channel takes nothing from outside",
    "not_ticked": "what was sent has not ticked: the engine has ended before",
    "readonly": "nothing can be sent here",
    "refused": "the engine takes nothing now, or a record is not valid",
    "stopping": "the gateway is about to end",
    "too_many": "more clients, subscriptions or waiting sends than may be",
    "unknown_action": "there is no such action",
    "unknown_channel": "there is no such channel here; the nearest is named",
    "unknown_field": "the records have no such field",
    "unknown_key": "the channel has no such key, or is no basket",
    "unknown_option": "the action has no such option; the nearest is named",
    "unreadable": "the frame is no JSON, or no MessagePack if it is a binary one",
    "unwritable": "what stands cannot be written as JSON, or as MessagePack if that is wanted",
}
"""The codes of errors, and what each of them means."""


class Ticked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel ticked; of a basket, one of its keys."""

    channel: str
    key: str | UnsetType = UNSET
    """Of a basket, which."""
    snapshot: bool | UnsetType = UNSET
    """Whether this stood when the subscription began, and did not tick since."""
    offset: int | UnsetType = UNSET
    """Its number in this run of the gateway: the first tick of a channel is 0. With ``positions``."""
    next: int | UnsetType = UNSET
    """Where to go on from once this has arrived: ``since``. Absent while more of the same is on its way."""
    epoch: str | UnsetType = UNSET
    """The run of the gateway that offsets count in."""
    time: str | UnsetType = UNSET
    """The engine's time when it ticked, in UTC."""
    ended: list[int] | UnsetType = UNSET
    """With ``removals``: which of the records in ``data`` are their keys alone, which have no record any more."""
    born: list[str] | UnsetType = UNSET
    """With ``removals``, of a snapshot whose state lets go of records after a time: the engine's time of each."""
    skipped: int | UnsetType = UNSET
    """How much newer records have replaced since the message before; where only the newest are wanted."""
    data: list[Any]
    """Records: one, or all of a list."""


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a state keeps."""

    keyby: list[str]
    """The fields that tell its records apart; dots lead into nested structs."""
    max_rows: int | None
    """How many records at most; those go first whose key has not ticked for longest."""
    ttl: float | None
    """Seconds of engine time for which a record is kept that no other of its key follows."""


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was done."""

    channel: str | UnsetType = UNSET
    epoch: str | UnsetType = UNSET
    """Of ``subscribe``: the run of the gateway."""
    start: int | UnsetType = msgspec.field(default=UNSET, name="from")
    """Of ``subscribe``: the offset of the first tick that will be told."""
    snapshot: int | UnsetType = UNSET
    """Of ``subscribe`` with ``snapshot``: how many messages tell what stands, before the first tick."""
    state: Rules | UnsetType = UNSET
    """Of ``subscribe`` with ``removals``: what the state keeps."""
    recovered: bool | UnsetType = UNSET
    """Of ``subscribe`` with ``since``: whether everything from there on is still kept."""
    reason: Literal["expired", "epoch_changed"] | UnsetType = UNSET
    """Why not: it had to go, or it is of another run."""
    followed: bool | UnsetType = UNSET
    """Of ``unsubscribe``: whether it was followed."""
    acknowledged: Literal["accepted", "ticked"] | UnsetType = UNSET
    """Of ``send``: it is queued; or a cycle of the engine has seen it."""
    pong: bool | UnsetType = UNSET
    """Of ``ping``: true."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="channel", tag="reply"):
    """The answer to a message with an ``id``; to ``ping`` even without."""

    id: str | int | None
    """The message's."""
    action: Action
    result: Result
    protocol: int | UnsetType = UNSET
    """In the first answer: the version of these messages."""


class Failure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wrong with a message."""

    code: str
    """In one word; a program may decide by it."""
    message: str
    """For people: what is wrong, where, and what to do."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The message that was refused, in short."""

    action: Action
    channel: str | UnsetType = UNSET


class Refusal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="channel", tag="error"):
    """A message could not be read or done. The connection stays as it was."""

    error: Failure
    id: str | int | UnsetType = UNSET
    """The message's, where it could be read."""
    request: Request | UnsetType = UNSET
    """Absent if it could not be read."""


class Missing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ticks that will not be told."""

    channel: str
    start: int | None = msgspec.field(name="from")
    """The first offset; null if it is of another run."""
    to: int
    """The offset that is told next."""
    count: int | None
    """How many; null if nobody knows."""
    reason: GapReason
    """``overflow``: not read in time. ``expired``: asked for, and no longer kept. ``epoch_changed``: of another run.
    ``unwritable``: not to be said in JSON, or in MessagePack if that is
    wanted. ``too_many_keys``: more records than are kept for one client."""


class Gap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="channel", tag="gap"):
    """Ticks are missing. Said before the first tick behind them."""

    gap: Missing


class Leaving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why, and what then."""

    code: int
    """The close code that follows."""
    reason: str
    retry_after: float | None
    """Seconds until the client should come back; clients are spread over some. Null: it should not."""


class Closing(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="channel", tag="closing"
):
    """The gateway is about to end the connection. Everything told before has arrived."""

    closing: Leaving


class Heartbeat(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="channel", tag="heartbeat"
):
    """The gateway is there; for who has subscribed to ``heartbeat``."""

    data: Literal["PING"]
