"""Runs every benchmark, each in a process of its own, and writes the table of README.md anew."""

from __future__ import annotations

import os
import platform
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from benchmarks.measure import Figure

__all__ = ["main"]

PROGRAMS = (
    "struct",
    "tick",
    "idle_channel",
    "roundtrip",
    "wiring",
    "last",
    "send",
    "state",
    "fan_out",
    "isolation",
    "client",
    "tables",
    "health",
    "import_time",
)
LIBRARIES = (
    "csp",
    "duckdb",
    "pydantic",
    "fastapi",
    "uvicorn",
    "picows",
    "orjson",
    "msgspec",
    "perspective-python",
    "pyarrow",
)
README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- table: written by `make bench` -->", "<!-- end of table -->"


def run(program: str) -> list[Figure]:
    """The figures of one program, which prints them; called in a fresh process."""
    figures: list[Figure] = import_module(f"benchmarks.{program}").main()
    return figures


def main() -> None:
    """Measure, print, write."""
    rows = []
    for program in PROGRAMS:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            rows += [(program, figure) for figure in pool.submit(run, program).result()]
    text = README.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    README.write_text(f"{before}{BEGIN}\n{table(rows)}\n{END}{after}")
    missed = sum(not figure.reached for _, figure in rows)
    print(f"{len(rows) - missed} of {len(rows)} goals reached; written to {README}")


def table(rows: list[tuple[str, Figure]]) -> str:
    """The figures in Markdown, under a line that says what they were measured on."""
    lines = [
        "",
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {processor()} ({os.cpu_count()} cores), {platform.system()}, "
        f"Python {platform.python_version()}; {', '.join(f'{name} {version(name)}' for name in LIBRARIES)}.",
        "",
        "| what | ours | bare library | ratio | goal | reached | program |",
        "|---|---:|---:|---:|---|---|---|",
    ]
    for program, figure in rows:
        bare = "" if figure.bare is None else f"{figure.bare:,.2f} {figure.unit}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        reached = "yes" if figure.reached else "**no**"
        lines.append(
            f"| {figure.row} | {figure.ours:,.2f} {figure.unit} | {bare} | {ratio} | {figure.goal} | {reached} "
            f"| [{program}]({program}.py) |"
        )
    return "\n".join([*lines, ""])


def processor() -> str:
    """The name of the machine's processor, where the system tells it."""
    try:
        described = Path("/proc/cpuinfo").read_text()
        return next(line.split(": ")[1] for line in described.splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()
