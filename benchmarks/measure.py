"""What a benchmark measures: a figure of ours beside the bare library's of the same run, and whether it will do."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter

__all__ = ["Figure", "best_of", "compare", "limit", "report", "seconds_per_call"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        row: what was done.
        ours: what it took us, in ``unit``.
        unit: ``us``, ``B``, ``MB``, ``rps`` …
        bare: what the bare library took for the same job in the same run; None where there is nothing to compare with.
        ratio: ours / bare; None without ``bare``.
        goal: the goal in words, such as ``<= 2.5 x bare``.
        reached: whether this run reached it.
    """

    row: str
    ours: float
    unit: str
    bare: float | None
    ratio: float | None
    goal: str
    reached: bool

    def __str__(self) -> str:
        bare = "-" if self.bare is None else f"{self.bare:,.2f} {self.unit}"
        ratio = "-" if self.ratio is None else f"{self.ratio:.2f}"
        verdict = "reached" if self.reached else "NOT REACHED"
        measured = f"{self.ours:>12,.2f} {self.unit:<4} bare {bare:>14}  ratio {ratio:>5}"
        return f"{self.row:<48} {measured}  {self.goal:<14} {verdict}"


def compare(
    row: str, ours: float, bare: float, unit: str, *, at_most: float | None = None, at_least: float | None = None
) -> Figure:
    """A figure judged by its ratio to the bare library: ``at_most`` for times and sizes, ``at_least`` for rates."""
    ratio = ours / bare
    goal, reached = _judge(ratio, " x bare", at_most, at_least)
    return Figure(row, ours, unit, bare, ratio, goal, reached)


def limit(row: str, ours: float, unit: str, *, at_most: float | None = None, at_least: float | None = None) -> Figure:
    """A figure judged by itself."""
    goal, reached = _judge(ours, f" {unit}", at_most, at_least)
    return Figure(row, ours, unit, None, None, goal, reached)


def _judge(value: float, suffix: str, at_most: float | None, at_least: float | None) -> tuple[str, bool]:
    if at_most is not None:
        return f"<= {at_most:g}{suffix}", value <= at_most
    if at_least is not None:
        return f">= {at_least:g}{suffix}", value >= at_least
    raise TypeError("a goal is needed: at_most or at_least")


def seconds_per_call(work: Callable[[], object], calls: int) -> float:
    """The mean seconds of one call over ``calls`` of them, with the garbage collector at rest as ``timeit`` has it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        rounds = range(calls)
        start = perf_counter()
        for _ in rounds:
            work()
        return (perf_counter() - start) / calls
    finally:
        if was_enabled:
            gc.enable()


def best_of(*works: Callable[[], object], calls: int = 2_000, runs: int = 60) -> list[float]:
    """The best seconds per call of each work, in many short turns so that noise on the machine meets all alike."""
    best = [float("inf")] * len(works)
    for _ in range(runs):
        for i, work in enumerate(works):
            best[i] = min(best[i], seconds_per_call(work, calls))
    return best


def report(figures: Iterable[Figure]) -> list[Figure]:
    """Print one line per figure; returns them as a list."""
    kept = list(figures)
    for figure in kept:
        print(figure)
    return kept
