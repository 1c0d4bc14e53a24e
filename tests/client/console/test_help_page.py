"""The pages of help: short, and readable in 80 columns."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from csp_gateway.client.console.app import app

COMMANDS = ["channels", "last", "next", "tail", "send", "state", "sql", "schema", "doctor"]


@pytest.mark.parametrize("command", [[], *([each] for each in COMMANDS)], ids=lambda each: "".join(each) or "all")
def test_a_page_fits_a_terminal_and_says_what_there_is(command: list[str]) -> None:
    shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert shown.exit_code == 0, shown.output
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown.output)
    assert max(map(len, plain.splitlines())) <= 80
    assert all(name in plain for name in (command or COMMANDS))
