"""Ticks as rows."""

import json
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from csp_gateway import GatewayStruct
from csp_gateway.server.channels import Tick
from csp_gateway.server.structs import encode
from csp_gateway.server.web.verbs.tick_rows import TickRows

START = datetime(2026, 1, 1)


class Count(GatewayStruct):
    n: int


class Clash(GatewayStruct):
    offset: float
    time: str


def ticks(values: list[Any]) -> list[Tick]:
    return [Tick(17 + i, START + timedelta(microseconds=i), value) for i, value in enumerate(values)]


def flat(rows: TickRows) -> list[Any]:
    return [json.loads(row) for some in rows.json_rows() for row in some]


def table(rows: TickRows) -> pa.Table:
    return pa.Table.from_batches(list(rows.batches()), schema=rows.schema)


def test_a_tick_of_a_record() -> None:
    counts = [Count(n=n) for n in range(600)]
    rows = TickRows(Count, ticks(counts), listed=False)
    assert len(rows) == 600
    assert flat(rows) == [
        {
            "offset": 17 + n,
            "time": (START + timedelta(microseconds=n)).isoformat(),
            "value": json.loads(encode(counts[n])),
        }
        for n in range(600)
    ]
    columns = table(rows)
    assert columns.column_names == ["offset", "time", "id", "timestamp", "n"]
    assert columns.schema.types[:2] == [pa.int64(), pa.timestamp("us")]
    assert columns["offset"].to_pylist() == list(range(17, 617))
    assert columns["time"].to_pylist() == [tick.time for tick in ticks(counts)]
    assert columns["n"].to_pylist() == list(range(600))


def test_a_tick_of_a_list() -> None:
    rows = TickRows(Count, ticks([[Count(n=1), Count(n=2)], [], [Count(n=3)]]), listed=True)
    assert len(rows) == 3
    assert [[record["n"] for record in row["value"]] for row in flat(rows)] == [[1, 2], [], [3]]
    assert table(rows).select(["offset", "n"]).to_pydict() == {"offset": [17, 17, 19], "n": [1, 2, 3]}


def test_many_records_of_a_few_ticks() -> None:
    rows = TickRows(Count, ticks([[Count(n=n) for n in range(8_000)]] * 3), listed=True)
    assert [len(row["value"]) for row in flat(rows)] == [8_000] * 3
    columns = table(rows)
    assert columns["offset"].to_pylist() == [17] * 8_000 + [18] * 8_000 + [19] * 8_000
    assert columns["n"].to_pylist() == list(range(8_000)) * 3


def test_columns_of_the_record_that_are_called_like_the_ticks_own() -> None:
    rows = TickRows(Clash, ticks([Clash(offset=0.5, time="noon")]), listed=False)
    assert table(rows).drop_columns(["id", "timestamp"]).to_pylist() == [
        {"offset": 17, "time": START, "value.offset": 0.5, "value.time": "noon"}
    ]
    assert flat(rows)[0]["value"]["time"] == "noon"


def test_no_ticks() -> None:
    rows = TickRows(Count, [], listed=False)
    assert flat(rows) == []
    assert table(rows).column_names == ["offset", "time", "id", "timestamp", "n"]
