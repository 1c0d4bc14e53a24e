"""A state of 100,000 and of 1,000,000 rows: kept, asked and read, beside DuckDB alone on the same rows."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter, sleep
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

import duckdb

from benchmarks.load import wait_for
from benchmarks.market import Position, positions
from benchmarks.measure import Figure, compare, limit, report
from benchmarks.servers import serving
from csp_gateway import State

__all__ = ["main"]

_STATE = "/api/v1/state/positions"
_OTHER = "/api/v1/last/quotes"
_FILTER = '{"filters":[{"attr":"qty","by":{"value":50000}}]}'
_GROUPS = {"group_by": ["name"], "aggregates": {"n": {"count": "*"}, "total": {"sum": "qty"}, "high": {"max": "price"}}}


def main() -> list[Figure]:
    """The engine's part, a query's part, and a whole read over HTTP with others waiting beside it."""
    figures = [*in_process(100_000), *in_process(1_000_000)]
    for rows in (100_000, 1_000_000):
        with serving("state", str(rows)) as server:
            wait_for_rows(server, rows)
            figures += over_http(server, rows)
    return report(figures)


def in_process(rows: int) -> list[Figure]:
    """An insert; a filter and a group beside bare DuckDB on the same columns; a write that a query then finds."""
    many = f"{rows // 1_000:,} k rows"
    records = positions(rows)
    state = State[Position]("key")
    state.insert_all(records)
    filtered = {"filters": [{"attr": "qty", "by": {"value": rows // 2}}]}
    state.query(filtered)
    bare = duckdb.connect()
    bare.register("given", state.arrow())
    bare.execute("create table t as select * from given")
    point = f"select * from t where qty = {rows // 2}"
    groups = "select name, count(*), sum(qty), max(price) from t group by name order by name"
    inserted, into_dict = insert(state, records)
    return [
        Figure(
            f"state, {many}: insert, a tick",
            inserted,
            "us",
            into_dict,
            inserted / into_dict,
            "<= 0.6 us",
            inserted <= 0.6,
        ),
        compare(
            f"state, {many}: a filter",
            best(lambda: state.query(filtered)),
            best(lambda: bare.execute(point).fetchall()),
            "ms",
            at_most=2,
        ),
        compare(
            f"state, {many}: a group by",
            best(lambda: state.query(_GROUPS), 10),
            best(lambda: bare.execute(groups).fetchall(), 10),
            "ms",
            at_most=2,
        ),
        limit(f"state, {many}: write, then query", write_then_query(state, records), "ms", at_most=1.5),
    ]


def insert(state: State[Position], records: list[Position]) -> tuple[float, float]:
    """µs of an insert in place of another record, and of one into a dict, the loop around them taken off."""
    some = records[:100_000]
    put = state.insert
    kept: dict[int, Position] = {}

    def inserting() -> None:
        for record in some:
            put(record)

    def looping() -> None:
        for _record in some:
            pass

    def bare() -> None:
        for record in some:
            kept[record.key] = record

    loop = best(looping, 7)
    ours, alone = ((best(work, 7) - loop) / len(some) * 1e3 for work in (inserting, bare))
    return ours, alone


def write_then_query(state: State[Position], records: list[Position]) -> float:
    """ms of one insert and a filter that finds what was inserted."""
    changed = iter(range(1, 1_000_000))

    def once() -> None:
        number = -next(changed)
        old = records[-number]
        state.insert(Position(key=old.key, name=old.name, price=old.price, qty=number))
        (found,) = state.query({"filters": [{"attr": "qty", "by": {"value": number}}]})
        assert found.qty == number

    return best(once)


def over_http(server: str, rows: int) -> list[Figure]:
    """All rows as JSON, the first time and again; a filter; and what others notice of it."""
    many = f"{rows // 1_000:,} k rows"
    first = best(lambda: get(server + _STATE), 1)
    again = best(lambda: get(server + _STATE), 3)
    some = best(lambda: get(f"{server}{_STATE}?query={quote(_FILTER)}"))
    with reading(server + _STATE) as done:
        pings = sorted(best(lambda: get(server + _OTHER), 1) for _ in range(500))
        assert not done.is_set()
    return [
        limit(f"GET state, {many}: first", first, "ms", at_most=rows * 0.02),
        limit(f"GET state, {many}: again", again, "ms", at_most=150 if rows <= 100_000 else first),
        limit(f"GET state, {many}: a filter", some, "ms", at_most=5),
        limit(f"... others while {many} are read: p99", pings[int(len(pings) * 0.99)], "ms", at_most=25),
    ]


def wait_for_rows(server: str, rows: int) -> None:
    """Return once the state has them."""
    count = quote('{"aggregates":{"n":{"count":"*"}}}')
    wait_for(server + _OTHER, 60)
    while json.loads(urlopen(f"{server}{_STATE}?query={count}", timeout=60).read()) != [{"n": rows}]:
        sleep(0.1)


@contextmanager
def reading(url: str) -> Iterator[threading.Event]:
    """Read ``url`` without a pause, on a thread."""
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            get(url)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield done
    finally:
        done.set()
        reader.join(60)


def get(url: str) -> int:
    """Read an answer to its end; how long it is."""
    at = urlsplit(url)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=120)
    try:
        connection.request("GET", at.path + (f"?{at.query}" if at.query else ""))
        answer = connection.getresponse()
        size = 0
        while chunk := answer.read(2**20):
            size += len(chunk)
        if answer.status != 200:
            raise RuntimeError(f"{url} answered {answer.status}")
        return size
    finally:
        connection.close()


def best(work: Callable[[], Any], runs: int = 40) -> float:
    """ms of the fastest of several runs."""
    taken = []
    for _ in range(runs):
        start = perf_counter()
        work()
        taken.append(perf_counter() - start)
    return min(taken) * 1e3


if __name__ == "__main__":
    main()
