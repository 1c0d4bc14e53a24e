"""An answer as a polars frame."""

import json
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from csp_gateway.client import polars_frames
from csp_gateway.client.columns import Column
from csp_gateway.client.frame_rows import rows_of
from csp_gateway.client.polars_frames import flat_polars, polars_of_columns
from csp_gateway.client.shapes import ANYTHING, Kind, Shape

ALIKE: list[Any] = [{"a": 1}, None, {"a": 2}]
OTHER: list[Any] = [{"a": 1}, {}, {"b": [2]}]


@pytest.mark.parametrize("values", [[], [None], ALIKE, OTHER, [[1], [2]], ["text"]], ids=str)
def test_anything_is_one_type_whatever_the_values_are_by_json_as_by_arrow(values: list[Any]) -> None:
    by_json = polars_of_columns({"any": Column(ANYTHING, values)})
    texts = [None if each is None else json.dumps(each) for each in values]
    streams = [pl.DataFrame({"any": pl.Series(texts, dtype=pl.String)})]
    if not any(texts):
        streams.append(pl.DataFrame({"any": pl.Series(texts, dtype=pl.Null)}))
    for frame in (by_json, *(flat_polars(each, {"any": ANYTHING}) for each in streams)):
        assert frame.schema == {"any": pl.Object}
        assert frame["any"].to_list() == values
        assert [row.get("any") for row in rows_of(frame, "x")] == values


def test_where_no_schema_is_containers_that_are_alike_have_a_type_and_others_survive() -> None:
    frame = polars_of_columns({"alike": Column(None, ALIKE), "other": Column(None, OTHER)})
    null = polars_of_columns({"null": Column(None, [{"a": None}, {"a": 1}])})["null"]
    assert (null.dtype, null.to_list()) == (pl.Object, [{"a": None}, {"a": 1}])
    assert frame.schema == {"alike": pl.Struct({"a": pl.Int64}), "other": pl.Object}
    assert [each.to_list() for each in frame] == [ALIKE, OTHER]


@pytest.mark.parametrize("huge", [10**40, 10**400], ids=["1e40", "1e400"])
def test_numbers_beyond_those_of_polars_survive(huge: int) -> None:
    number = Shape(Kind.NUMBER)
    for shape, value in (
        (number, huge),
        (Shape(Kind.STRUCT, fields={"a": number}), {"a": huge}),
        (None, [[huge], 1.5]),
    ):
        assert polars_of_columns({"x": Column(shape, [value])})["x"].to_list()[0] in (value, float("1e40"))


def test_an_old_polars_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polars_frames, "needed", lambda *_: SimpleNamespace(__version__="0.20.3"))
    with pytest.raises(ValueError, match=r"needs polars 1\.0 or newer, not 0\.20\.3"):
        polars_of_columns({})
