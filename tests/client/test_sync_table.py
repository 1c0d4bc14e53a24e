"""A table for programs without an event loop: what it gives is what is kept."""

from __future__ import annotations

import threading

import pytest

from csp_gateway import GatewayClient, ServerTimeoutError, StreamClosedError
from tests.client.forking import forks, in_child
from tests.client.sources import until
from tests.client.test_table import STATE


def test_a_table_is_a_mapping_and_a_frame(client: GatewayClient) -> None:
    with client.table(STATE) as table:
        table.wait_until(lambda rows: len(rows) > 0, 10)
        rows = table.rows
        (key, record), *_ = rows.items()
        assert table[key] == record
        assert key in table
        assert list(rows) == list(rows.keys())
        assert table.keyby == ("id", "y")
        assert table.records()[0]["id"] == next(iter(table.to_dict()))[0]
        assert table.to_polars().height >= len(rows)
        assert table.to_pandas().shape[0] >= len(rows)
        assert table.to_arrow().num_rows >= len(rows)
        assert table.to_structs()
        assert STATE in repr(table)
        with pytest.raises(ServerTimeoutError):
            table.wait_until(lambda rows: False, 0.05)
    assert table.state == "closed"
    assert table[key] == record


def test_a_table_ends_with_its_client(omnibus: str) -> None:
    before = threading.active_count()
    client = GatewayClient(host=omnibus)
    table = client.table(STATE)
    client.close()
    table.close()
    assert threading.active_count() == before


def test_what_is_called_after_a_change_may_close_it(client: GatewayClient) -> None:
    changed = threading.Event()
    opened = threading.Event()

    def on_change(before: object, after: object) -> None:
        if opened.is_set():
            table.close()
            changed.set()

    table = client.table(STATE, on_change=on_change)
    opened.set()
    assert changed.wait(10)
    until(lambda: table.state == "closed")
    with pytest.raises(StreamClosedError, match="the table was closed"):
        table.wait_until(lambda rows: False)
    table.close()


@forks
def test_a_forked_child_opens_it_anew(client: GatewayClient) -> None:
    with client.table(STATE) as table:

        def child() -> object:
            with pytest.raises(StreamClosedError, match="open it anew here"):
                table.wait_until(lambda rows: True)
            table.close()
            return table.state, len(table)

        assert in_child(child).startswith("('closed', ")
        assert table.offset is not None
        table.wait_until(table.offset + 2, 10)
