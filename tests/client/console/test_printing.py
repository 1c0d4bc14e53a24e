"""Where answers go: tables and JSON to stdout, remarks to stderr."""

from __future__ import annotations

import json

import pytest

from csp_gateway.client.console.printing import Printer


def test_records_are_lines_below_one_another_for_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    Printer(no_color=True).records([{"symbol": "A", "size": 1}, {"symbol": "LONG", "size": 1000}])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "\x1b" not in "".join(lines)
    assert lines[0].split() == ["symbol", "size"]
    assert lines[2].split() == ["LONG", "1000"]


def test_json_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    printer = Printer(as_json=True)
    printer.document([{"x": 1}])
    printer.json_line({"y": 2})
    out = capsys.readouterr().out
    assert json.loads(out[: out.rindex("{")]) == [{"x": 1}]
    assert json.loads(out[out.rindex("{") :]) == {"y": 2}


def test_a_remark_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    Printer().remark("a word")
    out, err = capsys.readouterr()
    assert (out, err.strip()) == ("", "a word")
