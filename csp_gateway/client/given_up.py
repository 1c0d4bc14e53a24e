"""What was given up before it was answered: what a gateway follows for it all the same is to end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from csp_gateway.client.followed import Followed, keys_of, one_spelling
from csp_gateway.wire.commands import Follow, Unsubscribe

__all__ = ["GivenUp", "unwished"]


class GivenUp:
    """Those that were said, and nobody waits for, until they are answered; and what is to be ended for them."""

    def __init__(self) -> None:
        self._late: dict[int, Follow | Unsubscribe] = {}
        self._wide: set[str] = set()
        """Baskets that are followed whole for one of them, and of which others wish keys: a gateway that follows a
        whole basket cannot be told to follow nothing else but them, before it has ended that."""

    def __len__(self) -> int:
        return len(self._late)

    def add(self, identifier: int, late: Follow | Unsubscribe) -> None:
        """It was given up."""
        self._late[identifier] = late

    def refused(self, identifier: int) -> None:
        """There is nothing to end."""
        self._late.pop(identifier, None)

    def clear(self) -> None:
        """The connection is lost, and with it what was followed."""
        self._late.clear()
        self._wide.clear()

    def ended(self, identifier: int) -> Unsubscribe | None:
        """The unsubscribe that was answered, if it was one: it is done, though nobody waits for it."""
        late = self._late.get(identifier)
        if not isinstance(late, Unsubscribe):
            return None
        del self._late[identifier]
        return late

    def answered(
        self, identifier: int, channel: str, pending: Iterable[Follow], followed: Followed | None
    ) -> frozenset[str] | None:
        """The keys to be ended, if it was one of them: empty for the whole channel, None for nothing, or not yet.

        Args:
            pending: what others have asked for, which is not answered.
            followed: the channel, if it is followed by another.
        """
        late = self._late.pop(identifier, None)
        if not isinstance(late, Follow):
            return None
        keys = keys_of(late)
        wished = [keys_of(each) for each in pending if one_spelling(each.channel) == one_spelling(channel)]
        if keys is None and None not in wished and (wished or (followed is not None and followed.keys is not None)):
            self._wide.add(channel)
        return unwished(keys, wished, followed)

    def narrowed(self, pending: Iterable[str]) -> list[str]:
        """The baskets to be ended whole, and followed anew by their keys, now that nothing is open of them.

        Args:
            pending: channels of which something is asked that is not answered.
        """
        if not self._wide:
            return []
        open_still = set(map(one_spelling, pending))
        ready = sorted(each for each in self._wide if one_spelling(each) not in open_still)
        self._wide.difference_update(ready)
        return ready


def unwished(
    keys: frozenset[str] | None, wished: Sequence[frozenset[str] | None], followed: Followed | None
) -> frozenset[str] | None:
    """Of the keys that a given-up Follow named, those that nothing else wishes: empty for the whole channel, or None.

    Args:
        wished: the keys that others have asked for, which is not answered; each None for all.
        followed: the channel, if it is followed by another.
    """
    if None in wished:
        return None
    others = frozenset[str]().union(*(each for each in wished if each is not None))
    if followed is not None and followed.keys is None:
        left = (followed.without if keys is None else keys & followed.without) - others
    elif keys is None:
        return None if others or followed is not None else frozenset()
    else:
        left = keys - others - (frozenset() if followed is None or followed.keys is None else followed.keys)
    return left or None
