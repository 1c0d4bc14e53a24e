"""Staging on the bus: every kind of channel, in simulated time from inside, in real time from outside."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated, Any, Dict, List  # noqa: UP035  # csp reads typing.Dict and List

import csp
import pytest
from csp import ts

from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewayStruct, Stage
from csp_gateway.errors import (
    CannotStageError,
    DeclarationError,
    EngineError,
    NoProviderException,
    NotRunningError,
    StagingArgumentError,
    UnknownChannelError,
    UnknownStagingError,
    WiringError,
    WrongEdgeError,
)
from csp_gateway.server.staging import StagingAction, StagingEvent, StagingRequest

CREATED, ADDED, REMOVED, RELEASED = StagingAction

START = datetime(2026, 1, 1)
SECOND = timedelta(seconds=1)


class Order(GatewayStruct):
    x: int


class Side(Enum):
    BUY = "b"
    SELL = "s"


class Ch(GatewayChannels):
    desk: str = "eu"
    orders: Annotated[ts[Order], Stage()] = None
    batches: Annotated[ts[List[Order]], Stage()] = None  # noqa: UP006
    sides: Annotated[Dict[Side, ts[Order]], Stage()] = None  # noqa: UP006
    venues: Dict[str, ts[List[Order]]] = None  # noqa: UP006
    lanes: List[ts[Order]] = None  # noqa: UP006
    plain: ts[Order] = None


ALL = [Ch.orders, Ch.batches, Ch.sides, Ch.venues, Ch.lanes]


@csp.node(memoize=False)  # which would sort the keys, and enum members have no order
def together(edges: {"K": ts["T"]}) -> ts[object]:  # noqa: F821
    """The keys that tick in one cycle."""
    if csp.ticked(edges):
        return dict(edges.tickeditems())


class Desk(GatewayModule):
    """Stages every channel, carries out a script of requests, and tells all that ticks.

    ``script`` is field → [(second, request)].
    """

    script: Any = {}
    told: Any = None

    def dynamic_keys(self) -> Any:
        return {Ch.venues: ["x", "y"], Ch.lanes: 3}

    def connect(self, channels: Ch) -> None:
        for field in ALL:
            channels.set_stage(field)
            edge = channels.get_channel(field)
            if isinstance(edge, list):
                edge = dict(enumerate(edge))
            csp.add_graph_output(field, together(edge) if isinstance(edge, dict) else edge)
            csp.add_graph_output(f"{field} events", channels.get_stage_events(field))
        for field, said in self.script.items():
            times = csp.curve(int, [(second * SECOND, number) for number, (second, _) in enumerate(said)])
            asked = csp.apply(times, lambda number, said=said: said[number][1], StagingRequest)
            channels.set_stage_requests(field, asked)


def request(action: Any, **how: Any) -> StagingRequest:
    return StagingRequest(action=action, **how)


def simulate(*modules: GatewayModule, channels: GatewayChannels | None = None) -> dict[str, Any]:
    gateway = Gateway(modules=list(modules), channels=channels or Ch())
    return csp.run(gateway.graph, starttime=START, endtime=timedelta(minutes=1))


def told(ticks: Any) -> list[Any]:
    return [(event.action, [record.x for record in event.items]) for _, event in ticks]


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.002)


A, B, C = (Order(x=x) for x in range(3))


# --- From inside the graph, in simulated time -------------------------------------------------------------------------

BOTH = {Side.BUY: A, Side.SELL: B}

# Channel, two items, what ticks when both are released from one staging, and the numbers of the records of each.
KINDS = [
    (Ch.orders, A, B, [A, B], [[0], [1]]),
    (Ch.batches, A, B, [[A, B]], [[0], [1]]),
    (Ch.sides, BOTH, {Side.SELL: C}, [BOTH, {Side.SELL: C}], [[0, 1], [2]]),
    (Ch.venues, {"x": [A, B]}, {"y": [C]}, [{"x": [A, B]}, {"y": [C]}], [[0, 1], [2]]),
    (Ch.lanes, [A, None, B], {1: C}, [{0: A, 2: B}, {1: C}], [[0, 1], [2]]),
]  # fmt: skip


@pytest.mark.parametrize(("field", "first", "second", "ticks", "records"), KINDS)
def test_requests_stage_and_release_on_every_kind_of_channel(
    field: str, first: Any, second: Any, ticks: Any, records: Any
) -> None:
    script = [
        (1, request(ADDED, items=[first])),
        (2, request(ADDED, items=[second, first])),
        (3, request(REMOVED, items=[second])),
        (4, request(ADDED, items=[second])),
        (5, request(CREATED)),
        (6, request(REMOVED)),
        (7, request(REMOVED, items=[first])),
        (8, request(ADDED, items=[first])),
        (9, request(RELEASED)),
        (10, request(RELEASED)),
    ]
    ran = simulate(Desk(script={field: script}))
    one, two = records
    assert told(ran[f"{field} events"]) == [
        *((CREATED, []), (ADDED, one), (ADDED, two), (ADDED, one), (REMOVED, two), (ADDED, two)),
        *((CREATED, []), (REMOVED, []), (REMOVED, one), (REMOVED, one), (ADDED, one)),
        (RELEASED, two + one),
    ]
    backwards = [[B, A]] if field == Ch.batches else ticks[::-1]
    assert [value for _, value in ran[field]] == backwards
    assert {time - START for time, _ in ran[field]} == {9 * SECOND}


def test_a_released_staging_of_a_list_channel_is_one_tick_each() -> None:
    script = [
        (1, request(CREATED, items=[[A, B]])),
        (1, request(CREATED, items=[C])),
        (1, request(CREATED)),
        (2, request(RELEASED, staging_ids=[])),
    ]
    ran = simulate(Desk(script={Ch.batches: script}))
    assert ran[Ch.batches] == [(START + 2 * SECOND, [A, B]), (START + 2 * SECOND, [C])]


def test_an_event_names_its_channel_and_its_staging() -> None:
    ran = simulate(Desk(script={Ch.orders: [(1, request(ADDED, items=[A])), (2, request(RELEASED))]}))
    events = [event for _, event in ran["orders events"]]
    assert {event.channel for event in events} == {"orders"}
    assert len({event.staging_id for event in events}) == 1
    assert events[0].staging_id.isdecimal()


def test_a_request_that_cannot_be_does_not_end_the_run() -> None:
    script = [
        (1, request(ADDED, items=[A])),
        (2, request(ADDED, items=[B], staging_ids=["7"])),
        (3, request(RELEASED)),
    ]
    ran = simulate(Desk(script={Ch.orders: script}))
    assert [value for _, value in ran[Ch.orders]] == [A]


class Follow(GatewayModule):
    """Releases whatever is staged, and stages another for each of the first released."""

    def connect(self, channels: Ch) -> None:
        events, orders = channels.get_stage_events(Ch.orders), channels.get_channel(Ch.orders)
        added = csp.filter(csp.apply(events, lambda event: event.action == ADDED, bool), events)
        channels.set_stage_requests(Ch.orders, csp.apply(added, lambda _: request(RELEASED), StagingRequest))
        few = csp.filter(csp.apply(orders, lambda order: order.x < 3, bool), orders)
        more = csp.apply(few, lambda order: request(ADDED, items=[Order(x=order.x + 1)]), StagingRequest)
        channels.set_stage_requests(Ch.orders, more)


@pytest.mark.parametrize("backwards", [False, True])
def test_requests_may_follow_from_events_and_ticks_whatever_the_order_of_modules(backwards: bool) -> None:
    modules = [Follow(), Desk(script={Ch.orders: [(1, request(ADDED, items=[A]))]})]
    ran = simulate(*(reversed(modules) if backwards else modules))
    assert [(time - START, value.x) for time, value in ran[Ch.orders]] == [(SECOND, x) for x in range(4)]


class Feed(GatewayModule):
    """Sets the channel in the very cycles in which others release into it."""

    def connect(self, channels: Ch) -> None:
        times = csp.timer(SECOND, True)
        channels.set_channel(Ch.orders, csp.apply(csp.count(times), lambda n: Order(x=100 + n), Order))


def test_what_is_released_and_what_is_set_are_both_there() -> None:
    script = [(1, request(ADDED, items=[A, B, C])), (2, request(RELEASED))]
    ran = simulate(Feed(), Desk(script={Ch.orders: script}))
    values = [value.x for _, value in ran[Ch.orders]]
    assert len(values) == 63
    assert [x for x in values if x < 100] == [0, 1, 2]


class Inside(GatewayModule):
    """Calls from a node."""

    said: Any = None

    def connect(self, channels: Ch) -> None:
        csp.add_graph_output("called", csp.apply(csp.const(1, delay=SECOND), lambda _: self.call(channels), object))

    def call(self, channels: Ch) -> Any:
        (mine,) = channels.stage_add(Ch.orders, A)
        channels.stage_add(Ch.orders, B, [mine])
        channels.stage_remove(Ch.orders, A)
        return mine, channels.stage_list(Ch.orders), channels.stage_release(Ch.orders)


def test_a_node_may_stage_in_simulated_time() -> None:
    ran = simulate(Inside(), Desk())
    ((_, (mine, listed, released)),) = ran["called"]
    assert (listed, released) == ([mine], {mine: [B]})
    assert [(time - START, value) for time, value in ran[Ch.orders]] == [(SECOND, B)]
    assert told(ran["orders events"]) == [(CREATED, []), (ADDED, [0]), (ADDED, [1]), (REMOVED, [0]), (RELEASED, [1])]


# --- How a channel comes to be staged ---------------------------------------------------------------------------------


class Reader(GatewayModule):
    """Needs the orders, and has something to do with stagings."""

    do: Any = None

    def connect(self, channels: Ch) -> None:
        csp.add_graph_output("read", channels.get_channel(Ch.orders))
        if self.do is not None:
            self.do(channels)


def test_a_mark_provides_the_channel_without_another_provider() -> None:
    channels = Ch()
    simulate(Reader(), channels=channels)
    assert channels.staged_channels() == ["orders", "batches", "sides"]
    assert channels.graph()["orders"] == {"getters": ["Reader"], "setters": ["Stage[orders]"]}


def test_so_does_set_stage_and_twice_is_as_good() -> None:
    channels = Ch()

    def twice(channels: Ch) -> None:
        channels.set_stage(Ch.plain)
        channels.set_stage("plain")
        channels.get_channel(Ch.plain)

    simulate(Reader(do=twice), channels=channels)
    assert "plain" in channels.staged_channels()
    assert channels.graph()["plain"] == {"getters": ["Reader"], "setters": ["Stage[plain]"]}


def test_in_a_basket_without_keys_nothing_can_be_staged() -> None:
    def stage(channels: Ch) -> None:
        channels.set_stage(Ch.venues)
        csp.add_graph_output("events", channels.get_stage_events(Ch.venues))

    channels = Ch()
    simulate(Reader(do=stage), channels=channels)
    with pytest.raises(CannotStageError, match="'venues': the basket was given no keys"):
        channels.stage_add(Ch.venues)


@pytest.mark.parametrize(
    ("do", "error", "python", "said"),
    [
        (
            lambda c: c.set_stage("ordres"),
            UnknownChannelError,
            AttributeError,
            r"no channel 'ordres'; did you mean 'ord",
        ),
        (
            lambda c: c.set_stage(Ch.desk),
            CannotStageError,
            TypeError,
            r"Ch.desk, in Reader.connect at .*test_stages.py:",
        ),
        (lambda c: c.get_stage_events("ordres"), UnknownChannelError, AttributeError, "did you mean 'orders'"),
        (
            lambda c: c.get_stage_events(Ch.plain),
            NoProviderException,
            Exception,
            r"'plain' of Ch is not staged \(Reader",
        ),
        (lambda c: c.add_stage_listener(Ch.plain, print), NoProviderException, Exception, "test_stages.py"),
        (lambda c: c.add_stage_listener(Ch.orders, 3), TypeError, TypeError, "a listener is called, and 3 cannot be"),
        (
            lambda c: c.set_stage_requests(Ch.plain, csp.null_ts(StagingRequest)),
            NoProviderException,
            Exception,
            r"call channels.set_stage\('plain'\) in a connect, .*; staged are orders, batches, sides",
        ),
        (lambda c: c.set_stage_requests(Ch.orders, 3), WrongEdgeError, TypeError, r"expected a ts\[StagingRequest\]"),
        (
            lambda c: c.set_stage_requests(Ch.orders, csp.null_ts(StagingEvent)),
            WrongEdgeError,
            TypeError,
            r"Ch.orders, in Reader.connect at .*test_stages.py:\d+: expected a ts\[StagingRequest\] edge, got one of",
        ),
        (lambda c: c.stage_add(Ch.orders, A), NotRunningError, Exception, "not running yet: start it first"),
    ],
)
def test_what_cannot_be_said_in_a_connect(do: Any, error: type, python: type, said: str) -> None:
    with pytest.raises(Exception, match=said) as refused:
        simulate(Reader(do=do))
    causes = [refused.value, refused.value.__cause__]
    assert any(isinstance(cause, error) and isinstance(cause, python) for cause in causes)


def test_nothing_is_staged_once_the_graph_is_closed() -> None:
    channels = Ch()
    simulate(Reader(), channels=channels)
    for call in (channels.set_stage, channels.get_stage_events):
        with pytest.raises(WiringError, match="the graph is closed"):
            call(Ch.orders)


def test_records_without_an_id_cannot_be_staged() -> None:
    with pytest.warns(UserWarning, match="not available over REST"):

        class Numbers(GatewayChannels):
            n: ts[int] = None

    def stage(channels: Numbers) -> None:
        channels.set_stage(Numbers.n)

    with pytest.raises(CannotStageError, match=r"which only a GatewayStruct has, and this is a channel of ts\[int\]"):
        simulate(UserGraph(do=stage), channels=Numbers())

    with pytest.warns(UserWarning, match="not available over REST"):

        class Marked(GatewayChannels):
            n: Annotated[ts[int], Stage()] = None

    with pytest.raises((CannotStageError, DeclarationError), match=r"Marked.n, which wears Stage\(\)"):
        Marked()


class UserGraph(GatewayModule):
    do: Any

    def connect(self, channels: Any) -> None:
        self.do(channels)


# --- From outside, in real time ---------------------------------------------------------------------------------------


def test_what_is_not_staged_or_not_running_is_refused(run_gateway: Any) -> None:
    channels = Ch()
    for call in (channels.stage_add, channels.stage_remove, channels.stage_release, channels.stage_list):
        with pytest.raises(NotRunningError, match="not running yet"):
            call(Ch.orders)
    gateway = run_gateway(channels, Reader())
    for name, told in (("plain", "channel 'plain' of Ch is not staged"), ("ordres", "did you mean 'orders'")):
        for call in (channels.stage_add, channels.stage_remove, channels.stage_release, channels.stage_lookup):
            with pytest.raises(NoProviderException, match=told):
                call(name)
    with pytest.raises(TypeError, match="staging ids are strings, got"):
        channels.stage_add(Ch.orders, A, [7])
    gateway.stop()
    with pytest.raises(NotRunningError):
        channels.stage_list(Ch.orders)


def test_staging_from_outside(run_gateway: Any) -> None:
    heard: list[Any] = []

    class Listening(Desk):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            channels.add_stage_listener(Ch.orders, heard.append)

    gateway = run_gateway(Ch(), Listening())
    channels = gateway.channels
    (older,) = channels.stage_add(Ch.orders)
    assert channels.stage_add(Ch.orders, A) == [older]
    with pytest.raises(UnknownStagingError):
        channels.stage_add(Ch.orders, B, [older, "7"])
    with pytest.raises(StagingArgumentError):
        channels.stage_add(Ch.orders, None, [older])
    with pytest.raises(TypeError, match="channel 'orders' takes Order, got int 3"):
        channels.stage_add(Ch.orders, 3)
    (newer,) = channels.stage_add(Ch.orders)
    assert channels.stage_add(Ch.orders, B, []) == [older, newer]
    assert channels.stage_add(Ch.orders, C, newer) == [newer]
    assert channels.stage_lookup(Ch.orders) == {older: [A, B], newer: [B, C]}
    assert channels.stage_remove(Ch.orders, B.id) == [newer]
    assert channels.last(Ch.orders, timeout=20) is None
    coming = channels.outside.next(Ch.orders)
    assert channels.stage_release(Ch.orders) == {older: [A, B], newer: [C]}
    assert coming.result(20) == A
    assert channels.stage_list(Ch.orders) == []
    outputs = gateway.stop()
    assert [value for _, value in outputs[Ch.orders]] == [A, B, C]
    events = told(outputs["orders events"])
    assert events == [(action, [record.x for record in records]) for batch in heard for action, _, records in batch]
    assert events[-2:] == [(RELEASED, [0, 1]), (RELEASED, [2])]


@pytest.mark.parametrize(("field", "first", "second", "ticks", "records"), KINDS)
def test_staging_from_outside_on_every_kind_of_channel(
    run_gateway: Any, field: str, first: Any, second: Any, ticks: Any, records: Any
) -> None:
    gateway = run_gateway(Ch(), Desk())
    channels = gateway.channels
    channels.stage_add(field, first)
    channels.stage_add(field, second)
    channels.stage_add(field, second)
    channels.stage_remove(field, second)
    channels.stage_add(field, second)
    ((_, items),) = channels.stage_release(field).items()
    assert len(items) == 2
    outputs = gateway.stop()
    assert [value for _, value in outputs[field]] == ticks


def test_what_was_released_before_the_stop_is_not_lost(run_gateway: Any) -> None:
    gateway = run_gateway(Ch(), Desk())
    accepted = [0] * 3

    def release(mine: int) -> None:
        while True:
            try:
                gateway.channels.stage_add(Ch.orders, Order(x=mine))
                accepted[mine] += sum(len(items) for items in gateway.channels.stage_release(Ch.orders).values())
            except NotRunningError:
                return

    threads = [threading.Thread(target=release, args=(mine,)) for mine in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: sum(accepted) > 500)
    outputs = gateway.stop()
    for thread in threads:
        thread.join(20)
    assert len(outputs[Ch.orders]) == sum(accepted)


def test_a_node_may_stage_in_real_time(run_gateway: Any) -> None:
    gateway = run_gateway(Ch(), Inside(), Desk())
    gateway.channels.next(Ch.orders, timeout=20)
    outputs = gateway.stop()
    assert [value for _, value in outputs[Ch.orders]] == [B]


def test_a_broken_listener_disturbs_nobody(run_gateway: Any, caplog: pytest.LogCaptureFixture) -> None:
    def broken(batch: Any) -> None:
        raise ValueError("of the user's own")

    gateway = run_gateway(Ch(), Reader(do=lambda channels: channels.add_stage_listener(Ch.orders, broken)))
    gateway.channels.stage_add(Ch.orders, A)
    coming = gateway.channels.outside.next(Ch.orders)
    gateway.channels.stage_release(Ch.orders)
    assert coming.result(20) == A
    assert gateway.channels.statistics()["stages"]["orders"]["listener_errors"] == 2
    assert "a staging listener raised" in caplog.text


def test_simulated_time_cannot_be_reached_from_another_thread(run_gateway: Any) -> None:
    go_on, refused = threading.Event(), []

    class Waits(Reader):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            csp.add_graph_output("waited", csp.apply(csp.const(1), lambda _: go_on.wait(20), bool))

    def ask(channels: Ch) -> None:
        try:
            channels.stage_add(Ch.orders, A)
        except NotRunningError as error:
            refused.append(str(error))
        go_on.set()

    channels = Ch()
    waiting = threading.Thread(
        target=lambda: (until(lambda: channels._bus.stages._staged["orders"]._closed is None), ask(channels))
    )
    waiting.start()
    simulate(Waits(), channels=channels)
    waiting.join(20)
    assert len(refused) == 1
    assert "simulated time" in refused[0]


def test_after_the_engine_failed_it_is_said_why(run_gateway: Any) -> None:
    class Breaks(Desk):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            orders = channels.get_channel(Ch.orders)
            csp.add_graph_output("ratio", csp.apply(orders, lambda order: 1 / order.x, float))

    gateway = run_gateway(Ch(), Breaks())
    gateway.channels.stage_add(Ch.orders, A)
    gateway.channels.stage_release(Ch.orders)
    until(lambda: not gateway.running)
    with pytest.raises(NotRunningError):
        gateway.channels.stage_add(Ch.orders, B)
    with pytest.raises(EngineError):
        gateway.stop()


def test_what_is_released_is_heard_while_modules_are_still_quiet(run_gateway: Any) -> None:
    later = datetime.now() + timedelta(days=2)
    gateway = run_gateway(Gateway(channels=Ch(), modules=[Desk()], block_set_channels_until=later))
    gateway.channels.stage_add(Ch.orders, Order(x=1))
    gateway.channels.stage_release(Ch.orders)
    assert [value.x for _, value in gateway.stop()[Ch.orders]] == [1]
