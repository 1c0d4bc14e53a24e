"""Python values as Arrow arrays."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.server.structs import arrow_layout
from csp_gateway.server.structs.arrow_layout import LAYOUTS, list_array, struct_array

VALUES: dict[type, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(exclude_categories=["Cs"])),
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    datetime: st.datetimes(),
    date: st.dates(),
    time: st.times(),
    timedelta: st.timedeltas(timedelta(microseconds=-(2**63) + 1), timedelta(microseconds=2**63 - 1)),
    bytes: st.binary(),
}


@pytest.mark.parametrize("kind", VALUES)
@settings(deadline=None)  # pyarrow imports pandas the first time
@given(data=st.data())
def test_it_is_what_pyarrow_makes_of_the_same_values(kind: type, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | VALUES[kind]))
    array = LAYOUTS[kind].array(values, gaps=None in values)
    array.validate(full=True)
    assert array.equals(pa.array(values, LAYOUTS[kind].kind))


@settings(deadline=None)
@given(st.lists(st.none() | st.lists(st.integers(-9, 9), max_size=3)))
def test_lists_are_what_pyarrow_makes_of_them(lists: list[list[int] | None]) -> None:
    items = LAYOUTS[int].array([item for each in lists for item in each or ()], gaps=False)
    array = list_array(lists, items)
    array.validate(full=True)
    assert array.to_pylist() == lists


def test_a_struct_without_fields_still_counts() -> None:
    array = struct_array(pa.struct([]), [object(), None], [])
    assert array.to_pylist() == [{}, None]


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        (int, 2**63, OverflowError),
        (timedelta, timedelta.max, OverflowError),
        (str, "\ud800", UnicodeEncodeError),
        (datetime, datetime(2024, 1, 1, tzinfo=UTC), TypeError),
        (time, time(1, tzinfo=UTC), TypeError),
    ],
)
def test_what_does_not_fit_is_refused(kind: type, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        LAYOUTS[kind].array([value], gaps=False)


def test_not_a_number_can_be_a_gap() -> None:
    values = [float("nan"), None, 1.0]
    assert LAYOUTS[float].array(values, gaps=True, nan_is_gap=True).to_pylist() == [None, None, 1.0]
    assert LAYOUTS[float].array(values, gaps=True).null_count == 1


def test_more_than_a_column_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_layout, "_MOST", 3)
    with pytest.raises(pa.ArrowCapacityError, match="4 bytes or elements are too many"):
        LAYOUTS[str].array(["aaé"], gaps=False)
