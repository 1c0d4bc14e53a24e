"""State: the newest record per key, as the mark that asks for it and as the object that is asked."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, ClassVar, Generic, TypeVar
from weakref import WeakValueDictionary

from csp_gateway.errors import StateError
from csp_gateway.server.state.keyed import KeyedRecords
from csp_gateway.server.state.keys import Keys
from csp_gateway.server.state.paths import is_plain_value, keyby_of, resolve, spelled_type
from csp_gateway.server.state.predicate import predicate_of
from csp_gateway.wire import Query

__all__ = ["State", "StateType"]

T = TypeVar("T")

_DEFAULT_KEYBY = ("id",)


class StateType(Enum):
    """What answers the queries of a state."""

    DUCKDB = "DUCKDB"
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

    Raises:
        StateError: a ``ValueError``: the records have no such attribute; none is named; ``max_rows`` is below 1.
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
    ) -> None:
        try:
            self.keyby = keyby_of(keyby)
            if self.keyby == _DEFAULT_KEYBY and is_plain_value(self.record_type):
                self.keyby = ()
            for path in self.keyby:
                resolve(self.record_type, path)
        except (AttributeError, ValueError) as error:
            raise StateError(f"a state of {spelled_type(self.record_type)}: {error}") from None
        if max_rows is not None and max_rows < 1:
            raise StateError(f"a state keeps at least one record, not {max_rows}")
        self.indexer = indexer
        self.alias = alias
        self.max_rows = max_rows
        self._records = KeyedRecords(Keys(self.record_type, self.keyby), max_rows)
        # Called once a tick, on the engine's thread: without a detour.
        self.insert = self._records.insert
        self.insert_all = self._records.insert_all

    def query(self, query: Query | Mapping[str, Any] | str | bytes | None = None) -> list[T]:
        """The records that the query means, by key ascending, None first; without one, all of them.

        Args:
            query: also as a mapping, or as JSON text.

        Raises:
            QueryError: the query cannot be read, names an attribute that the records do not have, or compares what
                cannot be compared.
        """
        asked = Query.of(query)
        return self._records.in_order(predicate_of(asked, self.record_type) if asked.filters else None)

    def __iter__(self) -> Iterator[T]:
        return iter(self._records.in_order())

    def __len__(self) -> int:
        return len(self._records)

    def state_type(self) -> StateType:
        """What answers the queries."""
        return StateType.UNKNOWN if self.record_type is Any else StateType.DEFAULT

    def statistics(self) -> dict[str, int]:
        """How many ``rows`` there are, and how many were ``dropped`` because of ``max_rows``."""
        return self._records.statistics()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} by {', '.join(self.keyby) or 'nothing'}: {len(self)} records>"
