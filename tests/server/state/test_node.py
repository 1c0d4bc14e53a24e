"""States fed by the graph, in simulated time."""

from datetime import datetime, timedelta
from typing import Any, List  # noqa: UP035  # as users write it

import csp
import pytest
from csp import ts

from csp_gateway.errors import StateError
from csp_gateway.server.state import State, build_track_state_node, collected, keep_in_graph
from csp_gateway.server.structs import GatewayStruct

START = datetime(2024, 1, 1)
SECOND = timedelta(seconds=1)


class Quote(GatewayStruct):
    symbol: str
    size: int


def quotes(*symbols: str) -> list[Quote]:
    return [Quote(symbol=symbol, size=size) for size, symbol in enumerate(symbols)]


def curve(ticks: type, *values: Any) -> Any:
    """One value a second, from the first second on; None for no tick."""
    return csp.curve(ticks, [(SECOND * index, value) for index, value in enumerate(values, 1) if value is not None])


@csp.node
def seen(state: ts[State]) -> ts[str]:
    """What a node reads from the state, in the cycle of the insert."""
    if csp.ticked(state):
        return " ".join(f"{quote.symbol}{quote.size}" for quote in state)


def run(make: Any) -> list[tuple[int, str]]:
    def graph() -> None:
        csp.add_graph_output("seen", seen(make()))

    ticks = csp.run(graph, starttime=START, endtime=SECOND * 10)["seen"]
    return [((at - START) // SECOND, text) for at, text in ticks]


def test_a_state_ticks_itself_with_each_record() -> None:
    state = State[Quote]("symbol")
    assert run(lambda: collected(curve(Quote, *quotes("A", "B", "A")), state, listed=False)) == [
        (1, "A0"),
        (2, "A0 B1"),
        (3, "A2 B1"),
    ]
    assert len(state) == 2, "it is there after the run"


def test_a_list_is_taken_in_one_cycle_and_an_empty_one_is_no_insert() -> None:
    ticks = [quotes("B", "A", "B"), [], quotes("C")]
    make = lambda: collected(curve(List[Quote], *ticks), State[Quote]("symbol"), listed=True)  # noqa: E731, UP006
    assert run(make) == [(1, "A1 B2"), (3, "A1 B2 C0")]


def test_many_streams_fill_one_state() -> None:
    one, two, three = quotes("A", "B", "A")
    edges = lambda: [curve(Quote, one, None, three), curve(Quote, None, two), curve(Quote, None, None, two)]  # noqa: E731
    assert run(lambda: collected(edges(), State[Quote]("symbol"), listed=False)) == [
        (1, "A0"),
        (2, "A0 B1"),
        (3, "A2 B1"),
    ]


def test_many_streams_of_lists_fill_one_state() -> None:
    edges = lambda: [curve(List[Quote], [], quotes("A")), curve(List[Quote], [], quotes("B", "C"))]  # noqa: E731, UP006
    assert run(lambda: collected(edges(), State[Quote]("symbol"), listed=True)) == [(2, "A0 B0 C1")]


def test_a_basket_without_keys_never_ticks() -> None:
    assert run(lambda: collected([], State[Quote]("symbol"), listed=False)) == []


def test_what_nobody_reads_is_collected_all_the_same() -> None:
    state = State[Quote]("symbol")

    def graph() -> None:
        keep_in_graph(collected(curve(Quote, *quotes("A", "B")), state, listed=False))

    csp.run(graph, starttime=START, endtime=SECOND * 10)
    assert len(state) == 2


def test_keys_that_cannot_be_hashed_lose_no_record_and_stop_no_engine() -> None:
    class Odd(GatewayStruct):
        tags: list[str]
        thing: object

    odd = [Odd(tags=["a"]), Odd(tags=["b"], thing={"x": [1]}), Odd(tags=["a"], thing={1, 2}), Odd()]
    by_tags, by_both = State[Odd]("tags"), State[Odd](("tags", "thing"))

    def graph() -> None:
        edge = csp.apply(curve(int, *range(len(odd))), lambda index: odd[index], Odd)
        for state in (by_tags, by_both):
            keep_in_graph(collected(edge, state, listed=False))

    csp.run(graph, starttime=START, endtime=SECOND * 10)
    assert [record.id for record in by_tags] == [odd[3].id, odd[2].id, odd[1].id]
    assert len(by_both) == 4


def test_an_edge_is_tracked_by_a_key() -> None:
    assert run(lambda: build_track_state_node(curve(Quote, *quotes("A", "B")), "symbol")) == [(1, "A0"), (2, "A0 B1")]
    lists = lambda: build_track_state_node(curve(List[Quote], quotes("A", "B")), ("symbol", "size"))  # noqa: E731, UP006
    assert run(lists) == [(1, "A0 B1")]


def test_the_edge_is_of_a_state_of_its_records() -> None:
    def graph() -> None:
        edge = build_track_state_node(curve(Quote, *quotes("A")), "symbol")
        assert edge.tstype == ts[State[Quote]]
        with pytest.raises(StateError, match=r"Quote has no attribute 'symbl'; did you mean 'symbol'\?"):
            build_track_state_node(curve(Quote), "symbl")

    csp.run(graph, starttime=START, endtime=SECOND)


# --- Records that grow old --------------------------------------------------------------------------------------------


def test_a_record_that_none_follows_goes_at_the_very_engine_time() -> None:
    state = State[Quote]("symbol", ttl=SECOND * 2)
    ticks = curve_at((1, "A"), (1.5, "B"), (2, "A"))
    assert times(lambda: collected(ticks(), state, listed=False)) == [
        (1.0, "A0"),
        (1.5, "A0 B1"),
        (2.0, "A2 B1"),
        (3.5, "A2"),
        (4.0, ""),
    ]
    told = state.statistics()
    assert (told["rows"], told["expired"]) == (0, 2)


def curve_at(*ticks: tuple[float, str]) -> Any:
    values = [(SECOND * at, Quote(symbol=symbol, size=size)) for size, (at, symbol) in enumerate(ticks)]
    return lambda: csp.curve(Quote, values)


def times(make: Any, seconds: float = 10) -> list[tuple[float, str]]:
    def graph() -> None:
        csp.add_graph_output("seen", seen(make()))

    ticks = csp.run(graph, starttime=START, endtime=SECOND * seconds)["seen"]
    return [((at - START) / SECOND, text) for at, text in ticks]


def test_what_comes_again_when_it_is_due_stays() -> None:
    state = State[Quote]("symbol", ttl=1)
    assert times(lambda: collected(curve_at((1, "A"), (2, "A"), (2.5, "A"))(), state, listed=False)) == [
        (1.0, "A0"),
        (2.0, "A1"),
        (2.5, "A2"),
        (3.5, ""),
    ]
    assert state.statistics()["expired"] == 1


def test_what_is_not_yet_too_old_is_there_at_the_end() -> None:
    state = State[Quote]("symbol", ttl=1)
    assert times(lambda: collected(curve_at((1, "A"))(), state, listed=False), 1.999) == [(1.0, "A0")]
    assert len(state) == 1


@csp.node
def counted(state: ts[State]) -> ts[int]:
    if csp.ticked(state):
        return len(state)


def test_of_many_that_are_due_at_once_all_go_in_cycles_of_that_time() -> None:
    state = State[Quote]("symbol", ttl=1)
    many = [Quote(symbol=str(number), size=number) for number in range(2_500)]

    def graph() -> None:
        ticks = csp.curve(List[Quote], [(SECOND, many), (SECOND * 1.5, quotes("A"))])  # noqa: UP006
        csp.add_graph_output("seen", counted(collected(ticks, state, listed=True)))

    found = csp.run(graph, starttime=START, endtime=SECOND * 10)["seen"]
    assert [((at - START) / SECOND, count) for at, count in found] == [
        (1.0, 2_500),
        (1.5, 2_501),
        (2.0, 1_501),
        (2.0, 501),
        (2.0, 1),
        (2.5, 0),
    ]
    assert state.statistics()["expired"] == 2_501


def test_age_room_and_tombstone_together() -> None:
    state = State[Quote]("symbol", ttl=2, max_rows=2, tombstone={"attr": "size", "by": {"value": 3}})
    ticks = curve_at((1, "A"), (1.5, "B"), (2, "C"), (2.5, "B"), (5, "D"), (5.5, "E"), (6, "D"))
    assert times(lambda: collected(ticks(), state, listed=False)) == [
        (1.0, "A0"),
        (1.5, "A0 B1"),
        (2.0, "B1 C2"),
        (2.5, "C2"),
        (4.0, ""),
        (5.0, "D4"),
        (5.5, "D4 E5"),
        (6.0, "D6 E5"),
        (7.5, "D6"),
        (8.0, ""),
    ]
    told = state.statistics()
    assert {name: told[name] for name in ("rows", "dropped", "expired", "removed")} == {
        "rows": 0,
        "dropped": 1,
        "expired": 3,
        "removed": 1,
    }


def test_a_tombstone_ticks_the_state_too() -> None:
    state = State[Quote]("symbol", tombstone={"attr": "size", "by": {"value": 1}})
    assert times(lambda: collected(curve_at((1, "A"), (2, "A"), (3, "B"))(), state, listed=False)) == [
        (1.0, "A0"),
        (2.0, ""),
        (3.0, "B2"),
    ]


def test_streams_and_lists_grow_old_alike() -> None:
    one, two = curve_at((1, "A"), (3, "A")), curve_at((1, "B"), (2, "C"))
    state = State[Quote]("symbol", ttl=1.5)
    assert times(lambda: collected([one(), two()], state, listed=False)) == [
        (1.0, "A0 B0"),
        (2.0, "A0 B0 C1"),
        (2.5, "C1"),
        (3.0, "A1 C1"),
        (3.5, "A1"),
        (4.5, ""),
    ]


def test_what_has_grown_old_is_not_found_by_a_query_either() -> None:
    state = State[Quote]("symbol", ttl=1)
    state.settle()

    def graph() -> None:
        keep_in_graph(collected(curve_at((1, "A"), (2.5, "B"))(), state, listed=False))

    csp.run(graph, starttime=START, endtime=SECOND * 3)
    assert [quote.symbol for quote in state.query()] == ["B"]
    assert state.settle()
    assert state.statistics()["duckdb"]["settled"] == 1


def test_a_basket_without_keys_and_with_an_age_never_ticks() -> None:
    assert times(lambda: collected([], State[Quote]("symbol", ttl=1), listed=False)) == []
