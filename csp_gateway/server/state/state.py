"""State: the newest record per key, as the mark that asks for it and as the object that is asked."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, ClassVar, Generic, TypeVar
from weakref import WeakValueDictionary

import pyarrow as pa

from csp_gateway.errors import QueryError, StateError
from csp_gateway.server.state import database
from csp_gateway.server.state.choice import CHOICE
from csp_gateway.server.state.clauses import NotInSql
from csp_gateway.server.state.found import Found, found_among
from csp_gateway.server.state.keyed import KeyedRecords
from csp_gateway.server.state.keys import Keys
from csp_gateway.server.state.meaning import held_against
from csp_gateway.server.state.paths import is_plain_value, is_struct, keyby_of, resolve, spelled_type
from csp_gateway.server.state.predicate import passes
from csp_gateway.server.state.searching import found_in
from csp_gateway.server.state.stopping import Stop
from csp_gateway.server.state.table import StateTable
from csp_gateway.server.structs import DictRows, StructRows, Tabular, as_table
from csp_gateway.wire import Query

__all__ = ["State", "StateType"]

_log = logging.getLogger("csp_gateway.state")

T = TypeVar("T")

_DEFAULT_KEYBY = ("id",)
_LONGEST = timedelta(days=36_500)
"""A longer time than a century is beyond csp's calendar when it is added to a date of ours."""


class StateType(Enum):
    """What answers the queries of a state."""

    DUCKDB = "DUCKDB"
    """DuckDB, as soon as there are many records."""
    DEFAULT = "DEFAULT"
    """Python, record by record."""
    UNKNOWN = "UNKNOWN"
    """A state that was not told the type of its records, as a mark is not."""


class State(Generic[T]):
    """The newest record per key.

    Worn by a channel, ``Annotated[ts[Quote], State("symbol")]``, it asks the gateway to collect the channel so; with a
    type, ``State[Quote]("symbol")`` is one to fill and ask directly. The engine's thread alone inserts; any thread may
    ask. Iterating goes over the records of the moment, by key ascending, None first.

    Args:
        keyby: the attribute whose values tell records apart, or a tuple of them; dots lead into nested structs. What
            is unset counts as None. Left out, of plain values such as numbers, which have no attributes, only the
            newest one is kept.
        indexer: of a mark on a basket, the one key to collect; None for all.
        alias: of a mark, what the state is called; None for the name of the channel.
        max_rows: how many records to keep at most; those go first whose key has not ticked for longest. None for all.
        ttl: how long to keep a record that no other of its key follows: engine time, also in seconds. None for ever.
        tombstone: a filter as a query has it; a record that passes ends its key, and is not kept:
            ``{"attr": "status", "by": {"value": "DONE"}}``.

    Raises:
        StateError: a ``ValueError``: the records have no such attribute; none is named; ``max_rows`` is below 1;
            ``ttl`` is not above 0; ``tombstone`` is no filter of such records.
        TypeError: ``keyby`` is neither a text nor a tuple of them.
    """

    record_type: ClassVar[Any] = Any
    """The type of the records."""

    insert: Callable[[T], None]
    """Take a record in place of the one of the same key; for the engine's thread alone."""
    insert_all: Callable[[Iterable[T]], None]
    """Take records, later ones over earlier ones; who asks meanwhile finds all of them or none."""

    _typed: ClassVar[WeakValueDictionary[Any, type["State[Any]"]]] = WeakValueDictionary()

    def __class_getitem__(cls, record_type: Any) -> Any:
        if isinstance(record_type, TypeVar):
            return super().__class_getitem__(record_type)  # type: ignore[misc]  # typing.Generic has it
        typed = cls._typed.get(record_type)
        if typed is None:
            # A class of its own, since csp tells the types of edges apart by class.
            name = f"State[{spelled_type(record_type)}]"
            typed = type(name, (State,), {"record_type": record_type, "__module__": __name__, "__doc__": cls.__doc__})
            cls._typed[record_type] = typed
        return typed

    def __init__(
        self,
        keyby: str | tuple[str, ...] = _DEFAULT_KEYBY,
        indexer: Any = None,
        alias: str | None = None,
        *,
        max_rows: int | None = None,
        ttl: timedelta | float | None = None,
        tombstone: Any = None,
    ) -> None:
        try:
            self.keyby = keyby_of(keyby)
            if self.keyby == _DEFAULT_KEYBY and is_plain_value(self.record_type):
                self.keyby = ()
            for path in self.keyby:
                resolve(self.record_type, path)
            removes = None if tombstone is None else _ending(tombstone, self.record_type)
        except (AttributeError, ValueError) as error:
            raise StateError(f"a state of {spelled_type(self.record_type)}: {error}") from None
        if max_rows is not None and (not isinstance(max_rows, int) or isinstance(max_rows, bool)):
            raise StateError(f"a state keeps a whole number of records at most, not {max_rows!r:.80}")
        if max_rows is not None and max_rows < 1:
            raise StateError(f"a state keeps at least one record, not {max_rows}")
        self.indexer = indexer
        self.alias = alias
        self.max_rows = max_rows
        self.ttl = None if ttl is None else _positive(ttl)
        self.tombstone = tombstone
        self.ends = removes
        """Tells of a record whether it ends its key; None if none does."""
        self._records = KeyedRecords(Keys(self.record_type, self.keyby), max_rows, self.ttl, removes)
        self._table = StateTable(self._records, self.record_type) if is_struct(self.record_type) else None
        self._fell_back = 0
        # Called once a tick, on the engine's thread: without a detour.
        self.insert = self._records.insert
        self.insert_all = self._records.insert_all
        self.let_go = self._records.let_go

    def alike(self, other: "State[Any]") -> bool:
        """Whether it keeps the same as another, of the same records."""
        mine, others = ((each.keyby, each.max_rows, each.ttl, each.tombstone) for each in (self, other))
        return mine == others

    @property
    def terms(self) -> str:
        """What tells its records apart, and what ends them, for an error: ``(symbol), ttl=0:00:05``."""
        limits = {"max_rows": self.max_rows, "ttl": self.ttl, "tombstone": self.tombstone}
        said = [f"{name}={limit}" for name, limit in limits.items() if limit is not None]
        return ", ".join([f"({', '.join(self.keyby)})", *said])

    def query(self, query: Query | Mapping[str, Any] | str | bytes | None = None) -> list[Any]:
        """What the query means: records by key ascending, None first, all of them without a query; or dicts by column,
        if it selects attributes or groups records.

        Args:
            query: also as a mapping, or as JSON text.

        Raises:
            QueryError: the query cannot be read, names an attribute that the records do not have, or compares what
                cannot be compared.
        """
        return self.ask(query).values

    def ask(self, query: Query | Mapping[str, Any] | str | bytes | None = None, stop: Stop | None = None) -> Found:
        """The same, and whether there is more beyond its ``limit``, and the ``cursor`` to go on from.

        Args:
            stop: when to give up, of millions of records.

        Raises:
            QueryError: as ``query``.
            QueryTimeoutError, QueryCancelledError: it had to stop.
        """
        stop = stop or Stop()
        asked = held_against(Query.of(query), self.record_type)
        if self._table is not None and CHOICE.duckdb and len(self._records) >= CHOICE.few:
            try:
                return found_in(self._table, asked, self._records.keys, CHOICE.aside, stop)
            except NotInSql:
                pass
            except database.DuckDBError as error:  # looked up when something was raised: duckdb is loaded then
                self._fell_back += 1
                _log.warning("DuckDB failed, and Python answers instead: %s", error)
        return found_among(self._records, asked, stop)

    def arrow(self, query: Query | Mapping[str, Any] | str | bytes | None = None) -> pa.Table:
        """What the query means, in Arrow columns, which pandas, polars and DuckDB read.

        Raises:
            QueryError: as ``query``; or the records are no structs, which have no columns.
        """
        return as_table(self.tabular(self.ask(query)))

    def tabular(self, found: Found) -> Tabular:
        """What was found, as rows of JSON and as columns of Arrow; both are made when they are read.

        Raises:
            QueryError: the records are no structs, which have no columns.
        """
        if found.types is not None:
            return DictRows(found.types, found.values, found.sure)
        if self._table is None:
            raise QueryError(
                f"records of type {spelled_type(self.record_type)} have no columns: `select` some attributes of them, "
                f"or collect GatewayStructs"
            )
        return StructRows(self.record_type, found.values, written=found.written)

    def settle(self) -> str:
        """Have DuckDB take in all records of this moment; a SELECT that reads them.

        Raises:
            QueryError: the records are no structs, which have no columns.
        """
        if self._table is None:
            raise QueryError(f"records of type {spelled_type(self.record_type)} have no columns")
        with self._table.lock:
            self._table.take_in()
            return self._table.view()

    @property
    def table(self) -> StateTable | None:
        """What DuckDB has of it; None if the records are no structs."""
        return self._table

    @property
    def due(self) -> datetime | None:
        """When ``let_go`` will next have something to do; None if nothing is kept for a time."""
        return self._records.due

    def by_age(self) -> list[tuple[T, datetime | None]]:
        """The records from the one inserted longest ago, and the engine's time when each was, None if that is new: of a
        state with ``max_rows`` or ``ttl``, no records of any other."""
        return self._records.by_age()

    def __iter__(self) -> Iterator[T]:
        return iter(self._records.in_order())

    def __len__(self) -> int:
        return len(self._records)

    def state_type(self) -> StateType:
        """What answers the queries."""
        if self.record_type is Any:
            return StateType.UNKNOWN
        return StateType.DUCKDB if self._table is not None and CHOICE.duckdb else StateType.DEFAULT

    def close(self) -> None:
        """Give back what DuckDB took, and the JSON that was kept; who asks again has them made anew."""
        if self._table is not None:
            with self._table.lock:
                self._table.forget()
            database.DATABASE.tidy()

    def statistics(self) -> dict[str, Any]:
        """How many ``rows`` there are, and how many were ``dropped`` because of ``max_rows``, ``expired`` because of
        ``ttl``, and ``removed`` by a ``tombstone``; of structs what DuckDB has, and what is kept as JSON."""
        told: dict[str, Any] = self._records.statistics()
        if self._table is not None:
            told["duckdb"] = {**self._table.statistics(), "fell_back": self._fell_back}
            told["json"] = self._table.json.statistics()
        return told

    def __repr__(self) -> str:
        return f"<{type(self).__name__} by {', '.join(self.keyby) or 'nothing'}: {len(self)} records>"


def _positive(ttl: timedelta | float) -> timedelta:
    try:
        span = ttl if isinstance(ttl, timedelta) else timedelta(seconds=ttl)
    except (TypeError, ValueError, OverflowError):
        span = timedelta(0)
    if not timedelta(0) < span <= _LONGEST:
        raise StateError(
            f"a state keeps its records for a time above 0 and of at most {_LONGEST.days:,} days, not for {ttl!r}: a "
            f"timedelta, or seconds"
        )
    return span


def _ending(tombstone: Any, record_type: Any) -> Callable[[Any], bool]:
    """What tells the records that end their key."""
    test = held_against(Query.of({"filters": [tombstone]}), record_type).test
    if test is None:
        raise ValueError("a tombstone is one filter")
    return passes(test)
