"""Cycles among channels: found, broken, the same whatever the order of modules."""

from itertools import permutations

import csp
from csp import ts
from csp.impl.wiring.delayed_edge import DelayedEdge
from hypothesis import given
from hypothesis import strategies as st

from csp_gateway.server.channels.feedback import promises_under, settle_order

F = frozenset


def test_a_straight_line_is_bound_from_its_source() -> None:
    assert settle_order("abc", {"a": [F("b")], "b": [F("c")], "c": [F()]}) == (["c", "b", "a"], set())


def test_a_cycle_is_broken_where_the_walk_comes_back() -> None:
    assert settle_order("abc", {"a": [F("b")], "b": [F("c")], "c": [F("a")]}) == (["c", "b", "a"], {("c", 0)})


def test_a_channel_that_feeds_itself() -> None:
    assert settle_order("a", {"a": [F("a"), F()]}) == (["a"], {("a", 0)})


names = st.sampled_from("abcdef")
supplies = st.lists(st.frozensets(names, max_size=3), max_size=3)


@given(st.dictionaries(names, supplies))
def test_every_order_respects_the_needs_that_are_left(needs: dict[str, list[frozenset[str]]]) -> None:
    order, fed_back = settle_order("abcdef", needs)
    assert sorted(order) == list("abcdef")
    for channel, under in needs.items():
        for index, dependencies in enumerate(under):
            if (channel, index) not in fed_back:
                assert all(order.index(name) < order.index(channel) for name in dependencies)


@given(st.dictionaries(names, supplies))
def test_nothing_is_fed_back_that_closes_no_cycle(needs: dict[str, list[frozenset[str]]]) -> None:
    def reachable(start: frozenset[str]) -> set[str]:
        found, todo = set(), list(start)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += [under for dependencies in needs.get(name, ()) for under in dependencies]
        return found

    _, fed_back = settle_order("abcdef", needs)
    assert all(channel in reachable(needs[channel][index]) for channel, index in fed_back)


@given(st.dictionaries(names, supplies), st.randoms(use_true_random=False))
def test_where_it_breaks_does_not_depend_on_the_order_of_supplies(needs: dict, random: object) -> None:
    shuffled = {channel: random.sample(under, len(under)) for channel, under in needs.items()}

    def broken(of: dict) -> set[tuple[str, frozenset[str]]]:
        return {(channel, of[channel][index]) for channel, index in settle_order("abcdef", of)[1]}

    assert broken(needs) == broken(shuffled)


def test_a_promise_is_seen_through_any_number_of_nodes() -> None:
    def graph() -> None:
        one, two = DelayedEdge(ts[int]), DelayedEdge(ts[int])
        promises = {id(one): "one", id(two): "two"}
        deep = one
        for _ in range(3_000):
            deep = deep + 1
        known: dict[int, frozenset[str]] = {}
        assert promises_under(deep, promises, known) == {"one"}
        assert promises_under(csp.merge(deep, two + 1), promises, known) == {"one", "two"}
        assert promises_under(two, promises, known) == {"two"}
        assert promises_under(csp.const(1), promises, known) == set()
        one.bind(csp.const(1))
        two.bind(csp.const(1))

    csp.build_graph(graph)


def test_every_permutation_of_declaration_is_deterministic() -> None:
    needs = {"a": [F("b")], "b": [F("a"), F("c")], "c": [F("b")]}
    for order in permutations("abc"):
        assert settle_order(order, needs) == settle_order(order, needs)
