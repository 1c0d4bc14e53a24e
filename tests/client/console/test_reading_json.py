"""Records from a text, a file, or a pipe."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from csp_gateway.client.console.failures import WrongUsage
from csp_gateway.client.console.reading_json import Lines, opened, portions


def test_a_text_is_a_document_and_a_file_may_be_lines(tmp_path: Path) -> None:
    assert Lines('{"x": 1}').document == {"x": 1}
    file = tmp_path / "records.ndjson"
    file.write_text('{"x": 1}\n\n{"x": 2}\n')
    source = opened(f"@{file}")
    lines = Lines(source)
    assert not lines.is_document
    assert list(lines) == [{"x": 1}, {"x": 2}]
    assert not isinstance(source, str)
    source.close()
    assert Lines(io.StringIO('[{"x": 1},\n {"x": 2}]')).document == [{"x": 1}, {"x": 2}]


def test_what_is_no_json_says_where() -> None:
    with pytest.raises(WrongUsage, match="no JSON"):
        Lines("{")
    lines = Lines(io.StringIO('{"x": 1}\n{"x"\n'))
    with pytest.raises(WrongUsage, match="line 2"):
        list(lines)


def test_records_are_taken_as_they_come() -> None:
    taken = list(portions(iter([{"x": n} for n in range(2_500)])))
    assert sum(map(len, taken)) == 2_500
    assert max(map(len, taken)) <= 1_000
