"""Edges promised, supplied and joined, in simulated time."""

from datetime import datetime, timedelta
from enum import Enum
from itertools import permutations
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import (
    BuildFailedError,
    GatewayChannels,
    GatewayException,
    GatewayModule,
    GatewayStruct,
    NoProviderException,
    UnknownChannelError,
    WiringError,
    WrongEdgeError,
)
from csp_gateway.errors import WrongIndexerError
from csp_gateway.server.channels import wire_modules

START = datetime(2024, 1, 1)
SECOND = timedelta(seconds=1)


class Count(GatewayStruct):
    n: int


class Other(GatewayStruct):
    n: int


class Side(Enum):
    BUY = 1
    SELL = 2


class Ch(GatewayChannels):
    limit: float = 2.5
    a: ts[Count] = None
    b: ts[Count] = None
    c: ts[Count] = None
    several: ts[list[Count]] = None
    sides: dict[Side, ts[Count]] = None
    venues: dict[str, ts[Count]] = None
    legs: list[ts[Count]] = None


KEYS = {"venues": ("x", "y", "z"), "legs": (0, 1)}


def counts(*numbers: int, offset: timedelta = SECOND) -> Any:
    return csp.curve(Count, [(offset * (index + 1), Count(n=n)) for index, n in enumerate(numbers)])


def module(connect: Any, **options: Any) -> GatewayModule:
    kind = type("Part", (GatewayModule,), {"connect": lambda self, channels: connect(channels)})
    return kind(**options)


def run(*modules: GatewayModule, seconds: int = 10, **options: Any) -> dict[str, Any]:
    channels = Ch()

    def graph() -> None:
        wire_modules(channels, modules, **{"keys": KEYS, **options})

    return csp.run(graph, starttime=START, endtime=SECOND * seconds)


def watch(*names: str) -> GatewayModule:
    def connect(channels: GatewayChannels) -> None:
        for name in names:
            edges = channels.get_channel(name)
            by_key = edges.items() if isinstance(edges, dict) else enumerate(edges) if isinstance(edges, list) else ()
            for key, edge in by_key:
                csp.add_graph_output(f"{name}-{getattr(key, 'name', key)}", edge)
            if not by_key:
                csp.add_graph_output(name, edges)

    return module(connect)


def ticks(outputs: dict[str, Any], name: str) -> list[int]:
    return [value.n for _, value in outputs[name]]


def test_get_may_come_before_set() -> None:
    setter = module(lambda channels: channels.set_channel(Ch.a, counts(1, 2)))
    for order in permutations([watch("a"), setter]):
        assert ticks(run(*order), "a") == [1, 2]


def test_several_setters_in_one_cycle_lose_nothing() -> None:
    setters = [module(lambda channels, n=n: channels.set_channel(Ch.a, counts(n, 10 * n))) for n in (1, 2, 3)]
    outputs = run(*setters, watch("a"))
    assert sorted(ticks(outputs, "a")) == [1, 2, 3, 10, 20, 30]
    assert [when for when, _ in outputs["a"]] == [START + SECOND] * 3 + [START + 2 * SECOND] * 3


def test_a_channel_handed_on_as_it_is() -> None:
    def relay(channels: GatewayChannels) -> None:
        channels.set_channel(Ch.c, channels.get_channel(Ch.b))
        channels.set_channel(Ch.b, channels.get_channel(Ch.a))

    setter = module(lambda channels: channels.set_channel(Ch.a, counts(7)))
    for order in permutations([module(relay), setter, watch("c")]):
        assert ticks(run(*order), "c") == [7]


def test_a_cycle_over_three_modules_is_fed_back() -> None:
    def plus(source: str, target: str) -> GatewayModule:
        def connect(channels: GatewayChannels) -> None:
            edge = channels.get_channel(source)
            small = csp.filter(csp.apply(edge, lambda count: count.n < 6, bool), edge)
            channels.set_channel(target, csp.apply(small, lambda count: Count(n=count.n + 1), Count))

        return module(connect)

    parts = [
        plus("a", "b"),
        plus("b", "c"),
        plus("c", "a"),
        module(lambda channels: channels.set_channel(Ch.a, counts(1))),
        watch("a", "b", "c"),
    ]
    seen = set()
    for order in permutations(parts):
        outputs = run(*order)
        seen.add((tuple(ticks(outputs, "a")), tuple(ticks(outputs, "b")), tuple(ticks(outputs, "c"))))
    assert seen == {((1, 4), (2, 5), (3, 6))}


def test_a_static_field_is_its_value() -> None:
    seen = []
    run(module(lambda channels: seen.append(channels.get_channel(Ch.limit))))
    assert seen == [2.5]


def test_required_without_a_provider_names_who_asked_and_where() -> None:
    with pytest.raises(NoProviderException, match=r"required node: a, required by Part .*test_wiring\.py:\d+"):
        run(watch("a"))


def test_not_required_ticks_never() -> None:
    easy = module(lambda channels: csp.add_graph_output("a", channels.get_channel(Ch.a)), requires=[])
    assert run(easy)["a"] == []


def test_requires_names_what_is_needed() -> None:
    def connect(channels: GatewayChannels) -> None:
        channels.get_channel(Ch.a)
        channels.get_channel(Ch.b)

    with pytest.raises(NoProviderException, match="node: b") as refused:
        run(module(connect, requires=["b"]))
    assert "node: a" not in str(refused.value)


@pytest.mark.parametrize(
    ("act", "kind", "message"),
    [
        (lambda ch: ch.get_channel("aa"), UnknownChannelError, "no channel 'aa'; did you mean 'a'"),
        (lambda ch: ch.set_channel("severals", csp.const(1)), UnknownChannelError, "did you mean 'several'"),
        (
            lambda ch: ch.set_channel("a", 3),
            WrongEdgeError,
            r"Ch\.a, in Part\.connect at .*: expected a ts\[Count\] edge",
        ),
        (lambda ch: ch.set_channel("a", csp.const(Other())), WrongEdgeError, r"ts\[Count\] edge, got one of ts\[Other"),
        (lambda ch: ch.set_channel("several", counts(1)), WrongEdgeError, r"expected a ts\[List\[Count\]\] edge"),
        (
            lambda ch: ch.get_channel("a", "key"),
            WrongIndexerError,
            r"Part\.connect at .*: a ts\[Count\] is not",
        ),
        (lambda ch: ch.set_channel("a", counts(1), "key"), WrongIndexerError, "leave the indexer 'key' out"),
        (lambda ch: ch.add_send_channel("a", "key"), WrongIndexerError, "leave the indexer 'key' out"),
        (lambda ch: ch.add_send_channel("aa"), UnknownChannelError, r"did you mean 'a'\? \(Part\.connect, .*:\d+\)"),
        (lambda ch: ch.set_channel("limit", counts(1)), UnknownChannelError, r"Ch\.limit is a static value"),
        (lambda ch: ch.get_channel("venues", "w"), UnknownChannelError, "has no key 'w'; .*Its keys: x, y, z"),
        (lambda ch: ch.get_channel("sides", "BUY"), UnknownChannelError, "a key is a member of Side"),
        (lambda ch: ch.set_channel("sides", {"BUY": counts(1)}), UnknownChannelError, "a key is a member of Side"),
        (lambda ch: ch.set_channel("venues", counts(1)), WiringError, "is a basket, .* given one edge: say which key"),
        (lambda ch: ch.set_channel("venues", {"x": counts(1)}, "x"), WrongIndexerError, "takes one edge, got a dict"),
        (
            lambda ch: ch.set_channel("venues", {"x": 3}),
            WrongEdgeError,
            r"venues\[x\], in Part.*edge, got int 3",
        ),
        (lambda ch: ch.set_channel("venues", 3), WrongEdgeError, "expected a dict of edges by key, got int 3"),
        (lambda ch: ch.set_channel("venues", counts(1), "w"), UnknownChannelError, "has no key 'w'"),
        (lambda ch: ch.set_channel("legs", [counts(1)]), WiringError, "1 edges for the 2 positions of 'legs'"),
        (lambda ch: ch.set_channel("legs", {0: counts(1)}), WrongEdgeError, "expected a list of edges, got dict"),
        (lambda ch: ch.set_channel("legs", counts(1), 2), UnknownChannelError, "has no key 2"),
    ],
)
def test_what_cannot_be_wired(act: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message) as refused:
        run(module(act))
    assert "test_wiring.py" in str(refused.value)


def test_an_unknown_name_is_an_attribute_error_too() -> None:
    with pytest.raises(AttributeError):
        run(module(lambda channels: channels.get_channel("aa")))


def test_what_is_refused_is_not_set_in_part() -> None:
    def connect(channels: GatewayChannels) -> None:
        with pytest.raises(WrongEdgeError):
            channels.set_channel(Ch.venues, {"x": counts(1), "y": csp.const(1)})

    easy = module(lambda channels: csp.add_graph_output("x", channels.get_channel(Ch.venues, "x")), requires=[])
    assert run(module(connect), easy)["x"] == []


def test_a_basket_is_set_whole_in_part_and_by_key_in_any_order() -> None:
    setters = [
        module(lambda channels: channels.set_channel(Ch.venues, {"x": counts(1), "y": counts(2)})),
        module(lambda channels: channels.set_channel(Ch.venues, counts(3), "z")),
        module(lambda channels: channels.set_channel(Ch.sides, {side: counts(side.value) for side in Side})),
        module(lambda channels: channels.set_channel(Ch.legs, [counts(4), counts(5)])),
        watch("venues", "sides", "legs"),
    ]
    for order in permutations(setters):
        outputs = run(*order)
        assert {name: ticks(outputs, name) for name in outputs} == {
            "venues-x": [1],
            "venues-y": [2],
            "venues-z": [3],
            "sides-BUY": [1],
            "sides-SELL": [2],
            "legs-0": [4],
            "legs-1": [5],
        }


def test_several_setters_of_one_key_lose_nothing() -> None:
    setters = [
        module(lambda channels: channels.set_channel(Ch.legs, [counts(1, 2), counts(9)])),
        module(lambda channels: channels.set_channel(Ch.legs, counts(3, 4), 0)),
    ]
    outputs = run(*setters, watch("legs"))
    assert (ticks(outputs, "legs-0"), ticks(outputs, "legs-1")) == ([1, 3, 2, 4], [9])


def test_a_key_nobody_sets_is_owed_only_to_who_asked_for_it() -> None:
    half = module(lambda channels: channels.set_channel(Ch.venues, {"x": counts(1)}))
    one = module(lambda channels: csp.add_graph_output("x", channels.get_channel(Ch.venues, "x")))
    assert ticks(run(half, one), "x") == [1]
    with pytest.raises(NoProviderException, match=r"node: venues-y, venues-z, required by Part .*test_wiring\.py"):
        run(half, watch("venues"))
    easy = module(lambda channels: csp.add_graph_output("y", channels.get_channel(Ch.venues)["y"]), requires=[])
    assert run(half, easy)["y"] == []


def test_an_optional_reader_does_not_silence_one_that_requires() -> None:
    easy = module(lambda channels: channels.get_channel(Ch.a), requires=[])
    strict = module(lambda channels: channels.get_channel(Ch.a))
    for order in permutations([easy, strict, easy]):
        with pytest.raises(NoProviderException, match="required node: a, required by Part"):
            run(*order)


def test_a_cycle_over_the_keys_of_a_basket() -> None:
    def connect(channels: GatewayChannels) -> None:
        x = channels.get_channel(Ch.venues, "x")
        small = csp.filter(csp.apply(x, lambda count: count.n < 3, bool), x)
        channels.set_channel(Ch.venues, csp.apply(small, lambda count: Count(n=count.n + 1), Count), "y")
        channels.set_channel(Ch.venues, channels.get_channel(Ch.venues)["y"], "x")
        channels.set_channel(Ch.venues, counts(1), "x")

    outputs = run(module(connect, requires=[]), module(watch("venues").connect, requires=[]))
    assert (ticks(outputs, "venues-x"), ticks(outputs, "venues-y")) == ([1, 2, 3], [2, 3])


def test_an_edge_that_closes_two_cycles_is_fed_back_once() -> None:
    def connect(channels: GatewayChannels) -> None:
        both = csp.merge(channels.get_channel(Ch.a), channels.get_channel(Ch.b))
        few = csp.filter(csp.apply(both, lambda count: count.n < 2, bool), both)
        again = csp.apply(few, lambda count: Count(n=count.n + 1), Count)
        channels.set_channel(Ch.a, again)
        channels.set_channel(Ch.b, again)
        channels.set_channel(Ch.a, counts(1))

    outputs = run(module(connect), watch("a", "b"))
    assert (ticks(outputs, "a"), ticks(outputs, "b")) == ([1, 2], [2])


def test_an_edge_is_found_by_where_it_was_got_or_set() -> None:
    def connect(channels: GatewayChannels) -> None:
        wiring, mine = channels._bus.wiring, counts(1)
        channels.set_channel(Ch.venues, mine, "x")
        assert wiring.field_of(mine) == ("venues", "x")
        assert wiring.field_of(channels.get_channel(Ch.a)) == ("a", None)
        assert wiring.field_of(csp.const(1)) is None
        channels.set_channel(Ch.a, mine)
        with pytest.raises(WiringError, match=r"the edge was set to venues\[x\], a: say which"):
            wiring.field_of(mine)

    run(module(connect))


def test_the_connections_are_told_without_noise() -> None:
    class Feed(GatewayModule):
        def connect(self, channels: GatewayChannels) -> None:
            channels.set_channel(Ch.a, counts(1))
            channels.set_channel(Ch.venues, counts(1), "x")
            channels.add_send_channel(Ch.a)
            channels.add_send_channel(Ch.venues)
            channels.add_send_channel(Ch.sides, Side.BUY)

    class Desk(GatewayModule):
        def connect(self, channels: GatewayChannels) -> None:
            channels.get_channel(Ch.a)
            channels.get_channel(Ch.venues)
            channels.get_channel(Ch.sides, Side.BUY)

    channels = Ch()
    with pytest.raises(GatewayException, match="Must finalize graph first"):
        channels.graph()
    with pytest.raises(GatewayException, match="Must finalize graph first"):
        channels.keys_for_channel(Ch.venues)
    csp.build_graph(lambda: wire_modules(channels, [Desk(), Feed()], keys=KEYS) and None)
    nobody = {"getters": [], "setters": []}
    assert channels.graph() == {
        "a": {"getters": ["Desk"], "setters": ["Feed", "Send[a]"]},
        "b": nobody,
        "c": nobody,
        "several": nobody,
        "sides": {"getters": ["Desk<BUY>"], "setters": ["Send[sides]<BUY>"]},
        "venues": {"getters": ["Desk"], "setters": ["Feed<x>", "Send[venues]"]},
        "legs": nobody,
    }
    assert channels.keys_for_channel(Ch.venues) == {"x": None, "y": None, "z": None}
    assert channels.keys_for_channel(Ch.a) is None


def test_a_wrong_edge_is_a_type_error_too() -> None:
    with pytest.raises(TypeError):
        run(module(lambda channels: channels.set_channel("a", 3)))


def test_what_a_connect_raises_is_the_cause() -> None:
    with pytest.raises(BuildFailedError, match=r"Part\.connect raised ZeroDivisionError") as failed:
        run(module(lambda channels: 1 / 0))
    assert isinstance(failed.value.__cause__, ZeroDivisionError)


def test_nothing_can_be_wired_after_the_graph_is_closed() -> None:
    kept = []
    run(module(kept.append))
    with pytest.raises(WiringError, match="the graph is closed"):
        kept[0].get_channel("a")


def test_ticks_before_a_time_are_dropped_for_a_module() -> None:
    quiet = module(
        lambda channels: channels.set_channel(Ch.a, counts(1, 2, 3)), block_set_channels_until=START + 2 * SECOND
    )
    loud = module(lambda channels: channels.set_channel(Ch.b, counts(1, 2, 3)))
    outputs = run(quiet, loud, watch("a", "b"))
    assert (ticks(outputs, "a"), ticks(outputs, "b")) == ([2, 3], [1, 2, 3])


def test_ticks_before_a_time_are_dropped_for_all_unless_a_module_says_otherwise() -> None:
    late, early = START + 3 * SECOND, START + 2 * SECOND
    parts = [
        module(lambda channels: channels.set_channel(Ch.a, counts(1, 2, 3))),
        module(lambda channels: channels.set_channel(Ch.b, counts(1, 2, 3)), block_set_channels_until=early),
    ]
    outputs = run(*parts, watch("a", "b"), silent_until=late)
    assert (ticks(outputs, "a"), ticks(outputs, "b")) == ([3], [2, 3])
