"""What a module's connect may ask of the channels, in one graph in simulated time."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import csp
from csp import ts

from csp_gateway import (
    GatewayChannels,
    GatewayModule,
    GatewayStruct,
    Keep,
    Stage,
    StagingAction,
    StagingRequest,
    State,
)
from csp_gateway.server.channels import wire_modules

START = datetime(2024, 1, 1)
SECOND = timedelta(seconds=1)
NONE = {"attr": "n", "by": {"value": 0}}


class Order(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    limit: float = 2.5
    orders: Annotated[ts[Order], Stage(), State("n")] = None
    fills: ts[Order] = None


class Desk(GatewayModule):
    """Stages an order, releases it, and watches all that comes of it."""

    told: list[Any] = []

    def connect(self, channels: Ch) -> None:
        assert channels.get_channel(Ch.limit) == 2.5
        order = Order(n=1)
        requests = [
            StagingRequest(action=StagingAction.ADDED, items=[order]),
            StagingRequest(action=StagingAction.RELEASED),
        ]
        ticks = csp.curve(StagingRequest, [((at + 1) * SECOND, request) for at, request in enumerate(requests)])
        channels.set_stage_requests(Ch.orders, ticks)
        channels.add_stage_listener(Ch.orders, self.told.extend)
        channels.set_channel(Ch.fills, channels.get_channel(Ch.orders))
        channels.set_state(Ch.fills, "n", alias="filled")
        channels.set_state(Ch.fills, "n", alias="brief", max_rows=5, ttl=SECOND, tombstone=NONE)
        channels.set_stage(Ch.fills)
        channels.add_send_channel(Ch.fills)
        channels.expose(Ch.fills, Keep(items=1))
        csp.add_graph_output("events", channels.get_stage_events(Ch.orders))
        csp.add_graph_output("filled", channels.get_state("filled"))
        csp.add_graph_output("brief", csp.apply(channels.get_state("brief"), len, int))
        csp.add_graph_output("orders", channels.get_channel(Ch.orders))


def test_everything_a_connect_may_ask() -> None:
    channels, desk = Ch(), Desk()

    def graph() -> None:
        wire_modules(channels, [desk])

    outputs = csp.run(graph, starttime=START, endtime=10 * SECOND)
    events = [event.action for _, event in outputs["events"]]
    assert events == [StagingAction.CREATED, StagingAction.ADDED, StagingAction.RELEASED]
    assert [action for action, _, _ in desk.told] == events
    assert [(when, order.n) for when, order in outputs["orders"]] == [(START + 2 * SECOND, 1)]
    ((_, filled),) = outputs["filled"]
    assert [order.n for order in filled] == [1]
    assert channels.staged_channels() == ["orders", "fills"]
    assert channels.sendable() == ["fills"]
    assert channels.all_state_aliases() == ["orders", "filled", "brief"]
    assert outputs["brief"] == [(START + 2 * SECOND, 1), (START + 3 * SECOND, 0)]
    assert channels.statistics()["history"]["fills"]["limits"]["items"] == 1
