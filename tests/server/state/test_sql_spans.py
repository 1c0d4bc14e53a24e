"""Intervals as durations."""

from datetime import timedelta
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway import SqlError
from csp_gateway.server.state import SqlLimits, read_select, run_select
from csp_gateway.server.state.sql_spans import with_durations

INTERVAL = pa.month_day_nano_interval()
DURATION = pa.duration("us")

spans = st.none() | st.timedeltas(timedelta(days=-50_000_000), timedelta(days=50_000_000))


def interval(span: timedelta | None) -> Any:
    return None if span is None else (0, span.days, (span.seconds * 10**6 + span.microseconds) * 1_000)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.lists(spans, max_size=5), max_size=4))
def test_each_is_what_it_was_at_any_depth(chunks: list[list[timedelta | None]]) -> None:
    inner = pa.struct({"a": pa.list_(INTERVAL)})
    plain = [pa.array([interval(span) for span in chunk], INTERVAL) for chunk in chunks]
    nested = [
        pa.array([{"a": None if span is None else [interval(span)]} for span in chunk], inner) for chunk in chunks
    ]
    table = pa.table({"a": pa.chunked_array(plain, INTERVAL), "n": pa.chunked_array(nested, inner)})
    made = with_durations(table)
    flat = [span for chunk in chunks for span in chunk]
    assert made["a"].to_pylist() == flat
    assert made["n"].to_pylist() == [{"a": None if span is None else [span]} for span in flat]
    assert made.schema == pa.schema({"a": DURATION, "n": pa.struct({"a": pa.list_(DURATION)})})


def test_what_is_sliced_and_what_is_no_interval() -> None:
    array = pa.array([(0, day, 0) for day in range(5)], INTERVAL).slice(2, 2)
    made = with_durations(pa.table({"a": array, "n": [1, 2]}))
    assert made.to_pydict() == {"a": [timedelta(2), timedelta(3)], "n": [1, 2]}
    same = pa.table({"n": [1], "s": [{"x": [1]}]})
    assert with_durations(same) is same


def answer(sql: str) -> pa.Table:
    return run_select(read_select(sql, ()), {}, limits=SqlLimits())


def test_a_select_answers_durations_which_polars_reads() -> None:
    table = answer("select interval 36 hour as a, [interval 1 day] as b, {'x': null::interval} as c where true")
    assert table.schema.types == [DURATION, pa.list_(pa.field("l", DURATION)), pa.struct({"x": DURATION})]
    assert table.to_pylist() == [{"a": timedelta(hours=36), "b": [timedelta(1)], "c": {"x": None}}]
    assert pl.from_arrow(table).schema["a"] == pl.Duration("us")
    assert answer("select interval 1 day as a where false").schema.types == [DURATION]


def test_maps_and_arrays_of_fixed_length_hold_durations_too() -> None:
    rows = "(values (map {'k': interval 1 day}, array_value(interval 1 hour, null)), (null, null)) t(m, a)"
    table = answer(f"select m, a from {rows}, range(3)")
    assert table.schema.field("m").type.item_type == table.schema.field("a").type.value_type == DURATION
    found = [(row["m"], row["a"]) for row in table.to_pylist()]
    assert found.count(([("k", timedelta(1))], [timedelta(hours=1), None])) == found.count((None, None)) == 3


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select interval 1 month as a", "column 'a' has months, .*a::varchar"),
        ("select [interval 2 year] as a", "column 'a' has months"),
        ("select interval 1 day * 2000000000 as a", "too long"),
    ],
)
def test_what_is_no_duration_is_refused(sql: str, said: str) -> None:
    with pytest.raises(SqlError, match=said):
        answer(sql)
    assert answer("select (interval 1 month)::varchar as a").to_pylist() == [{"a": "1 month"}]
