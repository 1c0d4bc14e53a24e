"""The pages of help: short, and readable in 80 columns."""

from __future__ import annotations

import pytest

from tests.client.console.invoking import invoke

COMMANDS = ["channels", "last", "next", "tail", "send", "state", "sql", "schema", "doctor"]


@pytest.mark.parametrize("command", [[], *([each] for each in COMMANDS)], ids=lambda each: "".join(each) or "all")
def test_a_page_fits_a_terminal_and_says_what_there_is(command: list[str]) -> None:
    shown = invoke(*command, "--help", COLUMNS="80")
    assert shown.status == 0, shown.err
    assert max(map(len, shown.out.splitlines())) <= 80
    assert all(name in shown.out for name in (command or COMMANDS))
    assert "Examples:" in shown.out
    assert not [mark for mark in ("<=", ">=", "RANGE", "default:", "{CHANNEL", "{STATE") if mark in shown.out]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["tail", "x", "--limit", "3"], "--count"),
        (["state", "x", "--count", "3"], "--limit"),
        (["state", "x", "--fields", "a"], "--select"),
        (["tail", "x", "--counts", "3"], "--count"),
    ],
    ids=lambda each: each if isinstance(each, str) else each[2],
)
def test_of_an_option_that_there_is_not_the_one_that_is_meant_is_told(given: list[str], meant: str) -> None:
    told = invoke(*given)
    assert told.status == 2
    assert told.err.splitlines()[-1] == f"Error: No such option: {given[2]} (Possible options: {meant})"
