"""``GET last``: how fast the newest tick is answered, beside a bare ASGI application under the same uvicorn."""

from __future__ import annotations

from benchmarks.load import Load, apply_load, wait_for
from benchmarks.measure import Figure, compare, report
from benchmarks.servers import serving

__all__ = ["main"]

_PATH = "/api/v1/last/quotes"


def main() -> list[Figure]:
    """One connection, 32 connections, and 32 while the channel ticks 5,000 times a second."""
    with serving("bare") as bare, serving("gateway", "100") as calm:
        one, one_bare = best(1, calm, bare)
        many, many_bare = best(32, calm, bare)
    # One after the other: beside a channel that ticks so fast, the bare server would not have a core to itself.
    with serving("gateway", "5000") as busy:
        (ticking,) = best(32, busy)
    with serving("bare") as bare:
        (ticking_bare,) = best(32, bare)
    return report(
        [
            compare("GET last, 1 connection: median", one.median, one_bare.median, "us", at_most=1.43),
            compare("GET last, 32 connections", many.rps, many_bare.rps, "rps", at_least=0.7),
            compare("GET last, 32 connections, ticking 5 k/s", ticking.rps, ticking_bare.rps, "rps", at_least=0.6),
        ]
    )


def best(connections: int, *servers: str, path: str = _PATH, body: str | None = None) -> list[Load]:
    """The best of three loads on each server, the servers taking turns so that noise meets all alike."""
    loads: dict[str, list[Load]] = {server: [] for server in servers}
    for server in servers:
        wait_for(server + _PATH)
        apply_load(server + path, connections, 1, body)
    for _ in range(3):
        for server in servers:
            loads[server].append(apply_load(server + path, connections, 3, body))
    return [Load(max(load.rps for load in tries), min(load.median for load in tries)) for tries in loads.values()]


if __name__ == "__main__":
    main()
