"""A live engine under eight threads that ask and send, stopped and started again at random times.

Five seconds by default; ``CSP_GATEWAY_STRESS_SECONDS=20`` says how long instead.
"""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from enum import Enum
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewayStruct, NotRunningError, SendRefusedError

SECONDS = float(os.environ.get("CSP_GATEWAY_STRESS_SECONDS", "5"))
THREADS = 8
PATIENCE = 30.0
"""Seconds until an answer counts as lost."""
NUMBERS = 5
VENUES = [f"venue{number}" for number in range(20)]


class Order(GatewayStruct):
    n: int


class Side(Enum):
    BUY = 1
    SELL = 2


class Ch(GatewayChannels):
    beat: ts[Order] = None
    orders: ts[Order] = None
    echo: ts[Order] = None
    batches: ts[list[Order]] = None
    by_side: dict[Side, ts[Order]] = None
    venues: dict[str, ts[Order]] = None
    silent: ts[Order] = None

    def dynamic_keys(self) -> dict[str, Any]:
        return {"venues": VENUES}


SENDABLE = [Ch.orders, Ch.batches, Ch.by_side, Ch.venues]


class Beat(GatewayModule):
    """Ticks by itself, a thousand times a second."""

    def connect(self, channels: Ch) -> None:
        timer = csp.timer(timedelta(milliseconds=1), True)
        channels.set_channel(Ch.beat, csp.apply(timer, lambda _: Order(n=0), Order))
        channels.set_channel(Ch.silent, csp.null_ts(Order))


class Desk(GatewayModule):
    """Takes what is sent, and sets a channel that it reads itself."""

    def connect(self, channels: Ch) -> None:
        for field in SENDABLE:
            channels.add_send_channel(field)
            channels.set_state(field, "n")
        orders = channels.get_channel(Ch.orders)
        back = csp.filter(csp.apply(channels.get_channel(Ch.echo), lambda order: order.n < 3, bool), orders)
        channels.set_channel(Ch.echo, orders)
        channels.set_channel(Ch.echo, csp.apply(back, lambda order: Order(n=order.n + 1), Order))


def order(drawn: random.Random) -> Order:
    return Order(n=drawn.randrange(NUMBERS))


def asked(drawn: random.Random) -> tuple[str, Any]:
    """A channel, or a key of one."""
    return drawn.choice(
        [
            (Ch.beat, None),
            (Ch.orders, None),
            (Ch.echo, None),
            (Ch.batches, None),
            (Ch.by_side, None),
            (Ch.by_side, drawn.choice(list(Side))),
            (Ch.venues, None),
            (Ch.venues, drawn.choice(VENUES)),
            (Ch.silent, None),
        ]
    )


def sent(drawn: random.Random) -> tuple[str, Any, Any]:
    """A channel, a value for it, and the key if it is for one."""
    return drawn.choice(
        [
            (Ch.orders, order(drawn), None),
            (Ch.batches, [order(drawn) for _ in range(drawn.randrange(4))], None),
            (Ch.by_side, {side: order(drawn) for side in Side}, None),
            (Ch.by_side, order(drawn), drawn.choice(list(Side))),
            (Ch.venues, {venue: order(drawn) for venue in drawn.sample(VENUES, 3)}, None),
            (Ch.venues, order(drawn), drawn.choice(VENUES)),
        ]
    )


class Worker(threading.Thread):
    """Asks and sends until told to end; counts what it is answered."""

    def __init__(self, gateway: Gateway, seed: int, end: threading.Event) -> None:
        super().__init__(name=f"worker-{seed}", daemon=True)
        self.gateway = gateway
        self.end = end
        self.drawn = random.Random(seed)
        self.answers: Counter[str] = Counter()
        self.waiting: list[Future[Any]] = []
        self.failure: BaseException | None = None

    def run(self) -> None:
        calls = [self.last, self.next, self.next_later, self.query, self.send, self.send]
        try:
            while not self.end.is_set():
                self.told(self.drawn.choice(calls))
            # What is still asked for is answered at the last stop.
            for answer in self.waiting:
                self.told(lambda answer=answer: answer.result(PATIENCE))
        except BaseException as failure:
            self.failure = failure

    def told(self, call: Callable[[], Any]) -> None:
        try:
            value = call()
        except NotRunningError:
            self.answers["not running"] += 1
            self.end.wait(0.001)
        except SendRefusedError:
            self.answers["refused"] += 1
        else:
            self.answers["nothing" if value is None else "value"] += 1

    def last(self) -> Any:
        field, key = asked(self.drawn)
        return self.gateway.channels.last(field, key, timeout=PATIENCE)

    def next(self) -> Any:
        """Of what ticks anyway: the tick it waits for is on its way, or the end is."""
        return self.gateway.channels.next(Ch.beat, timeout=PATIENCE)

    def next_later(self) -> None:
        self.waiting.append(self.gateway.channels.outside.next(*asked(self.drawn)))
        if len(self.waiting) > 1000:
            done = [answer for answer in self.waiting if answer.done()]
            self.waiting = [answer for answer in self.waiting if not answer.done()]
            for answer in done:
                self.told(lambda answer=answer: answer.result(0))

    def query(self) -> Any:
        """A state that threads feed: as many records as there are numbers, at most."""
        records = self.gateway.channels.query(self.drawn.choice(SENDABLE))
        assert len(records) <= NUMBERS
        return records

    def send(self) -> None:
        self.gateway.channels.send(*sent(self.drawn))


@pytest.mark.timeout(SECONDS + 3 * PATIENCE)
def test_no_answer_is_lost_and_no_thread_left() -> None:
    before = set(threading.enumerate())
    gateway = Gateway(channels=Ch(), modules=[Beat(), Desk()])
    drawn = random.Random(1)
    end = threading.Event()
    workers = [Worker(gateway, seed, end) for seed in range(THREADS)]
    stop_at = time.monotonic() + SECONDS
    stops = 0
    gateway.start(block=False)
    for worker in workers:
        worker.start()
    while time.monotonic() < stop_at or stops < 3:
        time.sleep(drawn.uniform(0.0, 0.5))
        gateway.stop()
        stops += 1
        time.sleep(drawn.uniform(0.0, 0.05))
        gateway.start(block=False)
    end.set()
    gateway.stop()
    for worker in workers:
        worker.join(2 * PATIENCE)
    assert not [worker.name for worker in workers if worker.is_alive()], "a call never came back"
    assert [worker.failure for worker in workers if worker.failure is not None] == []
    assert all(answer.done() for worker in workers for answer in worker.waiting)
    answers = sum((worker.answers for worker in workers), Counter[str]())
    assert answers["value"] > 0
    assert answers["not running"] > 0
    assert came_true(lambda: set(threading.enumerate()) <= before), threading.enumerate()


def came_true(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()
