"""The process's one DuckDB."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from csp_gateway.server.state import database
from csp_gateway.server.state.database import (
    DATABASE,
    Database,
    limit_duckdb_memory,
    modify_duckdb_threads,
    restore_duckdb_threads,
)


@pytest.fixture
def ours() -> Database:
    return Database()


@pytest.fixture
def _restored() -> Iterator[None]:
    yield
    restore_duckdb_threads()


def test_it_is_imported_at_its_first_use() -> None:
    script = (
        "import sys; from csp_gateway.server.state.database import DATABASE; assert 'duckdb' not in sys.modules; "
        "DATABASE.statistics(); assert 'duckdb' not in sys.modules; DATABASE.cursor(); assert 'duckdb' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=50)


def test_all_cursors_see_the_same_tables(ours: Database) -> None:
    name = ours.fresh_name()
    with ours.cursor() as one, ours.cursor() as other:
        one.execute(f"create table {name} as select 1")
        assert other.execute(f"from {name}").fetchall() == [(1,)]
    with ours.cursor() as later:
        assert later.execute(f"from {name}").fetchall() == [(1,)]


def test_two_databases_share_nothing(ours: Database) -> None:
    with ours.cursor() as one, Database().cursor() as other:
        one.execute("create table t as select 1")
        with pytest.raises(database.DuckDBError, match="does not exist"):
            other.execute("from t")


def test_no_name_is_given_twice(ours: Database) -> None:
    names: list[str] = []
    threads = [threading.Thread(target=lambda: names.extend(ours.fresh_name() for _ in range(500))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(names)) == 4000


def test_what_changes_its_limits_opens_it_anew_and_a_cursor_lent_before_goes_on(ours: Database) -> None:
    before, generation = ours.lend()
    name = ours.fresh_name()
    before.execute(f"create table {name} as select 1")
    ours.set_threads(3)
    assert ours.generation > generation
    after, anew = ours.lend()
    assert anew == ours.generation
    assert before.execute(f"from {name}").fetchall() == [(1,)]
    with pytest.raises(database.DuckDBError, match=name):
        after.execute(f"from {name}")
    assert after.execute("select current_setting('threads')").fetchall() == [(3,)]
    assert ours.fresh_name() != name
    ours.set_threads(3)
    assert ours.generation == anew
    ours.renew()
    assert ours.generation > anew


@pytest.mark.parametrize("kind", ["FATAL", "INTERNAL"])
def test_an_instance_that_is_lost_is_opened_anew_once(ours: Database, kind: str) -> None:
    _, generation = ours.lend()
    assert not ours.failed(ValueError("Binder Error: FATAL"), generation)
    assert ours.generation == generation
    lost = OSError(f"{kind} Error: it is lost")
    assert ours.failed(lost, generation)
    _, anew = ours.lend()
    assert anew == generation + 1
    assert ours.failed(lost, generation)  # another thread met it too
    assert ours.generation == anew


def test_limits_before_the_first_use_cost_no_generation(ours: Database) -> None:
    ours.set_threads(3)
    ours.limit_memory(1 << 28)
    assert ours.generation == 1
    assert ours.lend()[1] == 1


def test_of_several_limits_of_memory_the_greatest_counts(ours: Database) -> None:
    assert ours.memory == 1 << 30
    ours.limit_memory(1 << 28)
    assert ours.memory == 1 << 28
    ours.limit_memory(1 << 27)
    assert ours.memory == 1 << 28
    with ours.cursor() as cursor:
        assert cursor.execute("select current_setting('memory_limit')").fetchall() == [("256.0 MiB",)]
        with pytest.raises(database.DuckDBError, match="Out of Memory"):
            cursor.execute("create table t as select i, hash(i) as j, hash(j) as k from range(100_000_000) r(i)")
    ours.limit_memory(1 << 29)
    assert (ours.memory, ours.generation) == (1 << 29, 2)


@pytest.mark.parametrize("count", [0, -1, True, 1.5, "2"])
def test_a_number_of_threads_that_is_none_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="1 at least"):
        modify_duckdb_threads(count)


@pytest.mark.parametrize("size", [0, -1, True, 1.5, "1GB", 1000])
def test_a_limit_of_memory_that_is_none_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="1048576 at least"):
        limit_duckdb_memory(size)


@pytest.mark.usefixtures("_restored")
def test_threads_of_the_process_are_modified_and_restored() -> None:
    modify_duckdb_threads(3)
    assert DATABASE.threads == 3
    restore_duckdb_threads()
    assert 1 <= DATABASE.threads <= 4


def test_it_tells_of_itself(ours: Database) -> None:
    assert ours.statistics() == {
        "generation": 1,
        "threads": ours.threads,
        "memory_limit": 1 << 30,
        "memory": 0,
        "tables": 0,
    }
    with ours.cursor() as cursor:
        cursor.execute("create table t as select i from range(1_000_000) r(i); create temp table u as select 1")
        told = ours.statistics()
    assert told["tables"] == 1
    assert told["memory"] > 100_000


def test_cursors_are_lent_to_many_threads_while_it_is_opened_anew(ours: Database) -> None:
    wrong: list[object] = []

    def use() -> None:
        for _ in range(20):
            cursor, _ = ours.lend()
            with cursor:
                name = ours.fresh_name()
                cursor.execute(f"create table {name} as select 42")
                if (found := cursor.execute(f"from {name}").fetchall()) != [(42,)]:
                    wrong.append(found)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for each in threads:
        each.start()
    for count in (2, 3, 1):
        ours.set_threads(count)
        ours.cursor().close()
    for each in threads:
        each.join()
    assert not wrong


def test_a_table_is_dropped_at_the_next_use_or_when_tidied() -> None:
    database = Database()
    with database.cursor() as cursor:
        names = [database.fresh_name() for _ in range(2)]
        for name in names:
            cursor.execute(f"create table {name} (x int)")
    database.drop(names[0], database.generation)
    database.drop(names[1], database.generation - 1)  # of another instance: not this one
    database.tidy()
    assert database.statistics()["tables"] == 1
    database.drop(names[1], database.generation)
    database.drop(names[1], database.generation)
    with database.cursor() as cursor:
        assert cursor.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]
