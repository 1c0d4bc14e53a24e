"""An answer's columns: those that Arrow has, and no longer than they may be."""

import re

import pytest

from csp_gateway.errors import AnswerTooLargeError, SqlError
from csp_gateway.server.state import SqlLimits, read_select, run_select


def answer(sql: str, most: int = 1 << 20) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = run_select(read_select(sql, ()), {}, limits=SqlLimits(bytes=most)).to_pylist()
    return rows


@pytest.mark.parametrize(
    "value",
    [
        "7::uhugeint",
        "'1010'::bit",
        "1::bignum",
        "'10:00:00+02'::timetz",
        "1::variant",
        "[7::uhugeint]",
        "array_value('1'::bit, '0'::bit)",
        "{'a': [1::bignum]}",
        "map {'a': 1::bignum}",
        "union_value(a := 1::uhugeint)",
    ],
)
def test_what_arrow_has_not_is_refused_and_says_how(value: str) -> None:
    with pytest.raises(SqlError, match=r"column 'x' is of .*, which Arrow has not; select it as text: x::varchar"):
        answer(f"select {value} as x")
    assert len(answer(f"select ({value})::varchar as x")) == 1


def test_what_arrow_has_is_answered() -> None:
    (row,) = answer(
        "select 1::hugeint as a, [array_value(1, 2)] as b, map {'k': {'u': 1}} as c, union_value(z := 1) as d"
    )
    assert (row["a"], row["b"], row["d"]) == (1, [[1, 2]], 1)


def test_the_column_of_what_none_could_hold_is_there_where_it_says_something_or_is_named() -> None:
    views = {"quotes": "select 1 as a, null::varchar as _odd", "odd": "select 1 as a, '{}' as _odd"}

    def columns(sql: str) -> list[str]:
        names: list[str] = run_select(read_select(sql, views), views).column_names
        return names

    assert columns("select * from quotes") == columns("select * from quotes limit 0") == ["a"]
    assert columns("select q.*, r.* from quotes q, quotes r") == ["a", "a"]
    assert columns("select * from odd") == columns("select _odd, a from quotes")[::-1] == ["a", "_odd"]
    assert columns("select null as _odd_ness") == ["_odd_ness"]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select nosuch from t", 'column "nosuch" not found in FROM clause!'),
        ("select od from u, u as v", 'column "od" not found in FROM clause!; Candidate bindings: "u.odder", "v.odder"'),
        ("select odde from u", 'column "odde" not found in FROM clause!; Candidate bindings: "odder"'),
    ],
)
def test_that_column_is_not_named_as_what_may_be_meant(sql: str, said: str) -> None:
    views = {"t": "select null::varchar as _odd", "u": "select null::varchar as _odd, 1 as odder"}
    with pytest.raises(SqlError, match=f"{re.escape(said)}$"):
        run_select(read_select(sql, views), views)


@pytest.mark.parametrize(
    "sql",
    [
        "select s as a, s as b, s as c from (select string_agg('0123456789', '') as s from range({})), range(3000)",
        "select l from (select list(i) as l from range({}) r(i)), range(3000)",
        "select s::blob as b, 1 as size from (select string_agg('0123456789', '') as s from range({})), range(3000)",
    ],
)
def test_what_is_too_long_is_never_there(sql: str) -> None:
    """A gigabyte and more, if Arrow were to have it."""
    with pytest.raises(AnswerTooLargeError, match="over 1,048,576 bytes"):
        answer(sql.format(50_000))


@pytest.mark.parametrize(
    "value", ["[s]", "{'a': [{'b': s}]}", "map {'k': s}", "array_value(s)", "struct_pack(a := 1, b := s)"]
)
def test_texts_count_wherever_they_are(value: str) -> None:
    text = "(select max('0123456789' || i) as s from range(9) r(i))"
    assert len(answer(f"select {value} as x from {text}, range(1000)")) == 1000
    with pytest.raises(AnswerTooLargeError, match="over 10,000 bytes"):
        answer(f"select {value} as x from {text}, range(1000)", 10_000)


def test_order_and_names_are_kept() -> None:
    table = run_select(
        read_select("select -i as a, i::varchar as a, 'x' as size from range(9000) r(i) order by i desc", ()), {}
    )
    assert table.column_names == ["a", "a", "size"]
    assert table.column(0).to_pylist() == list(range(-8999, 1))
    assert answer("select null::varchar as s, null::int[] as l") == [{"s": None, "l": None}]
