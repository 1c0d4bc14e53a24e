"""What a client says on a live connection, as msgspec structs; `read_command` reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

import msgspec

from csp_gateway.errors import FrameError, one_of
from csp_gateway.wire.synonyms import nearest_option

__all__ = ["PROTOCOL", "Command", "Follow", "Ping", "Policy", "Send", "Subscribe", "Unsubscribe", "read_command"]

PROTOCOL = 1
"""The version of the messages; one that breaks clients has another number."""

Identifier: TypeAlias = str | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None
Policy: TypeAlias = Literal["conflate", "drop_oldest", "disconnect"]

_TAKEN: dict[str, str] = {
    "id": "a text, or a whole number of 64 bits",
    "channel": 'a text, such as "orders"',
    "key": 'a text or a whole number, such as "KEY"',
    "keys": 'a list of keys, such as ["A", "B"]',
    "snapshot": 'true, false, "last" or "state"',
    "state": 'a text, such as "orders"',
    "removals": "true or false",
    "since": "a whole number, such as 42",
    "epoch": "a text, the epoch of a frame",
    "positions": "true or false",
    "fields": 'a list of texts, such as ["price", "leg.price"]',
    "min_interval": "a number of seconds, such as 0.5",
    "latest_by": 'a text, such as "symbol"',
    "format": '"json" or "msgpack"',
    "policy": '"conflate", "drop_oldest" or "disconnect"',
    "wait": '"accepted" or "ticked"',
}
"""What an option has to be, and by an example; ``data`` and ``where`` may be anything here."""
_PLACE = re.compile(r" - at `\$\.(\w+)")
_MISSING = re.compile(r"missing required field `(\w+)`")

_LONGEST = 120
"""Characters of what was sent that an error repeats."""


class _Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="action", forbid_unknown_fields=True):
    id: Identifier = None
    """Names the message: whoever gives one gets an answer with it."""


class Follow(_Command, frozen=True, kw_only=True):
    """What somebody wants of a channel, and how."""

    channel: str
    key: str | int | None = None
    """Of a basket, the one key that is wanted; an enum's by name."""
    keys: list[str | int] | None = None
    """The same of several. Neither: all keys."""
    snapshot: bool | Literal["last", "state"] = False
    """First what stands: the newest tick, of each key; or the records of a state."""
    state: str | None = None
    """Which state, with ``snapshot="state"`` or ``removals``; that of the channel's own name if None."""
    removals: bool = False
    """Of a state, with its snapshot or with ``since``: also which keys have no record any more, because a tombstone
    ended it or it does not pass ``where`` now. Such a record has its key alone, and ``ended`` tells which they are."""
    since: int | None = None
    """The offset to go on from: the ``next`` of the last frame that arrived."""
    epoch: str | None = None
    """The run of the gateway that ``since`` counts in."""
    positions: bool = False
    """Whether frames say ``offset``, ``next``, ``epoch`` and engine ``time``."""
    fields: list[str] | None = None
    """The fields that are wanted; dots lead into nested structs. None: all."""
    where: msgspec.Raw = msgspec.Raw()
    """Which records are wanted: the ``filters`` of a query, or one of them."""
    min_interval: float = 0.0
    """Seconds between frames of a channel; the newest of each key is sent then, and what it replaced is counted."""
    latest_by: str | None = None
    """The field that tells records apart whose newest is wanted; of a basket, its keys do if None."""
    format: Literal["json", "msgpack"] = "json"
    """How frames are written: text frames of JSON, or binary ones of MessagePack that say the same."""
    policy: Policy | None = None
    """What becomes of ticks that the client does not read in time. None: ``conflate`` where there are keys, or
    ``disconnect``."""


class Subscribe(Follow, frozen=True, kw_only=True, tag="subscribe"):
    """Receive what a channel ticks from now on. One subscription a channel: more keys are added to it."""


class Unsubscribe(_Command, frozen=True, kw_only=True, tag="unsubscribe"):
    """Receive it no more; of a basket without a key, none of its keys."""

    channel: str
    key: str | int | None = None
    keys: list[str | int] | None = None


class Send(_Command, frozen=True, kw_only=True, tag="send"):
    """Tick what is given."""

    channel: str
    data: msgspec.Raw
    """A record, or several; of a basket without a key, records by key."""
    key: str | int | None = None
    wait: Literal["accepted", "ticked"] = "accepted"
    """When to answer: when it is queued, or when an engine cycle that has seen it is over."""


class Ping(_Command, frozen=True, kw_only=True, tag="ping"):
    """Is anybody there? Answered even without an ``id``."""


Command: TypeAlias = Subscribe | Unsubscribe | Send | Ping

_TEXT = msgspec.json.Decoder(Command)
_BINARY = msgspec.msgpack.Decoder(Command)
_KINDS: dict[str, type[_Command]] = {
    kind.__struct_config__.tag: kind  # type: ignore[misc]
    for kind in (Subscribe, Unsubscribe, Send, Ping)
}


def read_command(message: str | bytes) -> Command:
    """The command that a frame says: a text in JSON, or bytes in MessagePack. Its ``data`` and ``where`` are JSON.

    Raises:
        FrameError: what is wrong with it; its ``id`` is the message's, where that could be read.
    """
    try:
        command: Command = _TEXT.decode(message) if isinstance(message, str) else _in_json(_BINARY.decode(message))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _refused(message, error) from None
    return command


def _in_json(command: Command) -> Command:
    """The same, with JSON in it where there was MessagePack that is not read yet."""
    if isinstance(command, Send):
        return msgspec.structs.replace(command, data=_json(command.data))
    if isinstance(command, Subscribe) and bytes(command.where):
        return msgspec.structs.replace(command, where=_json(command.where))
    return command


def _json(packed: msgspec.Raw) -> msgspec.Raw:
    try:
        return msgspec.Raw(msgspec.json.encode(msgspec.msgpack.decode(packed)))
    except TypeError as error:
        raise msgspec.ValidationError(f"JSON cannot say that: {error}") from None


def _refused(message: str | bytes, error: Exception) -> FrameError:
    """The same, said so that it helps."""
    try:
        said: Any = (msgspec.json if isinstance(message, str) else msgspec.msgpack).decode(message)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError) as unreadable:
        kind = "JSON" if isinstance(message, str) else "MessagePack, which is what a binary frame has to be"
        return FrameError("unreadable", f"The message is no {kind}: {unreadable}")
    if not isinstance(said, dict):
        return FrameError("unreadable", f"A message is an object with an action, not {_brief(said)}")
    identifier = _identifier(said.get("id"))
    action = said.get("action")
    if not isinstance(action, str) or action not in _KINDS:
        near = nearest_option(action, _KINDS) if isinstance(action, str) else f"the actions are {', '.join(_KINDS)}"
        return FrameError("unknown_action", f"There is no action {_brief(action)}; {near}", identifier)
    fields = _KINDS[action].__struct_encode_fields__
    for name in said:
        if name not in (*fields, "action"):
            near = nearest_option(str(name), fields)
            return FrameError("unknown_option", f"{action} has no option {_brief(name)}; {near}", identifier)
        if isinstance(said[name], str) and (wrong := _no_choice(_KINDS[action], name, said[name])):
            return FrameError("invalid", f"{action}: {wrong}", identifier)
    return FrameError("invalid", f"{action}: {_plainly(str(error), said)}", identifier)


def _plainly(fault: str, said: Mapping[str, Any]) -> str:
    r"""What msgspec says is wrong, in words for who knows JSON and not msgspec.

    >>> _plainly("Expected `array | null`, got `str` - at `$.keys`", {"keys": "A"})
    'keys should be a list of keys, such as ["A", "B"], not \'A\''
    """
    if missing := _MISSING.search(fault):
        return f"its {missing[1]} is missing{_such_as(missing[1])}"
    place = _PLACE.search(fault)
    if place is None or place[1] not in _TAKEN:
        return fault
    return f"{place[1]} should be {_TAKEN[place[1]]}, not {_brief(said.get(place[1]))}"


def _such_as(name: str) -> str:
    return f": {_TAKEN[name]}" if name in _TAKEN else ': a record, such as {"price": 1.5}, or a list of them'


def _no_choice(kind: type[_Command], name: str, given: str) -> str:
    """What is wrong with a text of an option that takes some words only; nothing of all others."""
    if name == "action":
        return ""
    taken = get_type_hints(kind)[name]
    options = [taken, *(get_args(taken) if get_origin(taken) is not Literal else ())]
    words = [word for option in options if get_origin(option) is Literal for word in get_args(option)]
    if not words or str in options or given in words:
        return ""
    return f"{name} {'is true or false, or ' if bool in options else ''}{one_of(given, words)}"


def _identifier(named: Any) -> str | int | None:
    try:
        identifier: str | int | None = msgspec.convert(named, Identifier)
    except msgspec.ValidationError:
        return None
    return identifier


def _brief(value: Any) -> str:
    said = repr(value)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
