"""What is sent, as bodies of JSON in bounded portions."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from csp_gateway.client.bodies import batches, counted
from tests.client.answers import Fill, Side


def read(data: Any, **options: Any) -> list[Any]:
    return [json.loads(body) for body in batches(data, "orders", **options)]


def test_a_record_is_an_object_and_records_are_an_array() -> None:
    assert read({"a": 1}) == [{"a": 1}]
    assert read([{"a": 1}, {"a": 2}]) == [[{"a": 1}, {"a": 2}]]
    (told,) = read(Fill(id="1", symbol="A"))
    assert (told["id"], told["symbol"]) == ("1", "A")


def test_of_no_records_there_is_one_empty_body() -> None:
    assert read([]) == read(iter(())) == read([], whole=True) == [[]]


def test_portions_are_bounded_and_made_when_they_are_asked_for() -> None:
    taken = []

    def records() -> Iterator[dict[str, int]]:
        for i in range(10):
            taken.append(i)
            yield {"a": i}

    portions = batches(records(), most_records=2)
    assert json.loads(next(portions)) == [{"a": 0}, {"a": 1}]
    assert taken == [0, 1, 2]
    assert [len(each) for each in read(records(), most_bytes=20)] == [2] * 5
    assert len(read(records(), whole=True, most_records=2)) == 1


def test_keys_of_a_basket_are_one_body() -> None:
    assert read({Side.BUY: {"a": 1}, "SELL": [{"a": 2}]}, keyed=True) == [{"BUY": {"a": 1}, "SELL": [{"a": 2}]}]
    with pytest.raises(TypeError, match="a basket takes a mapping"):
        read([1], keyed=True)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "arrow"])
def test_rows_of_frames_are_records(make: Any) -> None:
    frame = make({"a": [1, 2], "t": [datetime(2024, 1, 1), None], "leg.px": [1.5, None]})
    assert [{**row, "t": row["t"][:19]} if "t" in row else row for row in read(frame)[0]] == [
        {"a": 1, "t": "2024-01-01T00:00:00", "leg": {"px": 1.5}},
        {"a": 2},
    ]


@pytest.mark.parametrize(
    "data", ["text", 1, None, dict, pd.Series([1]), pl.LazyFrame({"a": [1]})], ids=lambda it: type(it).__name__
)
def test_what_is_no_record_is_refused(data: Any) -> None:
    with pytest.raises(TypeError, match="orders: cannot be sent"):
        read(data)


def test_a_row_of_a_frame_is_refused_that_would_be_sent_as_a_list() -> None:
    frame = pd.DataFrame({"a": ["R"], "n": [1]})
    series = (row for _, row in frame.iterrows())
    for rows in (series, frame.itertuples(), [pl.Series([1])], [frame["a"]]):
        with pytest.raises(
            TypeError, match=r"orders\[0\]: cannot be sent: .* is no record; send the frame itself, or dicts"
        ):
            read(rows)
    assert read(frame.to_dict("records")) == [[{"a": "R", "n": 1}]]
    assert read([{"a": pd.Series([1, 2])}]) == [[{"a": [1, 2]}]]


def test_an_error_says_where() -> None:
    with pytest.raises(TypeError, match=r"orders\[3\]\.leg\.when: cannot be said in JSON: <class 'object'>"):
        read([{}, {}, {}, {"leg": {"when": object()}}])


def test_records_are_counted() -> None:
    def counts(data: Any, **options: Any) -> list[int]:
        return [body.records for body in counted(data, "orders", **options)]

    assert counts({"a": 1}) == [1]
    assert counts([{"a": 1}] * 5, most_records=2) == [2, 2, 1]
    assert counts([{"a": 1}] * 5, whole=True, most_records=2) == [5]
    assert counts({"BUY": {"a": 1}, "SELL": [{"a": 2}] * 2}, keyed=True) == [3]
    assert counts([]) == [0]
