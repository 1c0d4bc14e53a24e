"""Live delivery: messages a second to 1, 50 and 500 clients, and how late they are, beside bare uvicorn and picows."""

from __future__ import annotations

from benchmarks.listeners import Heard, listen
from benchmarks.measure import Figure, compare, limit, report
from benchmarks.streams import streaming

__all__ = ["main"]

_OFFERED = 250_000
"""Messages a second, to all clients together, where it is asked how many there can be."""
_ONE = 20_000
"""The same to a single client."""
_SECONDS = 3.0
_KINDS = ("ours", "uvicorn", "picows")


def main() -> list[Figure]:
    """The most there can be; then 50 clients at an easy pace; then one more that stops reading."""
    return [*report(_ceilings()), *report(_easy()), *report(_beside_a_stalled_one())]


def _heard(kind: str, rate: float, clients: int, *, stalled: bool = False, runs: int = 1) -> Heard:
    """The best of several runs, each with a server of its own."""
    tries = []
    for _ in range(runs):
        with streaming(kind, rate) as server:
            tries.append(listen(server, clients, _SECONDS, stalled=stalled))
    return max(tries, key=lambda heard: (round(heard.rate, -2), -heard.p99))


def _ceilings() -> list[Figure]:
    figures = []
    for clients in (1, 50, 500):
        rate = _ONE if clients == 1 else _OFFERED / clients
        ours, uvicorn, picows = (_heard(kind, rate, clients).rate for kind in _KINDS)
        row = f"fan-out, {clients} client{'s' * (clients > 1)}"
        figures.append(compare(f"{row}: beside uvicorn", ours, uvicorn, "mps", at_least=1.0))
        figures.append(compare(f"{row}: beside picows", ours, picows, "mps", at_least=1.0))
        if clients > 1:
            figures.append(limit(f"{row}: messages a second", ours, "mps", at_least=150_000))
    return figures


def _easy() -> list[Figure]:
    ours, uvicorn, picows = (_heard(kind, 200, 50, runs=2) for kind in _KINDS)
    return [
        compare("fan-out, 50 x 200/s: p99, beside uvicorn", ours.p99, uvicorn.p99, "us", at_most=1.5),
        compare("fan-out, 50 x 200/s: p99, beside picows", ours.p99, picows.p99, "us", at_most=1.5),
        limit("fan-out, 50 x 200/s: p99", ours.p99, "us", at_most=3_000),
        limit("fan-out, 50 x 200/s: the server's CPU", ours.cpu, "%", at_most=20),
    ]


def _beside_a_stalled_one() -> list[Figure]:
    """A/B: the others beside one that reads nothing, and without it."""
    calm, beside = (_heard("ours", 2_000, 20, stalled=stalled, runs=2) for stalled in (False, True))
    bare_calm, bare_beside = (_heard("uvicorn", 2_000, 20, stalled=stalled) for stalled in (False, True))
    others = "fan-out, one stops reading: the others"
    return [
        compare(f"{others}, beside uvicorn's", beside.rate, max(1.0, bare_beside.rate), "mps", at_least=1.0),
        compare(f"{others}, beside none that stops", beside.rate, calm.rate, "mps", at_least=0.95),
        limit(f"{others}, uvicorn's share", 100 * bare_beside.rate / bare_calm.rate, "%", at_least=0),
        limit(f"{others}: p99 later by", (beside.p99 - calm.p99) / 1e3, "ms", at_most=5),
        compare("fan-out, one stops reading: an engine cycle", beside.worked, calm.worked, "us", at_most=1.1),
    ]


if __name__ == "__main__":
    main()
