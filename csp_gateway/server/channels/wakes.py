"""The bell that wakes sleeping cells, and the nodes that feed them."""

# A node's signature is csp's own language: type variables in quotes, a dict for a basket, no return type.
# mypy: disable-error-code="untyped-decorator,no-untyped-def,misc,attr-defined,literal-required"

import threading
from datetime import timedelta
from typing import Any, List, TypeVar  # noqa: UP035  # csp reads typing.List

import csp
from csp import ts
from csp.impl.pushadapter import PushInputAdapter
from csp.impl.wiring import py_push_adapter_def

from csp_gateway.server.channels.cells import Cell

__all__ = ["Wakes", "keep_newest", "keep_newest_of_basket"]

T = TypeVar("T")
K = TypeVar("K")


class _WakesImpl(PushInputAdapter):
    def __init__(self, wakes: "Wakes") -> None:
        self._wakes = wakes

    def start(self, starttime: Any, endtime: Any) -> None:
        self._wakes.hang(self)

    def stop(self) -> None:
        self._wakes.hang(None)


_wakes_adapter = py_push_adapter_def("Wakes", _WakesImpl, ts[object], wakes=object, memoize=False)


class Wakes:
    """The bell that wakes sleeping cells: all that was rung since the last cycle arrives in one cycle."""

    def __init__(self) -> None:
        self._impl: Any = None
        self._lock = threading.Lock()
        self.edge = _wakes_adapter(self, push_mode=csp.PushMode.BURST)

    def hang(self, impl: Any) -> None:
        """The engine has the bell's adapter from now on, or no more: what it had is gone from memory then."""
        with self._lock:
            self._impl = impl

    def ring(self, cell: Cell) -> None:
        """Wake one cell, in the coming engine cycle; without an engine nothing happens."""
        with self._lock:
            if self._impl is not None:
                self._impl.push_tick(cell)


@csp.node
def keep_newest(channel: ts["T"], wakes: ts[List[object]], arrivals: ts[int], cell: Cell):  # noqa: UP006
    """Keep what ``channel`` ticks in ``cell``; asleep until woken."""
    with csp.alarms():
        over = csp.alarm(int)
    with csp.start():
        if not cell.awake:
            csp.make_passive(channel)
    if csp.ticked(wakes) and not cell.awake and cell in wakes:
        csp.make_active(channel)
        cell.wake(channel if csp.valid(channel) else None)
    # A wake comes before the tick of the same cycle: who asked for the next tick just before a send must get it.
    if csp.ticked(channel) and cell.awake:
        if cell.history is not None:
            cell.history.append(csp.now(), channel)
        cell.keep(channel)
    if csp.ticked(arrivals):
        cell.arrive(arrivals)
        # A node after this one may still fail in this cycle; in the next, it has not.
        if cell.acknowledging:
            csp.schedule_alarm(over, timedelta(), arrivals)
    if csp.ticked(over):
        cell.complete(over)


@csp.node(memoize=False)  # csp cannot hash a basket by an Enum, and says so
def keep_newest_of_basket(
    channel: {"K": ts["T"]},  # csp's spelling of a basket
    wakes: ts[List[object]],  # noqa: UP006
    arrivals: ts[int],
    cell: Cell,
):
    """The same for all keys of a basket, in one node: a tick costs by the keys that tick, not by those there are."""
    with csp.alarms():
        over = csp.alarm(int)
    with csp.start():
        if not cell.awake:
            csp.make_passive(channel)
    ticked = dict(channel.tickeditems()) if csp.ticked(channel) else {}
    if csp.ticked(wakes) and not cell.awake and cell in wakes:
        csp.make_active(channel)
        cell.wake(dict(channel.validitems()))
        # csp notes which keys of a basket tick only while it is active.
        for key in list(cell.value):
            if csp.ticked(channel[key]):
                ticked[key] = channel[key]
    if ticked and cell.awake:
        if cell.history is not None:
            cell.history.append(csp.now(), ticked)
        cell.keep(ticked)
    if csp.ticked(arrivals):
        cell.arrive(arrivals)
        # A node after this one may still fail in this cycle; in the next, it has not.
        if cell.acknowledging:
            csp.schedule_alarm(over, timedelta(), arrivals)
    if csp.ticked(over):
        cell.complete(over)
