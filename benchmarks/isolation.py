"""98 clients of live delivery beside one that stops reading and one that says rubbish, and without those, in turns.

The run without them has them trouble another server: the machine is as busy, and it is only this one's clients that are
left in peace.
"""

from __future__ import annotations

from statistics import median

import psutil

from benchmarks.listeners import Heard, listen
from benchmarks.measure import Figure, limit, report
from benchmarks.streams import Server, streaming
from benchmarks.troublemakers import beside

__all__ = ["main"]

_CLIENTS = 98
_RATE = 100.0
_SECONDS = 2.0
_ROUNDS = 6
_MEBIBYTE = 2**20


def main() -> list[Figure]:
    """What the others notice; and how much of it bare uvicorn's notice."""
    with streaming("ours", "uvicorn") as servers:
        ours, bare = servers["ours"], servers["uvicorn"]
        process = psutil.Process(ours.pid)
        _rounds(ours, bare, 1)  # by which everything has been done once
        before = process.memory_info().rss
        calm, troubled = _rounds(ours, bare, _ROUNDS)
        grown = (process.memory_info().rss - before) / _MEBIBYTE
        bare_calm, bare_troubled = _rounds(bare, ours, 1)
    row = "isolation, 98 beside 2"
    kept, bare_kept = (
        100 * _middle(after, "rate") / _middle(before, "rate")
        for before, after in ((calm, troubled), (bare_calm, bare_troubled))
    )
    p99, calm_p99 = _middle(troubled, "p99"), _middle(calm, "p99")
    return report(
        [
            limit(f"{row}: told, of what it was", kept, "%", at_least=99),
            limit(f"{row}: told by uvicorn, of what it was", bare_kept, "%", at_least=0),
            limit(f"{row}: p99 later by", (p99 - calm_p99) / 1e3, "ms", at_most=max(5.0, calm_p99 / 1e4)),
            limit(
                f"{row}: an engine cycle, of what it was",
                100 * _middle(troubled, "worked") / _middle(calm, "worked"),
                "%",
                at_most=102,
            ),
            limit(f"{row}: memory grown by", grown, "MB", at_most=10),
        ]
    )


def _rounds(server: Server, other: Server, count: int) -> tuple[list[Heard], list[Heard]]:
    """Without them and beside them, in turns."""
    calm, troubled = [], []
    for number in range(2 * count):
        # As often the one first as the other: what a machine does by the minute meets both.
        with_them = number % 4 in (1, 2)
        with beside(server if with_them else other):
            (troubled if with_them else calm).append(listen(server, _RATE, _CLIENTS, _SECONDS))
    return calm, troubled


def _middle(heard: list[Heard], what: str) -> float:
    middle: float = median(getattr(each, what) for each in heard)
    return middle


if __name__ == "__main__":
    main()
