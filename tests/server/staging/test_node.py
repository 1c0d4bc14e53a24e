"""Requests in, released records and events out, in simulated time."""

from datetime import datetime, timedelta
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import GatewayStruct
from csp_gateway.errors import NotRunningError
from csp_gateway.server.channels.kinds import Declaration
from csp_gateway.server.channels.packing import BasketPacking, PlainPacking
from csp_gateway.server.channels.schema import Schema
from csp_gateway.server.channels.streams import Streams
from csp_gateway.server.staging.events import StagingAction, StagingRequest
from csp_gateway.server.staging.node import build_staging_node
from csp_gateway.server.staging.staged import StagedChannel

CREATED, ADDED, REMOVED, RELEASED = StagingAction

START = datetime(2026, 1, 1)
SECOND = timedelta(seconds=1)


class Order(GatewayStruct):
    x: int


def plain() -> StagedChannel:
    return StagedChannel("orders", PlainPacking(Declaration("orders", Order, Order, False)))


def request(action: Any, **how: Any) -> StagingRequest:
    return StagingRequest(action=action, **how)


def run(graph: Any) -> dict[str, list[tuple[timedelta, Any]]]:
    """What ticked, at the time since the start."""
    outputs = csp.run(graph, starttime=START, endtime=timedelta(minutes=1))
    return {name: [(time - START, value) for time, value in ticks] for name, ticks in outputs.items()}


def told(ticks: list[tuple[timedelta, Any]]) -> list[Any]:
    return [(time, event.action, [record.x for record in event.items]) for time, event in ticks]


@csp.node
def beside(events: ts[object], released: ts[object]) -> ts[object]:
    """Which of both ticked, each engine cycle."""
    if csp.ticked(events, released):
        return (csp.ticked(events) and events.action, csp.ticked(released) and released.x)


def test_requests_are_carried_out_and_told_in_order_and_in_their_time() -> None:
    a, b, c = (Order(x=x) for x in range(3))

    def graph() -> None:
        asked = csp.curve(
            StagingRequest,
            [
                (SECOND, request(ADDED, items=[a, b])),
                (2 * SECOND, request(REMOVED, items=[a])),
                (3 * SECOND, request(ADDED, items=[c])),
                (4 * SECOND, request(RELEASED)),
                (5 * SECOND, request(RELEASED)),
            ],
        )
        staged = plain()
        staged.journal.followed = True
        released, events = build_staging_node(staged, [asked], Order)
        csp.add_graph_output("released", released)
        csp.add_graph_output("events", events)
        csp.add_graph_output("beside", beside(events, released))

    ticked = run(graph)
    assert [(time, order.x) for time, order in ticked["released"]] == [(4 * SECOND, 1), (4 * SECOND, 2)]
    assert told(ticked["events"]) == [
        *((SECOND, CREATED, []), (SECOND, ADDED, [0]), (SECOND, ADDED, [1])),
        (2 * SECOND, REMOVED, [0]),
        (3 * SECOND, ADDED, [2]),
        (4 * SECOND, RELEASED, [1, 2]),
    ]
    # The release is told in the cycle of its first record.
    assert [each for _, each in ticked["beside"]][-2:] == [(RELEASED, 1), (False, 2)]


def test_requests_of_one_cycle_are_all_heard() -> None:
    def graph() -> None:
        requests = [csp.const(request(ADDED, items=[Order(x=x)]), delay=SECOND) for x in range(3)]
        released, _ = build_staging_node(plain(), [*requests, csp.const(request(RELEASED), delay=2 * SECOND)], Order)
        csp.add_graph_output("released", released)

    assert [order.x for _, order in run(graph)["released"]] == [0, 1, 2]


def test_requests_may_follow_from_events_and_from_what_was_released() -> None:
    """Each record that is staged is released at once, and the first three that are released stage another."""

    def release(event: Any) -> Any:
        return request(RELEASED)

    def another(order: Order) -> StagingRequest:
        return request(ADDED, items=[Order(x=order.x + 1)])

    def graph() -> None:
        heard, let_out = csp.DelayedEdge(ts[object]), csp.DelayedEdge(ts[Order])
        requests = [
            csp.const(request(ADDED, items=[Order(x=0)]), delay=SECOND),
            csp.apply(csp.filter(csp.apply(heard, lambda e: e.action == ADDED, bool), heard), release, StagingRequest),
            csp.apply(csp.filter(csp.apply(let_out, lambda o: o.x < 3, bool), let_out), another, StagingRequest),
        ]
        staged = plain()
        staged.journal.followed = True
        released, events = build_staging_node(staged, requests, Order)
        heard.bind(csp.apply(events, lambda event: event, object))
        let_out.bind(released)
        csp.add_graph_output("released", released)

    assert [(time, order.x) for time, order in run(graph)["released"]] == [(SECOND, x) for x in range(4)]


@csp.node
def call(when: ts[bool], staged: StagedChannel) -> ts[int]:
    """Stage and release from inside a node."""
    if csp.ticked(when):
        for x in range(2):
            staged.add(Order(x=x))
        return len(next(iter(staged.release().values())))


def test_a_node_may_call_in_simulated_time() -> None:
    def graph() -> None:
        staged = plain()
        staged.journal.followed = True
        released, events = build_staging_node(staged, [], Order)
        csp.add_graph_output("called", call(csp.const(True, delay=SECOND), staged))
        csp.add_graph_output("released", released)
        csp.add_graph_output("events", events)

    ticked = run(graph)
    assert ticked["called"] == [(SECOND, 2)]
    assert [(time, order.x) for time, order in ticked["released"]] == [(SECOND, 0), (SECOND, 1)]
    assert [action for _, action, _ in told(ticked["events"])] == [CREATED, ADDED, ADDED, RELEASED]


def test_an_item_of_a_basket_ticks_as_a_whole() -> None:
    declaration = Declaration("venues", Order, Order, False, container=dict, key_type=str)
    streams = Streams(Schema("Ch", {"venues": declaration}), {"venues": ("a", "b", "c")})
    one, two = Order(x=1), Order(x=2)

    def graph() -> None:
        items = [{"a": one, "c": two}, {"b": one}]
        said = {1: request(ADDED, items=items), 2: request(RELEASED)}
        requests = csp.apply(csp.curve(int, [(SECOND, 1), (2 * SECOND, 2)]), lambda n: said[n], StagingRequest)
        staged = StagedChannel("venues", BasketPacking(declaration, streams))
        released, _ = build_staging_node(staged, [requests], object)
        csp.add_graph_output("released", released)

    assert run(graph)["released"] == [(2 * SECOND, {"a": one, "c": two}), (2 * SECOND, {"b": one})]


def test_after_the_run_nothing_can_be_staged() -> None:
    staged = plain()

    def graph() -> None:
        csp.add_graph_output("released", build_staging_node(staged, [], Order)[0])

    run(graph)
    assert staged.statistics()["pending"] == 0
    with pytest.raises(NotRunningError, match="has stopped"):
        staged.add()
