"""What a query finds in the table of a state, and among what the table has not taken in yet or cannot hold."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from csp_gateway.server.state.asked import AllOf, AnyOf, Asked, Attribute, Comparison, Opposite, Test
from csp_gateway.server.state.clauses import Clause, NotInSql
from csp_gateway.server.state.found import Found, in_rows, page_of
from csp_gateway.server.state.grouping import paged
from csp_gateway.server.state.keyed import REMOVED
from csp_gateway.server.state.keys import Keys
from csp_gateway.server.state.ordering import Pair, held
from csp_gateway.server.state.predicate import passes
from csp_gateway.server.state.stopping import Stop
from csp_gateway.server.state.table import StateTable

__all__ = ["found_in"]


def found_in(
    table: StateTable,
    asked: Asked,
    keys: Keys,
    aside: int,
    stop: Stop = Stop(),  # noqa: B008  # it never ends
) -> Found:
    """What a query finds.

    Args:
        keys: those of the records.
        aside: how many changes are judged in Python at most, instead of being taken into the table.
        stop: when to give up. What has changed is taken in to its end, nevertheless: the next query needs it too.

    Raises:
        NotInSql: only Python can tell.
        duckdb.Error: DuckDB failed.
        QueryTimeoutError, QueryCancelledError: it had to ``stop``.
    """
    where = Clause("true") if asked.test is None else table.clauses.where(asked.test)
    if asked.aggregates:
        return _groups(table, asked, where, keys, stop)
    order = [table.clauses.order(each.attribute.path, descending=each.descending) for each in asked.order]
    order += [table.clauses.order(path) for path in keys.paths]
    with stop.holding(table.lock):
        apart = table.take_in(0 if asked.order else aside)
        apart = {**table.odd_at(_looked_at(asked, keys)), **apart} if table.odd else apart
        ordering = {*keys.paths, *(each.attribute.path for each in asked.order)}
        if (asked.order and apart) or not table.blurred.isdisjoint(ordering):
            raise NotInSql
        # One more than the page, to know of it; and as many as may turn out to be others.
        most = None
        if asked.limit is not None and not asked.cursor:
            most = min(asked.offset + asked.limit + 1 + len(apart), len(table.slots))
        with stop.interrupting(table.interrupt):
            if asked.test is None and not asked.order:
                slots = table.in_order(order)[:most]
            else:
                room = "" if most is None else f" limit {most}"
                slots = table.slots_of(f"where {where.sql} order by {', '.join(order)}{room}", where.values)
        return replace(_Sorted(table, slots, apart, asked, keys, stop).page(), written=table.json.written)


class _Sorted:
    """Records in the order of their keys, or in another if none are apart: slots of the table, and some beside it."""

    def __init__(
        self,
        table: StateTable,
        slots: list[int],
        apart: Mapping[Hashable, Any],
        asked: Asked,
        keys: Keys,
        stop: Stop,
    ) -> None:
        self._table = table
        self._asked = asked
        self._keys = keys
        self._apart: list[Pair] = []
        self._order = slots
        """Slots, and below 0 the places of those apart, counted from -1 down."""
        if apart:
            passing = None if asked.test is None else stop.within(passes(asked.test))
            keys_of = table.slots.keys
            self._order = [slot for slot in slots if keys_of[slot] not in apart]
            live = {key: record for key, record in apart.items() if record is not REMOVED}
            found = live if passing is None else {key: record for key, record in live.items() if passing(record)}
            self._apart = [(key, found[key]) for key in keys.in_order(list(found))]
            self._merge()

    def page(self) -> Found:
        return page_of(len(self._order), self._pair_at, self._between, self._asked, self._keys)

    def _merge(self) -> None:
        pieces: list[int] = []
        done = 0
        for place, (key, _) in enumerate(self._apart):
            at = bisect_left(self._order, self._keys.ranks(key), done, key=self._ranks)
            pieces += self._order[done:at]
            pieces.append(-1 - place)
            done = at
        self._order = pieces + self._order[done:]

    def _ranks(self, slot: int) -> Any:
        return self._keys.ranks(self._table.slots.keys[slot])

    def _pair_at(self, index: int) -> Pair:
        slot = self._order[index]
        return self._apart[-1 - slot] if slot < 0 else (self._table.slots.keys[slot], self._table.slots.records[slot])

    def _between(self, start: int, end: int) -> list[Any]:
        records, apart = self._table.slots.records, self._apart
        return [records[slot] if slot >= 0 else apart[-1 - slot][1] for slot in self._order[start:end]]


def _groups(table: StateTable, asked: Asked, where: Clause, keys: Keys, stop: Stop) -> Found:
    columns = [table.clauses.group(attribute) for attribute in asked.group]
    values = [table.clauses.aggregate(each, keys.paths) for each in asked.aggregates]
    grouped = f" group by {', '.join(columns)}" if columns else ""
    with stop.holding(table.lock):
        table.take_in()
        if table.odd_at(_looked_at(asked, keys)) or not table.blurred.isdisjoint(_told(asked)):
            raise NotInSql
        # A record of the group tells what its records have in common, as it holds it.
        chosen = ", ".join(["any_value(t._slot)", *values])
        with stop.interrupting(table.interrupt):
            found = table.rows_of(chosen, f"where {where.sql}{grouped}", where.values)
        records = table.slots.records
        rows = []
        for one, *values_of_it in found:
            row = {attribute.path: held(attribute.path)(records[one]) for attribute in asked.group}
            for aggregate, value in zip(asked.aggregates, values_of_it, strict=True):
                if aggregate.function in ("min", "max", "last") and value is not None:
                    assert aggregate.attribute is not None
                    value = held(aggregate.attribute.path)(records[value])
                elif aggregate.function == "quantile" and value is not None and not aggregate.listed:
                    (value,) = value
                row[aggregate.name] = value
            rows.append(row)
    return in_rows(paged(rows, asked), asked)


def _looked_at(asked: Asked, keys: Keys) -> set[str]:
    """The paths whose columns tell which records are found, in which order, and in which group."""
    tested = () if asked.test is None else _tested(asked.test)
    return {*keys.paths, *(order.attribute.path for order in asked.order), *_told(asked), *tested}


def _told(asked: Asked) -> Iterator[str]:
    """The paths by which groups are made, and of which they tell something."""
    yield from (attribute.path for attribute in asked.group)
    yield from (each.path for one in asked.aggregates for each in (one.attribute, one.by) if each is not None)


def _tested(test: Test) -> Iterator[str]:
    match test:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _tested(part)
        case Opposite(part):
            yield from _tested(part)
        case _:
            yield test.left.path
            if isinstance(test, Comparison) and isinstance(test.right, Attribute):
                yield test.right.path
