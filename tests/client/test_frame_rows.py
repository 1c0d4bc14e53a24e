"""The rows of frames as objects."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from csp_gateway.client.frame_rows import is_frame, rows_of


def test_arrays_in_a_frame_are_values() -> None:
    frame = pd.DataFrame({"a": [np.array([1, 2]), None]})
    assert [list(row) for row in rows_of(frame, "x")] == [["a"], []]


def test_batches_and_readers_are_frames_too() -> None:
    table = pa.table({"a.b": [1]})
    for frame in (table.to_batches()[0], table.to_reader()):
        assert is_frame(frame)
        assert list(rows_of(frame, "x")) == [{"a": {"b": 1}}]
    assert not is_frame([1])


def test_columns_that_no_record_can_have_are_refused() -> None:
    for columns in (["a", "a"], ["a", "a.b"], ["a.b", "a"], [1]):
        with pytest.raises(TypeError, match="x: "):
            list(rows_of(pd.DataFrame([[1] * len(columns)], columns=columns), "x"))
