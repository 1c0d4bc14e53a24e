"""LiveTable: structs in, rows of one Perspective table out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from perspective import Client

from csp_gateway.errors import ConfigError, did_you_mean
from csp_gateway.server.modules.tables.arrow import KIND, arrow_schema, encode
from csp_gateway.server.modules.tables.config import MOST_ROWS, IndexColumns, TableConfig
from csp_gateway.server.structs.columns import ColumnReader

__all__ = ["LiveTable"]

RENEW_EVERY = 100_000
"""Rows after which the table's texts are let go of; see ``LiveTable._renew_if_due``."""

_KEY_TYPES = (str, int, float, datetime, date)


class LiveTable:
    """One table of the newest rows, or of the newest row of each key.

    Only one thread may write. Perspective updates its viewers in that thread, while ``write`` runs.

    Args:
        client: of the server that holds the table.
        name: under which viewers find it.
        struct: the class whose instances are written.
        config: complete, see ``TableConfig.completed``.

    Raises:
        ConfigError: the index names a column that is not there, or cannot be a key.
        DeclarationError: the excluded columns name a field that is not there.
    """

    def __init__(self, client: Client, name: str, struct: type, config: TableConfig) -> None:
        self.name = name
        self.limit = config.limit or MOST_ROWS
        self._reader = ColumnReader(struct, config.excluded_columns)
        self.types = dict(self._reader.types)
        self._key_of = _key_columns(name, config.index, self.types)
        self.index = _key_name(self._key_of, self.types)
        if self.index is not None:
            self.types.setdefault(self.index, str)
        self._schema = arrow_schema(self.types)
        empty, _ = encode(self._schema, {column: [] for column in self.types})
        bound: dict[str, Any] = {"limit": self.limit} if self.index is None else {"index": self.index}
        self._table = client.table(empty, name=name, **bound)
        self._client = client
        self._keys: OrderedDict[Any, None] = OrderedDict()
        self._has_texts = str in self.types.values()
        self._since_renewed = 0
        self.written = 0
        self.cut = 0
        self.misfits = 0
        self.forgotten = 0

    @property
    def kinds(self) -> dict[str, str]:
        """Column → what its type is called in Perspective."""
        return {name: KIND[kind] for name, kind in self.types.items()}

    def size(self) -> int:
        """Rows in the table; waits for an update in progress."""
        rows: int = self._table.size()
        return rows

    def write(self, structs: Sequence[Any]) -> None:
        """Add a row for each struct, or several where it holds lists. None among them is an empty row."""
        block = self._reader.read(structs)
        columns = block.columns
        rows = len(structs) if block.counts is None else sum(block.counts)
        if self.index is not None and self.index not in columns:
            columns[self.index] = _joined([columns[name] for name in self._key_of])
        stream, misfits = encode(self._schema, columns)
        self._table.update(stream)
        self.written += rows
        self.cut += block.cut
        self.misfits += misfits
        if self.index is not None:
            self._forget_oldest(columns[self.index])
        self._renew_if_due(rows)

    def statistics(self) -> dict[str, int]:
        """``written`` rows; ``cut`` from structs with long lists; ``misfits``, values left empty because they were not
        of their column's type; ``forgotten`` keys, beyond the limit of an indexed table."""
        return {"written": self.written, "cut": self.cut, "misfits": self.misfits, "forgotten": self.forgotten}

    def _forget_oldest(self, keys: Sequence[Any]) -> None:
        """Keep an indexed table within its limit: Perspective's own limit is only for tables without index."""
        for key in keys:
            self._keys[key] = None
            self._keys.move_to_end(key)
        beyond = [self._keys.popitem(last=False)[0] for _ in range(len(self._keys) - self.limit)]
        if beyond:
            schema = pa.schema([self._schema.field(self.index)])
            self._table.remove(encode(schema, {str(self.index): beyond})[0])
            self.forgotten += len(beyond)

    def _renew_if_due(self, rows: int) -> None:
        """Write the table anew from time to time, in one step that no viewer notices.

        Perspective keeps every text that was ever in a table, 170 bytes each, until the table is replaced: a column of
        ids would fill the memory in the end (still so in 5.6.1, https://github.com/perspective-dev/perspective/issues/1723).
        """
        self._since_renewed += rows
        if not self._has_texts or self._since_renewed < max(RENEW_EVERY, 5 * self.limit):
            return
        everything = self._table.view()
        try:
            snapshot = everything.to_arrow()
        finally:
            everything.delete()
        self._table.replace(snapshot)
        self._since_renewed = 0


def _key_columns(table: str, index: IndexColumns | None, types: Mapping[str, type]) -> list[str]:
    names = [index] if isinstance(index, str) else list(index or ())
    for name in names:
        if name not in types:
            raise ConfigError(f"table {table!r} has no column {name!r} to be its index; {did_you_mean(name, types)}")
        if len(names) == 1 and types[name] not in _KEY_TYPES:
            raise ConfigError(f"table {table!r}: {name!r} holds {KIND[types[name]]} values, which cannot be an index")
    return names


def _key_name(names: Sequence[str], types: Mapping[str, type]) -> str | None:
    if len(names) < 2:
        return names[0] if names else None
    return "-".join(names) if "index" in types else "index"


def _joined(columns: Sequence[Sequence[Any]]) -> list[str]:
    return ["-".join("" if part is None else str(part) for part in parts) for parts in zip(*columns, strict=True)]
