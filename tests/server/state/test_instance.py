"""An instance of DuckDB reaches nothing but its own tables, and stays so."""

from pathlib import Path

import pytest

from csp_gateway.server.state.instance import DuckDBError, open_instance


@pytest.mark.parametrize(
    "statement",
    [
        "set threads = 7",
        "set global memory_limit = '9GB'",
        "reset lock_configuration",
        "set timezone = 'Asia/Tokyo'",
        "install httpfs",
        "load httpfs",
        "attach '{file}.db'",
        "copy (select 1) to '{file}'",
        "export database '{file}'",
        "import database '{file}'",
        "from '{file}'",
        "from read_text('{file}')",
        "from glob('{file}*')",
        "from rows",
    ],
)
def test_what_would_reach_out_is_refused_by_duckdb_itself(statement: str, tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_text("secret")
    rows = [1]
    instance = open_instance(1 << 28, 1)
    with pytest.raises(DuckDBError):
        instance.execute(statement.format(file=file)).fetchall()
    assert file.read_text() == "secret"
    assert [each.name for each in tmp_path.iterdir()] == ["file.csv"]
    assert rows == [1]


def test_its_limits_are_as_asked_and_its_times_in_utc() -> None:
    cursor = open_instance(1 << 28, 3).cursor()
    setting = "select current_setting(?)"
    told = [cursor.execute(setting, [name]).fetchall()[0][0] for name in ("memory_limit", "threads", "timezone")]
    assert told == ["256.0 MiB", 3, "UTC"]


def test_what_does_not_fit_fails_and_is_not_written_to_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB 2.0.0 wrote gigabytes to ``.tmp`` where the process was started, whatever its size might be."""
    monkeypatch.chdir(tmp_path)
    instance = open_instance(1 << 25, 1)
    with pytest.raises(DuckDBError, match="Out of Memory"):
        instance.execute("create table t as select i, hash(i) as j from range(20_000_000) r(i)")
    assert not list(tmp_path.iterdir())
