"""Edges promised, supplied and joined, in simulated time."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import (
    BuildFailedError,
    GatewayChannels,
    GatewayModule,
    GatewayStruct,
    NoProviderException,
    UnknownChannelError,
    WiringError,
    WrongEdgeError,
)
from csp_gateway.server.channels import wire_modules

START = datetime(2024, 1, 1)
SECOND = timedelta(seconds=1)


class Count(GatewayStruct):
    n: int


class Other(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    limit: float = 2.5
    a: ts[Count] = None
    b: ts[Count] = None
    c: ts[Count] = None
    several: ts[list[Count]] = None


def counts(*numbers: int, offset: timedelta = SECOND) -> Any:
    return csp.curve(Count, [(offset * (index + 1), Count(n=n)) for index, n in enumerate(numbers)])


def module(connect: Any, **options: Any) -> GatewayModule:
    kind = type("Part", (GatewayModule,), {"connect": lambda self, channels: connect(channels)})
    return kind(**options)


def run(*modules: GatewayModule, seconds: int = 10, **options: Any) -> dict[str, Any]:
    channels = Ch()

    def graph() -> None:
        wire_modules(channels, modules, **options)

    return csp.run(graph, starttime=START, endtime=SECOND * seconds)


def watch(*names: str) -> GatewayModule:
    def connect(channels: GatewayChannels) -> None:
        for name in names:
            csp.add_graph_output(name, channels.get_channel(name))

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
        (lambda ch: ch.set_channel("a", 3), WrongEdgeError, r"Ch\.a, set by Part at .*: expected a ts\[Count\] edge"),
        (lambda ch: ch.set_channel("a", csp.const(Other())), WrongEdgeError, r"ts\[Count\] edge, got one of ts\[Other"),
        (lambda ch: ch.set_channel("several", counts(1)), WrongEdgeError, r"expected a ts\[List\[Count\]\] edge"),
        (lambda ch: ch.get_channel("a", "key"), Exception, "not a basket"),
    ],
)
def test_what_cannot_be_wired(act: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        run(module(act))


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
