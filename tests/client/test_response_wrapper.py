"""An answer as JSON, structs and frames; the same whether it has travelled as JSON or as Arrow."""

import json
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

import csp
import httpx2
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from csp_gateway import Gateway, GatewayChannels, GatewayClient, GatewayModule, MountRestRoutes, State
from csp_gateway.client.bodies import batches
from csp_gateway.client.response_wrapper import ResponseWrapper
from csp_gateway.testing import serving_gateway
from tests.client.answers import SCHEMA, TYPE_NAME, Fill, Leg, Level, Side, both_ways, fills, resolved, stream_of

QUOTES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "sym": {"type": "string"},
            "size": {"type": "integer"},
            "px": {"type": "number"},
            "live": {"type": "boolean"},
            "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            "leg": {"type": "object", "properties": {"px": {"type": "number"}, "n": {"type": "integer"}}},
        },
    },
}


def test_it_holds_json_and_what_is_known_of_it() -> None:
    wrapper = ResponseWrapper([{"sym": "A"}], QUOTES, "desk.Quote")
    assert wrapper.as_json() == wrapper.json_data == [{"sym": "A"}]
    assert (wrapper.openapi_schema, wrapper.type_name) == (QUOTES["items"], "desk.Quote")
    assert repr(wrapper) == "ResponseWrapper([{'sym': 'A'}], type_name='desk.Quote')"


@pytest.mark.parametrize(
    ("answer", "empty"), [([], True), ({}, True), (None, True), ("", True), ([0], False), ({"a": 0}, False), (0, False)]
)
def test_it_is_empty_if_nothing_is_in_it(answer: Any, empty: bool) -> None:
    assert ResponseWrapper(answer).is_empty() is empty


def test_empty_answers_keep_their_types() -> None:
    frame = ResponseWrapper([], QUOTES).as_pandas_df()
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "sym": "string",
        "size": "int64",
        "px": "float64",
        "live": "bool",
        "either": "object",
        "leg.px": "float64",
        "leg.n": "int64",
    }
    assert ResponseWrapper([], QUOTES).as_polars_df().schema == {
        "sym": pl.String,
        "size": pl.Int64,
        "px": pl.Float64,
        "live": pl.Boolean,
        "either": pl.Object,
        "leg.px": pl.Float64,
        "leg.n": pl.Int64,
    }
    assert str(ResponseWrapper([], QUOTES).as_arrow().schema.field("either").type) == "string"


def test_what_no_record_has_is_there_unless_a_query_made_the_answer() -> None:
    records = [{"sym": "A", "leg.n": 2}]
    assert list(ResponseWrapper(records, QUOTES, whole=False).as_pandas_df().columns) == ["sym", "leg.n"]
    assert ResponseWrapper(records, QUOTES, whole=False).as_polars_df().schema == {"sym": pl.String, "leg.n": pl.Int64}
    assert len(ResponseWrapper([{"sym": "A"}], QUOTES).as_pandas_df().columns) == 7


def test_missing_integers_are_missing_and_not_a_failure() -> None:
    frame = ResponseWrapper([{"size": 2**62 + 1}, {"live": True}], QUOTES).as_pandas_df()
    assert str(frame["size"].dtype) == "Int64"
    assert frame["size"].tolist() == [2**62 + 1, pd.NA]
    assert str(frame["live"].dtype) == "boolean"


def test_what_may_be_missing_has_one_type_whether_it_is_or_not() -> None:
    for structs in ([], [Fill(maybe=1)], [Fill(maybe=1), Fill(maybe=None)], [Fill(maybe=1, count=2)]):
        for answer in both_ways(structs):
            dtypes = answer.as_pandas_df().dtypes
            assert dtypes["maybe"] == pd.Int64Dtype()
    schema = {
        "properties": {"a": {"type": ["boolean", "null"]}, "b": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}
    }
    answer = ResponseWrapper([{"a": True, "b": 1}], schema)
    assert [str(each) for each in answer.as_pandas_df().dtypes] == ["boolean", "Int64"]


def test_days_are_days_of_pandas_too() -> None:
    for days in ([], [date(2026, 11, 28), None], [date.max, date.min]):
        for answer in both_ways([Fill() if day is None else Fill(day=day) for day in days]):
            column = answer.as_pandas_df()["day"]
            assert str(column.dtype) == "datetime64[us]"
            assert [each.to_pydatetime().date() for each in column.dropna()] == [day for day in days if day]


def test_of_what_no_schema_tells_integers_have_one_type() -> None:
    for values in ([], [1, 2], [1, None]):
        table = pa.table({"n": pa.array(values, pa.int32()), "b": pa.array([each and True for each in values], "bool")})
        answer = ResponseWrapper.of_arrow(written(table), {"type": "object", "properties": {}})
        assert [str(each) for each in answer.as_pandas_df().dtypes] == ["Int64", "boolean"]


def written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def test_without_a_schema_it_warns_and_normalises() -> None:
    records = [{"sym": "A", "leg": {"px": 1.5}}, {"sym": "B", "size": 3}]
    with pytest.warns(UserWarning, match="as_pandas_df: no schema"):
        frame = ResponseWrapper(records).as_pandas_df()
    pd.testing.assert_frame_equal(frame, pd.json_normalize(records), check_like=True)
    with pytest.warns(UserWarning, match="as_polars_df: no schema"):
        assert ResponseWrapper(records).as_polars_df()["leg.px"].to_list() == [1.5, None]


def test_one_object_is_one_row_and_names_are_one_column() -> None:
    assert ResponseWrapper({"sym": "A"}, QUOTES["items"]).as_pandas_df()["sym"].tolist() == ["A"]
    names = ResponseWrapper(["a", "b"], {"type": "array", "items": {"type": "string"}})
    assert names.as_pandas_df().to_dict("list") == {"value": ["a", "b"]}
    assert names.as_polars_df().to_dict(as_series=False) == {"value": ["a", "b"]}
    assert names.as_arrow().to_pydict() == {"value": ["a", "b"]}


def test_structs_are_of_the_class_that_the_gateway_names() -> None:
    fill = Fill(symbol="A", level=Level.HIGH, leg=Leg(name="x"))
    for wrapper in both_ways([fill]):
        assert wrapper.as_struct() == [fill]
    one, _ = both_ways([fill])
    assert ResponseWrapper(one.as_json()[0], SCHEMA, TYPE_NAME).as_struct() == fill


def test_structs_of_an_empty_answer_or_of_no_class() -> None:
    assert ResponseWrapper([]).as_struct() == []
    assert ResponseWrapper.of_arrow(stream_of([]), SCHEMA).as_struct() == []
    with pytest.raises(ValueError, match="no type_name available"):
        ResponseWrapper([{"sym": "A"}], QUOTES).as_struct()
    with pytest.raises(ValueError, match="Cannot import type"):
        ResponseWrapper([{"sym": "A"}], QUOTES, "nowhere.Quote").as_struct()


@given(st.lists(fills, max_size=3))
@settings(max_examples=25, deadline=None)
def test_both_ways_make_the_same_frames(structs: list[Fill]) -> None:
    by_json, by_arrow = both_ways(structs)
    assert by_json.is_empty() is by_arrow.is_empty() is (not structs)
    one, other = by_json.as_pandas_df(), by_arrow.as_pandas_df()
    assert one.dtypes.to_dict() == other.dtypes.to_dict()
    assert list(one.columns) == list(other.columns)
    for name in one.columns:
        assert [spelled(each) for each in one[name]] == [spelled(each) for each in other[name]], name
    first, second = by_json.as_polars_df(), by_arrow.as_polars_df()
    assert first.schema == second.schema
    assert {each.name: each.to_list() for each in first} == {each.name: each.to_list() for each in second}
    table, streamed = by_json.as_arrow(), by_arrow.as_arrow()
    assert table.schema == streamed.schema
    assert list(map(parsed, table.to_pylist())) == list(map(parsed, streamed.to_pylist()))


def parsed(row: dict[str, Any]) -> dict[str, Any]:
    """A row with what its JSON text says, as the two who write it spell numbers in two ways."""
    return {
        name: json.loads(value) if name in ("weights", "either", "anything") and value is not None else value
        for name, value in row.items()
    }


def spelled(value: Any) -> Any:
    """A value of pandas to compare: what is missing equals itself."""
    return value if isinstance(value, list | dict) else "missing" if pd.isna(value) else value


@given(st.lists(fills, max_size=3))
@settings(max_examples=25, deadline=None)
def test_a_frame_can_be_sent_back(structs: list[Fill]) -> None:
    for answer in both_ways(structs):
        for frame in (answer.as_pandas_df(), answer.as_polars_df(), answer.as_arrow()):
            (body,) = batches(frame, "fills", whole=True, schema=SCHEMA)
            assert list(map(told, Fills.validate_json(body))) == list(map(told, structs))


Fills: TypeAdapter[list[Fill]] = TypeAdapter(list[Fill])


def told(struct: Fill) -> Any:
    """What a struct says, without what is nothing, which no frame tells from what is unset."""
    return filled(json.loads(struct.model_dump_json()))


def filled(value: Any) -> Any:
    if isinstance(value, list):
        return list(map(filled, value))
    return {k: filled(v) for k, v in value.items() if v not in (None, {})} if isinstance(value, dict) else value


@given(st.lists(fills, max_size=3))
@settings(max_examples=25, deadline=None)
def test_both_ways_make_the_same_json_and_structs(structs: list[Fill]) -> None:
    by_json, by_arrow = both_ways(structs)
    assert by_arrow.as_json() == [
        {name: value for name, value in record.items() if value is not None} for record in by_json.as_json()
    ]
    told = [[each.model_dump_json() for each in wrapper.as_struct()] for wrapper in (by_json, by_arrow)]
    assert told[0] == [each.model_dump_json() for each in structs]
    assert len(told[1]) == len(structs)


def test_numbers_that_are_none_are_null_in_json() -> None:
    _, by_arrow = both_ways([Fill(price=float("nan")), Fill()])
    told = [record.get("price", "unset") for record in by_arrow.as_json()]
    assert told == [None, "unset"]


def test_whole_numbers_of_more_than_64_bits_are_exact_in_every_frame() -> None:
    numbers = {"fits": [2**62 + 3, None], "beyond": [2**63, 1], "none": [None, None]}
    columns = {name: pa.array([each and Decimal(each) for each in column]) for name, column in numbers.items()}
    table = pa.table({name: column.cast(pa.decimal128(38, 0)) for name, column in columns.items()})
    table = table.append_column("part", pa.array([Decimal("1.5"), None]))
    answer = ResponseWrapper.of_arrow(written(table))
    assert answer.as_json()[0] == {"fits": 2**62 + 3, "beyond": 2**63, "part": 1.5}
    arrow, polars, pandas = answer.as_arrow(), answer.as_polars_df(), answer.as_pandas_df()
    assert [str(each) for each in arrow.schema.types] == ["int64", "decimal128(38, 0)", "int64", "double"]
    assert [str(each) for each in polars.dtypes] == ["Int64", "Decimal(precision=38, scale=0)", "Int64", "Float64"]
    assert [str(each) for each in pandas.dtypes] == ["Int64", "object", "Int64", "float64"]
    for name, column in numbers.items():
        assert arrow[name].to_pylist() == polars[name].to_list() == column
        assert [None if each is pd.NA else each for each in pandas[name]] == column


def test_polars_reads_arrow_without_pyarrow_and_nothing_is_loaded_before_it_is_needed() -> None:
    program = """
import io, sys
from csp_gateway.client.response_wrapper import ResponseWrapper
assert not {"pandas", "polars", "pyarrow", "numpy", "csp"} & set(sys.modules), "loaded too early"
sys.modules["pyarrow"] = None
import polars
stream = io.BytesIO()
polars.DataFrame({"a": [1, None]}).write_ipc_stream(stream)
wrapper = ResponseWrapper.of_arrow(stream.getvalue())
assert wrapper.as_polars_df()["a"].to_list() == [1, None]
assert not wrapper.is_empty()
assert wrapper.as_json() == [{"a": 1}, {}]
try:
    wrapper.as_arrow()
except ImportError as error:
    assert "pip install 'csp-gateway-client[arrow]'" in str(error), error
else:
    raise SystemExit("pyarrow was found")
"""
    subprocess.run([sys.executable, "-c", program], check=True)


class Desk(GatewayChannels):
    fills: Annotated[csp.ts[Fill], State("id")] = None


class Book(GatewayModule):
    def connect(self, channels: Desk) -> None:
        channels.set_channel("fills", csp.null_ts(Fill))
        channels.add_send_channel("fills")


@contextmanager
def desk() -> Iterator[httpx2.Client]:
    with (
        serving_gateway(Gateway(modules=[Book(), MountRestRoutes()], channels=Desk())) as url,
        httpx2.Client(base_url=url) as client,
    ):
        yield client


def test_a_gateway_tells_the_same_both_ways() -> None:
    structs = [Fill(symbol="A", count=1, leg=Leg(name="x"), weights={"a": 1.5}), Fill(symbol="B", maybe=2**70)]
    with desk() as client:
        for body in batches(structs, "fills"):
            sent = client.post("/api/v1/send/fills", params={"wait": "ticked"}, content=body, headers=JSON)
            assert sent.status_code == 200, sent.text
        document = client.get("/openapi.json").json()
        asked = document["paths"]["/api/v1/state/fills"]["get"]
        schema = resolved(asked["responses"]["200"]["content"]["application/json"]["schema"], schemas(document))
        by_json = ResponseWrapper(client.get("/api/v1/state/fills").json(), schema, asked["type_"])
        stream = client.get("/api/v1/state/fills", headers={"Accept": "application/vnd.apache.arrow.stream"})
        by_arrow = ResponseWrapper.of_arrow(stream.content, schema, asked["type_"])
    for name in ("as_pandas_df", "as_polars_df"):
        one, other = getattr(by_json, name)(), getattr(by_arrow, name)()
        assert list(one.columns) == list(other.columns)
        assert [one[each].dtype for each in one.columns] == [other[each].dtype for each in other.columns]
    assert by_arrow.as_pandas_df()["maybe"].tolist() == [None, 2**70]
    assert [each.symbol for each in by_json.as_struct()] == [each.symbol for each in by_arrow.as_struct()] == ["A", "B"]


def test_a_gateway_takes_back_the_frames_that_it_has_told() -> None:
    leg = Leg(name="x", when=datetime(2026, 11, 28, 1), length=timedelta(seconds=1.5), notes={"a": [1, None]})
    said = {"day": date(2026, 11, 28), "hour": time(1, 2), "weights": {"a": 1.5}, "moments": [datetime(2026, 1, 1)]}
    first = Fill(symbol="A", either="5", anything='{"b": 1}', numbers=[1], legs=[leg, Leg()], leg=leg, **said)
    structs = [first, Fill(either=5, anything=[1, "x", None], level=Level.HIGH, side=Side.SELL)]
    with desk() as http, GatewayClient(host=str(http.base_url)) as client:
        sent = fresh(client.send("fills", structs, wait="ticked"))
        assert sent[0]["legs"][0]["notes"] == {"a": [1, None]}
        for kind in ("pandas", "polars", "arrow"):
            frame = client.state("fills", return_type_override=kind)
            assert fresh(client.send("fills", frame, wait="ticked"))[:2] == sent, kind


def fresh(said: Any) -> Any:
    """Records without what the gateway gives each."""
    if isinstance(said, list):
        return list(map(fresh, said))
    if not isinstance(said, dict):
        return said
    return {name: fresh(value) for name, value in said.items() if name not in ("id", "timestamp")}


JSON = {"Content-Type": "application/json"}


def schemas(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]
    return found


def test_a_frame_does_not_warn_of_anything_else() -> None:
    by_json, by_arrow = both_ways([Fill(symbol="A"), Fill(count=1)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for wrapper in (by_json, by_arrow):
            wrapper.as_pandas_df(), wrapper.as_polars_df(), wrapper.as_arrow()
