"""The client: a state of 1,000,000 rows into frames, by Arrow and by JSON; a small read beside httpx2; its import."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx2

from benchmarks.import_time import program
from benchmarks.measure import Figure, compare, limit, report
from benchmarks.servers import serving
from benchmarks.state import wait_for_rows
from csp_gateway import GatewayClient

__all__ = ["main"]

_ROWS = 1_000_000
_SMALL = 300
_IMPORT = "from csp_gateway import GatewayClient"
_BARE_IMPORT = """
import httpx2, msgspec
from pydantic import BaseModel
class Config(BaseModel):
    host: str = "localhost"
"""
"""What the client stands on, with one model: pydantic loads half of itself for the first."""


def main() -> list[Figure]:
    """Whole reads, small reads, imports."""
    figures = imports()
    with serving("state", str(_ROWS)) as server:
        wait_for_rows(server, _ROWS)
        with GatewayClient(host=server) as client:
            figures += [*whole_reads(client), small_reads(client, server)]
    return report(figures)


def whole_reads(client: GatewayClient) -> list[Figure]:
    """All rows, as they travel in Arrow; and in JSON, of which no frame is made yet."""
    by_arrow = best(lambda: len(client.state("positions", None, return_type_override="polars")), 3)
    by_json = best(lambda: len(client.state("positions", None, return_type_override="wrapper").as_json()), 1)
    frame = best(lambda: len(client.state("positions", None, return_type_override="pandas")), 2)
    return [
        limit("1 M rows of state into polars", by_arrow, "s", at_most=2),
        limit("1 M rows of state into pandas", frame, "s", at_most=2),
        compare("1 M rows into polars, beside JSON into dicts", by_arrow, by_json, "s", at_most=0.5),
    ]


def small_reads(client: GatewayClient, server: str) -> Figure:
    """``last`` of one record, beside bare httpx2 and its ``json()``."""
    with httpx2.Client() as bare:
        url = f"{server}/api/v1/last/quotes"
        ours, bares = [], []
        for _ in range(5):
            ours.append(mean(lambda: client.last("quotes")))
            bares.append(mean(lambda: bare.get(url).json()))
    return compare("last, one record", min(ours) * 1e6, min(bares) * 1e6, "us", at_most=1.3)


def imports() -> list[Figure]:
    """The import of the client, without the start of Python; and beside the libraries that it stands on."""
    runs = [(program("pass"), program(_IMPORT), program(_BARE_IMPORT)) for _ in range(7)]
    start, ours, bare = (min(times) for times in zip(*runs, strict=True))
    return [
        limit("import of the client", ours - start, "s", at_most=0.4),
        compare("import of the client, beside its libraries", ours - start, bare - start, "s", at_most=1.4),
    ]


def best(work: Callable[[], int], runs: int) -> float:
    """The best seconds of some runs, each of which must give all rows."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        assert work() == _ROWS
        taken.append(time.perf_counter() - start)
    return min(taken)


def mean(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(_SMALL):
        work()
    return (time.perf_counter() - start) / _SMALL


if __name__ == "__main__":
    main()
