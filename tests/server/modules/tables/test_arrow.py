"""Columns as Arrow."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.server.modules.tables.arrow import arrow_schema, encode

ALL = {"s": str, "i": int, "f": float, "b": bool, "t": datetime, "d": date}


def test_each_type_keeps_its_values() -> None:
    values = {
        "s": ["é", None],
        "i": [2**63 - 1, -(2**63)],
        "f": [1.5, None],
        "b": [True, False],
        "t": [datetime(2024, 1, 2, 3, 4, 5, 678901), None],
        "d": [date(1950, 1, 2), None],
    }
    stream, misfits = encode(arrow_schema(ALL), values)
    assert pa.ipc.open_stream(stream).read_all().to_pydict() == values
    assert misfits == 0


def test_a_datetime_with_an_offset_is_taken_to_utc() -> None:
    moment = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    stream, _ = encode(arrow_schema({"t": datetime}), {"t": [moment, moment.replace(tzinfo=UTC)]})
    assert pa.ipc.open_stream(stream).read_all()["t"].to_pylist() == [
        datetime(2024, 1, 1, 10),
        datetime(2024, 1, 1, 12),
    ]


def test_a_value_of_another_type_is_left_empty_and_counted() -> None:
    stream, misfits = encode(arrow_schema({"i": int, "s": str}), {"i": [1, "two", 2**70], "s": ["a", 5, None]})
    assert pa.ipc.open_stream(stream).read_all().to_pydict() == {"i": [1, None, None], "s": ["a", None, None]}
    assert misfits == 3


def test_no_rows() -> None:
    stream, _ = encode(arrow_schema(ALL), {name: [] for name in ALL})
    assert pa.ipc.open_stream(stream).read_all().num_rows == 0


def test_not_a_number_is_left_empty() -> None:
    stream, misfits = encode(arrow_schema({"f": float}), {"f": [float("nan"), None, 1, np.float32(2), float("inf")]})
    assert pa.ipc.open_stream(stream).read_all().to_pydict() == {"f": [None, None, 1.0, 2.0, float("inf")]}
    assert misfits == 0


VALUES = {
    str: st.text(st.characters(exclude_categories=["Cs"])),
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    datetime: st.datetimes(min_value=datetime(1700, 1, 1), max_value=datetime(2200, 1, 1)),
    date: st.dates(),
}


@pytest.mark.parametrize("kind", VALUES)
@settings(deadline=None)  # pyarrow imports pandas the first time
@given(data=st.data())
def test_it_is_what_pyarrow_makes_of_the_same_values(kind: type, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | VALUES[kind]))
    schema = arrow_schema({"x": kind})
    stream, misfits = encode(schema, {"x": values})
    column = pa.ipc.open_stream(stream).read_all()["x"].combine_chunks()
    column.validate(full=True)
    assert column.equals(pa.array(values, schema.field("x").type))
    assert misfits == 0


def test_a_text_that_is_no_unicode_does_not_stop_the_others() -> None:
    stream, _ = encode(arrow_schema({"s": str}), {"s": ["\ud800", "é"]})
    assert pa.ipc.open_stream(stream).read_all()["s"].to_pylist() == ["?", "é"]


def test_pandas_is_left_alone() -> None:
    program = (
        "import sys\n"
        "from csp_gateway.server.modules.tables.arrow import arrow_schema, encode\n"
        "import perspective\n"
        "stream, _ = encode(arrow_schema({'s': str}), {'s': ['a', None]})\n"
        "perspective.Server().new_local_client().table(stream, name='t').update(stream)\n"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
