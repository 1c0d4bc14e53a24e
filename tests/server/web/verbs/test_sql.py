"""POST sql."""

import csv
import gc
import io
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection
from typing import Annotated, Any
from urllib.parse import urlsplit

import csp
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from csp import ts

from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewayStruct, MountRestRoutes, State
from csp_gateway.errors import QueriesRefusedError
from csp_gateway.server.web.verbs import sql
from csp_gateway.testing import GatewayTestClient, client_to

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
NDJSON = "application/x-ndjson"


class Side(csp.Enum):
    BUY = 1
    SELL = 2


class Order(GatewayStruct):
    symbol: str
    size: int = 0
    price: float = 20.0
    side: Side = Side.BUY
    wait: timedelta = timedelta()


class Quote(GatewayStruct):
    symbol: str
    price: float


with pytest.warns(UserWarning, match="not available over REST"):

    class Ch(GatewayChannels):
        orders: Annotated[ts[Order], State("id"), State("symbol", alias="newest-orders")] = None
        quotes: Annotated[ts[Quote], State("symbol")] = None
        by_side: dict[Side, ts[Order]] = None
        numbers: Annotated[ts[float], State()] = None
        unkept: ts[Order] = None


class Feed(GatewayModule):
    requires: Any = []

    def connect(self, channels: Ch) -> None:
        for field in Ch.fields():
            channels.add_send_channel(field)
        for side in Side:
            channels.set_state(Ch.by_side, "symbol", side)


REST = MountRestRoutes(**{f"mount_{verb}": {"include": []} for verb in ("last", "next", "lookup", "history", "state")})


@pytest.fixture
def start(gateway_client: Callable[..., GatewayTestClient]) -> Callable[..., GatewayTestClient]:
    return lambda **settings: gateway_client(Ch(), Feed(), REST, **settings)


@pytest.fixture(scope="module")
def filled() -> Iterator[GatewayTestClient]:
    """Six orders of three symbols, and prices of two; for tests that change nothing."""
    with client_to(Gateway(channels=Ch(), modules=[Feed(), REST])) as client:
        fill(client)
        yield client


def fill(client: Any) -> None:
    channels = client.gateway.channels
    for n in range(6):
        channels.send("orders", Order(symbol="abc"[n % 3], size=n, side=list(Side)[n % 2], wait=timedelta(seconds=n)))
    for symbol, price in (("a", 1.5), ("b", 2.5)):
        channels.send("quotes", Quote(symbol=symbol, price=price))
    channels.send("by_side", Order(symbol="a", size=7), Side.SELL)


def asked(client: Any, sql: str, parameters: Any = None, **headers: str) -> Any:
    body = {"sql": sql} if parameters is None else {"sql": sql, "parameters": parameters}
    return client.post("/api/v1/sql", json=body, headers=headers)


def answered(client: Any, sql: str, parameters: Any = None) -> list[dict[str, Any]]:
    answer = asked(client, sql, parameters)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()
    return rows


def came_true(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


# --- What is answered -------------------------------------------------------------------------------------------------


def test_what_was_sent_is_in_the_next_answer(start: Any) -> None:
    client = start()
    assert answered(client, "select count(*) as n from orders") == [{"n": 0}]
    for n in range(1, 30):
        (sent,) = client.post("/api/v1/send/orders", json={"symbol": "a", "size": n}).json()
        assert answered(client, "select count(*) as n, max(size) as size from orders") == [{"n": n, "size": n}]
    found = answered(client, "select id, timestamp, size from orders where size = 29")
    assert found == [{key: sent[key] for key in ("id", "timestamp", "size")}]


JOIN = """
    with traded as (select symbol, sum(size)::bigint as size from orders where size >= {low} group by symbol)
    select symbol, size, price * size as worth from traded left join quotes using (symbol)
    where symbol <= {high} order by symbol
"""
JOINED = [{"symbol": "a", "size": 3, "worth": 4.5}, {"symbol": "b", "size": 5, "worth": 12.5}]


@pytest.mark.parametrize(
    ("low", "high", "parameters"),
    [
        ("$low", "$high", {"low": 1, "high": "b"}),
        ("?", "?", [1, "b"]),
        ("$1", "$2", [1, "b"]),
        ("1", "'b'", None),
        ("1", "'b'", []),
    ],
)
def test_two_channels_are_joined(filled: Any, low: str, high: str, parameters: Any) -> None:
    assert answered(filled, JOIN.format(low=low, high=high), parameters) == JOINED


def test_every_state_of_structs_is_a_table(filled: Any) -> None:
    assert answered(filled, 'select symbol, size from "newest-orders" order by all') == [
        {"symbol": symbol, "size": size} for symbol, size in (("a", 3), ("b", 4), ("c", 5))
    ]
    assert answered(filled, 'select size from "by_side[SELL]"') == [{"size": 7}]
    assert answered(filled, 'select size from "by_side[BUY]"') == []
    assert answered(filled, "select side, count(*) as n from orders group by all order by all") == [
        {"side": "BUY", "n": 3},
        {"side": "SELL", "n": 3},
    ]


def test_values_are_written_as_those_of_records(filled: Any) -> None:
    sql = "select wait, timestamp is not null as t, null as nothing, [1, 2] as list from orders where size = 1"
    assert answered(filled, sql) == [{"wait": 1.0, "t": True, "nothing": None, "list": [1, 2]}]


def test_columns_of_one_name_are_told_apart(filled: Any) -> None:
    assert answered(filled, "select 1 as x, 2 as x") == [{"x": 1, "x_1": 2}]


# --- Formats ----------------------------------------------------------------------------------------------------------

TYPED = "select symbol, size, side, wait, timestamp, size / 2 as half from orders"
TYPES = {
    "symbol": pa.string(),
    "size": pa.int64(),
    "half": pa.float64(),
    "wait": pa.duration("us"),
    "timestamp": pa.timestamp("us"),
}


def table_of(answer: Any) -> pa.Table:
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"] == PARQUET:
        return pq.read_table(pa.BufferReader(answer.content))
    return pa.ipc.open_stream(answer.content).read_all()


@pytest.mark.parametrize("kind", [ARROW, PARQUET])
def test_columns_have_their_types_also_of_no_rows(filled: Any, kind: str) -> None:
    answer = asked(filled, f"{TYPED} order by size", accept=kind)
    assert (answer.headers["content-type"], answer.headers["vary"]) == (kind, "Accept")
    full, empty = table_of(answer), table_of(asked(filled, f"{TYPED} where size > 99", accept=kind))
    assert (full.num_rows, empty.num_rows) == (6, 0)
    assert full.schema == empty.schema
    assert TYPES.items() <= {field.name: field.type for field in full.schema}.items()
    assert full["size"].to_pylist() == list(range(6))


def test_rows_of_text(filled: Any) -> None:
    sql = f"{TYPED} order by size"
    rows = answered(filled, sql)
    assert [json.loads(line) for line in asked(filled, sql, accept=NDJSON).text.splitlines()] == rows
    read = list(csv.DictReader(io.StringIO(asked(filled, sql, accept="text/csv").text)))
    assert [(row["symbol"], row["half"]) for row in read] == [(row["symbol"], f"{row['half']:g}") for row in rows]
    empty = f"{TYPED} where size > 99"
    assert asked(filled, empty, accept=NDJSON).text == ""
    assert asked(filled, empty, accept="text/csv").text.splitlines() == [",".join(f'"{name}"' for name in rows[0])]
    assert answered(filled, empty) == []


def test_no_format_is_accepted(filled: Any) -> None:
    answer = asked(filled, "not looked at", accept="image/png")
    assert answer.status_code == 406
    assert ARROW in answer.json()["detail"]


def test_a_large_answer_is_streamed(filled: Any) -> None:
    answer = asked(filled, "select range as n from range(50000)")
    assert "content-length" not in answer.headers
    assert [row["n"] for row in answer.json()] == list(range(50_000))


# --- What is refused --------------------------------------------------------------------------------------------------

REFUSED = {
    "": "nothing is there",
    "select 1; select 2": "2 statements are there",
    "selec 1": "cannot be read: .*syntax error",
    "select * from oders": "no table 'oders'; did you mean 'orders'",
    "select * from numbers": "no table 'numbers'",
    "select * from unkept": "no table 'unkept'",
    "select * from by_side": "no table 'by_side'; did you mean 'by_side\\[",
    "select sizes from orders": '"sizes".*not found',
    "select * from '/etc/passwd'": "no table '/etc/passwd'",
    "select * from read_csv('/etc/passwd')": "'read_csv' cannot stand after FROM",
    "select getenv('HOME')": "'getenv' cannot be called",
    "drop table orders": "only a SELECT is answered",
    "insert into orders values (1)": "only a SELECT is answered",
    "set memory_limit = '1TB'": "only a SELECT is answered",
    "attach '/tmp/x' as x": "only a SELECT is answered",
    "copy orders to '/tmp/x'": "only a SELECT is answered",
    "install httpfs": "only a SELECT is answered",
    "select * from duckdb_settings()": "cannot stand after FROM",
    "select * from filled": "no table 'filled'",
    "select $x": r"no value is given for \$x",
    "select 'a'::integer": "Conversion",
}


@pytest.mark.parametrize("sql", REFUSED)
def test_what_is_refused_is_422_with_a_sentence(filled: Any, sql: str) -> None:
    answer = asked(filled, sql)
    assert answer.status_code == 422, answer.text
    detail = answer.json()["detail"]
    assert isinstance(detail, str)
    assert re.search(REFUSED[sql], detail), detail
    assert "__state_" not in detail


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"y": 1}, r"no value is given for \$x"),
        ({"x": 1, "y": 1}, r"no parameter \$y"),
        ([1], "names its parameters; give their values as an object"),
        ({"x": {"a": 1}}, r"parameter \$x is a dict"),
    ],
)
def test_wrong_parameters_are_422(filled: Any, parameters: Any, said: str) -> None:
    answer = asked(filled, "select $x", parameters)
    assert answer.status_code == 422
    assert re.search(said, answer.json()["detail"]), answer.text


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"{", ["body", 1]),
        (b"{}", ["body", "sql"]),
        (b'"select 1"', ["body"]),
        (b'{"sql": 1}', ["body", "sql"]),
        (b'{"sql": "select 1", "parameter": []}', ["body"]),
        (b'{"sql": "select $x", "parameters": 1}', ["body", "parameters", "dict[str,any]"]),
    ],
)
def test_a_body_that_is_no_question_is_422_as_ever(filled: Any, body: bytes, where: list[Any]) -> None:
    answer = filled.post("/api/v1/sql", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == where


def test_a_word_of_the_body_that_is_none_is_told_with_the_nearest(filled: Any) -> None:
    answer = filled.post("/api/v1/sql", json={"sq": "select 1"})
    assert "'sq' does not belong here; did you mean 'sql'?" in answer.json()["detail"][0]["msg"]


def test_a_body_that_does_not_say_it_is_json_is_told_what_to_say(filled: Any) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}  # as curl -d has it
    answer = filled.post("/api/v1/sql", content=b'{"sql": "select 1"}', headers=form)
    assert answer.status_code == 422
    (detail,) = answer.json()["detail"]
    assert (detail["type"], detail["loc"]) == ("json_type", ["body"])
    assert "read as JSON" in detail["msg"]
    assert "'application/x-www-form-urlencoded'" in detail["msg"]
    assert detail["msg"].endswith("send it with Content-Type: application/json")
    (detail,) = filled.post("/api/v1/sql", content=b'{"sql": "select 1"}').json()["detail"]
    assert "does not say that it is" in detail["msg"]


def test_only_post(filled: Any) -> None:
    assert filled.get("/api/v1/sql").status_code == 405


LONG = """
    select count(*) as n from range(100000) a, range(100000) b, range(100000) c where a.range + b.range = c.range % 7
"""


def test_too_long_is_504_and_too_much_is_422(start: Any) -> None:
    client = start(SQL_SECONDS=0.2, SQL_ROWS=10, SQL_BYTES=1_000)
    answer = asked(client, LONG)
    assert answer.status_code == 504
    assert "took more than 0.2 s" in answer.json()["detail"]
    answer = asked(client, "select * from range(11)")
    assert (answer.status_code, "over 10 rows" in answer.text) == (422, True)
    answer = asked(client, "select lpad('x', 200, '-') as x from range(10)")
    assert (answer.status_code, "over 1,000 bytes" in answer.text) == (422, True)
    assert len(answered(client, "select * from range(10)")) == 10
    documented = client.get("/openapi.json").json()["paths"]["/api/v1/sql"]["post"]["description"]
    assert "It may take 0.2 s and answer 10 rows" in documented


def test_who_is_late_hears_what_it_waited_for(start: Any) -> None:
    late = start().post("/api/v1/sql?timeout=0.05", json={"sql": LONG})
    sentence = "it waited for what was sent before to arrive in the states, and its SELECT to be answered"
    assert (late.status_code, late.json()["detail"].partition("; ")[2]) == (504, sentence)


def test_after_the_end(start: Any) -> None:
    client = start()
    client.gateway.stop()
    answer = asked(client, "select 1")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


# --- Clients that leave -----------------------------------------------------------------------------------------------


def test_a_client_that_leaves_stops_its_select_and_others_are_served_meanwhile(
    serve_gateway: Any, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = Gateway(channels=Ch(), modules=[Feed(), REST], settings={"SQL_SECONDS": 60})
    where = urlsplit(serve_gateway(gateway)).netloc

    def post(sql: str) -> HTTPConnection:
        connection = HTTPConnection(where, timeout=30)
        body = json.dumps({"sql": sql})
        connection.request("POST", "/api/v1/sql", body, {"content-type": "application/json"})
        return connection

    def open_selects() -> int:
        return int(gateway.channels.statistics()["sql"]["open"])

    leaving = post(LONG)
    assert came_true(lambda: open_selects() == 1)
    with closing(post("select 1 as x")) as other:
        assert other.getresponse().read() == b'[{"x":1}]'
    with closing(HTTPConnection(where, timeout=30)) as other:
        other.request("GET", "/api/v1/state/")
        assert other.getresponse().read() == b"[]"
    assert open_selects() == 1
    leaving.close()
    assert came_true(lambda: open_selects() == 0)
    gc.collect()  # a future whose error nobody looked at tells of it when it goes
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_the_end_of_the_gateway_stops_a_select(start: Any) -> None:
    before = set(threading.enumerate())
    client = start(SQL_SECONDS=60)
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(asked(client, LONG)))
    asking.start()
    assert came_true(lambda: client.gateway.channels.statistics()["sql"]["open"] == 1)
    client.gateway.stop()
    asking.join(20)
    assert answers[0].status_code == 503
    assert came_true(lambda: not [each for each in {*threading.enumerate()} - before if "csp-sql_" in each.name])


# --- What is documented -----------------------------------------------------------------------------------------------


def test_what_is_documented(filled: Any) -> None:
    api = filled.get("/openapi.json").json()
    operation = api["paths"]["/api/v1/sql"]["post"]
    assert set(operation["responses"]) >= {"200", "406", "422", "503", "504"}
    assert set(operation["responses"]["200"]["content"]) == {"application/json", NDJSON, "text/csv", ARROW, PARQUET}
    for name in ("orders", "newest-orders", "quotes", "by_side[BUY]", "by_side[SELL]"):
        assert f"`{name}`" in operation["description"]
    assert "numbers" not in operation["description"]
    asked_for = api["components"]["schemas"]["Select"]
    assert (set(asked_for["properties"]), asked_for["required"]) == ({"sql", "parameters"}, ["sql"])
    assert all(part["description"] for part in asked_for["properties"].values())


def test_its_examples_can_be_asked(filled: Any) -> None:
    operation = filled.get("/openapi.json").json()["paths"]["/api/v1/sql"]["post"]
    first, second = operation["requestBody"]["content"]["application/json"]["schema"]["examples"]
    assert answered(filled, **first) == [{"n": 6}]
    assert answered(filled, **second)[0]["n"] > 0


def test_no_more_answers_are_held_for_who_reads_them_than_there_is_room_for() -> None:
    sending = sql._Sending(100)
    first, second = sending.begin(60), sending.begin(40)
    with pytest.raises(QueriesRefusedError, match="answers of 100 bytes are being read, and there is room for 100"):
        sending.begin(1)
    first()
    first()
    sending.begin(60)
    second()
    with pytest.raises(QueriesRefusedError):
        sending.begin(41)


def test_one_answer_alone_may_be_of_any_size() -> None:
    sql._Sending(100).begin(1_000)
