"""What the world may do, and when."""

import asyncio
import threading
import time
from datetime import timedelta
from typing import Any

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
    NoProviderException,
    NotRunningError,
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
    started = time.perf_counter()
    assert channels.last("a").n == 1
    assert time.perf_counter() - started < 1
    assert not held.is_set()
    held.set()


def test_next_times_out(run_gateway: Any) -> None:
    channels = run_gateway(Ch(), Door()).channels
    with pytest.raises(TimeoutError):
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
