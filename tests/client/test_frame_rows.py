"""The rows of frames as objects."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from csp_gateway.client.frame_rows import IS_JSON, is_frame, rows_of
from csp_gateway.client.shapes import shape_of


def test_arrays_in_a_frame_are_values() -> None:
    frame = pd.DataFrame({"a": [np.array([1, 2]), None]})
    assert [list(row) for row in rows_of(frame, "x")] == [["a"], []]


def test_batches_and_readers_are_frames_too() -> None:
    table = pa.table({"a.b": [1]})
    for frame in (table.to_batches()[0], table.to_reader()):
        assert is_frame(frame)
        assert list(rows_of(frame, "x")) == [{"a": {"b": 1}}]
    assert not is_frame([1])


def test_text_of_arrow_that_says_that_it_is_json_is_what_it_says() -> None:
    json, text = pa.field("j", pa.string(), metadata=IS_JSON), pa.field("t", pa.string())
    inner = pa.struct([json, text])
    schema = pa.schema([json, text, pa.field("s", inner), pa.field("l", pa.list_(inner))])
    row = {"j": '"5"', "t": '"5"', "s": {"j": "5", "t": "5"}, "l": [{"j": '{"a":[1]}', "t": None}, None]}
    table = pa.Table.from_pylist([row, {}], schema)
    assert list(rows_of(table, "x")) == [
        {"j": "5", "t": '"5"', "s": {"j": 5, "t": "5"}, "l": [{"j": {"a": [1]}}, None]},
        {},
    ]
    with pytest.raises(TypeError, match="x: the column 'j' says of itself that it holds JSON, and 'A' is none; mend"):
        list(rows_of(pa.table([["A"]], pa.schema([json])), "x"))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "arrow"])
def test_json_is_read_where_the_schema_has_only_objects_or_arrays(make: Any) -> None:
    any_object = {"type": "object"}
    leg = {"type": "object", "properties": {"any": any_object, "text": {"type": "string"}}}
    fields = {
        "any": any_object,
        "some": {"anyOf": [{"type": "array"}, {"type": "null"}]},
        "leg": leg,
        "legs": {"type": "array", "items": leg},
        "either": {"anyOf": [any_object, {"type": "string"}]},
        "text": {"type": "string"},
    }
    said = '{"a":[1]}'
    inner, read = {"any": said, "text": said}, {"any": {"a": [1]}, "text": said}
    row = {"any": f" \n{said}", "some": "\t\r[1]", "legs": [inner], "either": said, "text": said}
    frame = make({name: [value] for name, value in {**row, "leg.any": said}.items()})
    told = rows_of(frame, "x", shape_of({"type": "object", "properties": fields}).fields)
    assert list(told) == [{**row, "any": {"a": [1]}, "some": [1], "legs": [read], "leg": {"any": {"a": [1]}}}]
    spoilt = make({"any": ["{", "text"], "legs": [said, None]})
    told = rows_of(spoilt, "x", shape_of({"type": "object", "properties": fields}).fields)
    assert list(told) == [{"any": "{", "legs": {"a": [1]}}, {"any": "text"}]


@pytest.mark.parametrize("make", [pl.DataFrame, pa.table], ids=["polars", "arrow"])
def test_what_is_missing_in_structs_is_left_out(make: Any) -> None:
    frame = make({"s": [{"a": 1, "b": None}], "l": [[{"a": None, "s": {"b": 1, "c": None}}, {"a": 1, "s": None}]]})
    assert list(rows_of(frame, "x")) == [{"s": {"a": 1}, "l": [{"s": {"b": 1}}, {"a": 1}]}]


def test_columns_that_no_record_can_have_are_refused() -> None:
    for columns in (["a", "a"], ["a", "a.b"], ["a.b", "a"], [1]):
        with pytest.raises(TypeError, match="x: "):
            list(rows_of(pd.DataFrame([[1] * len(columns)], columns=columns), "x"))


def test_a_named_index_of_pandas_is_fields() -> None:
    frame = pd.DataFrame({"symbol": ["A", "B", "A"], "venue": ["x", None, "y"], "size": [1, 2, 3]})
    assert list(rows_of(frame[["symbol", "size"]].groupby("symbol").sum(), "x")) == [
        {"symbol": "A", "size": 4},
        {"symbol": "B", "size": 2},
    ]
    two = frame.set_index(["symbol", "venue"])
    assert list(rows_of(two, "x"))[:2] == [{"symbol": "A", "venue": "x", "size": 1}, {"symbol": "B", "size": 2}]
    partly = two.set_axis(pd.MultiIndex.from_tuples(list(two.index), names=["symbol", None]))
    assert next(rows_of(partly, "x")) == {"symbol": "A", "size": 1}
    assert next(rows_of(frame.set_index(frame["size"].rename("leg.size")), "x"))["leg"] == {"size": 1}
    assert list(rows_of(pd.DataFrame(index=pd.Index(["A"], name="symbol")), "x")) == [{"symbol": "A"}]


def test_an_index_without_a_name_is_no_field() -> None:
    assert list(rows_of(pd.DataFrame({"size": [1]}, index=["I1"]), "x")) == [{"size": 1}]


def test_an_index_is_refused_that_says_what_a_column_says() -> None:
    frame = pd.DataFrame({"symbol": ["A"]}, index=pd.Index(["B"], name="symbol"))
    with pytest.raises(TypeError, match="x: two columns, or a named index and a column, say what 'symbol' is; drop"):
        list(rows_of(frame, "x"))
