"""The commands, as a user runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def test_options_stand_before_the_command_or_behind_it(url: str, run: Any) -> None:
    assert json.loads(run("--url", url, "--json", "last", "example").stdout)[0]["x"] >= 1
    assert json.loads(run("last", "example", "--url", url, "--json").stdout)[0]["x"] >= 1


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["last", "exampel"], 1, "did you mean 'example'?"),
        (["state", "example", "--where", "x >"], 2, "ends too early"),
        (["last"], 2, "Missing argument"),
        (["next", "never_ticks", "--timeout", "0.2"], 4, "not answered within"),
        (["tail", "exampel"], 1, "did you mean 'example'?"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_a_status(
    url: str, run: Any, arguments: list[str], status: int, said: str
) -> None:
    ended = run("--url", url, *arguments)
    assert ended.returncode == status, ended.stderr
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_no_gateway_is_status_3_and_no_secret_is_told(run: Any) -> None:
    ended = run("last", "example", "--url", "http://localhost:1", "--bearer", "hidden-word")
    assert ended.returncode == 3
    assert "hidden-word" not in ended.stderr


def test_a_tail_ends_after_so_many_records(url: str, run: Any) -> None:
    ended = run("tail", "example", "--count", "2", "--json", "--url", url)
    records = [json.loads(line)["record"]["x"] for line in ended.stdout.splitlines()]
    assert records[1] == records[0] + 1


def test_lines_of_a_pipe_are_sent(url: str, run: Any) -> None:
    line = '{"x": 1, "dt": "2026-01-01T00:00:00", "d": "2026-01-01"}\n'
    assert run("send", "example", "-", "--url", url, given=line * 3).stdout == "3 records accepted\n"
    assert run("send", "example_list", "-", "--url", url, given=line * 3).stdout == "3 records accepted\n"


@pytest.mark.parametrize("command", ["channels", "schema", "last", "next", "tail", "send", "state", "sql", "doctor"])
def test_every_command_has_help_and_examples(run: Any, command: str) -> None:
    ended = run(command, "--help")
    assert ended.returncode == 0, ended.stderr
    assert "Examples:" in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) <= 100


def test_without_typer_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise ModuleNotFoundError('No module named typer', name='typer')")
    program = [sys.executable, "-c", "from csp_gateway.client.console import main; main()", "channels"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(program, capture_output=True, text=True, timeout=40, env=environment)
    assert done.returncode == 1
    assert "csp-gateway-client[cli]" in done.stderr
    assert "Traceback" not in done.stderr
