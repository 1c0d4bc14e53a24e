"""A tick, to an answer over HTTP in each format, read by those who will read it."""

import http.client
import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, List, Optional  # noqa: UP035  # csp reads these
from urllib.parse import urlencode, urlsplit

import csp
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from csp import ts

from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewayStruct, MountRestRoutes, State
from csp_gateway.testing import serving_gateway

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
NDJSON = "application/x-ndjson"
MANY = 100_000


class Side(csp.Enum):
    BUY = 1
    SELL = 2


class Colour(Enum):
    RED = 1


class Leg(GatewayStruct):
    venue: str
    wait: timedelta


class Trade(GatewayStruct):
    symbol: str
    price: float
    size: int
    open: bool
    traded: datetime
    day: date
    wait: timedelta
    side: Side
    colour: Colour
    note: Optional[str] = None  # noqa: UP045
    tags: List[str]  # noqa: UP006
    leg: Leg


class Row(GatewayStruct):
    n: int
    text: str = "some text that is of no use but to be long enough"


class Ch(GatewayChannels):
    trades: Annotated[ts[Trade], State("symbol")] = None
    nobody: Annotated[ts[Trade], State("symbol")] = None
    rows: Annotated[ts[List[Row]], State("n")] = None  # noqa: UP006


class Feed(GatewayModule):
    """Trades tick in the graph, and may be sent; rows may be sent."""

    requires: Any = []

    def connect(self, channels: Ch) -> None:
        channels.set_channel(Ch.trades, csp.unroll(csp.const([trade(n) for n in range(3)])))
        channels.add_send_channel(Ch.trades)
        channels.add_send_channel(Ch.rows)


def trade(n: int) -> Trade:
    return Trade(
        symbol=f"s{n}",
        price=n + 0.5,
        size=2**53 + n,
        open=n % 2 == 0,
        traded=datetime(2024, 1, 2, 3, 4, 5, n),
        day=date(2024, 1, n + 1),
        wait=timedelta(seconds=n, microseconds=1),
        side=list(Side)[n % 2],
        colour=Colour.RED,
        note=None if n else 'a "quoted" note, with a comma',
        tags=["x"] * n,
        leg=Leg(venue="V", wait=timedelta(hours=n)),
    )


class Site:
    """A gateway that serves, and requests to it."""

    def __init__(self, gateway: Gateway, url: str) -> None:
        self.gateway = gateway
        self.channels = gateway.channels
        self.where = urlsplit(url).netloc

    def open(self, path: str, body: Any = None, accept: str = "*/*") -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self.where, timeout=60)
        headers = {"accept": accept, "content-type": "application/json"}
        connection.request("GET" if body is None else "POST", path, body and json.dumps(body), headers)
        return connection

    def ask(self, path: str, body: Any = None, accept: str = "*/*") -> bytes:
        with closing(self.open(path, body, accept)) as connection:
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 200, content
            assert accept in ("*/*", answer.headers["content-type"].partition(";")[0])
            return content

    def state(self, alias: str, accept: str, **query: Any) -> bytes:
        return self.ask(f"/api/v1/state/{alias}?{urlencode({'query': json.dumps(query)})}", accept=accept)

    def sql(self, select: str, accept: str, **parameters: Any) -> bytes:
        return self.ask("/api/v1/sql", {"sql": select, "parameters": parameters or None}, accept)

    def came_true(self, condition: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + 30
        while not (true := condition()) and time.monotonic() < deadline:
            time.sleep(0.005)
        return true


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    modules = [Feed(), MountRestRoutes()]
    gateway = Gateway(channels=Ch(), modules=modules, settings={"SQL_SECONDS": 60, "HISTORY_ITEMS": 10})
    with serving_gateway(gateway) as url:
        made = Site(gateway, url)
        assert made.came_true(lambda: len(made.channels.query("trades")) == 3)
        yield made


def by_state(site: Site, accept: str, rows: bool) -> bytes:
    return site.state("trades" if rows else "nobody", accept)


def by_sql(site: Site, accept: str, rows: bool) -> bytes:
    return site.sql(f"select * from {'trades' if rows else 'nobody'} order by symbol", accept)


WAYS = pytest.mark.parametrize("way", [by_state, by_sql])
ROWS = pytest.mark.parametrize("rows", [True, False], ids=["rows", "none"])

EXPECTED = [trade(n) for n in range(3)]


def columns(rows: bool, name: str) -> list[Any]:
    return [getattr(record, name) for record in EXPECTED] if rows else []


# --- Columns ----------------------------------------------------------------------------------------------------------

POLARS = {
    **{"symbol": pl.String, "price": pl.Float64, "size": pl.Int64, "open": pl.Boolean, "day": pl.Date},
    **{"traded": pl.Datetime("us"), "timestamp": pl.Datetime("us"), "wait": pl.Duration("us"), "note": pl.String},
    **{"tags": pl.List(pl.String)},
}


@WAYS
@ROWS
@pytest.mark.parametrize("kind", [ARROW, PARQUET])
def test_polars_reads_columns(site: Site, way: Any, kind: str, rows: bool) -> None:
    content = io.BytesIO(way(site, kind, rows))
    frame = pl.read_parquet(content) if kind == PARQUET else pl.read_ipc_stream(content)
    assert POLARS.items() <= dict(frame.schema).items()
    assert dict(frame.schema["leg"]) == {  # type: ignore[call-overload]  # a struct's fields
        **{"id": pl.String, "timestamp": pl.Datetime("us"), "venue": pl.String, "wait": pl.Duration("us")}
    }
    for name in POLARS.keys() - {"timestamp"}:
        assert frame[name].to_list() == columns(rows, name), name
    assert frame["side"].cast(pl.String).to_list() == [side.name for side in columns(rows, "side")]


@WAYS
@ROWS
@pytest.mark.parametrize("kind", [ARROW, PARQUET])
def test_pandas_reads_columns(site: Site, way: Any, kind: str, rows: bool) -> None:
    content = io.BytesIO(way(site, kind, rows))
    frame = pd.read_parquet(content) if kind == PARQUET else pa.ipc.open_stream(content).read_pandas()
    types = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert {
        **{"price": "float64", "size": "int64", "open": "bool" if rows else types["open"]},
        **{"traded": "datetime64[us]", "timestamp": "datetime64[us]", "wait": "timedelta64[us]", "symbol": "str"},
    }.items() <= types.items()
    for name in ("symbol", "price", "size", "traded", "wait", "day"):
        assert frame[name].tolist() == columns(rows, name), name


@WAYS
@ROWS
@pytest.mark.parametrize("kind", [ARROW, PARQUET])
def test_duckdb_reads_columns(site: Site, way: Any, kind: str, rows: bool, tmp_path: Path) -> None:
    content = way(site, kind, rows)
    with duckdb.connect() as connection:
        if kind == PARQUET:
            (tmp_path / "answer.parquet").write_bytes(content)
            found = connection.read_parquet(str(tmp_path / "answer.parquet"))
        else:
            found = connection.from_arrow(pa.ipc.open_stream(content).read_all())
        types = dict(zip(found.columns, map(str, found.types), strict=True))
        assert {
            **{"symbol": "VARCHAR", "price": "DOUBLE", "size": "BIGINT", "open": "BOOLEAN", "traded": "TIMESTAMP"},
            **{"timestamp": "TIMESTAMP", "day": "DATE", "tags": "VARCHAR[]", "note": "VARCHAR"},
        }.items() <= types.items()
        names = ["symbol", "price", "size", "open", "traded", "day", "note", "tags"]
        told = found.project(", ".join(names)).fetchall()
    assert told == list(zip(*(columns(rows, name) for name in names), strict=True))


def test_parts_of_records_and_groups_have_types_too(site: Site) -> None:
    aggregates = {"n": {"count": "*"}, "sum": {"sum": "size"}, "last": {"max": "traded"}}
    grouped = {"group_by": ["side"], "aggregates": aggregates}
    for alias, height in (("trades", 2), ("nobody", 0)):
        frame = pl.read_parquet(io.BytesIO(site.state(alias, PARQUET, **grouped)))
        assert frame.height == height
        assert {"n": pl.Int64, "last": pl.Datetime("us")}.items() <= dict(frame.schema).items()
        frame = pl.read_ipc_stream(io.BytesIO(site.state(alias, ARROW, select=["leg.wait", "size"])))
        assert {"leg.wait": pl.Duration("us"), "size": pl.Int64}.items() <= dict(frame.schema).items()
    select = "select count(*) as n, avg(price) as mean, max(traded) as last from trades group by side order by side"
    frame = pl.read_ipc_stream(io.BytesIO(site.sql(select, ARROW)))
    assert frame.rows() == [(2, 1.5, EXPECTED[2].traded), (1, 1.5, EXPECTED[1].traded)]


# --- Text -------------------------------------------------------------------------------------------------------------


@WAYS
def test_rows_are_the_same_in_every_text(site: Site, way: Any) -> None:
    rows = json.loads(way(site, "application/json", True))
    assert [row["symbol"] for row in rows] == ["s0", "s1", "s2"]
    assert [row["size"] for row in rows] == columns(True, "size")
    assert [row["wait"] for row in rows] == [span.total_seconds() for span in columns(True, "wait")]
    assert [row["leg"]["venue"] for row in rows] == ["V"] * 3
    assert [json.loads(line) for line in way(site, NDJSON, True).splitlines()] == rows
    read = pd.read_csv(io.BytesIO(way(site, "text/csv", True)), keep_default_na=False)
    for name in ("symbol", "price", "size", "open"):
        assert read[name].tolist() == [row[name] for row in rows]
    assert read["note"][0] == rows[0]["note"]
    assert read["leg.venue"].tolist() == ["V"] * 3
    assert [datetime.fromisoformat(text) for text in read["traded"]] == columns(True, "traded")
    lines = pl.read_ndjson(io.BytesIO(way(site, NDJSON, True)))
    assert lines["size"].to_list() == columns(True, "size")


@WAYS
def test_no_rows_are_said_in_every_text(site: Site, way: Any) -> None:
    assert way(site, "application/json", False) == b"[]"
    assert way(site, NDJSON, False) == b""
    assert list(pd.read_csv(io.BytesIO(way(site, "text/csv", False)))) == list(
        pd.read_csv(io.BytesIO(way(site, "text/csv", True)))
    )


def test_times_are_those_of_the_records(site: Site) -> None:
    (record,) = [each for each in site.channels.query("trades") if each.symbol == "s1"]
    query = {"filters": [{"attr": "traded", "by": {"when": record.traded.replace(tzinfo=UTC).isoformat()}}]}
    (row,) = json.loads(site.state("trades", "application/json", **query))
    assert row["id"] == record.id
    frame = pl.read_ipc_stream(io.BytesIO(site.state("trades", ARROW, **query)))
    assert frame["timestamp"].to_list() == [record.timestamp]
    where = "select id from trades where traded = $at::timestamp"
    assert json.loads(site.sql(where, "application/json", at=record.traded.isoformat())) == [{"id": record.id}]


# --- A hundred thousand, and clients that leave -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(site: Site) -> Site:
    site.channels.send("rows", [Row(n=n) for n in range(MANY)])
    assert len(site.channels.query("rows")) == MANY
    return site


def idle(site: Site) -> bool:
    told = site.channels.statistics()
    return bool(told["queries"]["open"] == told["sql"]["open"] == 0)


def test_a_hundred_thousand_in_each_format(large: Site) -> None:
    select = "select n from rows order by n"
    for content in (large.state("rows", ARROW), large.sql(select, ARROW)):
        assert pl.read_ipc_stream(io.BytesIO(content))["n"].to_list() == list(range(MANY))
    for content in (large.state("rows", PARQUET), large.sql(select, PARQUET)):
        assert pl.read_parquet(io.BytesIO(content))["n"].to_list() == list(range(MANY))
    for content in (large.state("rows", NDJSON, select=["n"]), large.sql(select, NDJSON)):
        assert content.count(b"\n") == MANY
    for content in (large.state("rows", "text/csv", select=["n"]), large.sql(select, "text/csv")):
        assert content.count(b"\n") == MANY + 1
    assert len(json.loads(large.state("rows", "application/json"))) == MANY


@pytest.mark.parametrize("kind", ["application/json", NDJSON, "text/csv", ARROW])
@pytest.mark.parametrize("ask", ["state", "sql"])
def test_a_client_that_leaves_in_the_middle_ends_it(large: Site, ask: str, kind: str, caplog: Any) -> None:
    if ask == "state":
        connection = large.open("/api/v1/state/rows", accept=kind)
    else:
        connection = large.open("/api/v1/sql", {"sql": "select a.* from rows a, range(3)"}, kind)
    answer = connection.getresponse()
    assert answer.status == 200
    assert len(answer.read(1_000)) == 1_000
    # As long as it does not read on, others are served, and no thread is held.
    assert large.ask("/api/v1/state/")
    assert len(json.loads(large.sql("select 1 as x", "application/json"))) == 1
    assert large.came_true(lambda: idle(large))
    answer.close()
    connection.close()
    assert len(json.loads(large.state("rows", "application/json", limit=5))) == 5
    assert large.came_true(lambda: idle(large))
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_client_that_leaves_during_a_long_select_ends_it(large: Site, caplog: Any) -> None:
    connection = large.open("/api/v1/sql", {"sql": "select count(*) as n from rows a, rows b where a.text <> b.text"})
    assert large.came_true(lambda: large.channels.statistics()["sql"]["open"] == 1)
    large.channels.send("trades", trade(1))
    assert len(json.loads(large.state("trades", "application/json"))) == 3
    assert json.loads(large.sql("select count(*) as n from trades", "application/json")) == [{"n": 3}]
    assert large.channels.statistics()["sql"]["open"] == 1
    connection.close()
    assert large.came_true(lambda: idle(large))
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_all_pages_of_a_hundred_thousand(large: Site) -> None:
    query = urlencode({"query": json.dumps({"limit": 30_000, "select": ["n"]})})
    path, pages, seen = f"/api/v1/state/rows?{query}", 0, []
    while path:
        with closing(large.open(path, accept=NDJSON)) as connection:
            answer = connection.getresponse()
            seen += [json.loads(line)["n"] for line in answer.read().splitlines()]
            link = answer.headers.get("link")
        path = link.partition(">")[0].removeprefix("<") if link else ""
        pages += 1
    assert pages == 4
    assert seen == list(range(MANY))


def test_history_is_answered_so_too(site: Site) -> None:
    for kind, read in ((ARROW, pl.read_ipc_stream), (PARQUET, pl.read_parquet)):
        frame = read(io.BytesIO(site.ask("/api/v1/history/trades?since=0", accept=kind)))
        assert {"offset": pl.Int64, "time": pl.Datetime("us"), **POLARS}.items() <= dict(frame.schema).items()
        assert frame["symbol"].to_list()[:3] == ["s0", "s1", "s2"]
        empty = read(io.BytesIO(site.ask("/api/v1/history/rows?since=0&until=0", accept=kind)))
        assert {"offset": pl.Int64, "n": pl.Int64}.items() <= dict(empty.schema).items()
