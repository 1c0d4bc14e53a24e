"""A table in a notebook, by the real widget: what it is told is what is kept here."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import create_model

from csp_gateway.client.replica import Replica, Row
from csp_gateway.client.response_wrapper import ResponseWrapper
from csp_gateway.client.widget import INDEX, shown

pytestmark = pytest.mark.filterwarnings("ignore")  # of the widgets' own
SCHEMA = create_model("Order", symbol=(str, ...), size=(int, ...), tags=(list[str], ...)).model_json_schema()


class Kept:
    """A table without a gateway."""

    def __init__(self, *keyby: str) -> None:
        self._replica = Replica()
        self._replica.begin({"keyby": list(keyby), "max_rows": None, "ttl": None}, 0)
        self.listeners: list[Callable[[], None]] = []
        self.keyby = keyby

    @property
    def rows(self) -> Any:
        return self._replica.rows

    def wrapped(self, records: list[Row]) -> ResponseWrapper:
        return ResponseWrapper(records, SCHEMA)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def tick(self, *records: Row, ended: tuple[int, ...] = ()) -> None:
        self._replica.take({"data": list(records), "ended": list(ended)})
        for listener in self.listeners:
            listener()


def seen(widget: Any, wanted: int) -> list[Row]:
    """The rows of the widget's own table, once there are so many."""
    deadline = time.monotonic() + 10
    while widget.table.size() != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    view = widget.table.view()
    try:
        rows: list[Row] = view.to_records()
        return rows
    finally:
        view.delete()


@pytest.fixture
def orders() -> Kept:
    kept = Kept("symbol")
    kept.tick({"symbol": "A", "size": 1, "tags": ["x"]}, {"symbol": "B", "size": 2, "tags": []})
    return kept


def test_a_widget_shows_what_is_kept_and_what_it_becomes(orders: Kept) -> None:
    widget = shown(orders)
    assert [(row["symbol"], row["size"], row["tags"]) for row in seen(widget, 2)] == [("A", 1, '["x"]'), ("B", 2, "[]")]
    orders.tick({"symbol": "C", "size": 3, "tags": []}, {"symbol": "A", "size": 9, "tags": []})
    assert sorted((row["symbol"], row["size"]) for row in seen(widget, 3)) == [("A", 9), ("B", 2), ("C", 3)]
    orders.tick({"symbol": "B"}, ended=(0,))
    assert sorted(row["symbol"] for row in seen(widget, 2)) == ["A", "C"]
    widget.close()
    assert orders.listeners == []


def test_rows_that_several_fields_tell_apart_have_a_column_of_their_key() -> None:
    kept = Kept("symbol", "size")
    kept.tick({"symbol": "A", "size": 1, "tags": []}, {"symbol": "A", "size": 2, "tags": []})
    widget = shown(kept, group_by=["symbol"])
    assert [row[INDEX] for row in seen(widget, 2)] == ["('A', 1)", "('A', 2)"]
    kept.tick({"symbol": "A", "size": 1}, ended=(0,))
    assert [row[INDEX] for row in seen(widget, 1)] == ["('A', 2)"]
    widget.close()
