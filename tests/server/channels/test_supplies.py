"""What supplies pass through."""

from datetime import datetime, timedelta

import csp

from csp_gateway.server.channels.supplies import behind, merged, one_ahead, silent_until, spread

START = datetime(2024, 1, 1)
SECOND = timedelta(seconds=1)


def test_what_ticks_before_a_time_is_dropped() -> None:
    def graph() -> None:
        numbers = csp.curve(int, [(n * SECOND, n) for n in range(1, 5)])
        csp.add_graph_output("late", silent_until(numbers, START + 3 * SECOND))

    assert [value for _, value in csp.run(graph, starttime=START, endtime=10 * SECOND)["late"]] == [3, 4]


def test_what_is_sent_is_never_behind_what_others_set() -> None:
    def graph() -> None:
        first = csp.curve(int, [(SECOND, 1), (SECOND, 2)])
        others = csp.flatten([csp.curve(int, [(SECOND, n)]) for n in (10, 20, 30)])
        csp.add_graph_output("merged", one_ahead(first, others))

    merged = csp.run(graph, starttime=START, endtime=10 * SECOND)["merged"]
    assert [value for _, value in merged] == [1, 2, 10, 20, 30]
    assert {when for when, _ in merged} == {START + SECOND}


def test_what_is_merged_is_delivered_in_one_engine_time() -> None:
    def graph() -> None:
        supplies = [csp.curve(int, [(SECOND, n)]) for n in (1, 2, 3)]
        csp.add_graph_output("one", merged(supplies[:1]))
        csp.add_graph_output("all", merged(supplies))

    outputs = csp.run(graph, starttime=START, endtime=10 * SECOND)
    assert outputs["one"] == [(START + SECOND, 1)]
    assert sorted(outputs["all"]) == [(START + SECOND, n) for n in (1, 2, 3)]


def test_a_count_comes_after_what_it_stands_behind() -> None:
    seen: list[tuple[int, int]] = []
    collected: list[int] = []

    def graph() -> None:
        numbers = csp.curve(int, [(n * SECOND, n) for n in range(1, 4)])
        slow = csp.apply(numbers, lambda n: collected.append(n) or n, int)
        for _ in range(5):
            slow = slow + 0
        told = csp.apply(
            behind(csp.count(numbers), [slow]), lambda count: seen.append((count, len(collected))) or 0, int
        )
        csp.add_graph_output("told", told)

    csp.run(graph, starttime=START, endtime=10 * SECOND)
    assert seen == [(1, 1), (2, 2), (3, 3)]


def test_what_is_spread_ticks_all_its_keys_in_one_cycle() -> None:
    def graph() -> None:
        items = csp.curve(object, [(SECOND, {"x": 1, "y": 2}), (2 * SECOND, {"y": 3})])
        for key, edge in spread(items, ["x", "y", "z"], int).items():
            csp.add_graph_output(key, edge)

    outputs = csp.run(graph, starttime=START, endtime=10 * SECOND)
    first, second = START + SECOND, START + 2 * SECOND
    assert (outputs["x"], outputs["y"], outputs["z"]) == ([(first, 1)], [(first, 2), (second, 3)], [])
