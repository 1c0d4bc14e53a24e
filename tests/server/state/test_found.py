"""What is found among records, judged one by one: pages, and how to go on."""

from typing import Any

import numpy as np
import pytest

from csp_gateway.errors import QueryError
from csp_gateway.server.state.found import Found, found_among, page_of
from csp_gateway.server.state.keyed import KeyedRecords
from csp_gateway.server.state.keys import Keys
from csp_gateway.server.state.meaning import held_against
from csp_gateway.server.structs import GatewayStruct
from csp_gateway.wire import Query


class Quote(GatewayStruct):
    symbol: str
    size: int
    thing: object


KEYS = Keys(Quote, ("symbol",))


def records(*sizes: int) -> KeyedRecords:
    kept = KeyedRecords(KEYS)
    kept.insert_all([Quote(symbol="ABCDEFGHIJ"[place], size=size) for place, size in enumerate(sizes)])
    return kept


def ask(kept: KeyedRecords, **query: Any) -> Found:
    return found_among(kept, held_against(Query.of(query), Quote))


def symbols(found: Found) -> str:
    return "".join(quote.symbol for quote in found.values)


def test_all_by_key() -> None:
    found = ask(records(3, 1, 2))
    assert (symbols(found), found.more, found.cursor, found.types) == ("ABC", False, None, None)


def test_in_another_order() -> None:
    assert symbols(ask(records(3, 1, 2), order_by=["size"])) == "BCA"
    assert symbols(ask(records(3, 1, 1), order_by=[{"attr": "size", "descending": True}])) == "ABC"


def test_those_that_pass() -> None:
    kept = records(3, 1, 2, 0)
    over = [{"attr": "size", "by": {"value": 0, "where": ">"}}]
    assert symbols(ask(kept, filters=over)) == "ABC"
    assert symbols(ask(kept, filters=over, order_by=["size"], limit=2)) == "BC"


@pytest.mark.parametrize(
    ("query", "page", "more"),
    [
        ({"limit": 2}, "AB", True),
        ({"limit": 4}, "ABCD", False),
        ({"limit": 9}, "ABCD", False),
        ({"offset": 1}, "BCD", False),
        ({"offset": 1, "limit": 2}, "BC", True),
        ({"offset": 2, "limit": 2}, "CD", False),
        ({"offset": 4, "limit": 1}, "", False),
        ({"offset": 9}, "", False),
    ],
)
def test_a_page(query: dict[str, int], page: str, more: bool) -> None:
    found = ask(records(1, 2, 3, 4), **query)
    assert (symbols(found), found.more, found.cursor is not None) == (page, more, more)


@pytest.mark.parametrize("order", [[], ["size"], [{"attr": "size", "descending": True}]], ids=str)
def test_a_cursor_goes_on_whatever_came_and_went(order: list[Any]) -> None:
    kept = records(1, 2, 1, 2, 1, 2)
    found, seen = ask(kept, limit=2, order_by=order), ""
    pages = 1
    while found.more:
        seen += symbols(found)
        kept.insert(Quote(symbol=seen[-1], size=kept_size(kept, seen[-1])))
        found = ask(kept, limit=2, order_by=order, cursor=found.cursor)
        pages += 1
    seen += symbols(found)
    assert found.cursor is None
    assert (pages, sorted(seen)) == (3, list("ABCDEF"))


def kept_size(kept: KeyedRecords, symbol: str) -> int:
    (size,) = (quote.size for quote in kept.in_order() if quote.symbol == symbol)
    return int(size)


def test_a_cursor_is_a_place_and_not_a_record() -> None:
    kept = KeyedRecords(KEYS, max_rows=3)
    kept.insert_all([Quote(symbol=symbol) for symbol in "BDF"])
    found = ask(kept, limit=2)
    kept.insert_all([Quote(symbol=symbol) for symbol in "CE"])
    assert symbols(ask(kept)) == "CEF", "the one that the cursor was made of is gone"
    assert symbols(ask(kept, cursor=found.cursor)) == "EF"


def test_a_cursor_of_another_order_is_refused() -> None:
    kept = records(1, 2, 3)
    cursor = ask(kept, limit=1).cursor
    with pytest.raises(QueryError, match="another order"):
        ask(kept, order_by=["size"], cursor=cursor)
    with pytest.raises(QueryError, match="this is no cursor"):
        ask(kept, cursor="?")


def test_where_no_cursor_can_say_it_there_is_none() -> None:
    kept = KeyedRecords(KEYS)
    kept.insert_all([Quote(symbol="A", thing=np.int64(2)), Quote(symbol="B", thing=1)])
    found = ask(kept, order_by=[{"attr": "thing", "descending": True}], limit=1)
    assert (symbols(found), found.more, found.cursor) == ("A", True, None)


def test_selected_attributes() -> None:
    found = ask(records(3, 1), select=["size", "symbol", "thing"], limit=1)
    assert found.values == [{"size": 3, "symbol": "A", "thing": None}]
    assert list(found.values[0]) == ["size", "symbol", "thing"]
    assert found.types == {"size": int, "symbol": str, "thing": object}
    assert found.more


def test_groups() -> None:
    found = ask(records(3, 1, 3), group_by=["size"], aggregates={"n": {"count": "*"}})
    assert found == Found([{"size": 1, "n": 1}, {"size": 3, "n": 2}], types={"size": int, "n": int})


def test_nothing_among_nothing() -> None:
    assert ask(records()) == Found([])
    assert ask(records(), select=["size"]) == Found([], types={"size": int})
    assert ask(records(), limit=1) == Found([])
    assert ask(records(), aggregates={"n": {"count": "*"}}).values == [{"n": 0}]
    assert ask(records(), group_by=["size"], aggregates={"n": {"count": "*"}}).values == []


def test_a_page_asks_for_no_more_than_it_needs() -> None:
    asked_for = []
    pairs = [(str(number), number) for number in range(9)]

    def between(start: int, end: int) -> list[int]:
        asked_for.append((start, end))
        return [record for _, record in pairs[start:end]]

    asked = held_against(Query.of({"offset": 3, "limit": 2}), Quote)
    found = page_of(9, pairs.__getitem__, between, asked, KEYS)
    assert (found.values, found.more) == ([3, 4], True)
    assert asked_for == [(3, 5)]
