"""A state as it is kept here: its rules, what stood, and what has ticked since. No I/O."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

__all__ = ["Replica", "Row"]

Row = dict[str, Any]
"""A record, as it was told."""


class Replica:
    """The records of a state by key, as messages with ``removals`` and ``positions`` tell them.

    One thread changes it. ``rows`` is never changed in place: whoever reads it has the records of one moment.

    Attributes:
        rows: key → record; the key is the value of the field, or a tuple where there are several.
        offset: of the newest tick that is in it; None before there is one.
    """

    def __init__(self) -> None:
        self.rows: Mapping[Hashable, Row] = {}
        self.offset: int | None = None
        self.time: datetime | None = None
        """Of the engine, when that ticked."""
        self.keyby: tuple[str, ...] = ()
        self.max_rows: int | None = None
        self.ttl: timedelta | None = None
        self._ages: OrderedDict[Hashable, datetime | None] = OrderedDict()
        self._left = 0
        self._standing: list[tuple[Row, datetime | None]] = []

    def begin(self, rules: Mapping[str, Any], messages: int | None, start: int | None = None) -> None:
        """The gateway has agreed: by these rules, and with a snapshot of so many messages.

        What was here stands until all of them have arrived.

        Args:
            messages: None, if it goes on from where this has got to.
            start: the answer's ``from``: where nothing stands, that is where it has got to.
        """
        self.keyby, self.max_rows = tuple(rules["keyby"]), rules["max_rows"]
        self.ttl = None if rules["ttl"] is None else timedelta(seconds=rules["ttl"])
        self._standing, self._left = [], 1 if messages else 0
        if messages == 0:
            self._stand(None if start is None else start - 1)

    @property
    def is_whole(self) -> bool:
        """Whether no message of a snapshot is still to come."""
        return self._left == 0

    def take(self, message: Mapping[str, Any]) -> None:
        """A message: one of the snapshot, or a tick."""
        self.take_all([message])

    def take_all(self, messages: Iterable[Mapping[str, Any]]) -> None:
        """Messages, oldest first; who reads meanwhile finds none of the ticks, or all of them."""
        rows: dict[Hashable, Row] | None = None
        now = None
        for message in messages:
            if message.get("snapshot"):
                if rows is not None:
                    self.rows, rows = rows, None
                self._take_standing(message)
                continue
            rows = dict(self.rows) if rows is None else rows
            now = _moment(message.get("time")) or now
            ended = frozenset(message.get("ended") or ())
            for place, record in enumerate(message["data"]):
                self._put(rows, record, now, ended=place in ended)
            self._limit(rows)
            self.offset = message.get("offset", self.offset)
        if rows is not None:
            self.rows = rows
        if now is not None:
            self.time = now
            self.let_go(now)

    def interrupt(self) -> None:
        """The connection was lost: what has come of a snapshot that is not whole comes again."""
        if self._left or self._standing:
            self._standing, self._left = [], 1

    def _take_standing(self, message: Mapping[str, Any]) -> None:
        born = message.get("born") or [None] * len(message["data"])
        self._standing += zip(message["data"], map(_moment, born), strict=True)
        self._left = 0 if "next" in message else 1
        if not self._left:
            self._stand(message.get("offset"))

    def let_go(self, now: datetime) -> int:
        """Let go of what is older than ``ttl`` at ``now``, of the engine's time; how many went."""
        if self.ttl is None:
            return 0
        old = []
        for key, born in self._ages.items():
            if born is not None and now - born < self.ttl:
                break
            if born is not None:
                old.append(key)
        if old:
            rows = dict(self.rows)
            for key in old:
                del self._ages[key], rows[key]
            self.rows = rows
        return len(old)

    def key_of(self, record: Mapping[str, Any]) -> Hashable:
        """What tells a record from others: None for what it lacks."""
        values = [_settled(_at(record, path)) for path in self.keyby]
        return values[0] if len(values) == 1 else tuple(values)

    def _stand(self, offset: int | None) -> None:
        rows: dict[Hashable, Row] = {}
        self._ages.clear()
        for record, born in self._standing:
            self._put(rows, record, born, ended=False)
        self._standing = []
        self.rows, self.offset = rows, offset

    def _put(self, rows: dict[Hashable, Row], record: Row, born: datetime | None, *, ended: bool) -> None:
        key = self.key_of(record)
        self._ages.pop(key, None)
        if ended:
            rows.pop(key, None)
            return
        rows[key] = record
        if self.max_rows is not None or self.ttl is not None:
            self._ages[key] = born

    def _limit(self, rows: dict[Hashable, Row]) -> None:
        if self.max_rows is None:
            return
        for key in list(islice(self._ages, max(0, len(rows) - self.max_rows))):
            del self._ages[key], rows[key]


def _moment(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said).replace(tzinfo=None)


def _at(record: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(record, Mapping):
            return None
        record = record.get(name)
    return record


def _settled(value: Any) -> Hashable:
    if isinstance(value, list):
        return "list", *map(_settled, value)
    if isinstance(value, Mapping):
        return "dict", frozenset((name, _settled(each)) for name, each in value.items())
    hashable: Hashable = value
    return hashable
