"""Finds the cycles among channels and says which supplies must be fed back to break them.

A supply depends on every channel whose promise its edge is built from. Channels are walked depth first in the order
in which they are declared, so where a cycle is broken does not depend on the order of modules.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from csp.impl.wiring.edge import Edge

__all__ = ["promises_under", "settle_order"]


def promises_under(edge: Edge, promises: Mapping[int, str], known: dict[int, frozenset[str]]) -> frozenset[str]:
    """The channels that ``edge`` is computed from, directly or through any number of nodes.

    Args:
        edge: what a module sets.
        promises: ``id`` of an unbound promised edge → its channel.
        known: answers for nodes already walked, shared by the calls of one build.
    """
    if id(edge) in promises:
        return frozenset((promises[id(edge)],))
    # Without recursion: graphs are deeper than Python's stack.
    stack = [(edge.nodedef, _inputs(edge.nodedef))]
    found: dict[int, set[str]] = {id(edge.nodedef): set()}
    while stack:
        node, inputs = stack[-1]
        for source in inputs:
            if id(source) in promises:
                found[id(node)].add(promises[id(source)])
            elif id(source.nodedef) in known:
                found[id(node)] |= known[id(source.nodedef)]
            elif id(source.nodedef) not in found:
                found[id(source.nodedef)] = set()
                stack.append((source.nodedef, _inputs(source.nodedef)))
                break
        else:
            stack.pop()
            known[id(node)] = frozenset(found[id(node)])
            if stack:
                found[id(stack[-1][0])] |= known[id(node)]
    return known[id(edge.nodedef)]


def _inputs(node: Any) -> Iterator[Edge]:
    return iter([source for _, source in node.ts_inputs()]) if hasattr(node, "ts_inputs") else iter(())


def settle_order(
    channels: Iterable[str], needs: Mapping[str, Sequence[frozenset[str]]]
) -> tuple[list[str], set[tuple[str, int]]]:
    """The order in which channels can be bound, and the supplies to feed back so that there is one.

    Args:
        channels: every channel, in declaration order.
        needs: channel → for each of its supplies, the channels it depends on.

    Returns:
        Channels with every dependency before its dependents, and ``(channel, index of supply)`` of the supplies that
        close a cycle: those are delivered one engine cycle later.
    """
    order: list[str] = []
    fed_back: set[tuple[str, int]] = set()
    done: set[str] = set()
    for root in channels:
        path = {} if root in done else {root: None}  # an ordered set: its last key is where the walk is
        while path:
            channel = next(reversed(path))
            open_needs: set[str] = set()
            for index, under in enumerate(needs.get(channel, ())):
                if not under.isdisjoint(path):
                    fed_back.add((channel, index))
                elif (channel, index) not in fed_back:
                    open_needs |= under - done
            upcoming = min(open_needs, default=None)
            if upcoming is None:
                del path[channel]
                done.add(channel)
                order.append(channel)
            else:
                path[upcoming] = None
    return order, fed_back
