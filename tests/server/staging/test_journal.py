"""What happened to the stagings of a channel, one step at a time."""

from collections.abc import Sequence
from typing import Any

import pytest

from csp_gateway import GatewayStruct
from csp_gateway.server.staging.areas import Change
from csp_gateway.server.staging.events import StagingAction
from csp_gateway.server.staging.journal import Journal, happenings

CREATED, ADDED, REMOVED, RELEASED = StagingAction


class Order(GatewayStruct):
    x: int


ORDERS = [Order(x=x) for x in range(3)]


class One:
    """A plain channel: an item is a record and a tick."""

    def records_of(self, item: Any) -> Sequence[Any]:
        return [item]

    def ticks_of(self, items: Sequence[Any]) -> Sequence[Any]:
        return items


class Many(One):
    """A list channel: a released staging is one tick."""

    def ticks_of(self, items: Sequence[Any]) -> Sequence[Any]:
        return [list(items)] if items else []


def steps(journal: Journal) -> list[Any]:
    """Each step as its event, (action, numbers of the records), and the number that ticks."""
    said = []
    while (step := journal.step()) is not None:
        event, tick = step
        told = None if event is None else (event.action, [record.x for record in event.items])
        said.append((told, tick.x if isinstance(tick, Order) else tick))
    return said


@pytest.fixture
def journal() -> Journal:
    journal = Journal("orders", One())
    journal.followed = True
    return journal


def test_each_record_added_or_removed_is_an_event(journal: Journal) -> None:
    journal.write(Change(CREATED, "7"))
    journal.write(Change(ADDED, "7", ORDERS[:1]))
    journal.write(Change(REMOVED, "7", ORDERS))
    journal.write(Change(REMOVED, "7"))
    assert journal.pending == 6
    assert steps(journal) == [
        *(((CREATED, []), None), ((ADDED, [0]), None)),
        *(((REMOVED, [0]), None), ((REMOVED, [1]), None), ((REMOVED, [2]), None)),
        ((REMOVED, []), None),
    ]
    assert journal.pending == 0


def test_an_event_says_of_which_channel_and_staging(journal: Journal) -> None:
    journal.write(Change(CREATED, "7"))
    step = journal.step()
    assert step is not None
    assert step.event is not None
    assert (step.event.channel, step.event.staging_id) == ("orders", "7")


def test_a_release_is_one_event_and_a_tick_for_each_record(journal: Journal) -> None:
    journal.write(Change(RELEASED, "7", ORDERS))
    journal.write(Change(CREATED, "8"))
    assert journal.pending == 4
    assert steps(journal) == [((RELEASED, [0, 1, 2]), 0), (None, 1), (None, 2), ((CREATED, []), None)]


def test_a_release_of_nothing_is_an_event_without_a_tick(journal: Journal) -> None:
    journal.write(Change(RELEASED, "7"))
    assert steps(journal) == [((RELEASED, []), None)]


def test_a_list_is_one_tick() -> None:
    journal = Journal("orders", Many())
    journal.write(Change(RELEASED, "7", ORDERS))
    journal.write(Change(RELEASED, "8"))
    assert steps(journal) == [(None, ORDERS)]


def test_where_nobody_gets_the_events_only_ticks_cost_a_cycle() -> None:
    journal = Journal("orders", One())
    for change in (Change(CREATED, "7"), Change(ADDED, "7", ORDERS), Change(REMOVED, "7"), Change(RELEASED, "7")):
        journal.write(change)
    assert journal.pending == 0
    journal.write(Change(RELEASED, "7", ORDERS[:2]))
    assert journal.pending == 2
    assert steps(journal) == [(None, 0), (None, 1)]


def test_what_happened_is_told_the_same_way_to_listeners() -> None:
    assert list(happenings(Change(REMOVED, "7", ORDERS[:2]), One())) == [
        (REMOVED, "7", ORDERS[:1]),
        (REMOVED, "7", ORDERS[1:2]),
    ]
    assert list(happenings(Change(RELEASED, "7", ORDERS), One())) == [(RELEASED, "7", ORDERS)]
    assert list(happenings(Change(REMOVED, "7"), One())) == [(REMOVED, "7", [])]
