"""Finds the cycles among streams and says which supplies must be fed back to break them.

A supply depends on every stream whose promise its edge is built from. Streams are numbered in the order in which they
are declared and walked depth first in that order, so where a cycle is broken does not depend on the order of modules.

A set of streams is an integer, one bit a stream: a basket has as many streams as keys, and ten thousand sets of ten
thousand must be cheap.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from csp.impl.wiring.edge import Edge

__all__ = ["promises_under", "settle_order"]


def promises_under(edge: Edge, promises: Mapping[int, int], known: dict[int, int]) -> int:
    """The set of streams that ``edge`` is computed from, directly or through any number of nodes.

    Args:
        edge: what a module sets.
        promises: ``id`` of an unbound promise → the set of its one stream.
        known: answers for nodes already walked, shared by the calls of one build.
    """
    if id(edge) in promises:
        return promises[id(edge)]
    if id(edge.nodedef) in known:
        return known[id(edge.nodedef)]
    # Without recursion: graphs are deeper than Python's stack.
    stack = [(edge.nodedef, _inputs(edge.nodedef))]
    found: dict[int, int] = {id(edge.nodedef): 0}
    while stack:
        node, inputs = stack[-1]
        for source in inputs:
            if id(source) in promises:
                found[id(node)] |= promises[id(source)]
            elif id(source.nodedef) in known:
                found[id(node)] |= known[id(source.nodedef)]
            elif id(source.nodedef) not in found:
                found[id(source.nodedef)] = 0
                stack.append((source.nodedef, _inputs(source.nodedef)))
                break
        else:
            stack.pop()
            known[id(node)] = found[id(node)]
            if stack:
                found[id(stack[-1][0])] |= known[id(node)]
    return known[id(edge.nodedef)]


def _inputs(node: Any) -> Iterator[Edge]:
    return iter([source for _, source in node.ts_inputs()]) if hasattr(node, "ts_inputs") else iter(())


def settle_order(count: int, needs: Mapping[int, Sequence[int]]) -> tuple[list[int], set[tuple[int, int]]]:
    """The order in which streams can be bound, and the supplies to feed back so that there is one.

    Args:
        count: how many streams there are; they are numbered from 0.
        needs: stream → for each of its supplies, the set of streams it depends on.

    Returns:
        Streams with every dependency before its dependents, and ``(stream, index of supply)`` of the supplies that
        close a cycle: those are delivered one engine cycle later.
    """
    order: list[int] = []
    fed_back: set[tuple[int, int]] = set()
    done = 0
    for root in range(count):
        if done >> root & 1:
            continue
        path, on_path = [root], 1 << root
        while path:
            stream = path[-1]
            open_needs = 0
            for index, under in enumerate(needs.get(stream, ())):
                if under & on_path:
                    fed_back.add((stream, index))
                elif (stream, index) not in fed_back:
                    open_needs |= under & ~done
            if open_needs:
                upcoming = (open_needs & -open_needs).bit_length() - 1
                path.append(upcoming)
                on_path |= 1 << upcoming
            else:
                path.pop()
                on_path ^= 1 << stream
                done |= 1 << stream
                order.append(stream)
    return order, fed_back
