"""What the world may do, and when."""

import asyncio
import threading
from datetime import timedelta
from enum import Enum
from typing import Annotated, Any

import csp
import pytest
from csp import ts

from csp_gateway import (
    EngineError,
    Gateway,
    GatewayChannels,
    GatewayException,
    GatewayModule,
    GatewayStruct,
    Keep,
    NoProviderException,
    NotRunningError,
    QueryError,
    SqlError,
    State,
    UnknownChannelError,
)


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: ts[Count] = None
    nobody: ts[Count] = None


class Door(GatewayModule):
    def connect(self, channels: Ch) -> None:
        channels.add_send_channel(Ch.a)
        channels.expose(Ch.a)


CALLS = [lambda ch: ch.last("a"), lambda ch: ch.next("a"), lambda ch: ch.send("a", Count(n=1))]


@pytest.mark.parametrize("call", CALLS)
def test_before_the_start(call: Any) -> None:
    with pytest.raises(NotRunningError, match="not running yet: start it first"):
        call(Ch())


@pytest.mark.parametrize("call", CALLS)
def test_after_the_stop(call: Any, run_gateway: Any) -> None:
    gateway = run_gateway(Ch(), Door())
    gateway.stop()
    with pytest.raises(NotRunningError, match="the gateway has stopped"):
        call(gateway.channels)


@pytest.mark.parametrize(
    ("channel", "kind", "message"),
    [("nobody", NoProviderException, "Nobody provides 'nobody'"), ("b", UnknownChannelError, "did you mean|known: ")],
)
def test_a_channel_that_is_not_there(run_gateway: Any, channel: str, kind: type[Exception], message: str) -> None:
    channels = run_gateway(Ch(), Door()).channels
    for ask in (channels.last, channels.next):
        with pytest.raises(kind, match=message):
            ask(channel)


def test_last_does_not_wait_for_a_busy_engine(run_gateway: Any) -> None:
    held = threading.Event()

    holding = threading.Event()

    def hold(_: bool) -> bool:
        holding.set()
        return held.wait(10)

    class Busy(Door):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            channels.set_channel(Ch.a, csp.const(Count(n=1)))
            later = csp.const(True, timedelta(milliseconds=50))
            csp.add_graph_output("held", csp.apply(later, hold, bool))

    channels = run_gateway(Ch(), Busy()).channels
    assert holding.wait(5)
    assert channels.last("a").n == 1
    assert not held.is_set()
    held.set()


def test_next_times_out(run_gateway: Any) -> None:
    channels = run_gateway(Ch(), Door()).channels
    with pytest.raises(TimeoutError, match=r"channel 'a' did not tick within 0\.01 s"):
        channels.next("a", timeout=0.01)


def test_an_indexer_on_a_plain_channel(run_gateway: Any) -> None:
    channels = run_gateway(Ch(), Door()).channels
    with pytest.raises(GatewayException, match="is not a basket: leave the indexer 'x' out"):
        channels.last("a", "x")


def test_the_answers_are_awaitable(run_gateway: Any) -> None:
    channels = run_gateway(Ch(), Door()).channels

    async def ask() -> tuple[int, int]:
        coming = asyncio.wrap_future(channels.outside.next("a"))
        channels.outside.send("a", Count(n=5))
        return (await coming).n, (await asyncio.wrap_future(channels.outside.last("a"))).n

    assert asyncio.run(ask()) == (5, 5)


def test_asked_from_inside_the_graph() -> None:
    class Asks(Door):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            later = csp.timer(timedelta(milliseconds=20), True)
            csp.add_graph_output("asked", csp.apply(later, lambda _: channels.next("a"), object))

    with pytest.raises(EngineError, match="from inside the graph") as failed:
        Gateway(channels=Ch(), modules=[Asks()]).start(endtime=timedelta(seconds=5))
    assert isinstance(failed.value.__cause__, GatewayException)


def test_who_waits_when_a_node_raises_is_told(run_gateway: Any) -> None:
    class Dies(Door):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            later = csp.timer(timedelta(milliseconds=100), True)
            csp.add_graph_output("dies", csp.apply(later, lambda _: 1 // 0, int))

    gateway = run_gateway(Ch(), Dies())
    with pytest.raises(NotRunningError, match="a node raised ZeroDivisionError"):
        gateway.channels.next("a", timeout=10)
    with pytest.raises(EngineError):
        gateway.stop()


class Side(Enum):
    BUY = 1
    SELL = 2


class Baskets(GatewayChannels):
    sides: dict[Side, ts[Count]] = None
    venues: dict[str, ts[list[Count]]] = None
    legs: list[ts[Count]] = None
    half: dict[str, ts[Count]] = None

    def dynamic_keys(self) -> dict[str, Any]:
        return {"venues": ["x", "y"], "legs": 3, "half": ["set", "unset"]}


class Doors(GatewayModule):
    def connect(self, channels: Baskets) -> None:
        channels.add_send_channel(Baskets.sides)
        channels.add_send_channel(Baskets.venues)
        channels.add_send_channel(Baskets.legs)
        channels.add_send_channel(Baskets.half, "set")
        for side in Side:
            csp.add_graph_output(side.name, channels.get_channel(Baskets.sides, side))


def test_a_basket_is_sent_to_whole_in_one_cycle_and_by_key(run_gateway: Any) -> None:
    gateway = run_gateway(Baskets(), Doors())
    channels = gateway.channels
    channels.send("sides", {Side.BUY: Count(n=1), Side.SELL: Count(n=2)})
    channels.send("sides", Count(n=3), Side.SELL)
    channels.send("legs", [Count(n=1), None, Count(n=3)])
    channels.send("legs", Count(n=9), 0)
    channels.send("venues", {"y": [Count(n=1), Count(n=2)]})
    assert {side: count.n for side, count in channels.last("sides").items()} == {Side.BUY: 1, Side.SELL: 3}
    assert [count and count.n for count in channels.last("legs")] == [9, None, 3]
    assert channels.last("venues", "x") is None
    assert [count.n for count in channels.last("venues", "y")] == [1, 2]
    outputs = gateway.stop()
    (buy_time, _), (sell_time, _), _ = *outputs["BUY"], *outputs["SELL"]
    assert buy_time == sell_time


def test_next_of_a_key_waits_for_that_key_and_of_a_basket_for_any(run_gateway: Any) -> None:
    channels = run_gateway(Baskets(), Doors()).channels
    mine, anyone = channels.outside.next("sides", Side.SELL), channels.outside.next("sides")
    channels.send("sides", Count(n=1), Side.BUY)
    assert {side: count.n for side, count in anyone.result(10).items()} == {Side.BUY: 1}
    channels.last("sides", timeout=10)
    assert not mine.done()
    channels.send("sides", Count(n=2), Side.SELL)
    assert mine.result(10).n == 2


@pytest.mark.parametrize(
    ("ask", "kind", "message"),
    [
        (lambda ch: ch.last("sides", "BUY"), UnknownChannelError, "a key is a member of Side. Its keys: BUY, SELL"),
        (lambda ch: ch.next("legs", 3), UnknownChannelError, "no key 3"),
        (lambda ch: ch.last("half", "unset"), NoProviderException, "Nobody provides 'half' at 'unset'"),
        (lambda ch: ch.next("half", "unset"), NoProviderException, "no module of this gateway sets that key"),
        (
            lambda ch: ch.send("half", Count(n=1), "unset"),
            NoProviderException,
            "to 'half' at 'unset': call channels.add_send",
        ),
        (lambda ch: ch.send("half", Count(n=1), "x"), UnknownChannelError, "no key 'x'"),
        (lambda ch: ch.send("sides", Count(n=1)), TypeError, "is a basket and takes a dict of values by key, or one"),
        (lambda ch: ch.send("legs", {0: Count(n=1)}), TypeError, "takes a list of values, None for no tick"),
        (lambda ch: ch.send("legs", [None, None, None, Count(n=1)]), UnknownChannelError, "no key 3"),
        (lambda ch: ch.send("sides", {Side.BUY: Count(n=1), Side.SELL: 3}), TypeError, "takes Count, got int 3"),
        (lambda ch: ch.send("venues", Count(n=1), "x"), TypeError, "takes a list of Count, got Count"),
    ],
)
def test_what_a_basket_cannot_be_asked(run_gateway: Any, ask: Any, kind: type[Exception], message: str) -> None:
    channels = run_gateway(Baskets(), Doors()).channels
    with pytest.raises(kind, match=message):
        ask(channels)
    assert all(each["sent"] == 0 for each in channels.statistics()["sends"].values())


def test_what_is_sendable_is_described(run_gateway: Any) -> None:
    channels = run_gateway(Baskets(), Doors()).channels
    assert channels.send_channel_descriptors() == [
        ("sides", Count, True, (Side.BUY, Side.SELL)),
        ("venues", Count, True, ("x", "y")),
        ("legs", Count, False, (0, 1, 2)),
        ("half", Count, True, ("set",)),
    ]


def test_an_exposed_channel_keeps_its_history(run_gateway: Any) -> None:
    class Exposed(Doors):
        def connect(self, channels: Baskets) -> None:
            super().connect(channels)
            channels.expose(Baskets.sides, Keep(items=2))

    channels = run_gateway(Baskets(), Exposed()).channels
    for n in range(3):
        channels.send("sides", Count(n=n), Side.BUY)
    channels.last("sides", timeout=10)
    page = channels.outside.history("sides").since()
    assert [(tick.offset, tick.value[Side.BUY].n) for tick in page.ticks] == [(1, 1), (2, 2)]
    assert channels.statistics()["history"]["sides"]["dropped"]["items"] == 1
    with pytest.raises(NoProviderException, match="channel 'legs' keeps no history: expose it"):
        channels.outside.history("legs")


def test_in_simulated_time_nothing_comes_from_outside() -> None:
    told: list[BaseException] = []

    class Sends(Door):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)

            def tell(_: bool) -> bool:
                try:
                    channels.send("a", Count(n=1))
                except NotRunningError as error:
                    told.append(error)
                return True

            csp.add_graph_output("told", csp.apply(csp.const(True), tell, bool))

    Gateway(channels=Ch(), modules=[Sends()]).start(realtime=False, endtime=timedelta(seconds=1))
    assert "runs in simulated time, which nothing reaches from outside" in str(told[0])


class Keyed(GatewayChannels):
    a: Annotated[ts[Count], State("n", alias="by_n")] = None
    sides: dict[Side, ts[Count]] = None


class Collects(GatewayModule):
    def connect(self, channels: Keyed) -> None:
        channels.add_send_channel(Keyed.a)
        channels.add_send_channel(Keyed.sides)
        channels.set_state(Keyed.sides, "n", Side.BUY)


def test_a_state_holds_what_was_sent_before_it_is_asked(run_gateway: Any) -> None:
    channels = run_gateway(Keyed(), Collects()).channels
    assert channels.state("by_n") is None
    assert channels.query("by_n") == []
    for n in range(200):
        channels.send("a", Count(n=n % 50))
        assert len(channels.query("by_n")) == min(n + 1, 50)
    assert [count.n for count in channels.state("by_n")] == list(range(50))
    few = {"filters": [{"attr": "n", "by": {"value": 3, "where": "<"}}]}
    assert [count.n for count in channels.query("by_n", query=few)] == [0, 1, 2]
    channels.send("sides", {Side.BUY: Count(n=1), Side.SELL: Count(n=2)})
    assert [count.n for count in channels.query("sides", Side.BUY)] == [1]


def test_queries_are_awaitable_and_say_what_is_wrong(run_gateway: Any) -> None:
    channels = run_gateway(Keyed(), Collects()).channels

    async def ask() -> tuple[Any, Any]:
        channels.send("a", Count(n=5))
        return await channels.outside.state("by_n"), await channels.outside.query("by_n")

    state, (record,) = asyncio.run(ask())
    assert (len(state), record.n) == (1, 5)
    with pytest.raises(QueryError, match=r"did you mean 'n'|known: "):
        channels.query("by_n", query={"filters": [{"attr": "m", "by": {"value": 3}}]})
    with pytest.raises(NoProviderException, match="did you mean 'by_n'"):
        channels.query("by_m")


def test_states_before_the_start_and_after_the_stop(run_gateway: Any) -> None:
    with pytest.raises(NotRunningError, match="start it first"):
        Keyed().query("by_n")
    gateway = run_gateway(Keyed(), Collects())
    gateway.stop()
    for ask in (gateway.channels.query, gateway.channels.state):
        with pytest.raises(NotRunningError, match="the gateway has stopped"):
            ask("by_n")


def test_a_state_is_reached_with_what_to_wait_for(run_gateway: Any) -> None:
    held, holding = threading.Event(), threading.Event()

    class Busy(Collects):
        def connect(self, channels: Keyed) -> None:
            super().connect(channels)
            sides = channels.get_channel(Keyed.sides, Side.SELL)
            csp.add_graph_output("held", csp.apply(sides, lambda _: holding.set() or held.wait(30), bool))

    outside = run_gateway(Keyed(), Busy()).channels.outside
    state, arriving = outside.reach("by_n")
    assert (len(state), arriving) == (0, None)
    outside.send("sides", Count(n=1), Side.SELL)
    assert holding.wait(10)
    outside.send("a", Count(n=5))
    same, arriving = outside.reach("by_n")
    assert same is state
    assert arriving is not None
    assert not arriving.done()
    held.set()
    arriving.result(10)
    assert [count.n for count in state] == [5]
    with pytest.raises(NoProviderException, match="did you mean 'by_n'"):
        outside.reach("by_m")


def test_sql_is_awaitable_and_says_what_is_wrong(run_gateway: Any) -> None:
    outside = run_gateway(Keyed(), Collects()).channels.outside

    async def ask(sql: str) -> Any:
        outside.send("a", Count(n=5))
        return await outside.sql(sql, [5])

    assert asyncio.run(ask("select n from by_n where n = ?")).to_pylist() == [{"n": 5}]
    with pytest.raises(SqlError, match="did you mean 'by_n'"):
        asyncio.run(ask("select n from by_m where n = ?"))


def test_nothing_grows_with_who_is_refused(run_gateway: Any) -> None:
    gateway = run_gateway(Ch(), Door())
    gateway.stop()
    refused = []
    for _ in range(3):
        with pytest.raises(NotRunningError) as error:
            gateway.channels.last("a")
        refused.append(len(error.traceback))
    assert len(set(refused)) == 1


class Texts(GatewayChannels):
    by_key: dict[str, ts[Count]] = None
    none_given: dict[str, ts[Count]] = None

    def dynamic_keys(self) -> dict[str, Any]:
        return {"by_key": ["k"]}


def test_a_basket_without_keys_takes_nothing(run_gateway: Any) -> None:
    class Opens(GatewayModule):
        def connect(self, channels: Texts) -> None:
            channels.add_send_channel(Texts.by_key)
            channels.add_send_channel(Texts.none_given)

    channels = run_gateway(Texts(), Opens()).channels
    with pytest.raises(UnknownChannelError, match="It was given no keys"):
        channels.send("none_given", Count(n=1), "k")
    with pytest.raises(TypeError, match="nothing to send"):
        channels.send("by_key", {})


def test_who_waits_while_the_engine_is_busy_shares_what_is_asked(run_gateway: Any) -> None:
    held, holding = threading.Event(), threading.Event()

    class Busy(GatewayModule):
        def connect(self, channels: Baskets) -> None:
            channels.add_send_channel(Baskets.sides)
            channels.expose(Baskets.sides)
            buy = channels.get_channel(Baskets.sides, Side.BUY)
            csp.add_graph_output("held", csp.apply(buy, lambda _: holding.set() or held.wait(30), bool))

    channels = run_gateway(Baskets(), Busy()).channels
    channels.send("sides", Count(n=1), Side.BUY)
    assert holding.wait(10)
    channels.send("sides", Count(n=2), Side.SELL)
    asked = [channels.outside.last("sides", side) for _ in range(1_000) for side in Side]
    assert len(set(map(id, asked))) == 2
    held.set()
    assert [answer.result(10).n for answer in asked[:2]] == [1, 2]


# --- For who follows channels -----------------------------------------------------------------------------------------


def test_who_wants_to_know_is_told_when_the_engine_has_ended(run_gateway: Any) -> None:
    gateway = run_gateway(Ch(), Door())
    told: list[Any] = []
    gateway.channels.outside.when_closed(lambda cause: told.append((cause, gateway.channels.outside.running)))
    gateway.stop()
    assert told == [(None, False)]


class Dies(Door):
    @csp.node
    def die(self, a: ts[Count]):  # type: ignore[no-untyped-def]  # csp's own language
        if csp.ticked(a):
            raise ZeroDivisionError("of the test")

    def connect(self, channels: Ch) -> None:
        super().connect(channels)
        self.die(channels.get_channel(Ch.a))


def test_and_with_what_it_failed(run_gateway: Any) -> None:
    gateway = run_gateway(Ch(), Dies(), may_fail=True)
    told: list[Any] = []
    ended = threading.Event()
    gateway.channels.outside.when_closed(lambda cause: (told.append(cause), ended.set()))
    gateway.channels.send("a", Count(n=1))
    assert ended.wait(20)
    (cause,) = told
    assert "of the test" in f"{cause} {cause.__cause__}"


class CollectsTwice(Door):
    def connect(self, channels: Ch) -> None:
        super().connect(channels)
        channels.set_state(Ch.a, "n")
        channels.set_state(Ch.a, "id", alias="all")


def test_the_state_of_a_channel_is_found_by_its_own_name_or_another(run_gateway: Any) -> None:
    outside = run_gateway(Ch(), CollectsTwice()).channels.outside
    assert outside.state_of("a").keyby == ("n",)
    assert outside.state_of("a", "all").keyby == ("id",)
    assert outside.state_of("a", "none") is None
    assert outside.state_of("nobody") is None
    assert outside.state_of("nobody", "all") is None  # that of another channel
