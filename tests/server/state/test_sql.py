"""A user's one SELECT: it answers right, within its limits, and whatever it tries, nothing else."""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.errors import (
    AnswerTooLargeError,
    GatewayException,
    QueryCancelledError,
    QueryError,
    QueryTimeoutError,
    SqlError,
)
from csp_gateway.server.state import sql as sql_module
from csp_gateway.server.state.database import DATABASE, Database
from csp_gateway.server.state.sql import Cancellation, SqlLimits, read_select, run_select

SHORT = SqlLimits(seconds=0.1)
LONG = SqlLimits(seconds=20)
ENDLESS = "select count(*) from range(10_000_000_000) a, range(1_000_000) b"
Views = Mapping[str, str]


@pytest.fixture(scope="module")
def views() -> Iterator[Views]:
    """A table of a thousand orders, seen as two: without its column ``secret``, and with two columns alone."""
    name = DATABASE.fresh_name()
    rows = "select i as id, 'n' || i as name, i * 0.5 as price, [i, i + 1] as legs, 'secret' as secret"
    with DATABASE.cursor() as cursor:
        cursor.execute(f"create table {name} as {rows} from range(1000) r(i)")
        yield {
            "orders": f"select id, name, price, legs from {name}",
            "Quotes": f"select id, price from {name}",
            'od"d; x': f"select id from {name}",
        }
        cursor.execute(f"drop table {name}")


def ask(sql: str, views: Views, parameters: Any = None, limits: SqlLimits = LONG) -> list[Any]:
    table = run_select(read_select(sql, views), views, parameters, limits)
    assert isinstance(table, pa.Table)
    return [tuple(row.values()) for row in table.to_pylist()]


# --- It answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "parameters", "answer"),
    [
        ("select 1;", None, [(1,)]),
        ("/* all */ from ORDERS -- of them\nwhere id = 3", None, [(3, "n3", 1.5, [3, 4])]),
        ("select name from orders where id = $id", {"id": 7}, [("n7",)]),
        ("select name from orders where id in ($1, $2) order by id desc", [1, 2], [("n2",), ("n1",)]),
        ("select count(*) from orders where id < ? and price >= ?", (10, 1), [(8,)]),
        ("select o.id from orders o join quotes q using (id) where q.price = 4", None, [(8,)]),
        ("with orders as (from orders where id < 3) select sum(id) from orders", None, [(3,)]),
        (
            "with recursive r(i) as (select 1 union all select i + 1 from r where i < 4) select sum(i) from r",
            None,
            [(10,)],
        ),
        ("select list_sum(list_transform(legs, lambda x: x * 2)) from orders where id = 1", None, [(6,)]),
        ("select u from orders, unnest(legs) t(u) where id = 5 order by u", None, [(5,), (6,)]),
        ("select max(id) from 'od\"d; x'", None, [(999,)]),
        ("values (1, 'a'), (2, null)", None, [(1, "a"), (2, None)]),
        ("select id from orders where id < 2 union all select id from quotes where id = 2 order by all", None, None),
        ("select id from orders where id in (select unnest($ids)) order by 1", {"ids": [0, 1, 2]}, None),
        ("select lpad(id::varchar, 4, '0') from orders limit 1", None, [("0000",)]),
    ],
)
def test_it_answers(sql: str, parameters: Any, answer: list[Any] | None, views: Views) -> None:
    assert ask(sql, views, parameters) == ([(0,), (1,), (2,)] if answer is None else answer)


def test_what_is_read_names_its_tables_and_parameters(views: Views) -> None:
    select = read_select("select $low from ORDERS, quotes", views)
    assert (select.tables, select.parameters) == (("orders", "Quotes"), ("low",))


def test_values_are_never_text_of_the_statement(views: Views) -> None:
    evil = "'; drop table orders; --"
    assert ask("select $x, count(*) from orders where name = $x", views, {"x": evil}) == [(evil, 0)]


def test_times_are_in_utc_whatever_the_machine_says(views: Views) -> None:
    moment = datetime(2026, 1, 2, 3, tzinfo=UTC)
    assert ask("select hour($1), $1::varchar", views, [moment]) == [(3, "2026-01-02 03:00:00+00")]


def test_columns_of_one_name_are_all_answered(views: Views) -> None:
    assert run_select(read_select("select 1 a, 2 a where $1", []), {}, [True]).column_names == ["a", "a"]


def test_an_answer_without_rows_has_its_columns(views: Views) -> None:
    table = run_select(read_select("from quotes where false", views), views)
    assert (table.column_names, table.num_rows) == (["id", "price"], 0)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-5, 1005), max_size=5), st.floats(-10, 600), st.integers(0, 20), st.booleans())
def test_it_answers_as_python_would(ids: list[int], low: float, most: int, down: bool) -> None:
    name = DATABASE.fresh_name()
    with DATABASE.cursor() as cursor:
        cursor.execute(f"create table {name} as select i as id, i * 0.5 as price from range(50) r(i)")
        views = {"t": f"from {name}"}
        found = ask(
            f"select id from t where id in (select unnest($ids::bigint[])) or price >= $low "
            f"order by id {'desc' if down else ''} limit $most",
            views,
            {"ids": ids, "low": low, "most": most},
        )
        cursor.execute(f"drop table {name}")
    wanted = sorted((i for i in range(50) if i in ids or i * 0.5 >= low), reverse=down)
    assert [row[0] for row in found] == wanted[:most]


# --- It says what is wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("selec 1", 'cannot be read: syntax error at or near "selec", at character 1'),
        ("", "nothing is there"),
        ("-- select 1", "nothing is there"),
        ("select 1; select 2", "2 statements are there"),
        ("select 1; drop table orders", "only a SELECT is answered"),
        ("explain from orders", "only a SELECT is answered"),
        ("drop table orders", "only a SELECT is answered, which reads: SQL changes nothing here, and states"),
        ("insert into orders values (1)", "SQL changes nothing here"),
        ("pivot orders on id using count(*)", "for PIVOT, write: from t pivot"),
        ("-- by id\n Pivot orders on id using count(*)", "for PIVOT, write: from t pivot"),
        ("select pricee from orders", 'column "pricee" not found in FROM clause!; Candidate bindings: "price"'),
        ("select name::int from orders", "Could not convert string 'n0' to INT32"),
        ("select nofunction(1)", "nofunction does not exist"),
        ("select secret from orders", 'column "secret" not found'),
        ("select error('this ' || id) from orders", "this 0"),
        ("select $x", "no value is given for $x"),
        ("select $x, ?", "Mixing named and positional"),
        ("select " + "x" * 70_000, "65,536 at most"),
        ("select '\0'", "a zero byte"),
        ("select '\ud800'", "half of a surrogate pair"),
        ("select " + "(" * 10_000 + "1" + ")" * 10_000, "nested too deeply"),
        ("select " + " + ".join(["1"] * 900), "nested too deeply"),
        ("select " + "not " * 900 + "true", "nested too deeply"),
        ("from " + "(from " * 900 + "orders" + ")" * 900, "nested too deeply"),
        ("select [" * 400 + "1" + "]" * 400, "cannot be read"),
    ],
)
def test_what_is_wrong_is_said(sql: str, sentence: str, views: Views) -> None:
    with pytest.raises(SqlError, match=re.escape(sentence)) as caught:
        ask(sql, views)
    assert isinstance(caught.value, QueryError)
    assert len(str(caught.value)) < 1200
    assert not re.search(r"__state_|\.cpp|\.hpp|Stack Trace|LINE \d|memory\.", str(caught.value))


def test_a_text_that_is_none_is_refused() -> None:
    with pytest.raises(SqlError, match="not int"):
        read_select(1, [])  # type: ignore[arg-type]


def test_many_values_are_no_deep_nesting(views: Views) -> None:
    assert ask("select count(*) from orders where id in (" + ", ".join(map(str, range(9000))) + ")", views) == [(1000,)]
    assert ask("select " + " and ".join(["true"] * 7000), views) == [(True,)]


def test_a_table_called_like_the_process_own_is_refused(views: Views) -> None:
    with pytest.raises(ValueError, match="cannot be a table's name"):
        run_select(read_select("select 1", []), {"__STATE_1": "select 1"})


def test_a_table_that_went_when_duckdb_was_opened_anew_is_no_fault_of_the_select() -> None:
    select = read_select("from t", ["t"])
    with pytest.raises(Exception, match="does not exist") as caught:
        run_select(select, {"t": f"from {DATABASE.fresh_name()}"})
    assert type(caught.value).__name__ == "CatalogException"


# --- It keeps its limits ----------------------------------------------------------------------------------------------


def test_an_answer_is_whole_or_an_error(views: Views) -> None:
    assert len(ask("from orders", views, limits=SqlLimits(rows=1000))) == 1000
    with pytest.raises(AnswerTooLargeError, match="over 999 rows; add LIMIT"):
        ask("from orders", views, limits=SqlLimits(rows=999))
    with pytest.raises(AnswerTooLargeError, match="over 1,000 bytes; add LIMIT"):
        ask("from orders", views, limits=SqlLimits(bytes=1000))
    with pytest.raises(AnswerTooLargeError, match="over 1,000,000 rows"):
        ask("from range(1_000_000_000_000)", views)


@pytest.mark.parametrize("sql", [ENDLESS, ENDLESS + " where a.range <> $1 and b.range <> $1"])
def test_time_is_over(sql: str, views: Views) -> None:
    with pytest.raises(QueryTimeoutError, match=r"more than 0\.1 s"):
        ask(sql, views, [5] if "$1" in sql else None, SHORT)
    assert ask("select count(*) from orders", views) == [(1000,)]


def test_memory_is_over(views: Views) -> None:
    with pytest.raises(AnswerTooLargeError, match="more memory"):
        ask("select null::int[100000][100000]", views)
    assert ask("select count(*) from orders", views) == [(1000,)]


def test_its_time_begins_when_it_was_asked(views: Views) -> None:
    with pytest.raises(QueryTimeoutError, match="more than 20 s"):
        run_select(read_select(ENDLESS, views), views, limits=LONG, asked=time.monotonic() - 20)


def test_a_duckdb_that_is_lost_is_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Database()
    monkeypatch.setattr(sql_module, "DATABASE", ours)
    select = read_select("from t", ["t"])
    ours.lend()[0].close()
    generation = ours.generation
    monkeypatch.setattr(sql_module, "_show", lambda *_: raised(OSError("FATAL Error: lost")))
    with pytest.raises(SqlError, match="a fault of DuckDB"):
        run_select(select, {"t": "select 1"})
    assert ours.generation == generation + 1


def raised(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("before", [True, False])
def test_who_asked_leaves(before: bool, views: Views) -> None:
    cancellation = Cancellation()
    if before:
        cancellation.cancel()
    else:
        threading.Timer(0.1, cancellation.cancel).start()
    with pytest.raises(QueryCancelledError):
        run_select(read_select(ENDLESS, views), views, None, SqlLimits(), cancellation)


# --- It is attacked ---------------------------------------------------------------------------------------------------

ATTACKS = """
attach '{file}' as stolen
attach ':memory:' as other
detach memory
copy orders to '{file}'
copy (select 1) to '{file}'
export database '{folder}'
import database '{folder}'
install httpfs
load httpfs
pragma database_list
pragma threads=1
set threads = 1
set memory_limit = '1KB'
set lock_configuration = false
reset threads
call pragma_version()
use memory
checkpoint
force checkpoint
vacuum
begin
commit
rollback
prepare p as select 1
execute p
deallocate p
create table x as select 1
create temp table orders as select 1
create or replace temp view orders as select 1
create macro abs(x) as 1
create schema s
create type t as enum ('a')
create secret s (type s3)
create sequence s
drop table orders
drop view orders
drop view if exists orders cascade
alter table orders rename to x
insert into orders values (1)
update orders set id = 1
delete from orders
delete from orders returning *
truncate orders
merge into orders using orders o on true when matched then delete
with x as (delete from orders returning *) from x
with x as (insert into orders values (1) returning *) from x
comment on table orders is 'x'
analyze
explain analyze from orders
select 1; drop view orders
select 1;/**/;drop view orders
select 1 -- ;\\n; drop view orders
select 1 /* ; */; /* */ drop view orders
select '\\'; drop view orders; --'
select 1 ; drop view orders
select 1\uff1bdrop view orders
from '{file}'
from "{file}"
from '{file}' t, orders
select * from read_csv('{file}')
select * from read_text('{file}')
select * from read_blob('{file}')
select * from read_json('{file}')
select * from read_parquet('{file}')
select * from parquet_scan(['{file}'])
select * from sniff_csv('{file}')
select * from glob('{folder}/*')
select * from orders, read_text('{file}')
select * from orders where name in (select content from read_text('{file}'))
select (select content from read_text('{file}'))
select list_transform(['{file}'], lambda f: (select content from read_text(f)))
with f as (from read_text('{file}')) from f
with recursive f as (select 1 a union all select size from read_text('{file}')) from f
select * from (values ((select content from read_text('{file}'))))
from orders order by (select content from read_text('{file}'))
from orders limit (select size from read_text('{file}'))
select count(*) filter (exists (from read_text('{file}'))) from orders
select sum(id) over (partition by (select content from read_text('{file}'))) from orders
from orders group by (select content from read_text('{file}')), all
from orders qualify (select content from read_text('{file}')) is null
from orders join quotes on exists (from read_text('{file}'))
from orders pivot (count(*) for id in (select size from read_text('{file}')))
from orders union from read_text('{file}')
from orders, lateral (from read_text('{file}'))
from read_text((select '{file}'))
from query('from read_text(''{file}'')')
from query('select ' || 42)
from query_table('orders')
from query_table(['orders', 'quotes'])
from json_execute_serialized_sql(json_serialize_sql('select 1'))
select json_serialize_sql('select 1')
select json_serialize_plan('from orders')
from python_rows
from python_table
from python_map_function(1, 2)
from pandas_scan(1)
from arrow_scan(1, 2, 3)
from arrow_scan_dumb(1, 2, 3)
from python_arrow_scan(1)
from seq_scan('orders')
from information_schema.tables
from information_schema.columns
from "information_schema"."tables"
from pg_catalog.pg_tables
from pg_tables
from pg_class
from sqlite_master
from sqlite_schema
from sqlite_temp_master
from main.sqlite_master
from temp.main.orders
from temp.orders
from memory.main.orders
from system.main.duckdb_tables
from duckdb_tables
from duckdb_views
from duckdb_settings()
from duckdb_tables()
from duckdb_views()
from duckdb_columns()
from duckdb_functions()
from duckdb_databases()
from duckdb_secrets()
from duckdb_memory()
from duckdb_temporary_files()
from duckdb_logs
from duckdb_logs()
from duckdb_variables()
from duckdb_live_query_metrics()
from enable_logging()
from enable_profiling()
from register_external_resource('a', 'b')
from add_grammar_extension('x')
from checkpoint()
from force_checkpoint()
from test_all_types()
from pragma_table_info('orders')
from pragma_storage_info('orders')
from pragma_database_size()
from pragma_user_agent()
from "pragma_version"()
from summary((from orders))
from histogram(orders, id)
from icu_calendar_names()
from which_secret('a', 'b')
from {table}
from "{table}"
from "{TABLE}"
from main.{table}
select secret from (from {table})
with {table} as (select 1) from {table}
with {table} as (from {table}) from {table}
with recursive {table} as (select 1 union all from {table}) from {table}
with a as (with {table} as (select 1) from {table}) from {table}
with duckdb_tables as (select 1) from duckdb_tables
with a as (from sqlite_master), sqlite_master as (select 1) from a
with recursive a as (from sqlite_master), sqlite_master as (select 1) from a
with orders as (from orders) from memory.orders
select orders.secret from orders
select {table}.secret from orders
select memory.main.{table}.id from orders
select columns('secret') from orders
show tables
show all tables
show databases
describe
describe orders
describe {table}
summarize orders
from (show tables)
from (describe {table})
from (summarize orders)
select current_setting('threads')
select CURRENT_SETTING('threads')
select "current_setting"('threads')
select main.current_setting('threads')
select pg_catalog.current_setting('threads')
select system.main.current_setting('threads')
select 'threads'.current_setting()
select getvariable('x')
select getenv('HOME')
select current_database()
select current_schemas(true)
select current_query()
select in_search_path('memory', 'main')
select txid_current()
select nextval('s')
select write_log('x')
select setseed(0.5)
select pg_get_viewdef(1)
select has_table_privilege('orders', 'select')
select get_block_size('memory')
select index_key({{'table': 'orders'}}, 'x', 1)
select stats(id) from orders
select sleep_ms(10000)
select pg_sleep(10)
select finalize(combine('\\x00'::blob, '\\x00'::blob))
select '\\x00'::blob::aggregate_state
select sum(id) export_state from orders
select __internal_decompress_string(1::hugeint)
select variant_bytes_to_variant('\\x00\\x00'::blob)
select 'orders'::regclass
select cast('{file}' as orders)
select null::memory.main.t
select repeat('x', 4_000_000_000)
select 'x'.repeat(4_000_000_000)
select repeat('x', 100_000_000 + id) from orders
select len(range(1_000_000_000))
select generate_series(1, 1_000_000_000)
select lpad('x', 1_000_000_000, 'y')
select rpad('x', id * 1_000_000, 'y') from orders
select printf('%2000000000d', 1)
select format('{{:2000000000}}', 1)
select bitstring('1', 2_000_000_000)
select list_resize([1], 2_000_000_000)
select list_reduce([1, 2], lambda a, b: a || a, 'x')
select damerau_levenshtein(name, name) from orders
select replace(name, '', name) from orders
select null::int[100000][100000]
from orders tablesample reservoir (1_000_000_000 rows)
select count(*) from range(10_000_000_000) a, range(1_000_000) b
select count(*) from range(10_000_000_000_000_000)
select sum(a.id + b.id + c.id + d.id) from orders a, orders b, orders c, orders d
select * from range(1_000_000_000) order by random()
select len(list(i)) from range(1_000_000_000_000) t(i)
select string_agg(i::varchar, '') from range(1_000_000_000_000) t(i)
select max(length(s)) from (with recursive r as (select 'x' s union all select s || s from r) from r)
with recursive r(i) as (select 1 union all select i + 1 from r) select max(i) from r
with recursive r(i) as (select 1 union all select 1 from r) select count(*) from r
with recursive r(i) as (select 1 union select i + 1 from r) select count(*) from r
with recursive r(i) as (select 1 union all select a.i from r a, r b) select count(*) from r
from range(0, 10, 0)
select unnest(legs) from orders, range(1_000_000_000)
select count(*) from orders a where id < (select count(*) from orders b, orders c where b.id < a.id and c.id > b.id)
select regexp_matches('a', '((((a{{1,1000}}){{1,1000}}){{1,1000}}))')
select regexp_matches(string_agg('a', ''), '(a*)*(a*)*(a*)*b') from range(100_000)
select 1::decimal(39, 0)
select make_timestamp(9223372036854775807)
select unicode(chr(-1))
select ''[9223372036854775807:]
select [1][-9223372036854775808]
select json_extract('[[[', '$[*][*]')
select strptime('x', '%Y%Y%Y')
select (id).a.b.c from orders
select * exclude (id, name, price, legs) from orders
select columns(*)(1) from orders
select #99 from orders
from positional
select $1
select ?::varchar
"""

LINES = [line.replace("\\n", "\n") for line in ATTACKS.strip().splitlines()]


def settings_now() -> list[Any]:
    with DATABASE.cursor() as cursor:
        return cursor.execute("select name, value from duckdb_settings() order by name").fetchall()


def objects_now() -> list[Any]:
    with DATABASE.cursor() as cursor:
        tables = cursor.execute("select table_name, estimated_size from duckdb_tables() order by 1").fetchall()
        return tables + cursor.execute("select view_name from duckdb_views() where not internal").fetchall()


def threads_now() -> set[str]:
    return {each.name for each in threading.enumerate()}


def test_attacks_change_nothing_and_see_nothing(views: Views, tmp_path: Path) -> None:
    """Each is refused, or stopped, or answers what its own tables hold; after each, a witness answers right."""
    file = tmp_path / "file.csv"
    file.write_text("secret\n")
    table = views["orders"].split()[-1]
    python_rows, python_table = [1], pa.table({"secret": [1]})
    ask("select 1", views)
    settings, objects, generation, threads = settings_now(), objects_now(), DATABASE.generation, threads_now()
    answered = []
    for line in LINES:
        sql = line.format(file=file, folder=tmp_path, table=table, TABLE=table.upper())
        began = time.monotonic()
        try:
            rows = ask(sql, views, limits=SHORT)
        except GatewayException as error:
            told = str(error).replace(sql, "")
        else:
            answered.append(line)
            told = str(rows)
        assert "secret" not in told or "secret" in sql, sql
        assert table not in told.lower() or table in sql.lower(), sql
        assert time.monotonic() - began < 5, sql
        assert ask("select count(*), sum(id) from orders", views) == [(1000, 499_500)], sql
    assert set(answered) == HARMLESS, sorted(set(answered) ^ HARMLESS)
    assert (settings_now(), objects_now(), DATABASE.generation) == (settings, objects, generation)
    assert [each.name for each in tmp_path.iterdir()] == ["file.csv"]
    assert file.read_text() == "secret\n"
    assert threads_now() - {"csp-sql-watch"} == threads - {"csp-sql-watch"}
    assert python_rows + python_table["secret"].to_pylist() == [1, 1]


HARMLESS = {
    "select ''[9223372036854775807:]",
    "select [1][-9223372036854775808]",
    "select regexp_matches(string_agg('a', ''), '(a*)*(a*)*(a*)*b') from range(100_000)",
}
"""What is answered, for there is nothing in it."""


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(" ".join(LINES).split()), min_size=1, max_size=12).map(" ".join))
def test_what_is_thrown_together_is_answered_or_refused(words: str) -> None:
    text = "select 1 from orders " + words if len(words) % 2 else "select " + words
    views = {"orders": "select 1 as id, 'a' as name, 2.0 as price, [1] as legs"}
    with suppress(SqlError, AnswerTooLargeError, QueryTimeoutError):
        ask(text, views, limits=SqlLimits(seconds=0.5))
    assert ask("from orders", views) == [(1, "a", 2.0, [1])]


# --- It is asked by many at once --------------------------------------------------------------------------------------


def test_eight_threads_see_one_moment_each_while_another_writes() -> None:
    """Two tables change in one transaction, always by the same; no SELECT sees the one without the other."""
    one, other = DATABASE.fresh_name(), DATABASE.fresh_name()
    views = {"one": f"select n from {one}", "other": f"select n from {other}"}
    done, wrong, asked = threading.Event(), [], []
    with DATABASE.cursor() as cursor:
        for name in (one, other):
            cursor.execute(f"create table {name} as select 0 as n")

    def write() -> None:
        with DATABASE.cursor() as cursor:
            for n in range(1, 150):
                cursor.execute(f"begin; update {one} set n = {n}; update {other} set n = {n}; commit")
        done.set()

    def read() -> None:
        last = 0
        while True:
            ended = done.is_set()
            ((a, b),) = ask("select (select n from one), (select n from other)", views)
            asked.append(a)
            if a != b or a < last:
                wrong.append((last, a, b))
            last = a
            if ended:
                return

    threads = [threading.Thread(target=each) for each in (write, *[read] * 8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=50)
    assert not wrong
    assert asked[-1] == 149
    with DATABASE.cursor() as cursor:
        cursor.execute(f"drop table {one}; drop table {other}")


def test_a_hundred_cursors_are_all_given_back(views: Views) -> None:
    def lent() -> int:
        with DATABASE.cursor() as cursor:
            count: int = cursor.execute("select count from duckdb_connection_count()").fetchall()[0][0]
            return count

    before = lent()
    for _ in range(20):
        ask("from orders", views)
        with pytest.raises(SqlError):
            ask("select name::int from orders", views)
        with pytest.raises(AnswerTooLargeError):
            ask("from orders", views, limits=SqlLimits(rows=10))
    assert lent() == before
