"""An answer as a polars frame."""

from types import SimpleNamespace

import polars as pl
import pytest

from csp_gateway.client import polars_frames
from csp_gateway.client.columns import Column
from csp_gateway.client.polars_frames import polars_of_columns
from csp_gateway.client.shapes import ANYTHING


def test_containers_that_are_alike_have_a_type_and_others_survive() -> None:
    alike, other = [{"a": 1}, None, {"a": 2}], [{"a": 1}, {}, {"b": 2}]
    frame = polars_of_columns({"alike": Column(ANYTHING, alike), "other": Column(ANYTHING, other)})
    null = polars_of_columns({"null": Column(ANYTHING, [{"a": None}, {"a": 1}])})["null"]
    assert (null.dtype, null.to_list()) == (pl.Object, [{"a": None}, {"a": 1}])
    assert frame.schema == {"alike": pl.Struct({"a": pl.Int64}), "other": pl.Object}
    assert [each.to_list() for each in frame] == [alike, other]


def test_an_old_polars_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polars_frames, "needed", lambda *_: SimpleNamespace(__version__="0.20.3"))
    with pytest.raises(ValueError, match=r"needs polars 1\.0 or newer, not 0\.20\.3"):
        polars_of_columns({})
