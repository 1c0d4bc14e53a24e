"""The newest of each key is kept, and what it replaced is counted."""

from typing import Any

import pytest

from csp_gateway.server.channels import Tick
from csp_gateway.server.web.live import conflation
from csp_gateway.server.web.live.conflation import Conflation, reader_of
from csp_gateway.server.web.live.told import Told, heads_of
from csp_gateway.server.web.verbs import Shape
from tests.server.web.live.parts import START, Quote, quote

SHAPE = Shape("quotes", Quote, False)
HEADS = heads_of(SHAPE)


def told(offset: int) -> Told:
    return Told(SHAPE, Tick(offset, START, None), HEADS)


def merged(kept: Conflation, *ticks: tuple[Any, list[Quote]]) -> Conflation:
    for offset, (key, records) in enumerate(ticks):
        kept.merge(told(offset), key, records)
    return kept


def taken(kept: Conflation) -> list[tuple[int, Any, list[int]]]:
    return [(each.told.tick.offset, each.key, [record.n for record in each.records]) for each in kept.take()]


def test_the_newest_of_each_key_is_kept_by_offset() -> None:
    kept = merged(Conflation(None), ("x", [quote(0)]), ("y", [quote(1)]), ("x", [quote(2)]), ("x", [quote(3)]))
    assert bool(kept)
    assert (kept.skipped, kept.dropped) == (2, 0)
    assert taken(kept) == [(1, "y", [1]), (3, "x", [3])]
    assert not kept
    assert (kept.skipped, taken(kept)) == (0, [])


def test_records_are_told_apart_and_those_of_one_tick_stay_together() -> None:
    kept = Conflation(reader_of("symbol"))
    merged(kept, (None, [quote(0, "A"), quote(1, "B"), quote(2, "C")]), (None, [quote(3, "B")]))
    assert kept.skipped == 1
    assert taken(kept) == [(0, None, [0, 2]), (1, None, [3])]


def test_of_two_records_of_one_tick_with_one_key_the_later_is_kept() -> None:
    kept = merged(Conflation(reader_of("symbol")), (None, [quote(0), quote(1)]))
    assert kept.skipped == 1
    assert taken(kept) == [(0, None, [1])]


def test_the_one_that_has_waited_longest_goes_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conflation, "MOST_KEYS", 2)
    kept = Conflation(reader_of("symbol"))
    merged(kept, *((None, [quote(n, symbol)]) for n, symbol in enumerate("ABAC")))
    assert (kept.skipped, kept.dropped) == (1, 1)
    assert taken(kept) == [(2, None, [2]), (3, None, [3])]  # B has gone
    assert kept.dropped == 0
    many = merged(Conflation(None, keys=3), *((n, [quote(n)]) for n in range(3)))
    assert many.dropped == 0  # all keys of a basket are kept


def test_what_another_has_kept_is_kept_of_the_keys_that_are_wanted() -> None:
    kept = Conflation(None)
    kept.absorb(merged(Conflation(None), ("x", [quote(0)]), ("y", [quote(1)])), frozenset("y"))
    assert taken(kept) == [(1, "y", [1])]


def test_what_another_has_kept_is_told_apart_anew() -> None:
    by_symbol = merged(Conflation(reader_of("symbol")), (None, [quote(0, "A")]), (None, [quote(1, "B"), quote(2, "A")]))
    assert by_symbol.skipped == 1
    kept = Conflation(reader_of("id"))
    kept.absorb(by_symbol)
    kept.merge(told(2), None, [quote(3, "A")])
    assert kept.skipped == 1  # nothing more has the same id
    assert taken(kept) == [(1, None, [1, 2]), (2, None, [3])]


def test_what_tells_records_apart_may_be_several_fields_or_cannot_be_read() -> None:
    assert reader_of("n")(quote(7)) == 7
    assert reader_of(("symbol", "n"))(quote(7, "B")) == ("B", 7)
    unset = Quote(symbol="A")
    assert reader_of("n")(unset) == (id(unset),)

    class Held:
        n: Any = []

    held = Held()
    assert reader_of("n")(held) == (id(held),)


def test_so_many_are_taken_and_the_rest_is_kept() -> None:
    kept = Conflation(None)
    for key in range(5):
        kept.merge(told(0), key, [quote(key)])
    kept.merge(told(1), 0, [quote(5)])
    assert [each.key for each in kept.take(2)] == [1, 2]
    assert kept.first == 0
    assert [each.key for each in kept.take(before=1)] == [3, 4]
    assert kept.take(before=1) == []
    assert taken(kept) == [(1, 0, [5])]


def test_of_one_tick_and_key_no_more_are_taken_together_than_are_written_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conflation, "MANY_RECORDS", 2)
    kept = merged(Conflation(reader_of("id")), (None, [quote(n) for n in range(5)]))
    assert taken(kept) == [(0, None, [0, 1]), (0, None, [2, 3]), (0, None, [4])]


def test_what_is_kept_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conflation, "MOST_BYTES", 100_000)
    kept = Conflation(None, keys=10_000)
    for key in range(200):
        kept.merge(told(key), key, [quote(key, "x" * 10_000)])
    assert 5 <= len(kept.take()) <= 10
    light = Conflation(None, keys=10_000)
    for key in range(200):
        light.merge(told(key), key, [quote(key)])
    for key in range(200, 300):
        light.merge(told(key), key, [quote(key, "x" * 10_000)])
    assert light.dropped > 190
    assert len(light.take()) <= 41  # what was heavy is seen by the 31st at the latest
