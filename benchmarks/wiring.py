"""A basket keyed by ten thousand strings: set, got, opened to sends and wired, beside the same edges in bare csp."""

import gc
from datetime import timedelta
from time import perf_counter
from typing import Any

import csp

from benchmarks.idle_channel import Desk, all_at_once, sink_of_basket
from benchmarks.measure import Figure, compare, limit, report
from benchmarks.tick import START
from csp_gateway import GatewayModule
from csp_gateway.server.channels import wire_modules

__all__ = ["main"]

KEYS = [f"key{n}" for n in range(10_000)]
TURNS = 3


class Source(GatewayModule):
    """Sets every key, and opens every key to the outside."""

    def connect(self, channels: Desk) -> None:
        """The basket as a whole."""
        channels.set_channel(Desk.by_key, all_at_once(csp.const(True), KEYS))
        channels.add_send_channel(Desk.by_key)


class Sink(GatewayModule):
    """Gets every key."""

    def connect(self, channels: Desk) -> None:
        """The basket as a whole."""
        sink_of_basket(channels.get_channel(Desk.by_key))


class Setter(GatewayModule):
    """Sets every key."""

    def connect(self, channels: Desk) -> None:
        """The basket as a whole."""
        channels.set_channel(Desk.by_key, all_at_once(csp.const(True), KEYS))


class OneByOne(GatewayModule):
    """The same, a call for each key."""

    def connect(self, channels: Desk) -> None:
        """As an application does that makes its edges in a loop."""
        edges = all_at_once(csp.const(True), KEYS)
        for key in KEYS:
            channels.set_channel(Desk.by_key, edges[key], key)
            channels.add_send_channel(Desk.by_key, key)
        sink_of_basket({key: channels.get_channel(Desk.by_key, key) for key in KEYS})


def bare() -> tuple[float, float]:
    """The same joined by csp alone: two baskets, of the module and of the outside, merged key by key."""

    def graph() -> None:
        module, outside = (all_at_once(csp.const(True), KEYS) for _ in range(2))
        # csp.flatten is these two nodes, at sixty times the price.
        sink_of_basket({key: csp.unroll(csp.collect([outside[key], module[key]])) for key in KEYS})
        done.append(perf_counter())

    done: list[float] = []
    return built(graph, done)


def ours(*modules: GatewayModule) -> tuple[float, float]:
    """Over a channel: seconds of the wiring, and from there to the end of the first cycle."""
    channels = Desk()
    keys: dict[str, Any] = {Desk.by_key: tuple(KEYS)}

    def graph() -> None:
        wire_modules(channels, modules, keys=keys)
        done.append(perf_counter())

    done: list[float] = []
    return built(graph, done)


def built(graph: Any, done: list[float]) -> tuple[float, float]:
    """Build a graph that notes when it is ``done`` and run its first cycle; the seconds before and after."""
    gc.collect()
    start = perf_counter()
    csp.run(graph, starttime=START, endtime=timedelta(0), realtime=False)
    end = perf_counter()
    return done[0] - start, end - done[0]


def main() -> list[Figure]:
    """Seconds to wire the basket, as a whole and key by key; and to build and run what came of it."""
    turns = [(bare(), ours(Source(), Sink()), ours(OneByOne()), ours(Setter(), Setter(), Sink())) for _ in range(TURNS)]
    alone, whole, single, twice = ([min(part) for part in zip(*each, strict=True)] for each in zip(*turns, strict=True))
    return report(
        [
            limit("10,000 keys set, got, sendable: wired", whole[0], "s", at_most=1),
            limit("... each in a call of its own", single[0], "s", at_most=1),
            compare("... set by two modules, got: beside csp", twice[0], alone[0], "s", at_most=1.5),
            compare("... built by csp, and one cycle", whole[1], alone[1], "s", at_most=1.2),
        ]
    )


if __name__ == "__main__":
    main()
