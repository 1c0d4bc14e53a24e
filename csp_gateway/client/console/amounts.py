"""Amounts as options take them: numbers with limits, which are told in words."""

from __future__ import annotations

from collections.abc import Callable

import typer

__all__ = ["DAY", "seconds", "whole"]

DAY = 86_400.0
"""In seconds."""


def whole(least: int) -> Callable[[str], int]:
    """What reads a whole number that is not below ``least``.

    >>> whole(1)("1_000")
    1000
    """

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise typer.BadParameter(f"it is a whole number, {least} or more, and not {text!r}")
        return number

    return read


def seconds(least: float, most: float) -> Callable[[str], float]:
    """What reads a number of seconds, within limits.

    >>> seconds(0, 10)("0.5")
    0.5
    """

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            raise typer.BadParameter(f"it is a number of seconds, from {least:g} to {most:,.0f}, and not {text!r}")
        return number

    return read
