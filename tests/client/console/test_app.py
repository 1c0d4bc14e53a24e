"""The commands, as a user runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.console.conftest import Run
from tests.client.console.invoking import invoke


def test_as_a_process_it_ends_with_a_sentence_and_a_status(url: str, run: Run) -> None:
    ended = run("last", "exampel", "--url", url)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "did you mean 'example'?" in ended.stderr
    assert "Traceback" not in ended.stderr


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
def test_what_is_wrong_is_a_sentence_and_a_status(url: str, arguments: list[str], status: int, said: str) -> None:
    told = invoke("--url", url, *arguments)
    assert told.status == status, told.err
    assert said in told.err
    assert told.out == ""


def test_no_gateway_is_status_3_and_no_secret_is_told() -> None:
    told = invoke("last", "example", "--url", "http://localhost:1", "--bearer", "hidden-word")
    assert told.status == 3
    assert "hidden-word" not in told.err


def test_a_tail_ends_after_so_many_records(url: str) -> None:
    told = invoke("tail", "example", "--count", "2", "--json", "--url", url)
    records = [json.loads(line)["record"]["x"] for line in told.out.splitlines()]
    assert records[1] == records[0] + 1


def test_lines_of_a_pipe_are_sent(url: str) -> None:
    line = '{"x": 1}\n'
    assert invoke("send", "example", "-", "--url", url, given=line * 3).out == "3 records accepted\n"
    assert invoke("send", "example_list", "-", "--url", url, given=line * 3).out == "3 records accepted\n"


def test_without_typer_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise ModuleNotFoundError('No module named typer', name='typer')")
    program = [sys.executable, "-c", "from csp_gateway.client.console import main; main()", "channels"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(program, capture_output=True, text=True, timeout=40, env=environment)
    assert done.returncode == 1
    assert "csp-gateway-client[cli]" in done.stderr
    assert "Traceback" not in done.stderr
