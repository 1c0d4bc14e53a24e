"""Who listens to stagings, told in order by whichever thread comes first."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from csp_gateway.server.staging import telling as telling_module
from csp_gateway.server.staging.areas import Change
from csp_gateway.server.staging.events import StagingAction
from csp_gateway.server.staging.telling import Telling

CREATED, ADDED, REMOVED, RELEASED = StagingAction


class One:
    """An item is a record."""

    def records_of(self, item: Any) -> Sequence[Any]:
        return [item]

    def ticks_of(self, items: Sequence[Any]) -> Sequence[Any]:
        return items


@pytest.fixture
def telling() -> Telling:
    return Telling("orders", One())


def opened(staging_id: str) -> list[Change]:
    return [Change(CREATED, staging_id)]


def test_all_are_told_what_one_call_did(telling: Telling) -> None:
    told: list[Any] = []
    telling.listen(told.append)
    telling.listen(told.append)
    telling.note([*opened("7"), Change(ADDED, "7", ("a", "b"))])
    telling.tell()
    assert told == 2 * [[(CREATED, "7", []), (ADDED, "7", ["a"]), (ADDED, "7", ["b"])]]
    telling.note([])
    telling.tell()
    assert len(told) == 2


def test_nothing_is_noted_where_nobody_listens(telling: Telling) -> None:
    telling.note(opened("7"))
    assert telling.untold == 0


def test_a_listener_that_raises_does_not_keep_it_from_others(
    telling: Telling, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Any] = []

    def broken(batch: Any) -> None:
        batch.clear()
        raise ValueError("of the user's own")

    telling.listen(broken)
    telling.listen(told.append)
    telling.note(opened("7"))
    telling.tell()
    assert told == [[(CREATED, "7", [])]]
    assert telling.failed == 1
    assert "channel 'orders': a staging listener raised" in caplog.text
    assert "of the user's own" in caplog.text


def test_what_a_listener_does_itself_is_told_after(telling: Telling) -> None:
    told: list[str] = []

    def listen(batch: Any) -> None:
        ((_, staging_id, _),) = batch
        if staging_id == "1":
            telling.note(opened("2"))
            telling.tell()
        told.append(staging_id)

    telling.listen(listen)
    telling.note(opened("1"))
    telling.tell()
    assert told == ["1", "2"]


def test_a_busy_listener_holds_nobody_up_and_is_told_in_order(telling: Telling) -> None:
    busy, go_on, told = threading.Event(), threading.Event(), []

    def listen(batch: Any) -> None:
        busy.set()
        go_on.wait(30)
        told.extend(staging_id for _, staging_id, _ in batch)

    telling.listen(listen)
    telling.note(opened("0"))
    first = threading.Thread(target=telling.tell)
    first.start()
    assert busy.wait(30)
    for number in range(1, 6):
        telling.note(opened(str(number)))
        telling.tell()
    assert told == []
    assert telling.untold == 5
    go_on.set()
    first.join(30)
    assert told == ["0", "1", "2", "3", "4", "5"]


def test_what_a_listener_is_too_late_for_is_counted(telling: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling_module, "UNTOLD_LIMIT", 2)
    told: list[str] = []
    telling.listen(lambda batch: told.extend(staging_id for _, staging_id, _ in batch))
    for number in range(5):
        telling.note(opened(str(number)))
    assert (telling.untold, telling.missed) == (2, 3)
    telling.tell()
    assert told == ["3", "4"]
