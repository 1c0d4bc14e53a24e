"""One channel as it is followed: what ticks is written once, and told to all who want it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from csp_gateway.server.channels import Cell
from csp_gateway.server.web.live.framing import Batch, batch
from csp_gateway.server.web.live.line import portion
from csp_gateway.server.web.live.subscription import Subscription, View
from csp_gateway.server.web.live.told import Told, gap, heads_of, messages_of
from csp_gateway.server.web.problem import RefusedRequest
from csp_gateway.server.web.verbs import Shape
from csp_gateway.server.web.workers import Workers

__all__ = ["Feed"]

_log = logging.getLogger(__name__)

T = TypeVar("T")

_MOST = 256
"""Ticks that are told at once."""


class _Group:
    """Those who are told the same bytes."""

    __slots__ = ("members", "sent")

    def __init__(self) -> None:
        self.members: dict[Subscription, int] = {}
        """Who, and what ``sent`` was when he came."""
        self.sent = 0
        """Messages."""


class Feed:
    """The ticks of one channel, from its history to all who follow it. On the event loop, but for ``ticked``.

    Args:
        cell: the channel's; it keeps a history.
        keyby: what tells the records of its state apart, if it has one that does.
        arm: called on the engine's thread when something has ticked that was not told: has ``pump`` called.
    """

    def __init__(
        self,
        shape: Shape,
        cell: Cell,
        keyby: tuple[str, ...] | None,
        workers: Workers,
        arm: Callable[[Feed], None],
    ) -> None:
        assert cell.history is not None
        self.shape = shape
        self.cell = cell
        self.keyby = keyby
        self.history = cell.history
        self.next = self.history.next
        """The offset of the first tick that has not been told."""
        self.stale = False
        """Whether something has ticked since ``pump`` was called."""
        self.lost = 0
        """Ticks that went from the history before they were told to anybody."""
        self._workers = workers
        self._arm = arm
        self._heads = heads_of(shape)
        self._groups: dict[View, _Group] = {}
        self._alone: dict[Subscription, None] = {}
        self._most = _MOST
        self._busy = False
        self._tasks: set[asyncio.Task[None]] = set()

    # On the engine's thread.

    def ticked(self) -> None:
        """The channel ticked, and its history has it."""
        if not self.stale:
            self.stale = True
            self._arm(self)

    # Who follows.

    def follow(self, subscription: Subscription) -> None:
        """Tell it from its cursor on."""
        self._alone[subscription] = None
        subscription.catch_up()

    def rejoin(self, subscription: Subscription) -> None:
        """It has been told all that its group was."""
        self._alone.pop(subscription, None)
        group = self._groups.setdefault(subscription.view, _Group())
        group.members[subscription] = group.sent
        subscription.together = True

    def unfollow(self, subscription: Subscription) -> None:
        """Tell it nothing more; its cursor is where it has got to."""
        subscription.end()
        if self._alone.pop(subscription, self) is self:
            self._part(subscription)
            subscription.cursor = self.next
        self.rest()

    def rest(self) -> None:
        """Follow the channel no more, if nobody does."""
        if not self._alone and not self._groups:
            self.cell.told = None

    def begin(self) -> None:
        """Follow the channel, if nobody did."""
        if self.cell.told is None:
            if not self._busy:  # what a worker thread writes is told first, if to nobody
                self.next = self.history.next
            self.stale = False
            self.cell.told = self.ticked
            if self.history.next > self.next:  # it has ticked in between
                self.ticked()

    def _part(self, subscription: Subscription) -> None:
        group = self._groups[subscription.view]
        subscription.told += group.sent - group.members.pop(subscription)
        subscription.together = False
        if not group.members:
            del self._groups[subscription.view]

    # What is told.

    def pump(self) -> None:
        """Tell what has ticked."""
        self.stale = False
        if self._busy:
            return
        page = self.history.after(self.next, self._most)
        if not page.ticks:
            return
        if not page.recovered:
            self._lose(page.ticks[0].offset)
        tolds = [Told(self.shape, tick, self._heads) for tick in page.ticks]
        if self._groups and any(told.is_large for told in tolds):
            self._busy = True
            self.aside(lambda: _written(tolds), self._resume, lambda: self._resume(tolds))
        else:
            self._deliver(tolds)
            if page.left:
                self.ticked()

    def _resume(self, tolds: Sequence[Told]) -> None:
        self._busy = False
        self._deliver(tolds)
        self.ticked()

    def _deliver(self, tolds: Sequence[Told]) -> None:
        self.next = upto = tolds[-1].tick.offset + 1
        alone = list(self._alone)
        most = 0
        for view, group in list(self._groups.items()):
            epoch = self.history.epoch if view.positions else None
            messages = messages_of(tolds, view.keys, epoch, packed=view.framing.is_packed)
            if messages:
                whole = batch(messages, view.framing)
                most = max(most, len(whole.joined))
                self._tell(group, whole, tolds, upto)
        self._most = min(_MOST, portion(len(tolds), most, self._most))
        for subscription in alone:
            try:
                subscription.take(tolds, upto)
            except Exception:  # whatever a value's class raises: it is this one's alone
                _log.exception("channel %r could not be told to one client", self.shape.channel)
                subscription.fail()

    def _tell(self, group: _Group, whole: Batch, tolds: Sequence[Told], upto: int) -> None:
        late = []
        for subscription in group.members:
            line = subscription.line
            if line.full:
                late.append(subscription)
            else:
                line.write(whole)
        for subscription in late:
            self._part(subscription)
            self._alone[subscription] = None
            subscription.fall_behind(tolds, upto)
        group.sent += len(whole.messages)

    def _lose(self, upto: int) -> None:
        """The event loop was too slow, and the history has let go of ticks that nobody was told."""
        self.lost += upto - self.next
        missing = gap(self.shape.channel, self.next, upto, "overflow")
        for view, group in list(self._groups.items()):
            told = batch([missing], view.framing)
            for subscription in list(group.members):
                subscription.lose(told, upto - self.next)
        self.next = upto

    # For those who are alone.

    def read(self, offset: int, limit: int) -> tuple[list[Told], int]:
        """The ticks from ``offset`` on that have been told to others; and how many before them are lost."""
        page = self.history.since(offset, limit=min(limit, self._most))
        ticks = [tick for tick in page.ticks if tick.offset < self.next]
        lost = page.ticks[0].offset - offset if page.ticks and not page.recovered else 0
        return [Told(self.shape, tick, self._heads) for tick in ticks], lost

    def aside(self, work: Callable[[], T], then: Callable[[T], None], otherwise: Callable[[], None]) -> None:
        """Have ``work`` done by a worker thread, and go on with ``then`` on the event loop.

        Args:
            otherwise: goes on if ``work`` raises, which is logged.
        """

        async def go() -> None:
            try:
                made = await self._workers.run(work)
            except RefusedRequest:
                made = work()  # there are too many to wait for, or no more workers, in the last moments
            except Exception:
                _log.exception("channel %r could not be told", self.shape.channel)
                otherwise()
                return
            then(made)

        task = asyncio.get_running_loop().create_task(go())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def busy(self) -> bool:
        """Whether a worker thread writes what is to be told next."""
        return self._busy

    @property
    def told_everything(self) -> bool:
        """Whether nothing is left in the history that has not been told."""
        return not self._busy and self.next >= self.history.next

    def sent_to(self, subscription: Subscription) -> int:
        """Messages that a subscription was told."""
        group = self._groups.get(subscription.view)
        shared = group.sent - group.members[subscription] if group and subscription in group.members else 0
        return subscription.told + shared

    def statistics(self) -> dict[str, Any]:
        """How many follow it, and how; and what was lost to all of them."""
        together = sum(len(group.members) for group in list(self._groups.values()))
        return {
            "followers": together + len(self._alone),
            "alone": len(self._alone),
            "groups": len(self._groups),
            "next": self.next,
            "lost": self.lost,
        }


def _written(tolds: Sequence[Told]) -> Sequence[Told]:
    for told in tolds:
        told.write()
    return tolds
