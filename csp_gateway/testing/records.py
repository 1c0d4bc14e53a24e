"""What has ticked on the channels that a test watches, since its last reset."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import csp

__all__ = ["BasketTicks", "Records", "Target", "Ticks", "spelled", "times"]

Target = tuple[str, Any]
"""A channel and None, or a basket and one of its keys."""

_TOLD_AT_MOST = 10
_WIDTH = 200


def spelled(target: Target) -> str:
    """A channel, or an entry of a basket, in words: ``quotes``, ``by_side[BUY]``."""
    field, key = target
    return field if key is None else f"{field}[{key.name if isinstance(key, Enum | csp.Enum) else key}]"


class Ticks:
    """The ticks of one channel, or of one key of a basket.

    Args:
        target: which.
        all_of_them: keep every tick; otherwise the newest few, which is enough to say what happened.
    """

    def __init__(self, target: Target, all_of_them: bool = False) -> None:
        self.target = target
        self.count = 0
        self.seen: deque[tuple[datetime, Any]] = deque(maxlen=None if all_of_them else _TOLD_AT_MOST)
        """Engine time and value, oldest first."""

    def note(self, now: datetime, value: Any) -> None:
        """It ticked."""
        self.count += 1
        self.seen.append((now, value))

    def forget(self) -> None:
        """As if it had never ticked."""
        self.count = 0
        self.seen.clear()

    @property
    def last(self) -> Any:
        """The newest value; there must be one."""
        return self.seen[-1][1]

    def told(self) -> str:
        """What ticked and when, a line a tick."""
        if not self.count:
            return "it has not ticked"
        more = f", the newest {_TOLD_AT_MOST} of them" if self.count > _TOLD_AT_MOST else ""
        lines = [f"    {now}  {value!r:.{_WIDTH}}" for now, value in list(self.seen)[-_TOLD_AT_MOST:]]
        return "\n".join([f"it ticked {times(self.count)}{more}:", *lines])


class BasketTicks(Ticks):
    """The ticks of a whole basket: each is a dict of the keys that ticked in one engine cycle.

    Args:
        container: ``dict``, or ``list`` for a basket by position.
        keys: the keys there are.
    """

    def __init__(self, target: Target, container: type, keys: Iterable[Any], all_of_them: bool = False) -> None:
        super().__init__(target, all_of_them)
        self._container = container
        self._keys = tuple(keys)
        self._newest: dict[Any, Any] = {}

    def note(self, now: datetime, value: dict[Any, Any]) -> None:
        """Some keys ticked."""
        super().note(now, value)
        self._newest.update(value)

    def forget(self) -> None:
        """As if no key had ever ticked."""
        super().forget()
        self._newest = {}

    @property
    def last(self) -> Any:
        """The newest value of each key that has ticked; of a basket by position a list, with None where none has."""
        if self._container is dict:
            return dict(self._newest)
        return [self._newest.get(key) for key in self._keys]


class Records:
    """All that has ticked, by channel and by key."""

    def __init__(self) -> None:
        self.now = datetime.min
        """The moment whose steps are being taken."""
        self.since = "the start of the run"
        """When the last reset was, in words."""
        self._ticks: dict[Target, Ticks] = {}

    def add(self, ticks: Ticks) -> Ticks:
        """Watch one more."""
        self._ticks[ticks.target] = ticks
        return ticks

    def __getitem__(self, target: Target) -> Ticks:
        return self._ticks[target]

    def __contains__(self, target: object) -> bool:
        return target in self._ticks

    def __iter__(self) -> Iterator[Ticks]:
        return iter(self._ticks.values())

    def forget(self, line: str) -> None:
        """Begin anew, as the reset in ``line`` wants it."""
        self.since = f"the reset at {self.now} ({line})"
        for ticks in self:
            ticks.forget()

    def told(self, target: Target, complaint: str) -> str:
        """What is wrong with a channel, and what has happened on it."""
        return f"{spelled(target)} at {self.now}: {complaint}\n  Since {self.since}, {self[target].told()}"

    def story(self) -> str:
        """What has happened on each channel that has ticked; on a basket, as a whole."""
        told = [f"{ticks.target[0]}: {ticks.told()}" for ticks in self if ticks.count and ticks.target[1] is None]
        return "\n".join(told or [f"nothing has ticked since {self.since}"])

    def counts(self) -> dict[str, int]:
        """How often each channel has ticked, and each key of a basket that has."""
        return {spelled(ticks.target): ticks.count for ticks in self if ticks.count or ticks.target[1] is None}

    def miscounted(self, expected: Mapping[Target, int]) -> str | None:
        """Which channels have not ticked as often as expected, in words; None if all have.

        Args:
            expected: 0 for those that are left out. A basket is counted as a whole if it is there as a whole.
        """
        wrong = []
        for ticks in self:
            name, key = ticks.target
            by_key = isinstance(ticks, BasketTicks) and ticks.target not in expected
            in_the_whole = key is not None and (name, None) in expected and ticks.target not in expected
            if not by_key and not in_the_whole and ticks.count != expected.get(ticks.target, 0):
                wanted = times(expected.get(ticks.target, 0))
                wrong.append(f"  {spelled(ticks.target)}: expected {wanted}, ticked {times(ticks.count)}")
        return "\n".join([f"tick counts at {self.now}, since {self.since}:", *wrong]) if wrong else None


def times(count: int) -> str:
    """A count in words."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
