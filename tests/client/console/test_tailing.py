"""Records as they come, a line each."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from csp_gateway.client.console.printing import Printer
from csp_gateway.client.console.tailing import Tail, places
from csp_gateway.client.followed import Gap
from tests.client.console.invoking import invoke

PROGRAM = [sys.executable, "-c", "from csp_gateway.client.console import main; main()", "tail", "example"]


def test_a_key_of_a_basket_is_behind_a_slash() -> None:
    assert places(["a", "b/K"]) == ["a", ("b", "K")]


def test_records_are_told_until_it_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    tail = Tail(Printer(no_color=True), 2)
    assert not tail.tell({"channel": "a", "data": [{"x": 1}]})
    assert tail.tell({"channel": "a", "key": "K", "data": [{"x": 2}, {"x": 3}]})
    assert capsys.readouterr().out.splitlines() == ["a x=1", "a/K x=2"]
    assert Tail(Printer(no_color=True), 1).tell({"channel": "heartbeat", "data": "PING"})
    assert capsys.readouterr().out == "heartbeat value=PING\n"


def test_on_a_terminal_values_stand_out(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    Tail(Printer()).tell({"channel": "a", "time": "2026-11-28T11:23:56.803443", "data": [{"x": 1}]})
    assert capsys.readouterr().out == "\x1b[2m11:23:56.803\x1b[0m\x1b[36m a \x1b[0m\x1b[2mx=\x1b[0m1\n"


def test_gaps_and_reconnects_are_told_beside(capsys: pytest.CaptureFixture[str]) -> None:
    tail = Tail(Printer(no_color=True))
    tail.missing(Gap("a", 1, 5, 4, "expired"))
    tail.has_become("lost")
    tail.has_become("connected")
    out, err = capsys.readouterr()
    assert out == ""
    assert "4 ticks" in err
    assert "lost" in err
    assert "connected again" in err


def test_options_narrow_what_comes(url: str) -> None:
    options = ["--where", "x > 0", "--fields", "x", "--count", "2", "--json"]
    done = invoke("tail", "example", *options, "--url", url)
    assert done.status == 0, done.err
    told = [json.loads(line)["record"] for line in done.out.splitlines()]
    assert [list(record) for record in told] == [["x"], ["x"]]


def test_ctrl_c_and_a_closed_pipe_end_it_without_a_word(url: str) -> None:
    with subprocess.Popen([*PROGRAM, "--url", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tail:
        assert tail.stdout is not None
        assert tail.stderr is not None
        assert tail.stdout.readline()
        tail.send_signal(signal.SIGINT)
        assert (tail.wait(20), tail.stderr.read()) == (130, "")
    with subprocess.Popen([*PROGRAM, "--url", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tail:
        assert tail.stdout is not None
        assert tail.stderr is not None
        assert tail.stdout.readline()
        tail.stdout.close()
        assert (tail.wait(20), tail.stderr.read()) == (0, "")
