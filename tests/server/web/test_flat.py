"""Columns for text files."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from csp_gateway.server.web.flat import flat


def test_structs_become_dotted_columns_at_any_depth() -> None:
    inner = pa.struct({"x": pa.int64(), "y": pa.struct({"z": pa.string()})})
    table = pa.table({"a": [1, 2], "s": pa.array([{"x": 1, "y": {"z": "q"}}, None], inner), "b": [3, 4]})
    assert flat(table).to_pydict() == {"a": [1, 2], "s.x": [1, None], "s.y.z": ["q", None], "b": [3, 4]}


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (pa.array([1, None]), pa.int64()),
        (pa.array([1.5, None]), pa.float64()),
        (pa.array([True, None]), pa.bool_()),
        (pa.array(["", None]), pa.string()),
        (pa.array(["", None], pa.large_string()), pa.string()),
        (pa.array(["", None], pa.string_view()), pa.string()),
        (pa.array(["a", None]).dictionary_encode(), pa.string()),
        (pa.array([None, None]), pa.null()),
        (pa.array([datetime(2026, 1, 1), None]), pa.timestamp("us")),
        (pa.array([date(2026, 1, 1), None]), pa.date32()),
        (pa.array([time(1), None]), pa.time64("us")),
        (pa.array([Decimal("1.50"), None]), pa.decimal128(3, 2)),
    ],
)
def test_what_is_plain_stays(array: Any, kind: pa.DataType) -> None:
    column = flat(pa.table({"x": array}))["x"]
    assert column.type == kind
    assert column.to_pylist() == array.to_pylist()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_spans_are_seconds(unit: str) -> None:
    table = pa.table({"x": pa.array([timedelta(seconds=3), None], pa.duration(unit))})
    assert flat(table)["x"].to_pylist() == [3.0, None]


@pytest.mark.parametrize(
    ("array", "texts"),
    [
        (pa.array([[1, 2], [], None]), ["[1,2]", "[]", None]),
        (pa.array([[{"a": 1}], None]), ['[{"a":1}]', None]),
        (pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())), ['{"k":1}', None]),
        (pa.array([b"ab", None]), ['"ab"', None]),
        (pa.array([], pa.list_(pa.int64())), []),
    ],
)
def test_lists_maps_and_bytes_are_json(array: Any, texts: list[str | None]) -> None:
    column = flat(pa.table({"x": array}))["x"]
    assert column.type == pa.string()
    assert column.to_pylist() == texts


def test_no_rows_have_the_same_columns() -> None:
    table = pa.table({"s": [{"l": [1], "d": timedelta(1)}], "k": pa.array(["a"]).dictionary_encode()})
    assert flat(table.schema.empty_table()).schema == flat(table).schema
