"""The records of one state as a table of DuckDB: brought up to date when it is asked, one slot a key."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from csp_gateway.server.state.clauses import Clauses
from csp_gateway.server.state.database import DATABASE
from csp_gateway.server.state.keyed import REMOVED, KeyedRecords
from csp_gateway.server.state.ordering import held
from csp_gateway.server.state.paths import alternatives, resolve
from csp_gateway.server.state.row_bytes import RowBytes
from csp_gateway.server.state.slots import Slots
from csp_gateway.server.structs import ArrowReader, ArrowRows, completed, with_odd

__all__ = ["StateTable"]

_CHUNK = 10_000
"""Records that are read into the table at once: some ten milliseconds' work."""
_WORN = 20
"""How many times its rows a table takes in before it is made anew, lest what was replaced takes room for ever."""
_REFUSALS = frozenset(
    {"BinderException", "ConversionException", "InterruptException", "InvalidInputException", "OutOfRangeException"}
)
"""What DuckDB raises, by name, at what it is asked, and is as it was before."""


class StateTable:
    """A table of DuckDB that holds what a state holds; it follows the records' changes, and takes them in when told.

    What a column cannot hold is null there, and its record is *odd*: not to be judged by the table.

    Whoever uses it holds ``lock``. The inserting thread is never waited for, nor does it wait. When DuckDB fails, all
    that was taken in is forgotten, and read anew the next time; unless it only refused what it was asked.

    Args:
        records: what it follows.
        record_type: a struct class, that of the records.
    """

    def __init__(self, records: KeyedRecords, record_type: Any) -> None:
        self.lock = threading.Lock()
        self.name = ""
        self.slots = Slots()
        self.odd: dict[Hashable, Any] = {}
        """Records that hold what a column cannot, by key; see ``odd_at``."""
        self._misfits: dict[Hashable, frozenset[str]] = {}
        """Key → the paths at which its record is odd, if it is not so as a whole."""
        self.blurred: set[str] = set()
        """Paths whose columns hold values as one that Python tells apart, or orders otherwise: times with a zone, and
        what is made from the declared type, as an enum of texts is."""
        self.reader = ArrowReader.of(record_type)
        self.clauses = Clauses(self.reader.leaves)
        self.schema = with_odd(self.reader.schema) if self.reader.can_misfit else self.reader.schema
        """The columns that others may see."""
        self._records = records
        self._record_type = record_type
        self.json = RowBytes()
        """The records as JSON, as far as they have been asked for, and have not changed since."""
        self._doubtful = list(_doubtful(record_type, self.reader))
        self._changed: dict[Hashable, Any] | None = None
        self._cursor: Any = None
        self._generation = -1
        self._drop: weakref.finalize[Any, Any] | None = None
        self._taken = 0
        self._order: list[int] | None = None

    def take_in(self, most: int = 0) -> dict[Hashable, Any]:
        """Bring the table up to one moment, but for at most ``most`` changes, which are handed back.

        Others see it at that moment or at the one before, and at none between them.

        Raises:
            duckdb.Error: DuckDB failed.
        """
        with self._or_forgotten():
            changed = self._followed()
            if len(changed) <= most:
                moment = changed.copy()
                self.json.forget(moment.values())
                return moment
            self._cursor.execute("begin")
            # So many and no more: the engine may add as fast as this takes out.
            for _ in range(len(changed) // _CHUNK):
                self._write(dict(_taken_out(changed, _CHUNK)))
            moment = changed.copy()
            self._write_all(moment)
            self._cursor.execute("commit")
            for key, stands in moment.items():
                newer = changed.pop(key, stands)
                if newer is not stands:
                    changed.setdefault(key, newer)
        return {}

    def rows_of(self, columns: str, rest: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of ``select <columns> from t <rest>``.

        Raises:
            duckdb.Error: DuckDB failed.
        """
        with self._or_forgotten(reading=True):
            found = self._cursor.execute(f"select {columns} from {self.name} t {rest}", list(values))
            rows: list[tuple[Any, ...]] = found.fetchall()
            return rows

    def slots_of(self, rest: str, values: Sequence[Any] = ()) -> list[int]:
        """The slots of ``select … from t <rest>``, in its order.

        Raises:
            duckdb.Error: DuckDB failed.
        """
        with self._or_forgotten(reading=True):
            found = self._cursor.execute(f"select t._slot from {self.name} t {rest}", list(values))
            slots: list[int] = found.fetchnumpy()["_slot"].tolist()
            return slots

    def interrupt(self) -> None:
        """Have what is being read fail; from another thread, and while it is being read."""
        self._cursor.interrupt()

    def in_order(self, order: Sequence[str]) -> list[int]:
        """The slots of all rows, ordered; found anew when keys have come or gone."""
        if self._order is None:
            self._order = self.slots_of(f"order by {', '.join(order)}")
        return self._order

    def odd_at(self, paths: Collection[str]) -> dict[Hashable, Any]:
        """Those that are odd at one of the paths, or above or below it; one of another class is so everywhere."""
        everywhere = frozenset({""})
        meets = {
            misfits: any(not each or _is_along(each, path) for each in misfits for path in paths)
            for misfits in {everywhere, *self._misfits.values()}
        }
        return {key: record for key, record in self.odd.items() if meets[self._misfits.get(key, everywhere)]}

    def view(self) -> str:
        """A SELECT of what others may see of the table.

        Of names that differ in their case alone, which DuckDB does not tell apart, all but one have a number added.
        """
        return f"select * exclude (_slot) from {self.name}"

    def forget(self) -> None:
        """Let go of all that was taken in."""
        self._records.unfollow()
        self._changed = self._order = None
        self.slots, self.odd, self._misfits, self.blurred = Slots(), {}, {}, set()
        self.json = RowBytes()
        self._taken = 0
        cursor, self._cursor = self._cursor, None
        if cursor is not None:
            cursor.close()
        if self._drop is not None:
            self._drop()

    def statistics(self) -> dict[str, int]:
        """How many rows DuckDB has, how many changes it has not taken in yet, and how many records are ``odd``."""
        changed = self._changed
        return {"settled": len(self.slots), "unsettled": 0 if changed is None else len(changed), "odd": len(self.odd)}

    @contextmanager
    def _or_forgotten(self, *, reading: bool = False) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            if not reading or type(error).__name__ not in _REFUSALS:
                generation = self._generation
                self.forget()
                if isinstance(error, Exception):
                    DATABASE.failed(error, generation)
            raise

    def _followed(self) -> dict[Hashable, Any]:
        """The changes not yet taken in; all the rest is in the table."""
        worn = self._taken > _WORN * max(len(self.slots), _CHUNK)
        changed = self._changed
        follows = changed is not None and self._records.is_followed_by(changed)
        if changed is not None and follows and not worn and self._generation == DATABASE.generation:
            return changed
        self.forget()
        self._generation = DATABASE.generation  # of an instance that is lost, and lends nothing any more
        self._cursor, self._generation = DATABASE.lend()
        self.name = DATABASE.fresh_name()
        self._register(self.reader.read([]), [])
        self._cursor.execute(f"create table {self.name} as select * from delta")
        self._drop = weakref.finalize(self, DATABASE.drop, self.name, self._generation)
        self._drop.atexit = False
        rows, changed = self._records.follow()
        self._cursor.execute("begin")
        self._write_all(rows)
        self._cursor.execute("commit")
        self._taken = 0
        self._changed = changed
        return changed

    def _write_all(self, changes: Mapping[Hashable, Any]) -> None:
        items = iter(changes.items())
        while chunk := dict(islice(items, _CHUNK)):
            self._write(chunk)

    def _write(self, chunk: Mapping[Hashable, Any]) -> None:
        """Take in some keys, and what now stands under each."""
        live = {key: record for key, record in chunk.items() if record is not REMOVED}
        # Of the same record too, which may have been changed.
        self.json.forget([*live.values(), *map(self.slots.record, chunk)])
        dead = [slot for key in chunk if key not in live and (slot := self.slots.free(key)) is not None]
        # A key that was odd, and is not any more, has another place among the others.
        moved = [key for key in chunk if self.odd.pop(key, None) is not None]
        for key in moved:
            self._misfits.pop(key, None)
        before = len(self.slots)
        slots = [self.slots.put(key, record) for key, record in live.items()]
        fresh = len(self.slots) - before
        if dead or fresh or moved:
            self._order = None
        if dead:
            self._cursor.execute(f"delete from {self.name} where _slot in (select unnest(?))", [dead])
        keys, records = list(live), list(live.values())
        for path, kind, read in self._doubtful:
            if path not in self.blurred and any(_is_blurred(read(record), kind) for record in records):
                self.blurred.add(path)
        # csp does not look at what is in a list that ticks.
        strange = {key: record for key, record in live.items() if not isinstance(record, self._record_type)}
        self.odd.update(strange)
        readable = [None if key in strange else record for key, record in live.items()] if strange else records
        done = 0
        for rows in self.reader.read_batches(readable):
            here = slice(done, done := done + rows.batch.num_rows)
            self._register(rows, slots[here])
            self._cursor.execute(
                f"merge into {self.name} t using delta on t._slot = delta._slot "
                "when matched then update when not matched then insert"
                if fresh < len(live)
                else f"insert into {self.name} select * from delta"
            )
            if rows.misfits:
                self._order = None
            for index, misfits in rows.misfits.items():
                self.odd[keys[here.start + index]] = records[here.start + index]
                self._misfits[keys[here.start + index]] = frozenset(misfits)
        self._taken += len(chunk)

    def _register(self, rows: ArrowRows, slots: list[int]) -> None:
        batch = completed(rows, self.schema) if self.reader.can_misfit else rows.batch
        numbers = pa.Array.from_buffers(pa.int64(), len(slots), [None, pa.py_buffer(np.array(slots, np.int64))])
        self._cursor.register("delta", batch.append_column("_slot", numbers))


def _is_along(one: str, other: str) -> bool:
    """Whether a path is the other, or leads to it, or from it."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _doubtful(record_type: Any, reader: ArrowReader) -> Iterator[tuple[str, type, Callable[[Any], Any]]]:
    """Paths that may get blurred, what is declared there, and how it is read."""
    for path, leaf in reader.leaves.items():
        if not leaf.exact and not leaf.text:
            kinds = set(alternatives(resolve(record_type, path)))
            yield from ((path, kind, held(path)) for kind in kinds & {str, datetime, date, timedelta})


def _is_blurred(value: Any, kind: type) -> bool:
    return value is not None and (type(value) is not kind or getattr(value, "tzinfo", None) is not None)


def _taken_out(changed: dict[Hashable, Any], most: int) -> Iterator[tuple[Hashable, Any]]:
    """Changes, each taken out in one step: of a key that comes twice, the later is the newer."""
    with suppress(KeyError):  # there are no more
        for _ in range(most):
            yield changed.popitem()
