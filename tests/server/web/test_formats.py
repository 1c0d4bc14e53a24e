"""The five formats, piece by piece and over HTTP."""

import csv
import io
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date, datetime
from enum import Enum
from typing import Any

import csp
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi import HTTPException, Request, Response
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway import ChannelSelection, GatewayChannels, GatewayModule, GatewayStruct
from csp_gateway.server.structs import encode_many
from csp_gateway.server.structs.tabular import StructRows, TableRows
from csp_gateway.server.web.formats import documented_formats, wanted_format
from csp_gateway.server.web.problem import RefusedRequest
from csp_gateway.server.web.streaming import tabular_reply

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"


class Side(Enum):
    BUY = 1
    SELL = 2


class Leg(csp.Struct):
    ratio: int
    venue: str


class Trade(GatewayStruct):
    n: int
    price: float | None = None
    name: str | None
    at: datetime
    day: date
    open: bool
    side: Side
    leg: Leg
    sizes: list[int]


def trade(n: int) -> Trade:
    return Trade(
        n=n,
        price=n / 4 if n % 3 else None,
        name=f"nÿ\n,{n}" if n % 5 else None,
        at=datetime(2026, 1, 2, 3, 4, 5, n),
        day=date(2026, 1, 2),
        open=n % 2 == 0,
        side=Side.SELL,
        leg=Leg(ratio=n, venue="X"),
        sizes=[n, n + 1],
    )


TRADES = [trade(n) for n in range(2_000)]


def asked(accept: str | None) -> Request:
    headers = [] if accept is None else [(b"accept", accept.encode())]
    return Request({"type": "http", "query_string": b"", "headers": headers})


def written(accept: str, rows: Any) -> bytes:
    return b"".join(wanted_format(asked(accept)).pieces(rows))


# --- Which -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("application/ndjson", "application/ndjson"),
        ("application/jsonl", "application/jsonl"),
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        (ARROW, ARROW),
        (PARQUET, PARQUET),
        ("application/x-parquet", "application/x-parquet"),
    ],
)
def test_it_is_answered_under_the_name_that_was_asked_for(accept: str | None, content_type: str) -> None:
    assert wanted_format(asked(accept)).content_type == content_type


@pytest.mark.parametrize(
    "column",
    [
        pa.array([{}], pa.struct([])),
        pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])]),
        pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
    ],
)
def test_what_parquet_has_not_is_refused_before_the_first_byte(column: pa.Array) -> None:
    rows = TableRows(pa.table({"x": column}))
    with pytest.raises(HTTPException, match="Parquet cannot hold this answer") as refusal:
        next(wanted_format(asked(PARQUET)).pieces(rows))
    assert refusal.value.status_code == 422
    assert json.loads(written("application/json", rows))


def test_several_headers_are_one() -> None:
    accepted = [(b"accept", b"image/png"), (b"accept", b"text/csv")]
    request = Request({"type": "http", "query_string": b"", "headers": accepted})
    assert wanted_format(request).content_type.startswith("text/csv")


def test_a_refusal_lists_them() -> None:
    with pytest.raises(HTTPException, match="image/png") as refusal:
        wanted_format(asked("image/png"))
    assert refusal.value.status_code == 406
    assert refusal.value.headers == {"vary": "Accept"}
    for name in ("application/json", "application/x-ndjson", "text/csv", ARROW, PARQUET):
        assert name in refusal.value.detail


def test_it_is_no_parameter() -> None:
    request = Request({"type": "http", "query_string": b"format=csv", "headers": []})
    with pytest.raises(RefusedRequest, match="format: the header Accept says how to answer"):
        wanted_format(request)


def test_what_is_documented() -> None:
    responses = documented_formats({"X-A": "What it is."})
    # JSON is the route's own model.
    assert list(responses[200]["content"]) == ["application/x-ndjson", "text/csv", ARROW, PARQUET]
    assert responses[200]["headers"]["X-A"]["description"] == "What it is."
    assert ARROW in responses[406]["description"]


# --- How -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2_000])
def test_json_is_what_encode_many_gives(count: int) -> None:
    rows = StructRows(Trade, TRADES[:count])
    assert written("application/json", rows) == encode_many(TRADES[:count])
    lines = written("application/x-ndjson", rows).splitlines(keepends=True)
    assert all(line.endswith(b"\n") for line in lines)
    assert [json.loads(line) for line in lines] == json.loads(encode_many(TRADES[:count]))


@settings(deadline=None)
@given(st.lists(st.lists(st.integers().map(lambda n: b"%d" % n), max_size=3), max_size=5))
def test_json_is_valid_however_rows_come(chunks: list[list[bytes]]) -> None:
    class Rows:
        def json_rows(self) -> Iterator[list[bytes]]:
            return iter(chunks)

    numbers = [int(row) for chunk in chunks for row in chunk]
    assert json.loads(written("application/json", Rows())) == numbers
    assert [int(line) for line in written("application/jsonl", Rows()).splitlines()] == numbers


def test_csv_is_flat_and_quoted_where_it_must_be() -> None:
    text = written("text/csv", StructRows(Trade, TRADES)).decode()
    header, *lines = csv.reader(io.StringIO(text, newline=""))
    assert header == [
        *("id", "timestamp", "n", "price", "name", "at", "day", "open", "side", "leg.ratio", "leg.venue", "sizes"),
        "_odd",
    ]
    assert len(lines) == 2_000
    assert lines[1][2:] == [
        *("1", "0.25", "nÿ\n,1", "2026-01-02 03:04:05.000001", "2026-01-02", "false", "SELL", "1", "X", "[1,2]", "")
    ]
    assert lines[0][3:5] == ["", ""]


def test_nothing_still_has_its_columns() -> None:
    rows = StructRows(Trade, [])
    assert written("application/json", rows) == b"[]"
    assert written("application/x-ndjson", rows) == b""
    assert written("text/csv", rows).startswith(b'"id","timestamp","n"')
    assert written("text/csv", rows).count(b"\n") == 1
    assert pa.ipc.open_stream(written(ARROW, rows)).read_all().schema.equals(rows.schema)
    assert pq.read_table(io.BytesIO(written(PARQUET, rows))).schema.equals(rows.schema)


def test_columns_of_any_table_are_what_they_were() -> None:
    table = pa.table(
        {
            "big": pa.array([2**62, None], pa.int64()),
            "kind": pa.array(["a", None]).dictionary_encode(),
            "exact": pa.array([None, None], pa.decimal128(38, 2)),
            "zoned": pa.array([0, 1], pa.timestamp("us", "UTC")),
            "raw": pa.array([b"\xff", None]),
        }
    )
    assert pa.ipc.open_stream(written(ARROW, TableRows(table))).read_all().equals(table)
    assert pq.read_table(io.BytesIO(written(PARQUET, TableRows(table)))).equals(table)


def test_pieces_come_before_the_last_batch_is_made() -> None:
    schema = pa.schema([("n", pa.int64())])
    made = 0

    class Rows:
        def __init__(self) -> None:
            self.schema = schema

        def batches(self) -> Iterator[pa.RecordBatch]:
            nonlocal made
            for _ in range(5):
                made += 1
                yield pa.record_batch([pa.array(range(10_000))], schema=schema)

    for accept in ("text/csv", ARROW, PARQUET):
        made = 0
        pieces = wanted_format(asked(accept)).pieces(Rows())
        seen = [len(piece) for piece in (next(pieces), next(pieces), next(pieces))]
        assert made == 2
        assert min(seen[1:]) > 10_000
        pieces.close()


# --- Over HTTP -------------------------------------------------------------------------------------------------------


class Ch(GatewayChannels):
    pass


class Rows(GatewayModule):
    requires: ChannelSelection | None = []

    def connect(self, channels: Ch) -> None:
        pass

    def rest(self, app: Any) -> None:
        async def rows(request: Request) -> Response:
            return await tabular_reply(wanted_format(request), StructRows(Trade, TRADES), app.outside.queries.ask)

        app.get_router("api").add_api_route("/rows", rows, methods=["GET"], response_model=None)


@pytest.fixture
def url(serve_gateway: Callable[..., str]) -> str:
    return f"{serve_gateway(Ch(), Rows())}/api/v1/rows"


def fetched(url: str, accept: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers={"accept": accept}), timeout=20) as answer:
        assert answer.headers["vary"] == "Accept"
        assert answer.headers["content-type"].startswith(accept)
        return answer.read()


def test_what_pandas_polars_and_duckdb_make_of_it(url: str, tmp_path: Any) -> None:
    expected = pa.table(
        {
            "n": pa.array([each.n for each in TRADES], pa.int64()),
            "price": pa.array([each.price for each in TRADES], pa.float64()),
            "name": pa.array([each.name for each in TRADES], pa.string()),
            "at": pa.array([each.at for each in TRADES], pa.timestamp("us")),
            "day": pa.array([each.day for each in TRADES], pa.date32()),
            "open": pa.array([each.open for each in TRADES], pa.bool_()),
            "side": pa.array(["SELL"] * len(TRADES), pa.string()),
            "leg": pa.array([each.leg.to_dict() for each in TRADES], pa.struct({"ratio": "int64", "venue": "string"})),
            "sizes": pa.array([list(each.sizes) for each in TRADES], pa.list_(pa.int64())),
        }
    )
    names = expected.column_names
    stream, parquet = fetched(url, ARROW), fetched(url, PARQUET)
    arrow = pa.ipc.open_stream(stream).read_all()
    assert arrow.select(names).equals(expected)

    # polars
    wanted = pl.from_arrow(expected)
    for frame in (pl.read_ipc_stream(stream), pl.read_parquet(io.BytesIO(parquet))):
        assert frame.select(names).schema == wanted.schema
        assert frame.select(names).equals(wanted, null_equal=True)

    # pandas
    for frame in (arrow.to_pandas(), pd.read_parquet(url, storage_options={"Accept": PARQUET})):
        kinds = {name: frame[name].dtype for name in names}
        assert (kinds["n"], kinds["price"], kinds["open"]) == ("int64", "float64", "bool")
        assert kinds["at"] == "datetime64[us]"
        assert frame["name"].isna().sum() == frame["name"].isna()[::5].sum() == 400
        assert frame["leg"][7] == {"ratio": 7, "venue": "X"}
        assert list(frame["sizes"][7]) == [7, 8]
    read = pd.read_csv(url, storage_options={"Accept": "text/csv"}, parse_dates=["at"])
    assert read["n"].tolist() == [each.n for each in TRADES]
    assert read["at"].tolist() == [each.at for each in TRADES]
    assert read["price"].isna().sum() == 667

    # duckdb
    (tmp_path / "rows.parquet").write_bytes(parquet)
    with duckdb.connect() as database:
        for relation in (database.from_arrow(arrow), database.read_parquet(str(tmp_path / "rows.parquet"))):
            chosen = relation.select(*names)
            assert list(map(str, chosen.types)) == [
                *("BIGINT", "DOUBLE", "VARCHAR", "TIMESTAMP", "DATE", "BOOLEAN", "VARCHAR"),
                "STRUCT(ratio BIGINT, venue VARCHAR)",
                "BIGINT[]",
            ]
            assert chosen.to_arrow_table().equals(expected)


def test_json_over_http(url: str) -> None:
    assert fetched(url, "application/json") == encode_many(TRADES)


def test_csv_and_parquet_are_loaded_when_they_are_asked_for_and_pandas_never() -> None:
    program = """
import sys
from csp_gateway import GatewayStruct
from csp_gateway.server.structs.tabular import StructRows
from csp_gateway.server.web import formats
class Some(GatewayStruct):
    n: int
    numbers: list[int]
    named: dict[str, int]
def loaded():
    return [name for name in ("pyarrow.csv", "pyarrow.parquet", "pandas") if name in sys.modules]
print(loaded())
for each in set(formats._FORMATS.values()):
    assert list(each.pieces(StructRows(Some, [Some(n=1, numbers=[1], named={"a": 1})])))
print(loaded())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=50)
    assert done.stdout.splitlines() == ["[]", "['pyarrow.csv', 'pyarrow.parquet']"]
