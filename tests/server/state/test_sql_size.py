"""How much a short SELECT can grow to."""

import json
from typing import Any

import pytest

from csp_gateway.errors import SqlError
from csp_gateway.server.state.database import DATABASE
from csp_gateway.server.state.sql_size import check_size


def tree_of(sql: str) -> Any:
    with DATABASE.cursor() as cursor:
        parsed = json.loads(cursor.execute("select json_serialize_sql(?)", [sql]).fetchall()[0][0])
    assert not parsed["error"], parsed
    return parsed["statements"][0]["node"]


def chain(first: str, then: str, count: int, last: str) -> str:
    parts = [f"c0 as ({first})", *(f"c{i} as ({then.format(f'c{i - 1}')})" for i in range(1, count))]
    return f"with {', '.join(parts)} {last.format(f'c{count - 1}')}"


GROWN = chain("select 'x' as s", "select s||s||s||s||s||s||s||s as s from {}", 9, "select s from {}")
GATHERED = "(select string_agg(name, '') as s, list(id) as l, count(*) as n from orders)"
SUMMED = "select 1 as a0, " + ", ".join(f"a{i} + a{i} as a{i + 1}" for i in range(20))


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        (GROWN, "times as long"),
        (SUMMED, "its own aliases too often"),
        ("select 1 as a0, " + ", ".join(f"sin(a{i}) as a{i + 1}" for i in range(100)), "its own aliases too often"),
        (
            chain("select 'x' as s", "select s||s||s||s||s||s||s||s as s from {}", 9, "select s from {}"),
            "times as long",
        ),
        (chain("select 'x' as s", "select [s, s] as s from {}", 15, "select s from {}"), "times as long"),
        (chain("select 'x' as s", "select {{'a': s, 'b': s}} as s from {}", 15, "select s from {}"), "times as long"),
        ("select s || s from (select replace('aaaa', 'a', '" + "b" * 3000 + "') as s)", "times as long"),
        ("select replace('" + "a" * 3000 + "', 'a', '" + "b" * 100 + "')", "times as long"),
        ("select " + " || ".join(["'" + "a" * 3000 + "'"] * 40), "times as long"),
        ("select " + " || ".join(["$x"] * 60), "times as long"),
        ("select " + " || ".join(["s"] * 30) + " from (select string_agg(name, '') as s from orders)", "times as long"),
        ("select list_transform(a, lambda x: a) from (select list(id) as a from orders)", "times as long"),
        ("select jaro_similarity(a, a) from (select string_agg(name, '') as a from orders)", "use levenshtein"),
        (f"select s || x from {GATHERED} t, range(2048) r(x)", "times as long"),
        (f"select s || x from range(2048) r(x) join {GATHERED} t on true", "times as long"),
        (f"select x || t::varchar from {GATHERED} t, range(2048) r(x)", "times as long"),
        (f"select a || x from {GATHERED} t(a, b, c), range(2048) r(x)", "times as long"),
        (f"with t(a) as {GATHERED} select a || x from t, range(2048) r(x)", "times as long"),
        (f"select concat(y, 'x') from (select s as y from {GATHERED} t, range(2048) r(x))", "times as long"),
        (f"select concat(columns(*), 'x') from {GATHERED} t, range(2048) r(x)", "times as long"),
        (f"select s || unnest(l) from {GATHERED}", "times as long"),
        (f"select s || x from (select s, unnest(l) as x from {GATHERED})", "times as long"),
        (f"select (select s from {GATHERED}) || x from range(2048) r(x)", "times as long"),
        (f"select list_transform([1, 2], lambda x: s || x) from {GATHERED}", "times as long"),
        ("select s || id from (select id, string_agg(name, '') over () as s from orders)", "times as long"),
        (f"select s || 'x' from (from {GATHERED} union all from {GATHERED})", "times as long"),
        (
            "with recursive r(s) as (select 'x' union all select s || s from r) select s || x from r, range(9) t(x)",
            "times as long",
        ),
        (f"select string_agg(s, '') from {GATHERED} t, range(2048) r(x)", "times as long"),
        (f"select list_intersect(l, l) from {GATHERED}", "join, or use IN"),
        ("select replace(name, 'a', name) from orders", "is written in the SELECT"),
        ("select regexp_replace(name, 'a', name, 'g') from orders", "is written in the SELECT"),
        ("select hex(hex(hex(hex(hex(name))))) from orders", "times as long"),
        ("select lpad(name, 1001, 'x') from orders", "written as a number, at most 1,000"),
        ("select rpad(name, id, 'x') from orders", "written as a number"),
        ("select lpad(name, -1, 'x') from orders", "written as a number"),
        (chain("select 1 as a", "select *, * from {}", 15, "from {}"), "columns"),
        (chain("from orders", "from {0} a, {0} b", 8, "from {}"), "joins more than 100 tables"),
        ("from " + ", ".join(f"orders o{i}" for i in range(101)), "joins more than 100 tables"),
        ("select " + ", ".join("(select max(id) from orders)" for _ in range(101)), "joins more than 100 tables"),
        ("select (" + SUMMED + ")", "its own aliases too often"),
        ("from range(3) where (" + GROWN + ") is null", "times as long"),
        ("with a as (" + GROWN + ") select 1", "times as long"),
        ("select 1 union all (" + GROWN + ")", "times as long"),
        ("select list_transform([1], lambda x: (" + GROWN + "))", "times as long"),
        ("from orders o join orders p on o.id = p.id and (" + GROWN + ") is null", "times as long"),
        ("from unnest((" + GROWN + "))", "times as long"),
        ("values ((" + GROWN + "))", "times as long"),
        ("select 1 from orders order by (" + GROWN + ")", "times as long"),
        ("select sum(id) filter ((" + GROWN + ") is null) from orders", "times as long"),
    ],
)
def test_what_grows_is_refused_wherever_it_stands(sql: str, sentence: str) -> None:
    with pytest.raises(SqlError, match=sentence):
        check_size(tree_of(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "select 1",
        "select symbol || '-' || side || '-' || id as key, upper(key) as up, key || up from orders",
        "select " + ", ".join(f"price * {i} + size * price as c{i}" for i in range(300)) + " from orders",
        "select "
        + ", ".join(f"sum(case when side = {i} then size else 0 end) as s{i}" for i in range(100))
        + " from orders",
        chain("from orders", "select *, id + 1 as next from {}", 40, "select count(*) from {}"),
        "select * from orders o " + " ".join(f"left join quotes q{i} on q{i}.id = o.id" for i in range(30)),
        "select lpad(id::varchar, 8, '0'), replace(name, ' ', '_'), regexp_replace(name, '(.)x', '\\1') from orders",
        "from orders where id in (" + ", ".join(str(i) for i in range(5000)) + ")",
        "with recursive r(i) as (select 1 union all select i + 1 from r where i < 9) select * from r, r as s",
        "select case " + " ".join(f"when id = {i} then 'n{i}'" for i in range(200)) + " end from orders",
        "select price as price, price * 2 as twice, twice * price as more from orders",
        "select list_transform(list(id), lambda x: 'n' || x || name) from orders group by name",
        "select to_json(list(to_json(o))), jaro_similarity(name, 'n') from orders o group by name",
        " union all ".join(["from orders"] * 200),
        f"select s, len(l), l[1], list_contains(l, id), name || '-' || n from orders join {GATHERED} t using (id)",
        f"select s || '.', array_to_string(l, ',') as ids, ids || ';' from {GATHERED}",
        f"select id, (select l from {GATHERED}) as l, name || id from orders where id in (select n from {GATHERED})",
        "with recursive r(i, p) as "
        "(select 1, 'a' union all select i + 1, p || '/' || name from r join orders on id = i) "
        "select p || '.' from r",
        "select json_object('ids', list(id), 'names', list(name)) as j from orders group by side",
        "from orders pivot (sum(price) for side in ('BUY', 'SELL'))",
    ],
)
def test_what_people_write_is_not(sql: str) -> None:
    check_size(tree_of(sql))
