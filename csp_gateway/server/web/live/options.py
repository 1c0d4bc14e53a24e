"""What a client wants of a channel, held against what the channel is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import orjson

from csp_gateway.errors import FrameError, QueryError, did_you_mean
from csp_gateway.server.state import Predicate, State, predicate_of, resolve
from csp_gateway.server.web.live.conflation import reader_of
from csp_gateway.server.web.verbs import Shape
from csp_gateway.wire import Query
from csp_gateway.wire.commands import Follow, Policy

__all__ = ["Options", "Said", "keys_of", "options_of"]

_LONGEST = 80
"""Characters of an unknown name that are compared with those there are."""
_THE_ONE = re.compile(r"\bfilters\[0\]")
_A_FILTER = '{"attr": "price", "by": {"value": 10, "where": ">"}}'
_LONGEST_INTERVAL = 3600.0
_MOST_FIELDS = 1_000
_MOST_KEYS = 100_000
"""Keys that may be named at once, or as many as the basket has if those are more."""


class Said(NamedTuple):
    """The options that are not keys, as they were said."""

    positions: bool
    fields: list[str] | None
    where: bytes
    min_interval: float
    latest_by: str | None
    format: str
    policy: Policy | None
    state: str | None
    """Which state's removals are told, if any are: of which the name is ``""`` where it is the channel's own."""


@dataclass(frozen=True, slots=True)
class Options:
    """A subscription's, understood.

    Attributes:
        keys: of a basket, those that are wanted; None for all.
        fields: the fields that are wanted, as paths; None for all.
        where: tells which records are wanted; None for all.
        reads: what tells records apart whose newest is wanted; None: the key of the basket alone.
        removals: of which state it is told what it keeps no more; None if of none.
        interval: seconds between messages, 0 for none.
        conflates: whether only the newest is wanted, however quick the client reads.
        policy: what becomes of ticks that the client does not read in time.
        said: the options of two subscriptions are alike if these are.
    """

    keys: frozenset[Any] | None
    positions: bool
    packed: bool
    fields: tuple[tuple[str, ...], ...] | None
    where: Predicate | None
    reads: Callable[[Any], Any] | None
    removals: State[Any] | None
    interval: float
    conflates: bool
    policy: Policy
    said: Said

    @property
    def own(self) -> bool:
        """Whether what is told is made for this subscription alone."""
        return self.fields is not None or self.where is not None or self.conflates or self.removals is not None

    def picked(self, data: bytes, ended: frozenset[int] = frozenset()) -> bytes:
        """Records in JSON, with the fields that are wanted; of those that are ended, their key."""
        fields, key = self.fields, self.key
        if fields is None and not ended:
            return data
        # What is picked is not read: as numbers, some would lose digits.
        records = enumerate(_RECORDS.decode(data))
        return msgspec.json.encode(
            [
                _picked(record, key) if at in ended else record if fields is None else _picked(record, (*key, *fields))
                for at, record in records
            ]
        )

    @property
    def key(self) -> tuple[tuple[str, ...], ...]:
        """The fields that tell the records of ``removals`` apart, as paths."""
        return () if self.removals is None else tuple(tuple(path.split(".")) for path in self.removals.keyby)

    def ended(self, records: Sequence[Any]) -> frozenset[int]:
        """Which of the records leave nothing under their key of the state whose removals are told."""
        if self.removals is None:
            return frozenset()
        ends, where = self.removals.ends, self.where
        return frozenset(
            at
            for at, record in enumerate(records)
            if (ends is not None and ends(record)) or (where is not None and not where(record))
        )


def options_of(
    shape: Shape, wanted: Follow, keyby: tuple[str, ...] | None, removals: State[Any] | None = None
) -> Options:
    """The options that a message asks for.

    Args:
        keyby: what tells the records of the channel's state apart, if it has one that does.
        removals: the state of which it is to be told what it keeps no more.

    Raises:
        FrameError: the channel has no such key or field; or an option cannot be.
    """
    _hold_together(wanted)
    fields = None if wanted.fields is None else list(dict.fromkeys(wanted.fields))
    if fields is not None and len(fields) > _MOST_FIELDS:
        raise FrameError("invalid", f"fields names {len(fields):,}: at most {_MOST_FIELDS:,} can be picked")
    for path in fields or ():
        _resolved(shape, path, "fields")
    reads = None
    if wanted.latest_by is not None:
        _resolved(shape, wanted.latest_by, "latest_by")
        reads = reader_of(wanted.latest_by)
    elif removals is not None:
        reads = reader_of(removals.keyby)
    elif keyby is not None and shape.container is None:
        reads = reader_of(keyby)
    keyed = reads is not None or shape.container is not None
    said = Said(
        wanted.positions,
        fields,
        bytes(wanted.where),
        wanted.min_interval,
        wanted.latest_by,
        wanted.format,
        wanted.policy,
        None if removals is None else wanted.state or "",
    )
    return Options(
        keys=keys_of(shape, wanted.key, wanted.keys),
        positions=wanted.positions,
        packed=wanted.format == "msgpack",
        fields=tuple(tuple(path.split(".")) for path in fields) if fields is not None else None,
        where=_where(shape, bytes(wanted.where)),
        reads=reads,
        removals=removals,
        interval=wanted.min_interval,
        conflates=wanted.min_interval > 0 or wanted.latest_by is not None,
        policy=wanted.policy or ("conflate" if keyed else "disconnect"),
        said=said,
    )


def _hold_together(wanted: Follow) -> None:
    """Refuse options that no channel could have."""
    most, given = _LONGEST_INTERVAL, wanted.min_interval
    if not 0 <= given <= most:
        raise FrameError("invalid", f"min_interval is from 0 to {most:g} seconds, not {given}")
    if wanted.since is not None and wanted.snapshot:
        raise FrameError("invalid", "since and snapshot are two ways to begin: say one of them")
    if wanted.since is not None and wanted.since < 0:
        raise FrameError("invalid", f"offsets count from 0; there is none {wanted.since}")
    if wanted.fields is not None and not wanted.fields:
        raise FrameError("invalid", "fields names none: leave it out for all of them")


def keys_of(shape: Shape, key: str | int | None, keys: Iterable[str | int] | None) -> frozenset[Any] | None:
    """The keys of a basket that are meant; None for all of them.

    Raises:
        FrameError: there is no such key; or the channel is no basket.
    """
    if key is None and keys is None:
        return None
    named = ([] if key is None else [key]) + list(keys or ())
    if shape.container is None:
        raise FrameError("unknown_key", f"channel {shape.channel!r} is no basket, and has no keys: leave out the key")
    if not named:
        raise FrameError("invalid", "keys names none: leave it out for all of them")
    if len(named) > max(_MOST_KEYS, len(shape.keys)):
        raise FrameError("invalid", f"keys names {len(named):,}: at most {_MOST_KEYS:,}; leave it out for all of them")
    meant = set()
    for each in map(str, named):
        if each not in shape.keys:
            near = did_you_mean(each[:_LONGEST], shape.keys)
            raise FrameError("unknown_key", f"channel {shape.channel!r} has no key {each[:_LONGEST]!r}; {near}")
        meant.add(shape.keys[each])
    return frozenset(meant)


def _resolved(shape: Shape, path: str, option: str) -> None:
    try:
        resolve(shape.struct, path)
    except AttributeError as error:
        raise FrameError("unknown_field", f"{option}: {error}") from None


def _where(shape: Shape, said: bytes) -> Predicate | None:
    if not said or said == b"null":
        return None
    try:
        filters = orjson.loads(said)
    except ValueError as error:
        shown = said[:_LONGEST].decode("utf-8", "replace")
        raise FrameError(
            "invalid_filter", f"where: Input should be JSON, such as {_A_FILTER}, not {shown}: {error}"
        ) from None
    several = isinstance(filters, list)
    try:
        return predicate_of(Query.of({"filters": filters if several else [filters]}), shape.struct)
    except QueryError as error:
        # Whoever asks has said no filters and no query, but this.
        plain = str(error).removeprefix("not a query: ")
        plain = plain.replace("filters[", "where[") if several else _THE_ONE.sub("where", plain)
        raise FrameError("invalid_filter", plain if plain.startswith("where") else f"where: {plain}") from None


def _picked(record: dict[str, msgspec.Raw], fields: tuple[tuple[str, ...], ...]) -> dict[str, Any]:
    """The members at some paths, nested as they were; one that is not there is left out."""
    picked: dict[str, Any] = {}
    for path in fields:
        source = _at(record, path)
        if source is None:
            continue
        target = picked
        for name in path[:-1]:
            target = target.setdefault(name, {})
            if isinstance(target, msgspec.Raw):
                break  # all of it is there
        else:
            target[path[-1]] = source
    return picked


def _at(record: dict[str, msgspec.Raw], path: tuple[str, ...]) -> msgspec.Raw | None:
    for name in path[:-1]:
        within = record.get(name)
        if within is None or not bytes(within).startswith(b"{"):
            return None
        record = _RECORD.decode(within)
    return record.get(path[-1])


_RECORD = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RECORDS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
