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


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["last", "by_side", "BUY"], "(BUY). A key stands behind a slash: csp-gateway last by_side/BUY"),
        (["state", "by_side", "BUY"], "(BUY). A key stands behind a slash: csp-gateway state by_side/BUY"),
        (["send", "by_side", "BUY", "{}"], "({}). A key stands behind a slash: csp-gateway send by_side/BUY"),
        (["last", "by_side/BUY", "SELL"], "(SELL)"),
        (["sql", "select 1", "BUY"], "(BUY)"),
        (["last", "by_side", "BUY", "SELL"], "(BUY SELL)"),
    ],
    ids=lambda each: each if isinstance(each, str) else " ".join(each),
)
def test_of_an_argument_too_many_it_is_told_where_a_key_stands(given: list[str], said: str) -> None:
    told = invoke(*given)
    assert told.status == 2
    assert told.err.splitlines()[-1].endswith(said), told.err
