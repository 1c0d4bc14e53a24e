"""JSON of records, kept while there is room."""

import json
from unittest import mock

from csp_gateway.server.state import row_bytes
from csp_gateway.server.state.row_bytes import RowBytes
from csp_gateway.server.structs import GatewayStruct, encode, write_rows


class Quote(GatewayStruct):
    symbol: str


QUOTES = [Quote(symbol=f"S{number}") for number in range(20)]


def test_each_record_is_written_as_it_always_is() -> None:
    rows = RowBytes()
    assert rows.written(QUOTES) == [encode(quote) for quote in QUOTES]
    assert rows.written(QUOTES[::-1]) == [encode(quote) for quote in reversed(QUOTES)]
    assert json.loads(rows.written(QUOTES[:1])[0])["symbol"] == "S0"


def test_a_record_is_written_once() -> None:
    rows = RowBytes()
    with mock.patch.object(row_bytes, "write_rows", wraps=write_rows) as writing:
        rows.written(QUOTES)
        rows.written(QUOTES)
    assert [len(call.args[0]) for call in writing.call_args_list] == [len(QUOTES), 0]
    assert rows.statistics()["rows"] == len(QUOTES)


def test_an_equal_record_is_another() -> None:
    rows, one = RowBytes(), QUOTES[0]
    rows.written([one])
    rows.written([one.copy()])
    assert rows.statistics()["rows"] == 2


def test_no_more_is_kept_than_may() -> None:
    rows = RowBytes(most=3_000)
    for _ in range(5):
        assert rows.written(QUOTES) == [encode(quote) for quote in QUOTES]
        assert rows.statistics()["bytes"] <= 3_000
    assert 0 < rows.statistics()["rows"] < len(QUOTES)


def test_what_nobody_asks_for_any_more_makes_room() -> None:
    rows = RowBytes(most=3_000)
    rows.written(QUOTES[:4])
    for _ in range(10):
        rows.written(QUOTES[10:13])
    with mock.patch.object(row_bytes, "write_rows", wraps=write_rows) as writing:
        rows.written(QUOTES[10:13])
    assert writing.call_args.args == ([],)


def test_nothing_to_write() -> None:
    assert RowBytes().written([]) == []


def test_who_reads_more_than_can_be_kept_again_and_again_does_not_lose_what_is() -> None:
    rows = RowBytes(most=3_000)
    for _ in range(20):
        rows.written(QUOTES)
    kept = rows.statistics()["rows"]
    with mock.patch.object(row_bytes, "write_rows", wraps=write_rows) as writing:
        rows.written(QUOTES)
    assert len(writing.call_args.args[0]) == len(QUOTES) - kept


def test_a_record_that_is_forgotten_is_written_anew() -> None:
    rows, quote = RowBytes(), Quote(symbol="A")
    before = rows.written([quote])
    quote.symbol = "B"
    assert rows.written([quote]) == before
    rows.forget([quote, Quote(symbol="C")])
    assert rows.statistics() == {"rows": 0, "bytes": 0}
    assert rows.written([quote]) == [encode(quote)]
