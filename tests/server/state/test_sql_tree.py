"""What a SELECT names: tables, functions, parameters."""

import json
import re
from typing import Any

import pytest

from csp_gateway.errors import SqlError
from csp_gateway.server.state.database import DATABASE
from csp_gateway.server.state.sql_tree import TreeReader


def tree_of(sql: str) -> Any:
    with DATABASE.cursor() as cursor:
        parsed = json.loads(cursor.execute("select json_serialize_sql(?)", [sql]).fetchall()[0][0])
    assert not parsed["error"], parsed
    return parsed["statements"][0]["node"]


def read(sql: str, *tables: str) -> TreeReader:
    reader = TreeReader(tables or ("orders", "Quotes", "by_side[BUY]"))
    reader.read(tree_of(sql))
    return reader


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("select 1", []),
        ("from ORDERS", ["orders"]),
        ("table orders", ["orders"]),
        ("select * from quotes q join orders o using (id)", ["Quotes", "orders"]),
        ('from "by_side[buy]"', ["by_side[BUY]"]),
        ("select (select max(id) from orders), [x for x in l] from quotes", ["Quotes", "orders"]),
        ("select 1 where exists (from orders)", ["orders"]),
        ("select 1 from range(3) order by (select max(id) from orders)", ["orders"]),
        ("select 1 limit (select max(id) from orders)", ["orders"]),
        ("select 1 from range(3) t(i) group by (select i from orders) having (select true from quotes)", None),
        ("select row_number() over (order by (select 1 from orders))", ["orders"]),
        ("select case when i in (from orders) then 1 else (select 2 from quotes) end from range(3) t(i)", None),
        ("from range((select 3 from orders))", ["orders"]),
        ("values ((select 1 from orders))", ["orders"]),
        ("select * from range(3), lateral (select * from orders)", ["orders"]),
        ("from orders o asof join quotes q on o.id >= (select max(id) from quotes)", ["orders", "Quotes"]),
        ("from orders pivot (count(*) for id in (1, 2))", ["orders"]),
        ("from orders unpivot (v for n in (id, price))", ["orders"]),
        ("from orders union (from quotes intersect from orders)", ["orders", "Quotes"]),
        ("select * replace ((select 1 from orders) as id) from quotes", None),
        ("with a as (from orders), b as (from a) from b", ["orders"]),
        ("with orders as (from orders where id > 1) from orders", ["orders"]),
        ("with a as (select 1) from a, (with b as (from A) from b, quotes)", ["Quotes"]),
        ("with recursive r(i) as (select 1 union all select i + 1 from r where i < 3) from r", []),
        ("from (with a as (select 1) from a) union all from (with a as (from orders) from a)", ["orders"]),
    ],
)
def test_every_table_is_found_wherever_it_stands(sql: str, tables: list[str] | None) -> None:
    assert sorted(read(sql).tables) == sorted(["orders", "Quotes"] if tables is None else tables)


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("from ordres", "there is no table 'ordres'; did you mean 'orders'?"),
        ("from 'orders.csv'", "there is no table 'orders.csv'"),
        ('from "orders""; drop table x"', "there is no table"),
        ("from __state_1", "there is no table '__state_1'"),
        ("from sqlite_master", "there is no table"),
        ("from duckdb_tables", "there is no table"),
        ("from main.orders", "'main.orders' has a schema"),
        ("from memory.main.__state_1", "has a schema"),
        ("from information_schema.tables", "has a schema"),
        ("from pg_catalog.pg_class", "has a schema"),
        ("from orders at (version => 1)", "AT is not answered"),
        # A name of a WITH means its part only where DuckDB sees it.
        ("with __state_1 as (select 1) from __state_1", "such names are DuckDB's own"),
        ("with a as (from a) from a", "there is no table 'a'"),
        ("with a as (from b), b as (select 1) from a", "there is no table 'b'"),
        ("from (with a as (select 1) from a), a", "there is no table 'a'"),
        ("(with a as (select 1) from a) union all from a", "there is no table 'a'"),
        ("with recursive r as (from r union all select 1) from r", "there is no table 'r'"),
        ("with recursive r as (select 1 union all from s), s as (from r) from s", "there is no table 's'"),
        ("select (with a as (select 1) from a) from a", "there is no table 'a'"),
        ("show tables", "SHOW, DESCRIBE and SUMMARIZE"),
        ("describe orders", "SHOW, DESCRIBE and SUMMARIZE"),
        ("summarize orders", "SHOW, DESCRIBE and SUMMARIZE"),
        ("from (describe orders)", "SHOW, DESCRIBE and SUMMARIZE"),
        ("from read_csv('x')", "the function 'read_csv' cannot stand after FROM here; generate_series,"),
        ("from query('from duckdb_tables()')", "cannot stand after FROM"),
        ("from query_table('orders')", "cannot stand after FROM"),
        ("from duckdb_settings()", "cannot stand after FROM"),
        ("from pragma_table_info('orders')", "cannot stand after FROM"),
        ("from seq_scan('orders')", "cannot stand after FROM"),
        ("from main.range(3)", "cannot stand after FROM"),
        ("from json_execute_serialized_sql('{}')", "cannot stand after FROM"),
        ("from range(getvariable('x'))", "'getvariable' cannot be called"),
        ("select current_setting('threads')", "'current_setting' cannot be called"),
        ("select main.current_setting('threads')", "'current_setting' cannot be called"),
        ("select 'threads'.current_setting()", "'current_setting' cannot be called"),
        ("select sum(id) filter (nextval('x') > 1) from orders", "'nextval' cannot be called"),
        ("select sum(id) over (order by nextval('x')) from orders", "'nextval' cannot be called"),
        ("select list_transform([1], lambda x: current_setting(x))", "'current_setting' cannot be called"),
        ("from orders order by pg_sleep(1)", "'pg_sleep' cannot be called"),
        ("select columns(lambda c: getvariable(c)) from orders", "'getvariable' cannot be called"),
    ],
)
def test_what_it_may_not_name_is_named(sql: str, sentence: str) -> None:
    with pytest.raises(SqlError, match=re.escape(sentence)):
        read(sql)


def test_parameters_are_found_in_all_places() -> None:
    assert sorted(read("select $low from orders where price > $High limit $n").parameters) == ["High", "low", "n"]
    assert sorted(read("select ?, ?, $1").parameters) == ["1", "2"]
    assert list(read("select '$x', 1 -- $y").parameters) == []


def test_tables_that_differ_only_in_case_cannot_both_be_named() -> None:
    assert list(read('from "Orders"', "orders", "Orders").tables) == ["Orders"]
    assert list(read("from orders", "orders", "Orders").tables) == ["orders"]
    with pytest.raises(SqlError, match="differ only in upper and lower case"):
        read('from "Orders", orders', "orders", "Orders")
    with pytest.raises(SqlError, match="may be any of Orders, orders; spell it"):
        read("from ORDERS", "orders", "Orders")
    assert list(read("from ORDERS", "orders", "Quotes").tables) == ["orders"]


def test_without_tables_there_are_none() -> None:
    with pytest.raises(SqlError, match="there are none"):
        TreeReader([]).read(tree_of("from orders"))


@pytest.mark.parametrize(
    "sql",
    [
        "select " + "(select " * 120 + "1" + ")" * 120,
        "select " + "abs(" * 150 + "1" + ")" * 150,
        "select " + "list_transform([1], lambda x: " * 7 + "1" + ")" * 7,
    ],
)
def test_what_is_nested_too_deeply_is_refused(sql: str) -> None:
    with pytest.raises(SqlError, match="nested too deeply"):
        read(sql)


def test_an_or_of_many_conjunctions_is_refused_but_not_one_of_many_values() -> None:
    read("from orders where " + " or ".join(f"id = {i}" for i in range(2000)))
    with pytest.raises(SqlError, match="more than 300 branches"):
        read("from orders where " + " or ".join(f"(id = {i} and price = 1)" for i in range(301)))


def test_what_a_newer_duckdb_may_add_is_refused() -> None:
    for change in (
        {"class": "NEW"},
        {"type": "NEW_NODE", "cte_map": {"map": []}},
        {"sample": None, "alias": "", "type": "NEW"},
    ):
        with pytest.raises(SqlError, match="NEW"):
            TreeReader([]).read([change])
