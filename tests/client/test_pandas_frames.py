"""An answer as a pandas frame."""

from typing import Any

import pyarrow as pa
import pytest

from csp_gateway.client.columns import Column
from csp_gateway.client.pandas_frames import pandas_of_arrow, pandas_of_columns
from csp_gateway.client.shapes import Kind, Shape


def test_times_are_in_utc_far_beyond_nanoseconds_and_other_text_stays() -> None:
    moment = Shape(Kind.MOMENT)
    frame = pandas_of_columns({"t": Column(moment, ["2500-01-01T00:00:00", None]), "u": Column(moment, ["x", None])}, 2)
    assert [str(dtype) for dtype in frame.dtypes] == ["datetime64[us, UTC]", "object"]
    assert frame["t"][0].year == 2500


def test_days_are_days_and_other_text_stays() -> None:
    day = Shape(Kind.DAY)
    frame = pandas_of_columns({"d": Column(day, ["9999-12-31", None]), "e": Column(day, ["x", None])}, 2)
    assert [str(dtype) for dtype in frame.dtypes] == ["datetime64[us]", "object"]
    assert (frame["d"][0].year, frame["e"].tolist()) == (9999, ["x", None])


def test_without_columns_there_are_rows() -> None:
    assert len(pandas_of_columns({}, 3)) == 3


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        pytest.param([1, 2], "Int64", id="integers"),
        pytest.param([2**62 + 1, None], "Int64", id="an integer is missing"),
        pytest.param([True, False], "boolean", id="booleans"),
        pytest.param([None, True], "boolean", id="a boolean is missing"),
        pytest.param([1.5, None], "float64", id="numbers"),
        pytest.param(["a", None], "string", id="texts"),
        pytest.param([None, None], "object", id="none"),
    ],
)
def test_where_no_schema_tells_types_are_the_same_by_json_and_by_arrow(values: list[Any], dtype: str) -> None:
    by_json = pandas_of_columns({"n": Column(None, values)}, len(values))
    by_arrow = pandas_of_arrow(pa.table({"n": values}), {})
    assert [str(each["n"].dtype) for each in (by_json, by_arrow)] == [dtype, dtype]
    assert by_json.equals(by_arrow)


def test_integers_of_more_bits_stay() -> None:
    assert pandas_of_columns({"n": Column(None, [2**70, None])}, 2)["n"].tolist() == [2**70, None]
