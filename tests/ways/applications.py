"""Applications of any shape: sources, joins and relays over channels of every kind, spread over any number of modules.

A value counts how many nodes it went through, and a node passes nothing on that has gone through ``HOPS`` of them: a
cycle of channels comes to rest.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, List, TypeVar  # noqa: UP035  # csp reads typing.List

import csp
from csp import ts

from csp_gateway import Gateway, GatewayChannels, GatewayModule

START = datetime(2024, 1, 1)
SECOND = timedelta(seconds=1)
K = TypeVar("K")
HOPS = 4


class Count(csp.Struct):
    n: int
    hops: int


class Side(Enum):
    BUY = 1
    SELL = 2


class Ch(GatewayChannels):
    one: ts[Count] = None
    two: ts[Count] = None
    several: ts[List[Count]] = None  # noqa: UP006
    by_side: dict[Side, ts[Count]] = None
    venues: dict[str, ts[Count]] = None
    legs: list[ts[Count]] = None

    def dynamic_keys(self) -> dict[str, Any]:
        return {"venues": ["x", "y"], "legs": 2}


Stream = tuple[str, Any]
STREAMS: list[Stream] = [
    ("one", None),
    ("two", None),
    ("several", None),
    ("by_side", Side.BUY),
    ("by_side", Side.SELL),
    ("venues", "x"),
    ("venues", "y"),
    ("legs", 0),
    ("legs", 1),
]
Value = tuple[tuple[int, int], ...]
"""What one tick carries: ``(n, hops)`` for each record of it."""
Tick = tuple[Stream, datetime, Value]


def value_of(tick: Any) -> Value:
    return tuple((record.n, record.hops) for record in (tick if isinstance(tick, list) else [tick]))


def passed_on(value: Value, salt: int) -> Value:
    """What a relay makes of a value."""
    return tuple(((n * 3 + salt) % 1009, hops + 1) for n, hops in value if hops < HOPS)


@csp.node
def join(inputs: [ts[object]], salt: int) -> ts[List[Count]]:  # noqa: UP006
    """All that ticks, folded into one number: another order, or another cycle, and the number is another."""
    with csp.state():
        s_fold = salt
    if csp.ticked(inputs):
        values = [(position, value_of(tick)) for position, tick in inputs.tickeditems()]
        for position, value in values:
            for n, _ in value:
                s_fold = (s_fold * 31 + (position + 1) * n) % 10007
        hops = max(hops for _, value in values for _, hops in value)
        if hops < HOPS:
            return [Count(n=s_fold, hops=hops + 1)]


@csp.node
def relay(value: ts[object], salt: int) -> ts[List[Count]]:  # noqa: UP006
    if csp.ticked(value):
        passed = passed_on(value_of(value), salt)
        if passed:
            return [Count(n=n, hops=hops) for n, hops in passed]


@csp.node(memoize=False)  # csp cannot hash a basket by keys of several types, and says so
def recorded(streams: {"K": ts[object]}) -> ts[object]:
    """What ticks in each engine cycle, by stream."""
    if csp.ticked(streams):
        return {stream: value_of(tick) for stream, tick in streams.tickeditems()}


@dataclass(frozen=True)
class Piece:
    """One setter of a stream."""

    target: Stream
    whole: bool = False
    """Whether baskets are got and set whole."""
    salt: int = 0

    def wire(self, channels: GatewayChannels) -> None:
        edge = self.records(channels)
        field, key = self.target
        if field != "several":
            edge = csp.unroll(edge)
        if self.whole and isinstance(key, str | Side):
            channels.set_channel(field, {key: edge})
        else:
            channels.set_channel(field, edge, key)

    def records(self, channels: GatewayChannels) -> Any:
        raise NotImplementedError

    def got(self, channels: GatewayChannels, stream: Stream) -> Any:
        field, key = stream
        return channels.get_channel(field)[key] if self.whole and key is not None else channels.get_channel(*stream)


@dataclass(frozen=True)
class Source(Piece):
    """Ticks of its own, ``(second, n)``."""

    ticks: tuple[tuple[int, int], ...] = ()

    def records(self, channels: GatewayChannels) -> Any:
        return csp.curve(List[Count], [(SECOND * when, [Count(n=n, hops=0)]) for when, n in self.ticks])  # noqa: UP006


@dataclass(frozen=True)
class Join(Piece):
    """Several streams together."""

    sources: tuple[Stream, ...] = ()

    def records(self, channels: GatewayChannels) -> Any:
        return join([self.got(channels, stream) for stream in self.sources], self.salt)


@dataclass(frozen=True)
class Relay(Piece):
    """One stream, record by record."""

    source: Stream = STREAMS[0]

    def records(self, channels: GatewayChannels) -> Any:
        return relay(self.got(channels, self.source), self.salt)


class Part(GatewayModule):
    """Some of the pieces."""

    requires: Any = []
    pieces: list[Any] = []

    def connect(self, channels: Ch) -> None:
        for piece in self.pieces:
            piece.wire(channels)


class Recorder(GatewayModule):
    requires: Any = []

    def connect(self, channels: Ch) -> None:
        edges = {stream: channels.get_channel(*stream) for stream in STREAMS}
        csp.add_graph_output("cycles", recorded(edges))


Cycles = list[tuple[datetime, dict[Stream, Value]]]


def outputs(parts: Sequence[GatewayModule]) -> dict[str, Any]:
    """What an application leaves behind."""
    gateway = Gateway(channels=Ch(), modules=list(parts))
    left: dict[str, Any] = csp.run(gateway.graph, starttime=START, endtime=SECOND * 10)
    return left


def cycles(parts: Sequence[GatewayModule]) -> Cycles:
    """Every engine cycle of an application: its engine time, and what ticked in it."""
    return list(outputs(parts)["cycles"])


def ticks_of(run: Cycles) -> Counter[Tick]:
    """Every tick of a run, however often it came."""
    return Counter((stream, when, value) for when, cycle in run for stream, value in cycle.items())
