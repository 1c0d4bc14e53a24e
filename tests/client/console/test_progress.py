"""What has come of a long answer."""

from __future__ import annotations

import io
import itertools
import re

import pytest
from rich.console import Console

from csp_gateway.client.console.progress import Progress


def shown(answers: list[list[int]], *, seconds: float, terminal: bool = True) -> str:
    """What a terminal shows while answers come in parts, so many seconds after one another."""
    told = io.StringIO()
    ticks = itertools.count()
    console = Console(file=told, force_terminal=terminal, width=100, no_color=True)
    with Progress(console, lambda: next(ticks) * seconds) as progress:
        for come in itertools.chain(*answers):
            progress(come)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", told.getvalue())


def test_of_a_long_answer_it_shows_how_much_has_come_and_how_quickly() -> None:
    said = shown([[1_000_000, 2_000_000, 3_000_000]], seconds=0.5)
    assert "reading" in said
    assert "2.0 MB, 4.0 MB/s" in said
    assert "?" not in said


@pytest.mark.parametrize(
    ("answers", "seconds", "terminal"),
    [
        ([[1_000, 2_000]], 9.0, False),
        ([[1_000, 2_000]], 0.1, True),
        ([[50_000, 60_000], [3], [2], [1]], 0.4, True),
    ],
    ids=["no terminal", "quick", "quick ones after one another"],
)
def test_else_nothing_is_shown(answers: list[list[int]], seconds: float, terminal: bool) -> None:
    assert shown(answers, seconds=seconds, terminal=terminal) == ""
