"""A tick through the engine: what a gateway adds to the same two nodes joined by csp alone."""

import gc
import time
from datetime import datetime, timedelta
from typing import Any

import csp
from csp import ts
from csp.impl.wiring.edge import Edge

from benchmarks.market import Market, Quote, quote
from benchmarks.measure import Figure, compare, limit, report
from csp_gateway import Gateway, GatewayModule, MountPerspectiveTables, MountRestRoutes

__all__ = ["START", "TICK", "TICKS", "clock_in", "main", "sink", "source", "ticking"]

TICKS = 500_000
START = datetime(2026, 1, 1)
TICK = quote()


@csp.node
def source(clock: ts[bool]) -> ts[Quote]:
    """The same quote again and again: what is measured is the tick, not the making of a struct."""
    if csp.ticked(clock):
        return TICK


@csp.node
def sink(quotes: ts[Quote]):
    """The least that a node can do."""
    if csp.ticked(quotes):
        pass


@csp.node
def clock_in(first: ts[bool], seconds: object):
    """Note how long it is from here to the end, without the building of the graph."""
    with csp.state():
        s_start = 0.0
    with csp.stop():
        seconds.append(time.perf_counter() - s_start)
    if csp.ticked(first):
        s_start = time.perf_counter()


def ticking() -> Edge:
    """The source, as often as it goes."""
    return source(csp.timer(timedelta(microseconds=1), True))


class Source(GatewayModule):
    """Sets the channel."""

    seconds: Any

    def connect(self, channels: Market) -> None:
        """As in ``bare``, over a channel."""
        clock_in(csp.const(True), self.seconds)
        channels.set_channel(Market.quotes, ticking())


class Sink(GatewayModule):
    """Gets the channel."""

    def connect(self, channels: Market) -> None:
        """As in ``bare``, over a channel."""
        sink(channels.get_channel(Market.quotes))


def bare() -> float:
    """Seconds of csp alone."""
    seconds: list[float] = []

    def graph() -> None:
        clock_in(csp.const(True), seconds)
        sink(ticking())

    gc.collect()
    csp.run(graph, starttime=START, endtime=timedelta(microseconds=TICKS), realtime=False)
    return seconds[0]


def ours(*modules: GatewayModule) -> float:
    """Seconds of the same through a gateway, with more modules listening."""
    seconds: list[float] = []
    gateway = Gateway(modules=[Source(seconds=seconds), Sink(), *modules], channels=Market())
    gc.collect()
    gateway.start(starttime=START, endtime=timedelta(microseconds=TICKS), realtime=False)
    return seconds[0]


def main() -> list[Figure]:
    """µs a tick, plain and with REST and tables listening; theirs is what the engine does for them."""
    runs = [(bare(), ours(), ours(MountRestRoutes(force_mount_all=True), MountPerspectiveTables())) for _ in range(5)]
    csp_alone, plain, full = (min(times) / TICKS * 1e6 for times in zip(*runs, strict=True))
    return report(
        [
            compare("engine, a tick: plain", plain, csp_alone, "us", at_most=1.2),
            limit("engine, a tick: with REST and tables", full, "us", at_most=1.3),
        ]
    )


if __name__ == "__main__":
    main()
