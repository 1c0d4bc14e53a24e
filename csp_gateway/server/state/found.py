"""What a query finds among records, judged one by one in Python."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from csp_gateway.errors import QueryError
from csp_gateway.server.state.asked import Asked
from csp_gateway.server.state.grouping import column_types, grouped, sure_columns
from csp_gateway.server.state.keyed import KeyedRecords
from csp_gateway.server.state.keys import Keys
from csp_gateway.server.state.ordering import Pair, cursor_of, first_after, held, in_order, place_of, read_cursor
from csp_gateway.server.state.predicate import passes
from csp_gateway.server.state.stopping import Stop
from csp_gateway.server.structs import write_rows

__all__ = ["Found", "found_among", "in_rows", "page_of"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found."""

    values: list[Any]
    """Records; or dicts by column, of selected attributes and of groups."""
    more: bool = False
    """Whether there are others beyond ``limit``."""
    cursor: str | None = None
    """Where to go on from, if there are more and a cursor can say it."""
    types: Mapping[str, Any] | None = None
    """Of dicts: column → the type of its values that are not None."""
    sure: Collection[str] = field(default=(), compare=False, repr=False)
    """Of dicts: the columns that hold nothing but values of their types."""
    written: Callable[[Sequence[Any]], list[bytes]] = field(default=write_rows, compare=False, repr=False)
    """Writes records as JSON, one each."""


def found_among(records: KeyedRecords, asked: Asked, stop: Stop = Stop()) -> Found:  # noqa: B008  # it never ends
    """What a query finds, whatever it asks and whatever the records hold.

    Raises:
        QueryTimeoutError, QueryCancelledError: it had to ``stop``.
    """
    stop.check()
    keep = None if asked.test is None else stop.within(passes(asked.test))
    if asked.aggregates:
        return in_rows(grouped(asked, records.in_order(keep)), asked)
    pairs = records.pairs(keep)
    if asked.order:
        pairs = in_order(pairs, asked, records.keys)
    return page_of(
        len(pairs),
        pairs.__getitem__,
        lambda start, end: [record for _, record in pairs[start:end]],
        asked,
        records.keys,
    )


def page_of(
    count: int,
    pair_at: Callable[[int], Pair],
    between: Callable[[int, int], list[Any]],
    asked: Asked,
    keys: Keys,
) -> Found:
    """Of so many records in order, those that a query is answered with.

    Args:
        pair_at: the key and the record at a position.
        between: the records from one position to before another.
    """
    start = asked.offset
    if asked.cursor is not None:
        start = first_after(count, pair_at, read_cursor(asked.cursor, asked, keys), asked, keys)
    end = count if asked.limit is None else min(count, start + asked.limit)
    values = between(start, end)
    if asked.select is not None:
        reads = [(attribute.path, held(attribute.path)) for attribute in asked.select]
        values = [{path: read(record) for path, read in reads} for record in values]
    cursor = None
    if start < end < count:
        with suppress(QueryError):  # there is no cursor that says it
            cursor = cursor_of(place_of(pair_at(end - 1), asked, keys), asked, keys)
    if asked.select is None:
        return Found(values, end < count, cursor)
    return replace(in_rows(values, asked), more=end < count, cursor=cursor)


def in_rows(rows: list[dict[str, Any]], asked: Asked) -> Found:
    """Rows of selected attributes or of groups, and what is known of their columns."""
    return Found(rows, types=column_types(asked), sure=sure_columns(asked, rows))
