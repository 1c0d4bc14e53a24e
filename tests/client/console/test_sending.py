"""What is sent from the command line ticks."""

from __future__ import annotations

import json
from pathlib import Path

from tests.client.console.invoking import invoke

RECORD = {"x": 7, "dt": "2026-01-01T00:00:00", "d": "2026-01-01"}


def test_a_record_is_sent(url: str) -> None:
    told = invoke("send", "example", json.dumps(RECORD), "--wait", "ticked", "--url", url)
    assert (told.status, told.said.strip()) == (0, "1 record ticked")


def test_a_file_of_lines_and_a_basket_are_sent(url: str, tmp_path: Path) -> None:
    file = tmp_path / "records.ndjson"
    file.write_text("".join(json.dumps({**RECORD, "x": x}) + "\n" for x in range(5)))
    told = invoke("send", "example", f"@{file}", "--url", url)
    assert (told.status, told.said.strip()) == (0, "5 records accepted")
    told = invoke("send", "str_basket", json.dumps({"a": RECORD}), "--url", url)
    assert told.status == 0


def test_what_is_wrong_says_where(url: str) -> None:
    told = invoke("send", "example", '{"x": "seven"}', "--url", url)
    assert told.status == 1
    assert "x" in told.said
    assert invoke("send", "example", "{", "--url", url).status == 2


def test_a_pipe_is_sent_as_it_comes(url: str) -> None:
    told = invoke("send", "example", "-", "--url", url, given=json.dumps(RECORD) + "\n" + json.dumps(RECORD))
    assert (told.status, told.out) == (0, "2 records accepted\n")
