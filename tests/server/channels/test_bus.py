"""The parts of one build, together."""

from datetime import datetime, timedelta

import csp
from csp import ts

from csp_gateway import GatewayChannels, GatewayStruct
from csp_gateway.server.channels import Bus


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: ts[Count] = None
    b: ts[Count] = None


def test_what_is_sent_before_a_time_is_dropped() -> None:
    bus = Bus(Ch.declared, silent_until=datetime(2024, 1, 2))

    def graph() -> None:
        bus.open_send("a")
        bus.wiring.set("a", csp.const(Count(n=1)))
        csp.add_graph_output("a", bus.wiring.get("a"))
        bus.bind()

    outputs = csp.run(graph, starttime=datetime(2024, 1, 1), endtime=timedelta(days=1))
    assert [value.n for _, value in outputs["a"]] == [1]


def test_an_exposed_channel_is_awake_from_the_start_and_others_sleep() -> None:
    bus = Bus(Ch.declared)

    def graph() -> None:
        bus.expose("a")
        for name in ("a", "b"):
            bus.wiring.set(name, csp.const(Count(n=1)))
        bus.bind()

    csp.run(graph, starttime=datetime(2024, 1, 1), endtime=timedelta(seconds=1))
    bus.outside.open(0)
    exposed, sleeping = bus.outside.cell("a"), bus.outside.cell("b")
    assert (exposed.value.n, exposed.awake) == (1, True)
    assert (sleeping.value, sleeping.awake) == (None, False)


def test_a_channel_nobody_sets_has_no_cell_and_statistics_show_the_doors() -> None:
    bus = Bus(Ch.declared)

    def graph() -> None:
        bus.open_send("a")
        bus.bind()

    csp.run(graph, starttime=datetime(2024, 1, 1), endtime=timedelta(seconds=1))
    assert bus.statistics()["sends"] == {"a": {"sent": 0, "waiting": 0, "refused": 0}}
    assert [name for name in ("a", "b") if bus.wiring.is_supplied(name)] == ["a"]
