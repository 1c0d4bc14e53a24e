"""The bell that wakes sleeping cells."""

from datetime import datetime, timedelta
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayModule, GatewayStruct
from csp_gateway.server.channels.cells import BasketCell, Cell
from csp_gateway.server.channels.wakes import Wakes, keep_newest, keep_newest_of_basket


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: ts[Count] = None


class Doors(GatewayModule):
    def connect(self, channels: Ch) -> None:
        channels.add_send_channel(Ch.a)


def test_a_bell_without_an_engine_is_silent(run_gateway: Any) -> None:
    wakes = Wakes()
    wakes.ring(Cell("a"))
    gateway = run_gateway(Ch(), Doors())
    bus_wakes = gateway.channels._bus._wakes
    gateway.stop()
    bus_wakes.ring(Cell("a"))


@pytest.mark.parametrize("basket", [False, True], ids=["plain", "basket"])
def test_a_send_is_acknowledged_after_every_node_of_its_cycle(basket: bool) -> None:
    cell = BasketCell("a", dict, ("x",)) if basket else Cell("a")
    cell.awake = True
    answers = [cell.acknowledge(1), cell.acknowledge(2)]
    seen: list[tuple[int, list[bool]]] = []

    def look(count: int) -> bool:
        seen.append((cell.arrived, [answer.done() for answer in answers]))
        return True

    @csp.graph
    def graph() -> None:
        arrivals = csp.count(csp.timer(timedelta(seconds=1), True))
        if basket:
            keep_newest_of_basket({"x": arrivals}, csp.null_ts(list[object]), arrivals, cell)
        else:
            keep_newest(arrivals, csp.null_ts(list[object]), arrivals, cell)
        csp.add_graph_output("seen", csp.apply(csp.delay(arrivals, timedelta(milliseconds=1)), look, bool))
        csp.add_graph_output("now", csp.apply(arrivals, look, bool))

    csp.run(graph, starttime=datetime(2024, 1, 1), endtime=timedelta(seconds=2, milliseconds=500))
    within_the_cycle, after = seen[::2], seen[1::2]
    assert [told for _, told in within_the_cycle] == [[False, False], [True, False]]
    assert after == [(1, [True, False]), (2, [True, True])]
    assert cell.acknowledging == 0
