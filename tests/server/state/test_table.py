"""A state's records in DuckDB: brought to one moment, and kept there."""

import gc
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csp_gateway.server.state import keyed as of_keyed
from csp_gateway.server.state import table as of_table
from csp_gateway.server.state.database import DATABASE
from csp_gateway.server.state.keyed import KeyedRecords
from csp_gateway.server.state.keys import Keys
from csp_gateway.server.state.table import StateTable
from csp_gateway.server.structs import GatewayStruct

BIG = 2**70


class Leg(GatewayStruct):
    venue: str


class Quote(GatewayStruct):
    symbol: str
    size: int
    maybe: int | None
    leg: Leg


class Wide(Quote):
    extra: str


def records(**limits: Any) -> KeyedRecords:
    return KeyedRecords(Keys(Quote, ("symbol",)), **limits)


def followed(**limits: Any) -> tuple[KeyedRecords, StateTable]:
    kept = records(**limits)
    return kept, StateTable(kept, Quote)


def quotes(symbols: str, size: int = 0) -> list[Quote]:
    return [Quote(symbol=symbol, size=size) for symbol in symbols]


def rows(table: StateTable) -> list[tuple[str, int]]:
    """What DuckDB has."""
    return table.rows_of("symbol, size", "order by symbol")


def held(table: StateTable) -> list[tuple[str, int]]:
    """The same, by the slots that it says the rows have."""
    slots = table.slots_of("order by t.symbol")
    return [(table.slots.records[slot].symbol, table.slots.records[slot].size) for slot in slots]


def tables() -> set[str]:
    """The tables that DuckDB has."""
    with DATABASE.cursor() as cursor:
        return {name for (name,) in cursor.execute("select table_name from duckdb_tables()").fetchall()}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_table, "_CHUNK", 3)


# --- Brought up to date -----------------------------------------------------------------------------------------------


def test_it_is_brought_to_the_moment_in_which_it_is_told() -> None:
    kept, table = followed()
    kept.insert_all(quotes("BAC"))
    assert table.take_in() == {}
    assert rows(table) == held(table) == [("A", 0), ("B", 0), ("C", 0)]
    kept.insert_all(quotes("BD", 1))
    assert rows(table) == [("A", 0), ("B", 0), ("C", 0)], "not told yet"
    assert table.take_in() == {}
    assert rows(table) == held(table) == [("A", 0), ("B", 1), ("C", 0), ("D", 1)]
    assert table.statistics() == {"settled": 4, "unsettled": 0, "odd": 0}


def test_no_record_at_all() -> None:
    _, table = followed()
    assert table.statistics() == {"settled": 0, "unsettled": 0, "odd": 0}
    assert table.take_in() == {}
    assert rows(table) == []
    assert table.in_order(['t."symbol"']) == []


def test_a_few_changes_are_handed_back_instead() -> None:
    kept, table = followed()
    kept.insert_all(quotes("AB"))
    table.take_in(5)
    newer = quotes("BC", 1)
    kept.insert_all(newer)
    assert table.take_in(2) == {"B": newer[0], "C": newer[1]}
    assert table.take_in(2) == {"B": newer[0], "C": newer[1]}, "they are handed back until they are taken in"
    assert rows(table) == [("A", 0), ("B", 0)]
    assert table.statistics()["unsettled"] == 2
    assert table.take_in(1) == {}
    assert rows(table) == [("A", 0), ("B", 1), ("C", 1)]


def test_the_slots_of_keys_that_are_gone_are_used_again() -> None:
    kept, table = followed(max_rows=3)
    kept.insert_all(quotes("ABC"))
    table.take_in()
    slots = {table.slots.put(key, record): key for key, record in zip("ABC", table.slots.records, strict=True)}
    kept.insert_all(quotes("DE", 1))
    table.take_in()
    assert rows(table) == held(table) == [("C", 0), ("D", 1), ("E", 1)]
    assert len(slots) == len(table.slots.keys) == 3


def test_a_key_that_was_gone_in_between_is_as_any_other() -> None:
    kept, table = followed(removes=lambda quote: quote.size == 9)
    kept.insert_all(quotes("AB"))
    table.take_in()
    kept.insert_all(quotes("A", 9))
    kept.insert_all(quotes("C", 9))
    assert kept.removed == 1
    kept.insert_all(quotes("A", 2))
    table.take_in()
    assert rows(table) == [("A", 2), ("B", 0)]
    kept.insert_all(quotes("AB", 9))
    table.take_in()
    assert rows(table) == []
    assert table.statistics()["settled"] == 0


@pytest.mark.usefixtures("small")
def test_many_are_taken_in_piece_by_piece() -> None:
    kept, table = followed()
    kept.insert_all(quotes("ABCDEFGH"))
    table.take_in()
    kept.insert_all(quotes("EFGHIJKLM", 1))
    assert len(table.take_in(9)) == 9
    assert table.take_in(8) == {}
    settled, unsettled = table.statistics()["settled"], table.statistics()["unsettled"]
    assert unsettled == 0, "all or nothing is taken in, so that nobody sees half of what ticked together"
    assert settled == 13
    assert rows(table) == held(table) == [(each, each >= "E") for each in "ABCDEFGHIJKLM"]


def test_the_order_is_kept_until_keys_come_or_go() -> None:
    kept, table = followed(removes=lambda quote: quote.size == 9)
    order = ['t."symbol"']
    kept.insert_all(quotes("BCA"))
    table.take_in()
    first = table.in_order(order)
    assert [table.slots.keys[slot] for slot in first] == ["A", "B", "C"]
    kept.insert_all(quotes("B", 1))
    table.take_in()
    assert table.in_order(order) is first
    kept.insert_all([*quotes("A", 9), *quotes("D")])
    table.take_in()
    assert [table.slots.keys[slot] for slot in table.in_order(order)] == ["B", "C", "D"]


def test_what_others_may_see_has_no_slots() -> None:
    kept, table = followed()
    kept.insert(Quote(symbol="A", maybe=BIG, leg=Leg(venue="x")))
    table.take_in()
    with DATABASE.cursor() as cursor:
        seen = cursor.sql(table.view())
        assert seen.columns == table.schema.names
        assert "_slot" not in seen.columns
        (row,) = (dict(zip(seen.columns, row, strict=True)) for row in seen.fetchall())
    assert (row["symbol"], row["maybe"], row["leg"]["venue"]) == ("A", None, "x")
    assert str(BIG) in row["_odd"]


def test_columns_that_duckdb_does_not_tell_apart_are_seen_each_as_it_is() -> None:
    class Twice(GatewayStruct):
        price: float
        Price: float

    kept = KeyedRecords(Keys(Twice, ("price",)))
    table = StateTable(kept, Twice)
    for price in (1.0, 2.0):
        kept.insert(Twice(price=3.0, Price=price))
        table.take_in()
        with DATABASE.cursor() as cursor:
            seen = cursor.sql(table.view())
            assert seen.columns[-2:] == ["price", "Price_1"]
            assert seen.fetchall()[0][-2:] == (3.0, price)


# --- What no column holds ---------------------------------------------------------------------------------------------


def test_a_record_that_a_column_cannot_hold_is_odd_until_it_is_replaced() -> None:
    kept, table = followed(removes=lambda quote: quote.size == 9)
    odd = Quote(symbol="B", size=1, maybe=BIG)
    kept.insert_all([*quotes("AC"), odd])
    table.take_in()
    assert table.odd == {"B": odd}
    assert rows(table) == [("A", 0), ("B", 1), ("C", 0)]
    kept.insert_all(quotes("B"))
    table.take_in()
    assert table.odd == {}
    kept.insert(odd)
    table.take_in()
    assert table.statistics() == {"settled": 3, "unsettled": 0, "odd": 1}
    kept.insert_all(quotes("B", 9))
    table.take_in()
    assert table.odd == {}
    assert rows(table) == [("A", 0), ("C", 0)]


def test_a_record_is_odd_at_a_path_and_all_along_it() -> None:
    kept, table = followed()
    odd, strange = Quote(symbol="B", maybe=BIG), Leg(venue="x")
    kept.insert_all([*quotes("AC"), odd])
    table.take_in()
    assert table.odd_at(["size", "symbol", "maybe_not", "leg.venue"]) == {}
    for path in ("maybe", "maybe.real"):
        assert table.odd_at(["size", path]) == {"B": odd}
    kept.insert(strange)
    table.take_in()
    assert table.odd_at(["size"]) == {None: strange}
    kept.insert_all(quotes("B"))
    table.take_in()
    assert table.odd_at(["maybe"]) == {None: strange}


def test_a_record_of_another_class_is_odd_too() -> None:
    """csp does not look at what is in a list that ticks."""
    kept, table = followed()
    wide, leg = Wide(symbol="B", extra="more"), Leg(venue="x")
    kept.insert_all([*quotes("A"), wide, leg])
    table.take_in()
    assert table.odd == {None: leg}, "a class made from the records' is none"
    assert table.rows_of("symbol", "order by symbol nulls first") == [
        (None,),
        ("A",),
        ("B",),
    ]


# --- Made anew --------------------------------------------------------------------------------------------------------


def test_a_table_that_is_worn_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_table, "_CHUNK", 2)
    monkeypatch.setattr(of_table, "_WORN", 3)
    kept, table = followed()
    kept.insert_all(quotes("AB"))
    table.take_in()
    first = table.name
    for size in range(1, 5):
        kept.insert_all(quotes("AB", size))
        table.take_in()
        assert rows(table) == held(table) == [("A", size), ("B", size)]
    assert table.name == first
    kept.insert_all(quotes("AB", 5))
    table.take_in()
    assert table.name != first
    assert first not in tables()
    assert rows(table) == held(table) == [("A", 5), ("B", 5)]


def test_when_the_process_opens_duckdb_anew_it_is_fed_again() -> None:
    kept, table = followed()
    kept.insert_all(quotes("AB"))
    table.take_in()
    DATABASE.renew()
    kept.insert_all(quotes("B", 1))
    assert table.take_in(10) == {}
    assert rows(table) == held(table) == [("A", 0), ("B", 1)]
    assert table.name in tables()


def test_a_table_that_nobody_asks_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_keyed, "_MOST_BEHIND", 10)
    kept, table = followed(max_rows=3)
    kept.insert_all(quotes("ABC"))
    table.take_in()
    first = table.name
    kept.insert_all(quotes("CDE", 1))
    table.take_in()
    assert table.name == first
    for number in range(100):
        kept.insert(Quote(symbol=f"S{number:02}", size=2))
    assert table.statistics()["unsettled"] < 20, "no more changes are gathered"
    assert table.take_in(50) == {}
    assert table.name != first
    assert rows(table) == held(table) == [("S97", 2), ("S98", 2), ("S99", 2)]
    kept.insert_all(quotes("Z"))
    table.take_in()
    assert rows(table) == [("S98", 2), ("S99", 2), ("Z", 0)], "it follows again"


def break_it(name: str) -> None:
    with DATABASE.cursor() as cursor:
        cursor.execute(f"drop table {name}")


@pytest.mark.parametrize(
    "use",
    [
        lambda kept, table: (kept.insert_all(quotes("B", 1)), table.take_in()),
        lambda kept, table: table.slots_of("order by t.symbol"),
        lambda kept, table: table.in_order(['t."symbol"']),
        lambda kept, table: table.rows_of("count(*)", ""),
    ],
    ids=["take in", "slots", "order", "rows"],
)
def test_when_duckdb_fails_all_is_forgotten_and_read_anew(use: Callable[[KeyedRecords, StateTable], Any]) -> None:
    kept, table = followed()
    kept.insert_all(quotes("AB"))
    table.take_in()
    break_it(table.name)
    with pytest.raises(duckdb.Error):
        use(kept, table)
    assert table.statistics() == {"settled": 0, "unsettled": 0, "odd": 0}
    kept.insert_all(quotes("B", 1))
    table.take_in()
    assert rows(table) == held(table) == [("A", 0), ("B", 1)]


@pytest.mark.parametrize("rest", ["where t.symbol::int = 1", "where t.no_such = 1", "limit 99999999999999999999"])
def test_when_duckdb_refuses_a_question_nothing_is_forgotten(rest: str) -> None:
    kept, table = followed()
    kept.insert_all(quotes("AB"))
    table.take_in()
    for ask in (table.slots_of, lambda rest: table.rows_of("symbol", rest)):
        with pytest.raises(duckdb.Error):
            ask(rest)
    assert table.statistics()["settled"] == 2
    assert rows(table) == held(table) == [("A", 0), ("B", 0)]


@pytest.mark.parametrize(("message", "renewed"), [("FATAL Error: x", 1), ("INTERNAL Error: x", 1), ("IO Error: x", 0)])
def test_when_duckdb_is_done_for_another_is_opened(message: str, renewed: int) -> None:
    kept, table = followed()
    kept.insert_all(quotes("AB"))
    table.take_in()
    generation = DATABASE.generation
    with pytest.raises(duckdb.Error), table._or_forgotten():
        raise duckdb.Error(message)
    assert DATABASE.generation == generation + renewed
    table.take_in()
    assert rows(table) == [("A", 0), ("B", 0)]


def test_so_it_is_when_nothing_is_lent_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, table = followed()
    kept.insert_all(quotes("AB"))
    generation = DATABASE.generation

    def lost() -> None:
        raise duckdb.FatalException("FATAL Error: x")

    DATABASE.cursor().close()
    monkeypatch.setattr(DATABASE, "_drop_tables", lost)
    with pytest.raises(duckdb.FatalException):
        table.take_in()
    monkeypatch.undo()
    assert DATABASE.generation == generation + 1
    table.take_in()
    assert rows(table) == [("A", 0), ("B", 0)]


# --- Given back -------------------------------------------------------------------------------------------------------


def test_the_room_in_duckdb_is_given_back() -> None:
    kept, table = followed()
    kept.insert_all(quotes("AB"))
    table.take_in()
    name = table.name
    assert name in tables()
    table.forget()
    assert name not in tables()
    table.forget()
    table.take_in()
    name = table.name
    assert rows(table) == [("A", 0), ("B", 0)]
    del table
    gc.collect()
    assert name not in tables()


def test_what_is_of_another_duckdb_is_left_to_it() -> None:
    kept, table = followed()
    kept.insert_all(quotes("AB"))
    table.take_in()
    DATABASE.renew()
    with DATABASE.cursor() as cursor:
        cursor.execute(f"create table {table.name} as select 1 as other")
    name = table.name
    table.forget()
    del table
    gc.collect()
    assert name in tables()
    break_it(name)


# --- While it is added to ---------------------------------------------------------------------------------------------


@pytest.fixture
def feeding() -> Iterator[Callable[[Callable[[int], None]], threading.Event]]:
    """Calls something with 0, 1, 2 … in a thread of its own, until it is told to stop."""
    stop, threads = threading.Event(), []

    def start(insert: Callable[[int], None]) -> threading.Event:
        def feed() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                insert(number)

        threads.append(threading.Thread(target=feed))
        threads[-1].start()
        return stop

    yield start
    stop.set()
    for thread in threads:
        thread.join()


def test_nothing_is_lost_and_no_batch_is_seen_in_part(
    feeding: Callable[[Callable[[int], None]], threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_table, "_CHUNK", 7)
    monkeypatch.setattr(of_table, "_WORN", 12)
    kept, table = followed(ttl=timedelta(1))
    symbols = "ABCDEFGHIJKLMNOPQRST"
    newest = 0

    def insert(number: int) -> None:
        nonlocal newest
        kept.insert_all(quotes(symbols, number))
        newest = number

    stop = feeding(insert)
    names, last = set(), 0
    turns = 0
    while turns < 24 or len(names) < 2:  # until it has been made anew, however rarely the other thread has its turn
        before = newest
        apart = table.take_in((0, 5, 100)[turns % 3])
        turns += 1
        names.add(table.name)
        seen = dict(held(table)) | {key: record.size for key, record in apart.items()}
        assert len(set(seen.values())) <= 1, seen
        if seen:
            assert sorted(seen) == list(symbols)
            assert seen["A"] >= max(before, last)
            last = seen["A"]
    stop.set()


def test_after_the_end_everything_is_there(
    feeding: Callable[[Callable[[int], None]], threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_table, "_CHUNK", 7)
    kept, table = followed(max_rows=30, removes=lambda quote: quote.size % 11 == 0)

    def insert(number: int) -> None:
        if number <= 3_000:
            kept.insert(Quote(symbol=f"S{number * 7919 % 50}", size=number))
        else:
            done.set()

    done = threading.Event()
    feeding(insert)
    while not done.is_set():
        table.take_in()
    table.take_in()
    assert rows(table) == held(table) == [(quote.symbol, quote.size) for quote in kept.in_order()]


def test_whoever_adds_does_not_mind_that_it_is_forgotten(
    feeding: Callable[[Callable[[int], None]], threading.Event],
) -> None:
    kept, table = followed(max_rows=5)
    done = threading.Event()
    failed: list[Exception] = []

    def insert(number: int) -> None:
        if number > 20_000:
            done.set()
            return
        try:
            kept.insert(Quote(symbol=f"S{number % 9}", size=number))
        except Exception as error:
            failed.append(error)

    feeding(insert)
    while not done.is_set():
        table.take_in()
        table.forget()
    assert not failed
    table.take_in()
    assert rows(table) == held(table) == [(quote.symbol, quote.size) for quote in kept.in_order()]


# --- Against the plain way --------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.lists(st.tuples(st.sampled_from("ABCDEFGH"), st.integers(0, 4)), max_size=6)
    | st.sampled_from([0, 2, 10, "renew", "forget"]),
    max_size=12,
)


@settings(deadline=None, max_examples=15)
@given(steps=STEPS, max_rows=st.none() | st.integers(1, 5))
def test_it_follows_the_records_whatever_happens(steps: list[Any], max_rows: int | None) -> None:
    kept, table = followed(max_rows=max_rows, removes=lambda quote: quote.size == 4)
    for step in [*steps, 0]:
        if isinstance(step, list):
            kept.insert_all([Quote(symbol=symbol, size=size) for symbol, size in step])
        elif step == "renew":
            DATABASE.renew()
        elif step == "forget":
            table.forget()
        else:
            apart = table.take_in(step)
            assert len(apart) <= step
            seen = [pair for pair in held(table) if pair[0] not in apart]
            seen += [(key, record.size) for key, record in apart.items() if key in dict(kept.pairs())]
            assert sorted(seen) == [(quote.symbol, quote.size) for quote in kept.in_order()]
    table.forget()
