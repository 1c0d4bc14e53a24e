"""A table in a notebook: Perspective's widget, which follows what is kept here."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Protocol

from csp_gateway.client.extras import needed
from csp_gateway.client.replica import Row
from csp_gateway.client.response_wrapper import ResponseWrapper

__all__ = ["INDEX", "Followable", "shown"]

INDEX = "key"
"""The column that tells the rows of the widget apart, where that takes several fields, or one that is no column."""
_WHO = "table.widget"
_SECONDS = 0.1
"""How often it is brought up to date at most."""


class Followable(Protocol):
    """What a widget can show."""

    @property
    def rows(self) -> Mapping[Hashable, Row]:
        """The records by key."""

    @property
    def keyby(self) -> tuple[str, ...]:
        """The fields that tell them apart."""

    def wrapped(self, records: list[Row]) -> ResponseWrapper:
        """Records, with what is known of their types."""

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have a function called after each change, until what is returned is called."""


def shown(table: Followable, **options: Any) -> Any:
    """A ``PerspectiveWidget`` of a table, which follows it until one of them is closed.

    Args:
        options: of the widget, such as ``plugin="X Bar"`` or ``group_by=["symbol"]``.

    Raises:
        ImportError: perspective, anywidget or pyarrow is not installed.
    """
    needed("anywidget", _WHO)
    needed("pyarrow", _WHO)
    perspective = needed("perspective", _WHO)
    widget_type = needed("perspective.widget", _WHO).PerspectiveWidget
    rows = table.rows
    index = table.keyby[0] if len(table.keyby) == 1 else INDEX
    data = perspective.table(_arrow(table, rows, index), index=index)
    widget = widget_type(data, **options)
    pump = _Pump(table, data, rows, index)
    stop = table.listen(pump.note)

    def closed(change: Mapping[str, Any]) -> None:
        if change["new"] is None:
            stop()
            pump.end()

    widget.observe(closed, "comm")
    return widget


class _Pump:
    """Brings the widget's data up to date, some time after something has changed and all at one go."""

    def __init__(self, table: Followable, data: Any, rows: Mapping[Hashable, Row], index: str) -> None:
        self._table = table
        self._data = data
        self._rows = rows
        self._index = index
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._ended = False

    def note(self) -> None:
        """Something has changed. On any thread."""
        with self._lock:
            if self._timer is None and not self._ended:
                self._timer = threading.Timer(_SECONDS, self._pump)
                self._timer.daemon = True
                self._timer.name = "gateway-widget"
                self._timer.start()

    def end(self) -> None:
        with self._lock:
            self._ended = True
            if self._timer is not None:
                self._timer.cancel()

    def _pump(self) -> None:
        with self._lock:
            self._timer = None
            if self._ended:
                return
        before, self._rows = self._rows, self._table.rows
        changed = {key: row for key, row in self._rows.items() if before.get(key) is not row}
        gone = [_spelled(key, self._index) for key in before if key not in self._rows]
        if changed:
            self._data.update(_arrow(self._table, changed, self._index))
        if gone:
            self._data.remove(gone)


def _spelled(key: Hashable, index: str) -> Any:
    return str(key) if index == INDEX or not isinstance(key, str | int | float | bool) else key


def _arrow(table: Followable, rows: Mapping[Hashable, Row], index: str) -> bytes:
    """Rows as an Arrow stream of the columns that Perspective has: what is no scalar is JSON."""
    pyarrow = needed("pyarrow", _WHO)
    flat = table.wrapped(list(rows.values())).as_arrow()
    columns = {name: _scalar(pyarrow, flat[name]) for name in flat.column_names}
    if index == INDEX or index not in columns:
        columns[index] = pyarrow.array([_spelled(key, INDEX) for key in rows], pyarrow.string())
    made = pyarrow.table(columns)
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, made.schema) as stream:
        stream.write_table(made)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _scalar(pyarrow: Any, column: Any) -> Any:
    types = pyarrow.types
    if types.is_nested(column.type) or types.is_time(column.type) or types.is_null(column.type):
        values = [None if each is None else json.dumps(each, default=str) for each in column.to_pylist()]
        return pyarrow.array(values, pyarrow.string())
    if types.is_timestamp(column.type):
        return column.cast(pyarrow.timestamp("ms"), safe=False)
    return column.cast(pyarrow.string()) if types.is_large_string(column.type) else column
