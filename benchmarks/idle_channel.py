"""A channel nobody asks for from outside: what a tick of it costs, beside the same nodes joined by csp alone."""

import gc
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import cycle
from typing import Any, Dict, List  # noqa: UP035  # csp reads typing.Dict and List

import csp
from csp import ts
from csp.impl.wiring.edge import Edge

from benchmarks.market import Quote
from benchmarks.measure import Figure, compare, limit, report
from benchmarks.tick import START, TICK, clock_in, sink, ticking
from csp_gateway import Gateway, GatewayChannels, GatewayModule

__all__ = ["KEYS", "Desk", "main", "sink_of_basket"]

TICKS = 200_000
KEYS = [f"key{n}" for n in range(100)]


class Desk(GatewayChannels):
    """A stream, and one stream a key."""

    quotes: ts[Quote] = None
    by_key: Dict[str, ts[Quote]] = None  # noqa: UP006


@csp.node(memoize=False)
def one_by_one(clock: ts[bool], keys: List[str]) -> csp.OutputBasket(Dict[str, ts[Quote]], shape="keys"):  # noqa: UP006
    """The same quote again and again, at one key a cycle."""
    with csp.state():
        s_keys = cycle(keys)
    if csp.ticked(clock):
        csp.output({next(s_keys): TICK})


@csp.node(memoize=False)
def all_at_once(clock: ts[bool], keys: List[str]) -> csp.OutputBasket(Dict[str, ts[Quote]], shape="keys"):  # noqa: UP006
    """The same quote again and again, at every key."""
    with csp.state():
        s_all = dict.fromkeys(keys, TICK)
    if csp.ticked(clock):
        csp.output(s_all)


@csp.node
def sink_of_basket(quotes: {str: ts[Quote]}):
    """The least that a node can do with a basket."""
    if csp.ticked(quotes):
        pass


def clock(cycles: int) -> Edge:
    """So many cycles in the time of a run."""
    return csp.timer(timedelta(microseconds=TICKS // cycles), True)


class Source(GatewayModule):
    """Sets a channel."""

    channel: str
    made: Callable[[], Any]
    seconds: Any
    exposed: bool = False

    def connect(self, channels: Desk) -> None:
        """As in ``bare``, over a channel."""
        clock_in(csp.const(True), self.seconds)
        channels.set_channel(self.channel, self.made())
        if self.exposed:
            channels.expose(self.channel)

    def dynamic_keys(self) -> dict[str, Any]:
        """The keys of the basket."""
        return {Desk.by_key: KEYS}


class Sink(GatewayModule):
    """Gets the channel."""

    channel: str

    def connect(self, channels: Desk) -> None:
        """As in ``bare``, over a channel."""
        (sink if self.channel == Desk.quotes else sink_of_basket)(channels.get_channel(self.channel))


def bare(channel: str, made: Callable[[], Any]) -> float:
    """Seconds of csp alone."""
    seconds: list[float] = []

    def graph() -> None:
        clock_in(csp.const(True), seconds)
        (sink if channel == Desk.quotes else sink_of_basket)(made())

    gc.collect()
    csp.run(graph, starttime=START, endtime=timedelta(microseconds=TICKS), realtime=False)
    return seconds[0]


def ours(channel: str, made: Callable[[], Any], *, exposed: bool = False) -> float:
    """Seconds of the same through a gateway."""
    seconds: list[float] = []
    source = Source(channel=channel, made=made, seconds=seconds, exposed=exposed)
    gateway = Gateway(modules=[source, Sink(channel=channel)], channels=Desk())
    gc.collect()
    gateway.start(starttime=START, endtime=timedelta(microseconds=TICKS), realtime=False)
    return seconds[0]


def best(cycles: int, *works: Callable[[], float]) -> list[float]:
    """µs a cycle, the best of nine, the works taking turns so that noise meets all alike."""
    turns = [[work() for work in works] for _ in range(9)]
    return [min(times) / cycles * 1e6 for times in zip(*turns, strict=True)]


def main() -> list[Figure]:
    """A cycle of a plain channel, of one key of a hundred, of all hundred, and of a channel that is exposed."""
    return report(_figures())


def _figures() -> Iterator[Figure]:
    plain, alone, kept = best(
        TICKS,
        lambda: ours(Desk.quotes, ticking),
        lambda: bare(Desk.quotes, ticking),
        lambda: ours(Desk.quotes, ticking, exposed=True),
    )
    yield compare("idle channel, a tick", plain, alone, "us", at_most=1.2)

    def turns() -> Any:
        return one_by_one(clock(TICKS), KEYS)

    each, each_alone = best(TICKS, lambda: ours(Desk.by_key, turns), lambda: bare(Desk.by_key, turns))
    yield compare("idle basket of 100 keys, one ticks", each, each_alone, "us", at_most=1.2)

    def together() -> Any:
        return all_at_once(clock(TICKS // 20), KEYS)

    every, every_alone = best(TICKS // 20, lambda: ours(Desk.by_key, together), lambda: bare(Desk.by_key, together))
    yield compare("idle basket of 100 keys, all tick", every, every_alone, "us", at_most=1.2)
    yield limit("exposed channel, a tick with its history", kept, "us", at_most=1.0)


if __name__ == "__main__":
    main()
