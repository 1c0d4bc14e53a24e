"""The values of Arrow arrays as JSON."""

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.server.structs.arrow_json import json_values


def written(array: Any) -> Any:
    return json.loads(orjson.dumps(json_values(array)))


@pytest.mark.parametrize(
    ("kind", "values", "forms"),
    [
        (pa.int8(), [1, None, -1], [1, None, -1]),
        (pa.uint64(), [2**64 - 1], [2**64 - 1]),
        (pa.float16(), [1.5, None], [1.5, None]),
        (pa.float32(), [1.5, None], [1.5, None]),
        (pa.float64(), [float("nan"), float("inf"), 1e300], [None, None, 1e300]),
        (pa.bool_(), [True, None, False], [True, None, False]),
        (pa.string(), ["a", "", None], ["a", "", None]),
        (pa.large_string(), ["é", "", None], ["é", "", None]),
        (pa.string_view(), ["é", "a long text of many letters", None], ["é", "a long text of many letters", None]),
        (pa.binary(), [b"a\xff", None], ["a�", None]),
        (pa.large_binary(), [b"a"], ["a"]),
        (pa.binary_view(), [b"a", None], ["a", None]),
        (pa.binary(2), [b"ab", None], ["ab", None]),
        (pa.timestamp("s"), [datetime(2024, 1, 1), None], ["2024-01-01T00:00:00", None]),
        (pa.timestamp("us"), [datetime(1, 1, 1, 0, 0, 0, 10)], ["0001-01-01T00:00:00.000010"]),
        (pa.timestamp("ns"), [1_000, 1], ["1970-01-01T00:00:00.000001", "1970-01-01T00:00:00.000000001"]),
        (pa.timestamp("us", "+02:00"), [datetime(2024, 1, 1)], ["2024-01-01T00:00:00"]),
        (pa.timestamp("us"), [2**63 - 1, 1 - 2**63], ["infinity", "-infinity"]),
        (pa.timestamp("s"), [253402300800], ["10000-01-01T00:00:00"]),
        (pa.date32(), [date(2024, 1, 2), None], ["2024-01-02", None]),
        (pa.date64(), [date(1950, 1, 2)], ["1950-01-02"]),
        (pa.date32(), [2**31 - 1, 2932897], ["infinity", "10000-01-01"]),
        (pa.time32("s"), [time(1, 2, 3), None], ["01:02:03", None]),
        (pa.time64("us"), [time(1, 2, 3, 40)], ["01:02:03.000040"]),
        (pa.time64("ns"), [1], ["00:00:00.000000001"]),
        (pa.time64("us"), [86_400 * 10**6], ["24:00:00"]),
        (pa.duration("ms"), [timedelta(milliseconds=-1500), None], [-1.5, None]),
        (pa.duration("us"), [2**53 + 1], ["PT9007199254.740993S"]),
        (pa.month_day_nano_interval(), [(0, 1, 10**9), (1, 2, 1500 * 10**6), None], [86401.0, "P1M2DT1.5S", None]),
        (pa.decimal128(38, 0), [Decimal(2**90), None], [2**90, None]),
        (pa.list_(pa.string()), [["a", None], None, []], [["a", None], None, []]),
        (pa.large_list(pa.int8()), [[1], None], [[1], None]),
        (pa.list_(pa.int8(), 2), [[1, 2], None], [[1, 2], None]),
        (pa.struct([("x", pa.int8())]), [{"x": 1}, None, {"x": None}], [{"x": 1}, None, {"x": None}]),
        (pa.struct([]), [{}, None], [{}, None]),
        (pa.map_(pa.string(), pa.int8()), [[("a", 1)], None, []], [{"a": 1}, None, {}]),
        (pa.map_(pa.date32(), pa.int8()), [[(date(2024, 1, 1), 1)]], [{"2024-01-01": 1}]),
        (pa.map_(pa.int8(), pa.int8()), [[(3, 1)]], [{"3": 1}]),
        (pa.dictionary(pa.int8(), pa.string()), ["a", None, "a"], ["a", None, "a"]),
        (pa.null(), [None, None], [None, None]),
    ],
    ids=str,
)
def test_each_type(kind: pa.DataType, values: list[Any], forms: list[Any]) -> None:
    array = pa.array(values, kind)
    assert written(array) == forms
    assert written(pa.concat_arrays([array, array]).slice(1, len(array))) == [*forms, *forms][1 : len(array) + 1]
    assert written(array.slice(0, 0)) == []


def test_decimals_keep_their_digits() -> None:
    assert orjson.dumps(json_values(pa.array([Decimal("1.10"), Decimal("-0.05")], pa.decimal128(20, 2)))) == (
        b"[1.10,-0.05]"
    )


def test_rarer_kinds() -> None:
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["a", None]))
    assert written(runs) == ["a", "a", None]
    dense = pa.UnionArray.from_dense(
        pa.array([0, 1, 0], pa.int8()), pa.array([0, 0, 1], pa.int32()), [pa.array([1, 2]), pa.array(["a"])]
    )
    assert written(dense) == [1, "a", 2]
    assert written(dense.slice(1, 2)) == ["a", 2]
    uuid = pa.array([bytes(16), None], pa.binary(16)).cast(pa.uuid())
    assert written(uuid) == ["00000000-0000-0000-0000-000000000000", None]
    views = pa.array([["a"], None], pa.list_view(pa.string()))
    assert written(views) == [["a"], None]


def test_what_duckdb_answers() -> None:
    table = duckdb.sql(
        "select interval 1 month as a, 170141183460469231731687303715884105727::hugeint as b, 1.5::decimal(9, 2) as c, "
        "map {'a': [1]} as d, 'x'::enum('x', 'y') as e, union_value(u := 1) as f, [1]::int[1] as g, "
        "timestamp 'infinity' as h, '2024-01-01 00:00:00.5'::timestamp_ns as i, '\\xFF'::blob as j, {'k': null} as k"
    ).to_arrow_table()
    assert {name: written(table[name].chunk(0))[0] for name in table.column_names} == {
        "a": "P1M",
        "b": 2**127 - 1,
        "c": 1.5,
        "d": {"a": [1]},
        "e": "x",
        "f": 1,
        "g": [1],
        "h": "infinity",
        "i": "2024-01-01T00:00:00.500000",
        "j": "�",
        "k": {"k": None},
    }


NESTED = pa.struct([("a", pa.list_(pa.struct([("x", pa.int64()), ("s", pa.string())]))), ("b", pa.bool_())])
ITEMS = st.fixed_dictionaries({"x": st.none() | st.integers(-9, 9), "s": st.none() | st.text(st.characters(exclude_categories=["Cs"]))})  # fmt: skip  # noqa: E501
ROWS = st.fixed_dictionaries({"a": st.none() | st.lists(st.none() | ITEMS, max_size=3), "b": st.none() | st.booleans()})


@settings(deadline=None)
@given(st.lists(st.none() | ROWS), st.integers(0, 3), st.integers(0, 3))
def test_it_is_what_pyarrow_says(rows: list[Any], start: int, left: int) -> None:
    array = pa.array(rows, NESTED).slice(start)
    array = array.slice(0, max(0, len(array) - left))
    assert json_values(array) == array.to_pylist()


@settings(deadline=None)
@given(st.lists(st.none() | st.datetimes()))
def test_datetimes_are_written_as_python_does(moments: list[Any]) -> None:
    expected = [moment and moment.isoformat() for moment in moments]
    assert written(pa.array(moments, pa.timestamp("us"))) == expected
