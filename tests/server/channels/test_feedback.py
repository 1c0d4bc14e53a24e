"""Cycles among channels: found, broken, the same whatever the order of modules."""

from typing import Any

import csp
from csp import ts
from csp.impl.wiring.delayed_edge import DelayedEdge
from hypothesis import given
from hypothesis import strategies as st

from csp_gateway.server.channels.feedback import promises_under, settle_order


def of(*streams: int) -> int:
    """A set of streams."""
    return sum(1 << stream for stream in set(streams))


def test_a_straight_line_is_bound_from_its_source() -> None:
    assert settle_order(3, {0: [of(1)], 1: [of(2)], 2: [of()]}) == ([2, 1, 0], set())


def test_a_cycle_is_broken_where_the_walk_comes_back() -> None:
    assert settle_order(3, {0: [of(1)], 1: [of(2)], 2: [of(0)]}) == ([2, 1, 0], {(2, 0)})


def test_a_channel_that_feeds_itself() -> None:
    assert settle_order(1, {0: [of(0), of()]}) == ([0], {(0, 0)})


def test_ten_thousand_streams_that_all_need_one_another() -> None:
    everything = (1 << 10_000) - 1
    order, fed_back = settle_order(10_000, {stream: [everything] for stream in range(10_000)})
    assert sorted(order) == list(range(10_000))
    assert len(fed_back) == 10_000


COUNT = 6
streams = st.integers(0, COUNT - 1)
sets = st.frozensets(streams, max_size=3).map(lambda found: of(*found))
supplies = st.dictionaries(streams, st.lists(sets, max_size=3))


@given(supplies)
def test_every_order_respects_the_needs_that_are_left(needs: dict[int, list[int]]) -> None:
    order, fed_back = settle_order(COUNT, needs)
    assert sorted(order) == list(range(COUNT))
    for stream, under in needs.items():
        for index, dependencies in enumerate(under):
            if (stream, index) not in fed_back:
                before = of(*order[: order.index(stream)])
                assert dependencies & ~before == 0


@given(supplies)
def test_nothing_is_fed_back_that_closes_no_cycle(needs: dict[int, list[int]]) -> None:
    def reachable(start: int) -> int:
        found = start
        while True:
            wider = found
            for stream in range(COUNT):
                if found >> stream & 1:
                    for dependencies in needs.get(stream, ()):
                        wider |= dependencies
            if wider == found:
                return found
            found = wider

    _, fed_back = settle_order(COUNT, needs)
    assert all(reachable(needs[stream][index]) >> stream & 1 for stream, index in fed_back)


@given(supplies, st.randoms(use_true_random=False))
def test_where_it_breaks_does_not_depend_on_the_order_of_supplies(needs: dict, random: Any) -> None:
    shuffled = {stream: random.sample(under, len(under)) for stream, under in needs.items()}

    def broken(of: dict) -> set[tuple[int, int]]:
        return {(stream, of[stream][index]) for stream, index in settle_order(COUNT, of)[1]}

    assert broken(needs) == broken(shuffled)


def test_a_promise_is_seen_through_any_number_of_nodes() -> None:
    def graph() -> None:
        one, two = DelayedEdge(ts[int]), DelayedEdge(ts[int])
        promises = {id(one): of(0), id(two): of(1)}
        deep = one
        for _ in range(3_000):
            deep = deep + 1
        known: dict[int, int] = {}
        assert promises_under(deep, promises, known) == of(0)
        assert promises_under(csp.merge(deep, two + 1), promises, known) == of(0, 1)
        assert promises_under(two, promises, known) == of(1)
        assert promises_under(csp.const(1), promises, known) == of()
        one.bind(csp.const(1))
        two.bind(csp.const(1))

    csp.build_graph(graph)
