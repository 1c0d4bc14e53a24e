"""An answer as a pandas frame."""

from csp_gateway.client.columns import Column
from csp_gateway.client.pandas_frames import pandas_of_columns
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
