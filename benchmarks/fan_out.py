"""Live delivery: messages a second to 1, 50 and 500 clients, and how late they are, beside bare uvicorn and picows."""

from __future__ import annotations

from benchmarks.listeners import Heard, listen
from benchmarks.measure import Figure, compare, limit, report
from benchmarks.streams import Server, streaming

__all__ = ["main"]

_OFFERED = 250_000
"""Messages a second, to all clients together, where it is asked how many there can be."""
_ONE = 20_000
"""The same to a single client."""
_SECONDS = 2.0
_ROUNDS = 5
"""Of the easy pace, taken in turns so that noise on the machine meets all alike."""
_KINDS = ("ours", "uvicorn", "picows")


def main() -> list[Figure]:
    """The most there can be; then 50 clients at an easy pace."""
    with streaming(*_KINDS) as servers:
        return [*report(_easy(servers)), *report(_ceilings(servers))]


def _ceilings(servers: dict[str, Server]) -> list[Figure]:
    figures = []
    for clients in (1, 50, 500):
        rate = _ONE if clients == 1 else _OFFERED / clients
        ours, uvicorn, picows = (listen(servers[kind], rate, clients, _SECONDS).rate for kind in _KINDS)
        row = f"fan-out, {clients} client{'s' * (clients > 1)}"
        # To one client each message is a cycle of an engine, which the bare ones have not.
        least = 0.8 if clients == 1 else 1.0
        figures.append(compare(f"{row}: beside uvicorn", ours, uvicorn, "mps", at_least=least))
        figures.append(compare(f"{row}: beside picows", ours, picows, "mps", at_least=least))
        if clients > 1:
            figures.append(limit(f"{row}: messages a second", ours, "mps", at_least=150_000))
    return figures


def _easy(servers: dict[str, Server]) -> list[Figure]:
    rounds = [{kind: listen(servers[kind], 200, 50, _SECONDS) for kind in _KINDS} for _ in range(_ROUNDS)]
    ours, uvicorn, picows = ([each[kind] for each in rounds] for kind in _KINDS)
    row = "fan-out, 50 x 200/s"
    return [
        compare(f"{row}: p99, beside uvicorn", _late(ours), _late(uvicorn), "us", at_most=1.5),
        compare(f"{row}: p99, beside picows", _late(ours), _late(picows), "us", at_most=1.5),
        limit(f"{row}: p99", _late(ours), "us", at_most=3_000),
        compare(f"{row}: CPU, beside uvicorn", _busy(ours), _busy(uvicorn), "%", at_most=1.0),
        compare(f"{row}: CPU, beside picows", _busy(ours), _busy(picows), "%", at_most=1.5),
        limit(f"{row}: CPU", _busy(ours), "%", at_most=20),
    ]


def _late(heard: list[Heard]) -> float:
    """The best of the rounds: what others do on the machine only ever makes it later."""
    return min(each.p99 for each in heard)


def _busy(heard: list[Heard]) -> float:
    """The best of the rounds, too: who shares its caches and its clock with others needs more of it."""
    return min(each.cpu for each in heard)


if __name__ == "__main__":
    main()
