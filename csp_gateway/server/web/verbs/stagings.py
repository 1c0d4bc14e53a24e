"""The stagings of one channel, asked and told in JSON; every call may take its time."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from pydantic import ValidationError

from csp_gateway.errors import StagingArgumentError, did_you_mean
from csp_gateway.server.channels import Declaration, GatewayChannels
from csp_gateway.server.structs import GatewayStruct, decode, decode_many, encode, with_nearest
from csp_gateway.server.web.reply import written
from csp_gateway.server.web.verbs.refused import UNREADABLE, Place, Refused, wrong

__all__ = ["Stagings"]


class _Named(msgspec.Struct):
    """Of a record only what it is found by."""

    id: str | None = None


class Stagings:
    """What can be done to the stagings of one channel, with bodies and answers in JSON.

    Of a basket, an item is an object of its records by key, an enum's by name.

    Args:
        channels: wired and running.
        declaration: the channel's; it is staged, and carries structs.
        context: how records are validated; see ``GatewayStruct.model_validate``.
    """

    def __init__(self, channels: GatewayChannels, declaration: Declaration, context: dict[str, Any]) -> None:
        self._channels = channels
        self._declaration = declaration
        self._context = context
        self._field = declaration.name
        # A record that a body names must not go between it is found and staged: it would tick twice.
        self._lock = threading.Lock()
        keys = channels.keys_for_channel(declaration.name) or {}
        self._keys = {str(getattr(key, "name", key)): key for key in keys}
        self._spelled = {key: spelled for spelled, key in self._keys.items()}

    def add(self, body: bytes, ids: list[str] | None) -> bytes:
        """Hold back what a body says, or open a staging if it is empty; what the touched stagings hold.

        Raises:
            Refused: the body is no JSON, or not of the channel's class.
            StagingError: as ``GatewayChannels.stage_add``; or a record is staged otherwise than the body says.
        """
        with self._lock:
            value = None if body in (b"", b"null") else self._value(body)
            if value is not None:
                self._array(value if isinstance(value, list) else [value])  # what JSON cannot say is not staged either
            touched = self._channels.stage_add(self._field, value, ids)
        return self._held_by(touched)

    def remove(self, body: bytes, ids: list[str] | None) -> bytes:
        """Take back the records whose ids a body says, or whole stagings if it is empty; what is left in each touched.

        Raises:
            Refused: the body does not say ids.
        """
        names = None if body in (b"", b"null") else self._names(body)
        with self._lock:
            touched = self._channels.stage_remove(self._field, names, ids)
        return self._held_by(touched)

    def release(self, ids: list[str] | None) -> bytes:
        """Let what is staged into the channel; what was released."""
        with self._lock:
            released = self._channels.stage_release(self._field, ids)
        return self._written(released)

    def ids(self, ids: list[str] | None) -> bytes:
        """The open stagings, the newest last."""
        return msgspec.json.encode([each for each in self._channels.stage_list(self._field) if not ids or each in ids])

    def lookup(self, ids: list[str] | None) -> bytes:
        """What the open stagings hold back."""
        held = self._channels.stage_lookup(self._field)
        return self._written({each: items for each, items in held.items() if not ids or each in ids})

    @property
    def keys(self) -> list[str]:
        """Of a basket, how its keys are spelled, in order."""
        return list(self._keys)

    # What is answered.

    def _held_by(self, staging_ids: Sequence[str]) -> bytes:
        # One that is not open any more holds nothing: it was dropped, or somebody was quick to release it.
        return self._written({each: self._items(each) for each in staging_ids})

    def _items(self, staging_id: str) -> list[Any]:
        return self._channels.stage_lookup(self._field, staging_id).get(staging_id, [])

    def _written(self, held: Mapping[str, Sequence[Any]]) -> bytes:
        stagings = (b"%b:%b" % (msgspec.json.encode(each), self._array(items)) for each, items in held.items())
        return b"{%b}" % b",".join(stagings)

    def _array(self, items: Sequence[Any]) -> bytes:
        return b"[%b]" % b",".join(map(self._by_key, items)) if self._declaration.is_basket else written(items)

    def _by_key(self, item: Mapping[Any, Any]) -> bytes:
        ticks = (
            (self._spelled[key], written(tick) if self._declaration.listed else written([tick])[1:-1])
            for key, tick in item.items()
        )
        return b"{%b}" % b",".join(b"%b:%b" % (msgspec.json.encode(key), tick) for key, tick in ticks)

    # What is meant by a body.

    def _value(self, body: bytes) -> Any:
        """A body as ``stage_add`` takes it."""
        if not self._declaration.is_basket:
            return self._tick(body, ("body",))
        try:
            ticks = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        except UNREADABLE as error:
            raise Refused([wrong("dict_type", ("body",), f"Input should be an object: {error}", body)]) from None
        unknown = [
            wrong("enum", ("body", key, "[key]"), f"There is no such key; {did_you_mean(key, self._keys)}", key)
            for key in ticks
            if key not in self._keys
        ]
        if unknown or not ticks:
            raise Refused(unknown or [wrong("too_short", ("body",), "Input should have one key at least", {})])
        value = {self._keys[key]: self._tick(bytes(tick), ("body", key)) for key, tick in ticks.items()}
        if [] in value.values():
            raise Refused([wrong("too_short", ("body",), "Input should have one record at least for each key", {})])
        return value

    def _tick(self, data: bytes, where: Place) -> Any:
        """One record; of a list channel a list of them, also where it is one."""
        listed = data[:1] == b"["
        if listed and not self._declaration.listed:
            raise Refused([wrong("object_type", where, "Input should be an object", data)])
        try:
            if self._names_none(data):
                records = decode_many(self._declaration.element, data, self._context)
            else:
                staged = {each.id: each for each in self._staged()}
                parts = msgspec.json.decode(data, type=list[msgspec.Raw]) if listed else [data]
                records = [self._record(bytes(part), staged) for part in parts]
        except ValidationError as error:
            element = self._declaration.element
            faults = [with_nearest(each, element) for each in error.errors(include_url=False)]
            errors = [{**each, "loc": (*where, *each["loc"])} for each in faults]
            raise Refused(errors, error.error_count()) from None
        return records if self._declaration.listed else records[0]

    def _names_none(self, data: bytes) -> bool:
        """Whether no record in ``data`` may be one that is staged already."""
        if not self._context or b"id" not in data:
            return True  # whose ids are believed, are believed to be new
        try:
            named: Any = msgspec.json.decode(data, type=list[_Named] if data[:1] == b"[" else _Named)
        except UNREADABLE:
            return True  # pydantic says what is wrong
        records: list[_Named] = named if isinstance(named, list) else [named]
        return all(each.id is None for each in records)

    def _staged(self) -> Iterator[GatewayStruct]:
        for items in self._channels.stage_lookup(self._field).values():
            for item in items:
                for tick in item.values() if isinstance(item, dict) else (item,):
                    yield from tick if isinstance(tick, list) else (tick,)

    def _record(self, data: bytes, staged: Mapping[str, GatewayStruct]) -> GatewayStruct:
        """The staged record that ``data`` names, or a new one."""
        given = msgspec.json.decode(data)
        known = staged.get(given.get("id"))
        if known is None and given.keys() == {"id"}:
            raise StagingArgumentError(f"channel {self._field!r}: no record {given['id'][:80]!r} is staged")
        if known is None:
            made: GatewayStruct = decode(self._declaration.element, data, self._context)
            return made
        is_ = msgspec.json.decode(encode(known))
        other = [name for name in given if name not in is_ or given[name] != is_[name]]
        if other:
            raise StagingArgumentError(
                f"channel {self._field!r}: record {known.id!r} is staged already, with other {', '.join(other[:5])}: "
                f"take it back first, or leave its id out"
            )
        return known

    def _names(self, body: bytes) -> Any:
        """The ids in a body, as ``stage_remove`` takes them."""
        try:
            given = msgspec.json.decode(body)
        except UNREADABLE as error:
            raise Refused([wrong("json_invalid", ("body",), f"Invalid JSON: {error}", body)]) from None
        ids = list(self._ids_in(given, self._declaration.is_basket + self._declaration.listed))
        return ids if self._declaration.is_basket or self._declaration.listed else ids[0]

    def _ids_in(self, given: Any, depth: int) -> Iterator[str]:
        """``depth``: how many objects by key or arrays a record may be in."""
        if isinstance(given, dict) and isinstance(given.get("id"), str):
            yield given["id"]
        elif depth and given and isinstance(given, dict | list):
            for each in given.values() if isinstance(given, dict) else given:
                yield from self._ids_in(each, depth - 1)
        else:
            raise Refused([wrong("missing", ("body", "id"), "A record is found by its id, which is a string", given)])
