"""Rows into the live tables: how many, what each costs, and how late they make the engine."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, List  # noqa: UP035  # csp reads typing.List

import csp
from csp import ts
from perspective import Server

from benchmarks.market import Leg, Side
from benchmarks.measure import Figure, report
from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewayStruct, MountPerspectiveTables
from csp_gateway.server.modules.tables.arrow import arrow_schema, encode
from csp_gateway.server.modules.tables.config import TableConfig
from csp_gateway.server.modules.tables.feed import BATCH
from csp_gateway.server.modules.tables.table import LiveTable
from csp_gateway.server.structs.columns import ColumnReader

__all__ = ["main"]

SECONDS = 1.0
RUNS = 3
LIMIT = 100_000


class Trade(GatewayStruct):
    """Eight fields with the id and the timestamp, one of them nested: 11 columns, one row."""

    symbol: str
    quantity: int
    price: float
    when: datetime
    side: Side
    leg: Leg


class Trades(GatewayChannels):
    """Lists of trades."""

    trades: ts[List[Trade]] = None  # noqa: UP006


def trades(count: int) -> list[Trade]:
    """Trades that differ."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return [
        Trade(symbol=f"S{n}", quantity=n, price=n / 2, when=now, side=Side.BUY, leg=Leg(name="l1", ratio=0.5))
        for n in range(count)
    ]


def sustained(write: Any) -> tuple[float, float]:
    """Rows a second, and CPU microseconds a row of the whole process, over ``SECONDS`` of writing batches."""
    write()
    rows, start, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < SECONDS:
        write()
        rows += BATCH
    return rows / (time.perf_counter() - start), (time.process_time() - cpu) / rows * 1e6


def feed() -> tuple[tuple[float, float], tuple[float, float]]:
    """The best of ours from structs, and of ``Table.update`` from Arrow that is ready."""
    batch = trades(BATCH)
    config = TableConfig().completed("ours", {}, LIMIT, {}, None, {})
    ours = LiveTable(Server().new_local_client(), "ours", Trade, config)
    reader = ColumnReader(Trade)
    ready, _ = encode(arrow_schema(reader.types), reader.read(batch).columns)
    bare = Server().new_local_client().table(ready, limit=LIMIT, name="bare")
    runs = [(sustained(lambda: ours.write(batch)), sustained(lambda: bare.update(ready))) for _ in range(RUNS)]
    return max(run[0] for run in runs), max(run[1] for run in runs)


class Steady(GatewayModule):
    """Ticks 40 trades every millisecond, and notes how late each tick is."""

    late: Any
    batch: Any

    @csp.node
    def tick(self, clock: ts[bool]) -> ts[List[Trade]]:  # noqa: UP006
        """The same trades again and again."""
        if csp.ticked(clock):
            self.late.append((datetime.now(UTC).replace(tzinfo=None) - csp.now()).total_seconds())
            return self.batch

    def connect(self, channels: Trades) -> None:
        """As a user's module would."""
        channels.set_channel(Trades.trades, self.tick(csp.timer(timedelta(milliseconds=1), True)))


def lag(*others: GatewayModule) -> float:
    """Milliseconds that 99 of 100 ticks are at most late, over five seconds."""
    late: list[float] = []
    steady = Steady(late=late, batch=trades(40))
    gateway = Gateway(modules=[steady, *others], channels=Trades())
    gateway.start(rest=True, _in_test=True)
    time.sleep(5)
    gateway.stop()
    return sorted(late)[int(len(late) * 0.99)] * 1e3


def main() -> list[Figure]:
    """The feed by itself, and an engine that feeds it."""
    (rate, cost), (bare_rate, bare_cost) = feed()
    without, with_tables = lag(), lag(MountPerspectiveTables(default_limit=LIMIT))
    return report(
        [
            Figure("table rows a second", rate, "rps", bare_rate, rate / bare_rate, ">= 200,000 rps", rate >= 200_000),
            Figure("CPU of a table row", cost, "us", bare_cost, cost / bare_cost, "<= 5 us", cost <= 5),
            Figure(
                "lateness of ticks at 40 k rows/s, p99 (bare: no tables)",
                with_tables,
                "ms",
                without,
                with_tables / without,
                "<= 20 ms",
                with_tables <= 20,
            ),
        ]
    )


if __name__ == "__main__":
    main()
