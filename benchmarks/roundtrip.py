"""Into the graph and back: ``send`` and ``last`` beside a bare push adapter, a node, and a thread that waits."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

import csp
from csp import ts
from csp.impl.genericpushadapter import GenericPushAdapter

from benchmarks.market import Market, Quote, quote
from benchmarks.measure import Figure, compare, report
from csp_gateway import Gateway, GatewayModule

__all__ = ["main"]

ROUNDS = 3_000
TURNS = 5


@csp.node
def answer(ticks: ts[Quote], arrived: object):
    """Tell who waits what has come."""
    if csp.ticked(ticks):
        arrived(ticks)


@csp.node
def copied(ticks: ts[Quote]) -> ts[Quote]:
    """A node between the way in and the way out."""
    if csp.ticked(ticks):
        return ticks


class Copies(GatewayModule):
    """Fills of the orders that are sent: another channel, one node later."""

    def connect(self, channels: Market) -> None:
        """Orders in, quotes out."""
        channels.add_send_channel(Market.orders)
        channels.set_channel(Market.quotes, copied(channels.get_channel(Market.orders)))


class Bare:
    """The same without a gateway: push, one node that copies, one that tells, and an event to wait for."""

    def __init__(self) -> None:
        self._adapter = GenericPushAdapter(Quote)
        self._told = threading.Event()
        self._value: Any = None

        def graph() -> None:
            answer(copied(self._adapter.out()), self._arrived)

        started = datetime.now(UTC).replace(tzinfo=None)
        self._runner = csp.run_on_thread(graph, starttime=started, endtime=timedelta(hours=1), realtime=True)
        self._adapter.wait_for_start()

    def _arrived(self, value: Any) -> None:
        self._value = value
        self._told.set()

    def round(self, value: Quote) -> Any:
        """Push a value and wait until it has come through."""
        self._told.clear()
        self._adapter.push_tick(value)
        self._told.wait()
        return self._value

    def stop(self) -> None:
        """End the engine."""
        self._runner.stop_engine()
        self._runner.join()


def medians(*rounds: Callable[[Quote], Any]) -> list[float]:
    """µs of a median round, the best of several turns that they take."""
    value = quote()
    best = [float("inf")] * len(rounds)
    for _ in range(TURNS):
        for i, work in enumerate(rounds):
            taken = []
            for _ in range(ROUNDS):
                start = perf_counter()
                assert work(value) is not None
                taken.append(perf_counter() - start)
            best[i] = min(best[i], median(taken) * 1e6)
    return best


def main() -> list[Figure]:
    """µs at the median: ``send`` and ``last`` of the same channel, and ``send`` and the coming tick of the next one."""
    bare = Bare()
    gateway = Gateway(modules=[Copies()], channels=Market())
    gateway.start(block=False)
    channels = gateway.channels

    def send_last(value: Quote) -> Any:
        channels.send(Market.orders, value)
        return channels.last(Market.orders)

    def send_next(value: Quote) -> Any:
        coming = channels.outside.next(Market.quotes)
        channels.send(Market.orders, value)
        return coming.result()

    try:
        ours_last, ours_next, alone = medians(send_last, send_next, bare.round)
    finally:
        gateway.stop()
        bare.stop()
    return report(
        [
            compare("send, a node, last: median", ours_last, alone, "us", at_most=3),
            compare("next asked, send, a node, answer: median", ours_next, alone, "us", at_most=3),
        ]
    )


if __name__ == "__main__":
    main()
