"""One channel as it is followed: what is wanted of it, where it has got to, and what has been told already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from msgspec.structs import replace

from csp_gateway.wire.commands import Follow

__all__ = ["Followed", "Gap", "keys_of", "one_spelling"]

_POSITIONS = ("offset", "next", "epoch", "time")
"""Members of a message that say where it is."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Ticks of a channel that will not be told; said before the first tick behind them.

    Attributes:
        start: the first offset; None if it is of another run of the gateway.
        to: the offset that is told next.
        count: how many; None if nobody knows.
        reason: ``overflow``: not read in time. ``expired``: the gateway does not keep them any more.
            ``epoch_changed``: the gateway was started again. ``unwritable``: JSON cannot say them. ``too_many_keys``:
            more records than it keeps for one client.
    """

    channel: str
    start: int | None
    to: int
    count: int | None
    reason: str

    def __str__(self) -> str:
        many = "nobody knows how many" if self.count is None else f"{self.count:,}"
        return f"channel {self.channel!r}: {many} ticks before offset {self.to} are missing: {self.reason}"


class _Standing(NamedTuple):
    """A snapshot that is being told.

    Attributes:
        keys: of which keys of a basket; None: of all.
        left: messages of it that are still to come.
    """

    keys: frozenset[str] | None
    left: int


class _Unwritable:
    """What was told of the newest tick that cannot be written: of a basket, a gap for each of its keys."""

    def __init__(self) -> None:
        self._offset: int | None = None
        self._told = 0
        self._heard = 0
        """Of those, on this connection."""

    def again(self) -> None:
        """There is a new connection, which goes on with that tick."""
        self._heard = 0

    def is_new(self, offset: int | None) -> bool:
        """Whether this gap has not been told, of a tick."""
        if offset != self._offset:
            self._offset, self._told, self._heard = offset, 0, 0
        self._heard += 1
        new = self._heard > self._told
        self._told += new
        return new


class Followed:
    """What is wanted of a channel that the gateway has agreed to tell, and where that has got to.

    Args:
        follow: what was asked for first.
    """

    def __init__(self, channel: str, follow: Follow) -> None:
        self.channel = channel
        self.options = follow
        """As they were said last."""
        self.keys: frozenset[str] | None = keys_of(follow)
        """Of a basket, those that are wanted; None: all but those in ``without``."""
        self.without: frozenset[str] = frozenset()
        self.next: int | None = None
        """Where to go on from; None before that is known."""
        self.epoch: str | None = None
        self.deaf_until: int | None = None
        """The message with whose answer all begins anew; what is told before is in what is told then."""
        self._upto: dict[str | None, int] = {}
        """Key → the offset before which all that was wanted of it has been told. Of a basket, a tick is several
        messages, and who was cut off in between is told some of them again."""
        self._unwritable = _Unwritable()
        self._standing: _Standing | None = None

    # What the gateway answers.

    def begun(self, follow: Follow, result: Mapping[str, Any], *, again: bool) -> Gap | None:
        """It is followed so from now on; what is missing, if it cannot go on from where it was to.

        Args:
            again: whether we asked by ourselves, for what was followed before.
        """
        keys, start, epoch = keys_of(follow), result.get("from"), result.get("epoch")
        everything = self.next is None or keys is None or (self.keys is not None and self.keys <= keys)
        added = frozenset() if keys is None else keys & self.without if self.keys is None else keys - self.keys
        gap = _missing(self.channel, follow, result)
        if epoch != self.epoch:
            if again and gap is None and self.epoch is not None and start is not None:
                gap = Gap(self.channel, None, start, None, "epoch_changed")
            self.epoch = epoch
            self._upto.clear()
            self._unwritable = _Unwritable()
        if not again:
            self._want(follow, keys)
        if start is not None:  # heartbeats have no offsets
            self._place(follow, keys, start, added, everything=everything, again=again)
        if follow.snapshot:
            self._stand(keys, result.get("snapshot", 0), afresh=everything)
        return gap

    def _place(
        self,
        follow: Follow,
        keys: frozenset[str] | None,
        start: int,
        added: frozenset[str],
        *,
        everything: bool,
        again: bool,
    ) -> None:
        """It is told from ``start`` on, as far as these keys are concerned."""
        if follow.since is not None and follow.since != self.next and not again:
            for key in list(self._upto) if keys is None else keys:
                self._upto.pop(key, None)  # he wants it once more
        for key in (keys or ()) if follow.snapshot else added if follow.since is None else ():
            self._upto[key] = max(start, self._upto.get(key, 0))
        if self.next is None or (everything and (follow.snapshot or follow.since is not None)):
            self.next = start
        elif follow.since is not None:
            self.next = start if follow.since == self.next else min(self.next, start)

    def _want(self, follow: Follow, keys: frozenset[str] | None) -> None:
        """These keys too, and all of them so."""
        if self.options.snapshot and not follow.snapshot:  # what came after it needs no less to begin with
            follow = replace(follow, snapshot=self.options.snapshot, state=self.options.state)
        self.options = follow
        if keys is None:
            self.keys, self.without = None, frozenset()
        elif self.keys is None:
            self.without -= keys
        else:
            self.keys |= keys

    def _stand(self, keys: frozenset[str] | None, messages: int, *, afresh: bool) -> None:
        before = None if afresh else self._standing
        if before is not None:
            keys = None if keys is None or before.keys is None else keys | before.keys
            messages += before.left
        self._standing = _Standing(keys, messages) if messages else None

    def ended(self, keys: frozenset[str] | None) -> bool:
        """These keys are followed no more; whether nothing is left."""
        if keys is None:
            return True
        standing = self._standing
        if standing is not None and standing.keys is not None:
            self._standing = standing._replace(keys=standing.keys - keys) if standing.keys - keys else None
        if self.keys is None:
            self.without |= keys
            return False
        self.keys -= keys
        return not self.keys

    # What the gateway tells.

    def heard(self, message: dict[str, Any]) -> bool:
        """Whether a message is new to the user; where it is, is taken out of it, unless that was asked for."""
        offset = message.get("offset")
        fresh = offset is None or self._is_new(message, offset)
        if fresh and not self.options.positions:
            for name in _POSITIONS:
                message.pop(name, None)
        return fresh

    def _is_new(self, message: Mapping[str, Any], offset: int) -> bool:
        key = message.get("key")
        if self.deaf_until is not None:
            return False
        if key is not None and self.keys is not None and str(key) not in self.keys:
            return False  # a gateway that follows the whole basket, for who has given that up, is told to end it
        if message.get("snapshot"):
            self._upto[key] = max(self._upto.get(key, 0), offset + 1)
            if self._standing is not None:
                left = self._standing.left - 1
                self._standing = self._standing._replace(left=left) if left else None
            return True
        self.next = message.get("next", self.next)
        if offset < self._upto.get(key, 0) or key in self.without:
            return False
        self._upto[key] = offset + 1
        return True

    def missed(self, gap: Gap) -> bool:
        """The gateway says that ticks are missing; whether that is news to the user."""
        if self.deaf_until is not None:
            return False  # it is in what is told then
        # What is left of a tick that cannot be written comes after the gap, and so does what had to make room.
        arrived = gap.to if gap.reason == "overflow" else gap.start
        if self.next is not None and arrived is not None:
            self.next = max(self.next, arrived)
        return gap.reason != "unwritable" or self._unwritable.is_new(gap.start)

    # What to ask for by ourselves.

    def again(self) -> list[Follow]:
        """What to ask for on a new connection: from where it was left, and anew a snapshot that was cut off."""
        self.deaf_until = None
        self._unwritable.again()
        standing, keys = self._standing, self.keys
        if standing is not None and keys is not None and standing.keys is not None:
            keys -= standing.keys
        asked = []
        if standing is None or (standing.keys is not None and keys != frozenset()):
            since, epoch = (None, None) if self.next is None else (self.next, self.epoch)
            state = self.options.state if self.options.removals else None
            asked.append(self._ask(keys, snapshot=False, state=state, since=since, epoch=epoch))
        if standing is not None:
            asked.append(self._ask(standing.keys, since=None, epoch=None))
        return asked

    def anew(self, identifier: int) -> Follow:
        """A snapshot of all that is wanted; until this is answered, nothing that is told counts."""
        self.deaf_until = identifier
        self._standing = _Standing(self.keys, 1)
        return self._ask(self.keys, since=None, epoch=None)

    def _ask(self, keys: frozenset[str] | None, **changes: Any) -> Follow:
        return replace(self.options, key=None, keys=None if keys is None else sorted(keys), positions=True, **changes)


def keys_of(wanted: Any) -> frozenset[str] | None:
    """The keys that a Follow or an Unsubscribe names; None for all."""
    named = [*([] if wanted.key is None else [wanted.key]), *(wanted.keys or [])]
    return frozenset(map(str, named)) or None


def one_spelling(channel: str) -> str:
    """A channel may be named with dashes."""
    return channel.replace("-", "_")


def _missing(channel: str, follow: Follow, result: Mapping[str, Any]) -> Gap | None:
    if result.get("recovered") is not False:
        return None
    reason, to = result["reason"], result["from"]
    start = follow.since if reason == "expired" else None
    return Gap(channel, start, to, None if start is None else to - start, reason)
