"""Answers in the formats of other programs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from csp_gateway.client.console.failures import WrongUsage
from csp_gateway.client.console.saving import Format, format_of, save

ROWS = [{"symbol": "A", "leg": {"x": 1}}, {"symbol": "B", "leg": {"x": 2}}]


def test_a_name_says_the_format() -> None:
    assert format_of(None, Path("a.csv"), as_json=False, on_terminal=True) is Format.CSV
    assert format_of(None, None, as_json=True, on_terminal=True) is Format.JSON
    assert format_of(None, None, as_json=False, on_terminal=False) is Format.TABLE
    with pytest.raises(WrongUsage, match=r"\.parquet"):
        format_of(None, Path("a.parqet"), as_json=False, on_terminal=True)
    with pytest.raises(WrongUsage, match="terminal cannot show"):
        format_of(Format.ARROW, None, as_json=False, on_terminal=True)


def test_a_file_has_what_was_answered(tmp_path: Path) -> None:
    file = tmp_path / "a"
    save(ROWS, Format.JSON, file)
    assert json.loads(file.read_text()) == ROWS
    save(ROWS, Format.NDJSON, file)
    assert [json.loads(line) for line in file.read_text().splitlines()] == ROWS
    save(ROWS, Format.CSV, file)
    assert list(csv.DictReader(file.read_text().splitlines())) == [
        {"symbol": "A", "leg.x": "1"},
        {"symbol": "B", "leg.x": "2"},
    ]
    table = pyarrow.table({"symbol": ["A"]})
    assert save(table, Format.PARQUET, file) == file.stat().st_size
    assert pyarrow.parquet.read_table(file).equals(table)
    save(table, Format.ARROW, file)
    assert pyarrow.ipc.open_stream(file.read_bytes()).read_all().equals(table)
    assert list(tmp_path.iterdir()) == [file]
