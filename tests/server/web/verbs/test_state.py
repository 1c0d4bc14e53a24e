"""GET and POST state."""

import csv
import io
import json
import logging
import math
import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import Enum
from typing import Annotated, Any, List, Optional  # noqa: UP035  # csp reads these
from urllib.parse import parse_qs, urlsplit

import csp
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from csp import ts

from csp_gateway import (
    Gateway,
    GatewayChannels,
    GatewayModule,
    GatewayStruct,
    MountRestRoutes,
    NoProviderException,
    State,
)
from csp_gateway.server.web.verbs import collected
from csp_gateway.testing import GatewayTestClient, client_to

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
NDJSON = "application/x-ndjson"


class Side(csp.Enum):
    BUY = 1
    SELL = 2


class Book(Enum):
    DAY = "d"
    NIGHT = "n"


class Leg(GatewayStruct):
    venue: str
    ratio: float = 1.0


class Order(GatewayStruct):
    symbol: str
    price: float = 0.0
    size: int = 0
    side: Side = Side.BUY
    wait: timedelta = timedelta()
    note: Optional[str] = None  # noqa: UP045
    leg: Leg


with pytest.warns(UserWarning, match="not available over REST"):

    class Ch(GatewayChannels):
        orders: Annotated[
            ts[Order],
            State("symbol"),
            State(("side", "symbol"), alias="by_side_and_symbol"),
            State("leg.venue", alias="by-venue"),
        ] = None
        fills: Annotated[ts[List[Order]], State("symbol", alias="all_fills")] = None  # noqa: UP006
        books: dict[Book, ts[Order]] = None
        places: dict[str, ts[Order]] = None
        nobody: Annotated[ts[Order], State("symbol")] = None
        numbers: Annotated[ts[float], State()] = None

        def dynamic_keys(self) -> dict[str, Any]:
            return {"places": ["x/y", "z"]}


class Feed(GatewayModule):
    """All but ``nobody`` can be sent to; both baskets are collected by key, and the one of books as a whole too."""

    requires: Any = []

    def connect(self, channels: Ch) -> None:
        for field in (Ch.orders, Ch.fills, Ch.books, Ch.places, Ch.numbers):
            channels.add_send_channel(field)
        channels.set_state(Ch.books, "symbol")
        for book in Book:
            channels.set_state(Ch.books, "symbol", book)
        channels.set_state(Ch.places, "symbol", "x/y", alias="per_place")
        channels.set_state(Ch.places, "symbol", "z", alias="per_place")


REST = MountRestRoutes(**{f"mount_{verb}": {"include": []} for verb in ("last", "next", "lookup", "history")})


@pytest.fixture
def client(gateway_client: Callable[..., GatewayTestClient]) -> GatewayTestClient:
    return gateway_client(Ch(), Feed(), REST)


def order(symbol: str, venue: str = "X", **fields: Any) -> Order:
    return Order(symbol=symbol, leg=Leg(venue=venue), **fields)


def send(client: Any, channel: str, *orders: Any) -> None:
    for each in orders:
        client.gateway.channels.send(channel, each)


def asked(client: Any, path: str, query: Any = None, **headers: str) -> Any:
    params = {} if query is None else {"query": query if isinstance(query, str) else json.dumps(query)}
    return client.get(f"/api/v1/state/{path}", params=params, headers=headers)


def answered(client: Any, path: str, query: Any = None) -> list[Any]:
    answer = asked(client, path, query)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()
    return found


def symbols(client: Any, path: str, query: Any = None) -> list[str]:
    return [record["symbol"] for record in answered(client, path, query)]


# --- Which states there are -------------------------------------------------------------------------------------------


def test_all_are_listed(filled: Any) -> None:
    names = ["all_fills", "books", "by-venue", "by_side_and_symbol", "nobody", "orders", "per_place"]
    assert filled.get("/api/v1/state/").json() == names
    assert filled.get("/api/v1/state").json() == names


def test_what_was_sent_is_in_the_next_answer_the_newest_of_each_key(client: Any) -> None:
    assert answered(client, "orders") == []
    for n in range(50):
        body = {"symbol": f"s{n % 5}", "size": n, "leg": {"venue": "X"}}
        (sent,) = client.post("/api/v1/send/orders", json=body).json()
        found = answered(client, "orders")
        assert sent in found
        assert len(found) == min(n + 1, 5)
    assert [(record["symbol"], record["size"]) for record in found] == [(f"s{n}", 45 + n) for n in range(5)]


def test_a_channel_has_several_states(client: Any) -> None:
    send(client, "orders", order("b"), order("a", "Y"), order("a", "X", side=Side.SELL))
    assert symbols(client, "orders") == ["a", "b"]
    assert [(each["side"], each["symbol"]) for each in answered(client, "by_side_and_symbol")] == [
        ("BUY", "a"),
        ("BUY", "b"),
        ("SELL", "a"),
    ]
    assert [each["leg"]["venue"] for each in answered(client, "by-venue")] == ["X", "Y"]


def test_a_name_is_spelled_with_dashes_too(client: Any) -> None:
    send(client, "orders", order("a"))
    assert answered(client, "by-side-and-symbol") == answered(client, "by_side_and_symbol")
    assert len(answered(client, "by-venue")) == 1
    assert asked(client, "by_venue").status_code == 404


def test_a_list_channel_is_taken_apart(client: Any) -> None:
    send(client, "fills", [order("b"), order("a", size=1)], [order("a", size=2)])
    assert [(each["symbol"], each["size"]) for each in answered(client, "all_fills")] == [("a", 2), ("b", 0)]


def test_a_basket_as_a_whole_and_by_key(client: Any) -> None:
    send(client, "books", {Book.DAY: order("a"), Book.NIGHT: order("b")}, {Book.NIGHT: order("c")})
    assert symbols(client, "books") == ["a", "b", "c"]
    assert (symbols(client, "books/DAY"), symbols(client, "books/NIGHT")) == (["a"], ["b", "c"])
    assert symbols(client, "books/NIGHT", {"limit": 1}) == ["b"]


def test_a_key_may_have_slashes(client: Any) -> None:
    send(client, "places", {"x/y": order("a"), "z": order("b")})
    assert (symbols(client, "per_place/x/y"), symbols(client, "per_place/x%2Fy")) == (["a"], ["a"])
    assert (symbols(client, "per_place/z"), symbols(client, "per-place/z")) == (["b"], ["b"])


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("books/NIHGT", "State not found: books/NIHGT; did you mean 'NIGHT'"),
        ("books/n", "State not found: books/n; "),
        ("books/", "State not found: books/; "),
        ("per_place/x", "State not found: per_place/x; "),
        ("per_place", "which key? it is collected of x/y, z"),
        ("oders", "Not Found"),
        ("numbers", "Not Found"),
        ("orders/DAY", "Not Found"),
    ],
)
def test_what_is_not_there_is_404(filled: Any, path: str, detail: str) -> None:
    answer = asked(filled, path)
    assert answer.status_code == 404
    kind = "about:blank" if detail == "Not Found" else "urn:csp-gateway:problem:unknown-channel"
    assert answer.json()["type"] == kind
    assert detail in answer.json()["detail"]


def test_a_state_of_what_nobody_provides_is_empty(filled: Any) -> None:
    assert answered(filled, "nobody") == []


def test_which_class_and_keys_a_state_has(filled: Any) -> None:
    channels = filled.gateway.channels
    assert collected(channels, "orders") == (Order, {})
    assert collected(channels, "books") == (Order, {"DAY": Book.DAY, "NIGHT": Book.NIGHT})
    with pytest.raises(NoProviderException, match="did you mean 'orders'"):
        collected(channels, "oders")


# --- What is asked ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled() -> Iterator[GatewayTestClient]:
    """Ten orders, ``s0`` to ``s9``; for tests that change nothing."""
    with client_to(Gateway(channels=Ch(), modules=[Feed(), REST])) as client:
        fill(client)
        yield client


def fill(client: Any) -> None:
    for n in range(10):
        side, wait, note = list(Side)[n % 2], timedelta(seconds=n / 2), None if n % 3 else f"n{n}"
        send(client, "orders", order(f"s{n}", "XY"[n % 2], price=n / 2, size=n, side=side, wait=wait, note=note))


def by(path: str, **condition: Any) -> dict[str, Any]:
    return {"attr": path, "by": condition}


QUERIES = [
    ([by("size", value=3)], [3]),
    ([by("size", value=3, where=">="), by("size", value=5, where="<")], [3, 4]),
    ([by("side", value="SELL"), by("size", value=4, where="<")], [1, 3]),
    ([by("leg.venue", value="Y"), by("size", value=4, where="<")], [1, 3]),
    ([by("size", attr="price", where="<=")], [0]),
    ([by("timestamp", when="2001-01-01T00:00:00+02:00", where="<")], []),
    ([by("wait", value="PT1.5S", where="<=")], [0, 1, 2, 3]),
    ([{"or": [by("size", value=1), by("symbol", value="s7")]}], [1, 7]),
    ([{"not": {"or": [by("size", between=[1, 8])]}}], [0, 9]),
    ([{"and": [by("symbol", like="s_"), by("symbol", **{"in": ["s2", "s3", "x"]})]}], [2, 3]),
    ([by("note", is_null=False)], [0, 3, 6, 9]),
    ([by("note", is_null=True), by("note", value="x", where="!=")], [1, 2, 4, 5, 7, 8]),
]


@pytest.mark.parametrize(("filters", "numbers"), QUERIES)
def test_filters(filled: Any, filters: Any, numbers: list[int]) -> None:
    assert symbols(filled, "orders", {"filters": filters}) == [f"s{n}" for n in numbers]


def test_an_empty_query_is_every_record(filled: Any) -> None:
    assert answered(filled, "orders", {}) == answered(filled, "orders", {"filters": []}) == answered(filled, "orders")


def test_selected_attributes_ordered(filled: Any) -> None:
    query = {"select": ["symbol", "leg.venue", "side"], "order_by": [{"attr": "size", "descending": True}], "limit": 2}
    assert answered(filled, "orders", query) == [
        {"symbol": "s9", "leg.venue": "Y", "side": "SELL"},
        {"symbol": "s8", "leg.venue": "X", "side": "BUY"},
    ]


def test_groups(filled: Any) -> None:
    aggregates = {
        **{"n": {"count": "*"}, "noted": {"count": "note"}, "sum": {"sum": "size"}, "mean": {"avg": "price"}},
        **{"low": {"min": "symbol"}, "high": {"max": "size"}, "newest": {"last": "symbol", "by": "size"}},
        **{"median": {"quantile": "size", "at": 0.5}, "ends": {"quantile": "size", "at": [0, 1]}},
    }
    query = {"group_by": ["side"], "aggregates": aggregates, "order_by": ["side"]}
    buy, sell = answered(filled, "orders", query)
    assert buy == {
        **{"side": "BUY", "n": 5, "noted": 2, "sum": 20, "mean": 2.0, "low": "s0", "high": 8, "newest": "s8"},
        **{"median": 4.0, "ends": [0.0, 8.0]},
    }
    assert (sell["side"], sell["sum"]) == ("SELL", 25)
    assert answered(filled, "orders", {"aggregates": {"n": {"count": "*"}}}) == [{"n": 10}]


WRONG: dict[str, tuple[Any, str]] = {
    "not JSON": ("{'filters'}", "JSON"),
    "empty": ("", "JSON"),
    "no object": ("[]", ""),
    "a text": ('"orders"', ""),
    "unknown part": ({"filter": []}, "did you mean 'filters'"),
    "misplaced part": ({"attr": "size"}, "inside of `filters`"),
    "unknown attribute": ({"filters": [by("prize", value=1)]}, r"filters\[0\]\.attr: .*did you mean 'price'"),
    "unknown inner": ({"filters": [by("leg.venu", value="X")]}, r"filters\[0\]\.attr.*did you mean '.*venue'"),
    "unknown selected": ({"select": ["symbol", "sizes"]}, r"select\[1\].*did you mean 'size'"),
    "unknown order": ({"order_by": ["symbl"]}, r"order_by\[0\].*did you mean 'symbol'"),
    "unknown group": (
        {"group_by": ["sidee"], "aggregates": {"n": {"count": "*"}}},
        r"group_by\[0\].*mean 'side'",
    ),
    "unknown aggregated": ({"aggregates": {"x": {"sum": "siz"}}}, r"aggregates\.x.*did you mean 'size'"),
    "text for a number": (
        {"filters": [by("size", value="abc")]},
        r"filters\[0\]\.by\.value: .*'abc' is text",
    ),
    "number for a text": ({"filters": [by("symbol", value=1)]}, r"filters\[0\]\.by\.value: .*1 is a number"),
    "unknown member": ({"filters": [by("side", **{"in": ["BUY", "SEL"]})]}, r"by\.in\[1\].*did you mean 'SELL'"),
    "no time": ({"filters": [by("timestamp", when="soon")]}, r"filters\[0\]\.by\.when"),
    "empty condition": ({"filters": [{"attr": "size", "by": {}}]}, r"filters\[0\]\.by: .*an empty condition"),
    "null": ({"filters": [by("note", value=None)]}, "is_null"),
    "nested": ({"filters": [{"or": [by("size", value=1), by("prize", value=1)]}]}, r"filters\[0\]\.or\[1\]\.attr"),
    "bad operator": ({"filters": [by("size", value=1, where="=")]}, r"filters\[0\]\.by\.where"),
    "sum of texts": ({"aggregates": {"x": {"sum": "symbol"}}}, r"aggregates\.x"),
    "bad limit": ({"limit": 0}, "limit"),
    "bad cursor": ({"cursor": "x"}, "cursor"),
    "groups without aggregates": ({"group_by": ["side"]}, "group_by"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_422_and_says_where(filled: Any, what: str) -> None:
    query, said = WRONG[what]
    for path in ("orders", "nobody"):  # whether there are records or not
        answer = asked(filled, path, query)
        assert answer.status_code == 422, answer.text
        detail = answer.json()["detail"]
        assert isinstance(detail, str)
        assert re.search(said, detail), detail


def test_a_part_beside_the_query_is_not_overlooked(filled: Any) -> None:
    for name in ("limit", "filters", "order_by", "cursor", "select"):
        answer = filled.get("/api/v1/state/orders", params={name: "1"})
        assert answer.status_code == 422
        assert f'{name}: a part of the query, which is JSON: ?query={{"{name}": …}}' in answer.json()["detail"]


# --- Pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order_by", [[], [{"attr": "price", "descending": True}], ["note", "size"]])
def test_the_pages_are_all_records(filled: Any, order_by: list[Any]) -> None:
    query = {"limit": 3, "order_by": order_by, "filters": [by("size", value=0, where=">")]}
    answer = asked(filled, "orders", query)
    found = answer.json()
    links = 0
    while link := answer.links.get("next"):
        assert link["url"].startswith("/api/v1/state/orders?query=")
        assert json.loads(json.dumps(query)) | {"cursor": answer.headers["x-next-cursor"]} == _query_of(link["url"])
        answer = filled.get(link["url"])
        assert answer.status_code == 200, answer.text
        found += answer.json()
        links += 1
    assert links == 2
    assert "x-next-cursor" not in answer.headers
    assert found == answered(filled, "orders", {**query, "limit": 100})
    assert len(found) == 9


def _query_of(url: str) -> Any:
    return json.loads(parse_qs(urlsplit(url).query)["query"][0])


def test_pages_stay_where_they_are_while_records_change(client: Any) -> None:
    fill(client)
    first = asked(client, "orders", {"limit": 4, "offset": 2})
    assert [each["symbol"] for each in first.json()] == ["s2", "s3", "s4", "s5"]
    send(client, "orders", order("s1a"), order("s5a"), order("s7", size=70))
    assert "offset" not in _query_of(first.links["next"]["url"])
    rest = client.get(first.links["next"]["url"]).json()
    assert [(each["symbol"], each["size"]) for each in rest] == [("s5a", 0), ("s6", 6), ("s7", 70), ("s8", 8)]


def test_pages_of_a_key_and_of_selected_attributes(client: Any) -> None:
    send(client, "books", *({Book.DAY: order(f"s{n}")} for n in range(5)))
    answer = asked(client, "books/DAY", {"limit": 3, "select": ["size"]}, accept="text/csv")
    assert [row["size"] for row in csv.DictReader(io.StringIO(answer.text))] == ["0"] * 3
    assert answer.links["next"]["url"].startswith("/api/v1/state/books/DAY?query=")
    following = client.get(answer.links["next"]["url"], headers={"accept": "text/csv"})
    assert [row["size"] for row in csv.DictReader(io.StringIO(following.text))] == ["0"] * 2


def test_a_cursor_of_another_query_is_refused(filled: Any) -> None:
    cursor = asked(filled, "orders", {"limit": 3}).headers["x-next-cursor"]
    answer = asked(filled, "orders", {"limit": 3, "cursor": cursor, "order_by": ["size"]})
    assert answer.status_code == 422
    assert "cursor" in answer.json()["detail"]


def test_there_is_no_next_page_of_all_and_of_groups(filled: Any) -> None:
    for query in (None, {"limit": 10}, {"aggregates": {"n": {"count": "*"}}, "group_by": ["symbol"], "limit": 2}):
        assert not {"link", "x-next-cursor"} & set(asked(filled, "orders", query).headers)


# --- Formats ----------------------------------------------------------------------------------------------------------


def table_of(answer: Any) -> pa.Table:
    assert answer.status_code == 200, answer.text
    kind = answer.headers["content-type"]
    assert kind in (ARROW, PARQUET)
    if kind == PARQUET:
        return pq.read_table(pa.BufferReader(answer.content))
    return pa.ipc.open_stream(answer.content).read_all()


COLUMNS = {
    "id": pa.string(),
    "timestamp": pa.timestamp("us"),
    "symbol": pa.string(),
    "price": pa.float64(),
    "size": pa.int64(),
    "wait": pa.duration("us"),
}


@pytest.mark.parametrize("kind", [ARROW, PARQUET])
def test_columns_have_their_types_also_of_no_rows(filled: Any, kind: str) -> None:
    full = table_of(asked(filled, "orders", accept=kind))
    empty = table_of(asked(filled, "nobody", accept=kind))
    none = table_of(asked(filled, "orders", {"filters": [by("size", value=99)]}, accept=kind))
    assert (full.num_rows, empty.num_rows, none.num_rows) == (10, 0, 0)
    assert full.schema == empty.schema == none.schema
    assert COLUMNS.items() <= {field.name: field.type for field in full.schema}.items()
    assert full["size"].to_pylist() == list(range(10))
    assert full["leg"].to_pylist()[1]["venue"] == "Y"


@pytest.mark.parametrize("kind", [ARROW, PARQUET])
def test_groups_and_selected_attributes_have_their_types(filled: Any, kind: str) -> None:
    grouped = {"group_by": ["symbol"], "aggregates": {"n": {"count": "*"}, "mean": {"avg": "size"}}}
    selected = {"select": ["timestamp", "size", "leg.venue"]}
    types = {"timestamp": pa.timestamp("us"), "size": pa.int64(), "leg.venue": pa.string()}
    for path, rows in (("orders", 10), ("nobody", 0)):
        table = table_of(asked(filled, path, selected, accept=kind))
        assert ({field.name: field.type for field in table.schema}, table.num_rows) == (types, rows)
        table = table_of(asked(filled, path, grouped, accept=kind))
        assert [field.type for field in table.schema] == [pa.string(), pa.int64(), pa.float64()]
        assert table.num_rows == rows


def test_rows_of_text(filled: Any) -> None:
    records = answered(filled, "orders")
    lines = asked(filled, "orders", accept=NDJSON)
    assert [json.loads(line) for line in lines.text.splitlines()] == records
    rows = list(csv.DictReader(io.StringIO(asked(filled, "orders", accept="text/csv").text)))
    assert [(row["symbol"], row["size"], row["leg.venue"]) for row in rows] == [
        (record["symbol"], str(record["size"]), record["leg"]["venue"]) for record in records
    ]
    header, *none = asked(filled, "nobody", accept="text/csv").text.splitlines()
    assert next(csv.reader([header])) == list(rows[0])
    assert none == []
    assert asked(filled, "nobody", accept=NDJSON).text == ""


def test_a_duration_is_one_to_pandas_and_polars_and_microseconds_in_duckdbs_parquet(filled: Any, tmp_path: Any) -> None:
    path = tmp_path / "orders.parquet"
    path.write_bytes(asked(filled, "orders", {"filters": [by("size", value=3)]}, accept=PARQUET).content)
    wait = timedelta(seconds=1.5)
    assert pd.read_parquet(path)["wait"].tolist() == pl.read_parquet(path)["wait"].to_list() == [wait]
    read = duckdb.sql(f"select wait, typeof(wait), to_microseconds(wait) from '{path}'").fetchall()
    assert read == [(1_500_000, "BIGINT", wait)]
    streamed = pa.ipc.open_stream(asked(filled, "orders", {"limit": 1}, accept=ARROW).content).read_all()
    assert duckdb.sql("select typeof(wait) from streamed").fetchall() == [("INTERVAL",)]
    assert streamed.num_rows == 1


def test_what_is_accepted_decides(filled: Any) -> None:
    for accept, kind in [("", "application/json"), ("text/html, */*;q=0.1", "application/json"), (NDJSON, NDJSON)]:
        answer = asked(filled, "orders", **({"accept": accept} if accept else {}))
        assert (answer.headers["content-type"], answer.headers["vary"]) == (kind, "Accept")
    answer = asked(filled, "orders", "not looked at", accept="image/png")
    assert answer.status_code == 406
    assert ARROW in answer.json()["detail"]


def test_one_record_never_spoils_the_others(client: Any) -> None:
    odd = [order("surrogate", note="\ud800"), order("big"), order("nan", price=math.nan), order("quote", note="'\"")]
    odd[1].note = 2**70
    send(client, "orders", *odd, order("plain", note="x"))
    names = ["big", "nan", "plain", "quote", "surrogate"]
    assert symbols(client, "orders") == names
    assert [json.loads(line)["symbol"] for line in asked(client, "orders", accept=NDJSON).text.splitlines()] == names
    assert table_of(asked(client, "orders", accept=PARQUET))["symbol"].to_pylist() == names
    assert symbols(client, "orders", {"filters": [by("note", value="'\"")]}) == ["quote"]
    assert symbols(client, "orders", {"filters": [by("note", value="x")]}) == ["plain"]


# --- In the body ------------------------------------------------------------------------------------------------------


def posted(client: Any, path: str, body: Any = None, **headers: str) -> Any:
    content = {} if body is None else {"content": body} if isinstance(body, str | bytes) else {"json": body}
    return client.post(f"/api/v1/state/{path}", headers=headers, **content)


@pytest.mark.parametrize(("filters", "numbers"), QUERIES)
def test_a_query_in_the_body_is_answered_alike(filled: Any, filters: Any, numbers: list[int]) -> None:
    answer = posted(filled, "orders", {"filters": filters})
    assert answer.content == asked(filled, "orders", {"filters": filters}).content
    assert len(answer.json()) == len(numbers)


def test_a_body_may_be_left_out(filled: Any) -> None:
    for body in (None, "", " \n", "{}", {"filters": []}):
        assert posted(filled, "orders", body).content == asked(filled, "orders").content
    assert posted(filled, "by-side-and-symbol").content == posted(filled, "by_side_and_symbol").content


def test_a_body_is_answered_in_every_format(filled: Any) -> None:
    for kind in ("text/csv", NDJSON, ARROW):
        query = {"select": ["symbol", "size"], "limit": 3}
        answer, other = posted(filled, "orders", query, accept=kind), asked(filled, "orders", query, accept=kind)
        assert (answer.content, answer.headers["vary"]) == (other.content, "Accept")
        assert answer.headers["content-type"] == other.headers["content-type"]
    assert posted(filled, "orders", "not looked at", accept="image/png").status_code == 406


def test_the_pages_of_a_body_go_on_by_cursor(filled: Any) -> None:
    query: dict[str, Any] = {"limit": 4}
    found = []
    while True:
        answer = posted(filled, "orders", query)
        assert "link" not in answer.headers
        found += [each["symbol"] for each in answer.json()]
        if "x-next-cursor" not in answer.headers:
            break
        query["cursor"] = answer.headers["x-next-cursor"]
    assert found == [f"s{n}" for n in range(10)]


@pytest.mark.parametrize("what", [each for each in WRONG if each != "empty"])
def test_what_is_wrong_in_a_body_is_422_too(filled: Any, what: str) -> None:
    query, said = WRONG[what]
    answer = posted(filled, "orders", query)
    assert answer.status_code == 422, answer.text
    assert re.search(said, answer.json()["detail"])


def test_a_post_has_no_parameters(filled: Any) -> None:
    answer = filled.post("/api/v1/state/orders", params={"query": "{}"})
    assert (answer.status_code, "in its body" in answer.json()["detail"]) == (422, True)
    answer = filled.get("/api/v1/state/orders", params=[("query", "{}"), ("query", '{"limit":1}')])
    assert (answer.status_code, "given 2 times" in answer.json()["detail"]) == (422, True)


def test_a_body_of_a_key(client: Any) -> None:
    send(client, "books", {Book.DAY: order("a"), Book.NIGHT: order("b")})
    send(client, "places", {"x/y": order("c")})
    for path, symbol in (("books/DAY", "a"), ("books/NIGHT", "b"), ("per_place/x/y", "c")):
        assert [each["symbol"] for each in posted(client, path, {"limit": 1}).json()] == [symbol]
    answer = posted(client, "books/NIHGT", {})
    assert (answer.status_code, "did you mean 'NIGHT'" in answer.json()["detail"]) == (404, True)


@pytest.mark.parametrize("text", ["x" * 2**20, "\ud800", "'\"\\"], ids=["a megabyte", "a surrogate", "quotes"])
def test_a_text_is_found_by_a_body_whatever_it_is(client: Any, text: str) -> None:
    send(client, "orders", order("odd", note=text), order("plain", note="x"))
    for by_note in (by("note", value=text), by("note", **{"in": ["y", text]})):
        answer = posted(client, "orders", json.dumps({"filters": [by_note]}))
        assert [each["symbol"] for each in answer.json()] == ["odd"]
    answer = posted(client, "orders", json.dumps({"filters": [by("note", value=text)]}), accept=NDJSON)
    assert json.loads(answer.content)["symbol"] == "odd"


def test_a_surrogate_is_found_by_a_url(client: Any) -> None:
    send(client, "orders", order("odd", note="\ud800"), order("plain", note="x"))
    (found,) = answered(client, "orders", {"filters": [by("note", value="\ud800")]})
    assert found["symbol"] == "odd"
    (found,) = answered(client, "orders", {"filters": [by("note", value="\ud800")], "select": ["note", "symbol"]})
    assert found["symbol"] == "odd"


def test_bodies_are_documented(filled: Any) -> None:
    api = filled.get("/openapi.json").json()
    operation = api["paths"]["/api/v1/state/orders"]["post"]
    assert (operation["operationId"], operation["summary"]) == ("query_state_orders", "Query State orders")
    assert set(operation["responses"]) >= {"200", "404", "406", "413", "422", "503", "504"}
    assert list(operation["responses"]["200"]["headers"]) == ["X-Next-Cursor"]
    assert [each["name"] for each in operation["parameters"]] == ["timeout"]
    assert "Query" in str(operation["requestBody"]["content"]["application/json"]["schema"])
    of_key = api["paths"]["/api/v1/state/books/{key}"]["post"]
    assert (of_key["operationId"], of_key["parameters"][0]["name"]) == ("query_state_books_by_key", "key")


# --- When the engine does not answer ----------------------------------------------------------------------------------


def test_after_the_end(client: Any) -> None:
    client.gateway.stop()
    for path in ("orders", "books/DAY"):
        answer = asked(client, path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "stopped" in answer.json()["detail"]


def test_it_does_not_wait_for_an_engine_that_is_stuck(gateway_client: Any) -> None:
    busy, go_on = threading.Event(), threading.Event()

    class Stuck(Feed):
        def connect(self, channels: Ch) -> None:
            super().connect(channels)
            later = csp.const(True, timedelta(milliseconds=50))
            csp.add_graph_output("held", csp.apply(later, lambda _: busy.set() or go_on.wait(15), bool))

    client = gateway_client(Ch(), Stuck(), REST)
    assert busy.wait(5)
    send(client, "orders", order("a"))
    assert symbols(client, "orders") == []
    assert not go_on.is_set()
    go_on.set()


def test_it_answers_at_its_deadline_whatever_is_being_done(gateway_client: Any, monkeypatch: Any) -> None:
    go_on = threading.Event()
    client = gateway_client(Ch(), Feed(), REST, SQL_SECONDS=0.1)
    monkeypatch.setattr(State, "ask", lambda *asked: go_on.wait(15))
    for ask in (asked, posted):
        answer = ask(client, "orders")
        assert (answer.status_code, "more than 0.1 s" in answer.json()["detail"]) == (504, True)
    late = client.get("/api/v1/state/orders?timeout=0.02")
    sentence = "it waited for what was sent before to arrive in state orders, and its query to be answered"
    assert (late.status_code, late.json()["detail"].partition("; ")[2]) == (504, sentence)
    assert not go_on.is_set()
    go_on.set()


# --- What is documented -----------------------------------------------------------------------------------------------


def test_what_is_documented(filled: Any) -> None:
    api = filled.get("/openapi.json").json()
    assert [path for path in api["paths"] if path.startswith("/api/v1/state/")] == [
        *(f"/api/v1/state/{name}" for name in ("orders", "by_side_and_symbol", "by-venue", "all_fills", "nobody")),
        *(f"/api/v1/state/{name}" for name in ("books", "books/{key}", "per_place", "per_place/{key}", "")),
    ]
    operation = api["paths"]["/api/v1/state/orders"]["get"]
    assert (operation["summary"], operation["tags"]) == ("Get State orders", ["State"])
    assert operation["type_"] == f"{Order.__module__}.Order"
    assert set(operation["responses"]) >= {"200", "404", "406", "422", "503", "504"}
    answer = operation["responses"]["200"]
    assert list(answer["headers"]) == ["X-Next-Cursor", "Link"]
    assert set(answer["content"]) == {"application/json", NDJSON, "text/csv", ARROW, PARQUET}
    record, row = answer["content"]["application/json"]["schema"]["items"]["anyOf"]
    assert record["$ref"].endswith("/Order")
    assert row["type"] == "object"
    refused = operation["responses"]["422"]["content"]["application/problem+json"]["schema"]
    assert refused["$ref"].endswith("/ValidationProblem")
    ids = [operation["operationId"] for path in api["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))


def test_its_examples_are_answered(filled: Any) -> None:
    operation = filled.get("/openapi.json").json()["paths"]["/api/v1/state/orders"]["get"]
    parameter, _ = operation["parameters"]
    assert parameter["description"]
    assert len(parameter["examples"]) == 3
    for example in parameter["examples"].values():
        assert asked(filled, "orders", example["value"]).status_code == 200


def test_states_without_structs_are_told_of(gateway_client: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        gateway_client(Ch(), Feed(), REST)
    assert "REST cannot carry state 'numbers': it holds float" in caplog.text
