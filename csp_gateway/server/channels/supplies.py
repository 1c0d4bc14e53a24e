"""What the supplies of a stream pass through on their way to it."""

# A node's signature is csp's own language: type variables in quotes, no return type.
# mypy: disable-error-code="untyped-decorator,no-untyped-def,var-annotated,valid-type,name-defined"

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Dict, List, TypeVar  # noqa: UP035  # csp reads typing.Dict and List

import csp
from csp import ts
from csp.impl.wiring.edge import Edge

__all__ = ["behind", "merged", "one_ahead", "silent_until", "spread"]

K = TypeVar("K")
T = TypeVar("T")


@csp.node
def silent_until(x: ts["T"], until: datetime) -> ts["T"]:
    """The ticks of ``x`` at and after engine time ``until`` (naive UTC); earlier ones are dropped."""
    if csp.ticked(x) and csp.now() >= until:
        return x


def merged(supplies: Sequence[Edge]) -> Edge:
    """All of them, none lost: values of one engine cycle follow each other in as many cycles of the same engine time.

    It is what ``csp.flatten`` does, by the same two nodes, without the graph call around them, which costs more than a
    millisecond: a basket may have ten thousand keys.
    """
    return supplies[0] if len(supplies) == 1 else csp.unroll(csp.collect(list(supplies)))


@csp.node(memoize=False)  # it is made once a key, and looking for it costs more
def one_ahead(first: ts["T"], others: ts["T"]) -> ts["T"]:
    """Both, none lost; ``first`` in the very cycle in which it ticks, ``others`` in the next that is free.

    ``merged`` may deliver a value later than the cycle in which it ticked, and who sends a value must not read an
    older one afterwards.
    """
    with csp.alarms():
        free = csp.alarm(bool)
    with csp.state():
        s_late = deque()
    if csp.ticked(others):
        s_late.append(others)
    value = first if csp.ticked(first) else s_late.popleft()
    if s_late:
        csp.schedule_alarm(free, timedelta(), True)
    return value


@csp.node(memoize=False)
def behind(count: ts[int], others: List[ts["T"]]) -> ts[int]:  # noqa: UP006
    """``count``, in the same cycle, but after the nodes that ``others`` come from."""
    with csp.start():
        csp.make_passive(others)
    if csp.ticked(count):
        return count


@csp.node(memoize=False)  # csp cannot hash a basket by an Enum, and says so
def spread(items: ts[object], keys: List["K"], ticks: "T") -> csp.OutputBasket(Dict["K", ts["T"]], shape="keys"):  # noqa: UP006
    """What ticks as ``{key: value}``, each key's value on its own edge, in one cycle."""
    if csp.ticked(items):
        csp.output(items)
