"""The newest record per key, against a dict that does the same the plain way."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from csp_gateway.server.state.keyed import REMOVED, KeyedRecords
from csp_gateway.server.state.keys import Keys
from csp_gateway.server.structs import GatewayStruct


class Leg(GatewayStruct):
    venue: str


class Quote(GatewayStruct):
    symbol: str
    size: int
    leg: Leg
    thing: object


START = datetime(2026, 1, 1)


def seconds(number: float) -> datetime:
    return START + timedelta(seconds=number)


def records(*paths: str, max_rows: int | None = None) -> KeyedRecords:
    return KeyedRecords(Keys(Quote, paths), max_rows)


def ending(size: int) -> Callable[[Quote], bool]:
    return lambda quote: getattr(quote, "size", None) == size


def symbols(kept: KeyedRecords) -> str:
    return "".join(quote.symbol for quote in kept.in_order())


def test_the_newest_record_of_a_key_is_kept_as_it_is() -> None:
    kept = records("symbol")
    old, new, other = Quote(symbol="A", size=1), Quote(symbol="A", size=2), Quote(symbol="B")
    for quote in (old, other, new):
        kept.insert(quote)
    assert len(kept) == 2
    first, second = kept.in_order()
    assert first is new
    assert second is other


def test_a_record_without_its_key_is_kept_too() -> None:
    kept = records("symbol", "leg.venue")
    bare, half = Quote(), Quote(symbol="A")
    kept.insert_all([half, bare])
    assert kept.in_order() == [bare, half]


def test_only_those_that_are_wanted() -> None:
    kept = records("symbol")
    kept.insert_all([Quote(symbol=symbol, size=size) for size, symbol in enumerate("CABD")])
    assert [quote.symbol for quote in kept.in_order(lambda quote: quote.size > 0)] == ["A", "B", "D"]


def test_the_order_is_found_anew_when_the_keys_are_others() -> None:
    kept = records("symbol", max_rows=2)
    kept.insert_all([Quote(symbol="B"), Quote(symbol="C")])
    assert [quote.symbol for quote in kept.in_order()] == ["B", "C"]
    kept.insert(Quote(symbol="A"))
    assert [quote.symbol for quote in kept.in_order()] == ["A", "C"]


def test_with_a_limit_those_go_first_that_were_inserted_longest_ago() -> None:
    kept = records("symbol", max_rows=3)
    kept.insert_all(Quote(symbol=symbol) for symbol in "ABC")
    kept.insert(Quote(symbol="A"))
    kept.insert_all([Quote(symbol="D"), Quote(symbol="E")])
    assert [quote.symbol for quote in kept.in_order()] == ["A", "D", "E"]
    assert kept.statistics() == {"rows": 3, "dropped": 2, "expired": 0, "removed": 0}


def test_of_a_key_that_comes_twice_at_once_the_later_counts() -> None:
    kept = records("symbol", max_rows=1)
    kept.insert_all(Quote(symbol=symbol) for symbol in "ABA")
    assert symbols(kept) == "A"


def test_a_record_that_ends_its_key_is_not_kept() -> None:
    kept = KeyedRecords(Keys(Quote, ("symbol",)), removes=ending(0))
    kept.insert_all([Quote(symbol="A", size=1), Quote(symbol="B", size=1)])
    kept.insert(Quote(symbol="A", size=0))
    kept.insert(Quote(symbol="C", size=0))
    assert symbols(kept) == "B"
    assert kept.statistics() == {"rows": 1, "dropped": 0, "expired": 0, "removed": 1}
    kept.insert_all([Quote(symbol="A", size=1), Quote(symbol="B", size=0), Quote(symbol="A", size=0)])
    assert symbols(kept) == ""
    assert len(kept) == 0
    kept.insert_all([Quote(symbol="A", size=0), Quote(symbol="A", size=2)])
    assert symbols(kept) == "A"


def test_what_no_other_follows_for_too_long_goes() -> None:
    kept = KeyedRecords(Keys(Quote, ("symbol",)), ttl=timedelta(seconds=10))
    assert kept.due is None
    kept.insert(Quote(symbol="A"))
    assert kept.let_go(seconds(0)) == 0
    kept.insert(Quote(symbol="B"))
    kept.let_go(seconds(4))
    kept.insert(Quote(symbol="A"))
    kept.let_go(seconds(6))
    assert kept.due == seconds(14)
    assert kept.let_go(seconds(13.9)) == 0
    assert kept.let_go(seconds(14)) == 1
    assert symbols(kept) == "A"
    assert kept.let_go(seconds(100)) == 1
    assert kept.due is None
    assert kept.statistics() == {"rows": 0, "dropped": 0, "expired": 2, "removed": 0}


def test_no_more_than_a_thousand_go_at_once_for_their_age() -> None:
    kept = KeyedRecords(Keys(Quote, ("size",)), ttl=timedelta(seconds=1))
    kept.insert_all(Quote(size=size) for size in range(2_500))
    kept.let_go(seconds(0))
    assert [kept.let_go(seconds(1)) for _ in range(4)] == [1_000, 1_000, 500, 0]


def test_an_age_and_a_number_both_hold() -> None:
    kept = KeyedRecords(Keys(Quote, ("symbol",)), max_rows=2, ttl=timedelta(seconds=10), removes=ending(0))
    for number, symbol in enumerate("ABC"):
        kept.insert(Quote(symbol=symbol, size=1))
        kept.let_go(seconds(number))
    assert symbols(kept) == "BC"
    kept.insert(Quote(symbol="C", size=0))
    kept.let_go(seconds(11))
    assert kept.statistics() == {"rows": 0, "dropped": 1, "expired": 1, "removed": 1}


def test_who_follows_is_told_each_change() -> None:
    kept = KeyedRecords(Keys(Quote, ("symbol",)), max_rows=2, removes=ending(0))
    old = Quote(symbol="A", size=1)
    kept.insert(old)
    rows, changed = kept.follow()
    assert (rows, changed) == ({"A": old}, {})
    new = Quote(symbol="A", size=2)
    kept.insert(new)
    kept.insert_all([Quote(symbol="B", size=1), Quote(symbol="C", size=1)])
    kept.insert(Quote(symbol="C", size=0))
    assert changed["A"] is REMOVED
    assert changed["B"].size == 1
    assert changed["C"] is REMOVED
    assert rows == {"A": old}
    kept.unfollow()
    kept.insert(Quote(symbol="D", size=1))
    assert "D" not in changed


def test_readers_find_whole_records_while_the_engine_inserts() -> None:
    """Sixteen records always tick together, with one number: a reader that sees two numbers has read half a tick."""
    kept = records("symbol")
    symbols = [str(number) for number in range(16)]
    stop, wrong = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            seen = {quote.size for quote in kept.in_order()}
            if len(seen) > 1:
                wrong.append(seen)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(2000):
        kept.insert_all([Quote(symbol=symbol, size=number) for symbol in symbols])
    stop.set()
    for reader in readers:
        reader.join(30)
    assert not wrong
    assert len(kept) == 16


KEYS = st.one_of(st.none(), st.integers(-2, 2), st.sampled_from("abc"), st.lists(st.integers(0, 1), max_size=2))


def plain(key: Any) -> Any:
    return tuple(key) if isinstance(key, list) else key


class AgainstADict(RuleBasedStateMachine):
    """Whatever is inserted, what is kept is what a plain dict would keep."""

    def __init__(self) -> None:
        super().__init__()
        self.max_rows: int | None = None
        self.kept = records("thing")
        self.oracle: dict[Any, Quote] = {}
        self.dropped = 0
        self.removed = 0
        self.started = self.limited = self.follows = False
        self.seen: dict[Any, Any] = {}
        self.changed: dict[Any, Any] = {}

    @precondition(lambda self: not self.started)
    @rule(max_rows=st.one_of(st.none(), st.integers(1, 4)))
    def limit(self, max_rows: int | None) -> None:
        self.max_rows, self.limited = max_rows, True
        self.kept = KeyedRecords(Keys(Quote, ("thing",)), max_rows, removes=ending(-1))

    @rule()
    def follow(self) -> None:
        self.started = self.follows = True
        self.seen, self.changed = self.kept.follow()

    def followed(self) -> dict[Any, Any]:
        """What one who follows has seen, once he takes in what has changed."""
        if not self.follows:
            return self.oracle
        while self.changed:
            key, stands = self.changed.popitem()
            if stands is REMOVED:
                self.seen.pop(key, None)
            else:
                self.seen[key] = stands
        return {plain(quote.thing): quote for quote in self.seen.values()}

    @rule(key=KEYS)
    def insert(self, key: Any) -> None:
        self.started = True
        quote = Quote(thing=key, size=self.dropped)
        self.kept.insert(quote)
        self.remember([quote])

    @rule(keys=st.lists(st.tuples(KEYS, st.integers(-1, 0)), max_size=5))
    def insert_all(self, keys: list[Any]) -> None:
        self.started = True
        quotes = [Quote(thing=key, size=size) for key, size in keys]
        self.kept.insert_all(quotes)
        self.remember(quotes)

    def remember(self, quotes: list[Quote]) -> None:
        newest: dict[Any, Quote] = {}
        for quote in quotes:
            newest.pop(plain(quote.thing), None)  # of a key that comes twice, the later place counts
            newest[plain(quote.thing)] = quote
        for key, quote in newest.items():
            before = self.oracle.pop(key, None)
            if self.limited and quote.size == -1:
                self.removed += before is not None
            else:
                self.oracle[key] = quote
        while self.max_rows is not None and len(self.oracle) > self.max_rows:
            del self.oracle[next(iter(self.oracle))]
            self.dropped += 1

    @invariant()
    def keeps_the_same(self) -> None:
        assert len(self.kept) == len(self.oracle)
        told = self.kept.statistics()
        assert (told["rows"], told["dropped"], told["expired"], told["removed"]) == (
            len(self.oracle),
            self.dropped,
            0,
            self.removed,
        )
        assert self.followed() == self.oracle
        assert {id(quote) for quote in self.kept.in_order()} == {id(quote) for quote in self.oracle.values()}

    @invariant()
    def answers_in_the_same_order(self) -> None:
        lists = sorted((key for key in self.oracle if isinstance(key, tuple)), key=lambda key: repr(("list", *key)))
        numbers = sorted(key for key in self.oracle if isinstance(key, int))
        texts = sorted(key for key in self.oracle if isinstance(key, str))
        nothing = [None] if None in self.oracle else []
        expected = [*nothing, *numbers, *texts, *lists]
        assert [plain(quote.thing) for quote in self.kept.in_order()] == expected
        wanted = [key for key in expected if isinstance(key, str)]
        found = self.kept.in_order(lambda quote: isinstance(quote.thing, str))
        assert [quote.thing for quote in found] == wanted


TestAgainstADict = AgainstADict.TestCase
TestAgainstADict.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@pytest.mark.parametrize("paths", [("symbol",), ("symbol", "size"), ("leg.venue",), ("thing",)])
def test_unset_set_and_unset_again(paths: tuple[str, ...]) -> None:
    kept = records(*paths)
    kept.insert(Quote())
    kept.insert(Quote(symbol="A", size=1, leg=Leg(venue="x"), thing=[1]))
    last = Quote()
    kept.insert(last)
    assert len(kept) == 2
    assert kept.in_order()[0] is last
