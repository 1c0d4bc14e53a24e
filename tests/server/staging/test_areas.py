"""The stagings of one channel, by the tables of what each call does."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from csp_gateway.errors import StagingArgumentError, StagingFullError, UnknownStagingError
from csp_gateway.server.staging import areas as areas_module
from csp_gateway.server.staging.areas import Areas, Change
from csp_gateway.server.staging.events import StagingAction

CREATED, ADDED, REMOVED, RELEASED = StagingAction

Held = tuple[str, list[str]]


def held(*items: str) -> list[Held]:
    """Items that are their own id."""
    return [(item, [item]) for item in items]


class Told(Areas):
    """Areas, and what they tell of themselves."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        super().__init__("orders", self.changes.append)

    def told(self) -> list[Any]:
        """What happened since the last call, ids as the number of the staging since the first."""
        told, self.changes[:] = [(change[0], change[1], list(change[2])) for change in self.changes], []
        return told


@pytest.fixture
def areas() -> Told:
    return Told()


@pytest.fixture
def two(areas: Told) -> tuple[Told, str, str]:
    """An older staging with a and b, and a newer one with b and c."""
    (older,) = areas.open(held("a", "b"))
    (newer,) = areas.open(held("b", "c"))
    areas.told()
    return areas, older, newer


# --- Add --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ids", [None, []])
def test_without_a_record_an_empty_staging_is_opened(two: tuple[Told, str, str], ids: Any) -> None:
    areas, older, newer = two
    (opened,) = areas.add(None, ids)
    assert areas.lookup() == {older: ["a", "b"], newer: ["b", "c"], opened: []}
    assert areas.told() == [(CREATED, opened, [])]


def test_ids_without_a_record_are_refused(two: tuple[Told, str, str]) -> None:
    areas, older, _ = two
    with pytest.raises(
        StagingArgumentError, match=f"'orders': a record is wanted to add to staging {older}"
    ) as refused:
        areas.add(None, [older])
    assert isinstance(refused.value, ValueError)
    assert areas.told() == []


def test_a_record_goes_to_the_newest_staging(two: tuple[Told, str, str]) -> None:
    areas, older, newer = two
    assert areas.add(held("b")) == [newer]
    assert areas.lookup() == {older: ["a", "b"], newer: ["b", "c", "b"]}
    assert areas.told() == [(ADDED, newer, ["b"])]


@pytest.mark.parametrize("ids", [None, []])
def test_the_first_record_opens_a_staging(areas: Told, ids: Any) -> None:
    (opened,) = areas.add(held("a"), ids)
    assert areas.lookup() == {opened: ["a"]}
    assert areas.told() == [(CREATED, opened, []), (ADDED, opened, ["a"])]


def test_with_no_id_in_the_list_a_record_goes_to_every_staging_that_lacks_it(two: tuple[Told, str, str]) -> None:
    areas, older, newer = two
    assert areas.add(held("c"), []) == [older]
    assert areas.add(held("d"), []) == [older, newer]
    assert areas.lookup() == {older: ["a", "b", "c", "d"], newer: ["b", "c", "d"]}


def test_and_to_a_new_one_if_none_lacks_it(two: tuple[Told, str, str]) -> None:
    areas, _, _ = two
    (opened,) = areas.add(held("b"), [])
    assert areas.lookup(opened) == {opened: ["b"]}
    assert areas.told() == [(CREATED, opened, []), (ADDED, opened, ["b"])]


def test_each_of_several_records_is_looked_at_alone(areas: Told) -> None:
    first, second = areas.add(held("a", "a", "b"), [])
    assert areas.lookup() == {first: ["a", "b"], second: ["a", "b"]}
    assert areas.told() == [
        *((CREATED, first, []), (ADDED, first, ["a"]), (CREATED, second, []), (ADDED, second, ["a"])),
        *((ADDED, first, ["b"]), (ADDED, second, ["b"])),
    ]


def test_a_record_goes_to_the_stagings_that_are_named_once_each(two: tuple[Told, str, str]) -> None:
    areas, older, newer = two
    assert areas.add(held("c"), [newer, older, newer]) == [newer, older]
    assert areas.lookup() == {older: ["a", "b", "c"], newer: ["b", "c", "c"]}


def test_with_one_unknown_staging_nothing_is_added_to_any(two: tuple[Told, str, str]) -> None:
    areas, older, newer = two
    with pytest.raises(UnknownStagingError) as refused:
        areas.add(held("z"), [older, "7", newer])
    assert str(refused.value) == (
        "channel 'orders' has no open staging '7': it was released, dropped, or never was; "
        f"2 are, the newest first: {newer}, {older}"
    )
    assert isinstance(refused.value, KeyError)
    assert areas.lookup() == {older: ["a", "b"], newer: ["b", "c"]}
    assert areas.told() == []


def test_no_record_in_a_list_of_records_is_nothing(two: tuple[Told, str, str]) -> None:
    areas, _, _ = two
    assert areas.add([]) == areas.add([], []) == []
    assert areas.told() == []


# --- Remove -----------------------------------------------------------------------------------------------------------


def test_without_a_record_the_newest_staging_is_dropped(two: tuple[Told, str, str]) -> None:
    areas, older, newer = two
    assert areas.remove(None) == [newer]
    assert areas.lookup() == {older: ["a", "b"]}
    assert areas.told() == [(REMOVED, newer, ["b", "c"]), (REMOVED, newer, [])]


def test_with_no_id_in_the_list_all_are_dropped(two: tuple[Told, str, str]) -> None:
    areas, older, newer = two
    assert areas.remove(None, []) == [older, newer]
    assert areas.lookup() == {}
    assert areas.records == 0


def test_those_named_are_emptied_and_stay_open(two: tuple[Told, str, str]) -> None:
    areas, older, newer = two
    assert areas.remove(None, [older, "7"]) == [older]
    assert areas.lookup() == {older: [], newer: ["b", "c"]}
    assert areas.told() == [(REMOVED, older, ["a", "b"])]
    assert areas.remove(None, [older]) == [older]
    assert areas.told() == []


@pytest.mark.parametrize(("item", "touched"), [("a", [0]), ("b", [1]), ("z", [])])
def test_a_record_leaves_the_newest_staging_that_holds_it(
    two: tuple[Told, str, str], item: str, touched: list[int]
) -> None:
    areas, *ids = two
    assert areas.remove([[item]]) == [ids[at] for at in touched]
    assert areas.told() == [(REMOVED, ids[at], [item]) for at in touched]


def test_a_record_leaves_all_stagings_or_those_that_are_named(two: tuple[Told, str, str]) -> None:
    areas, older, newer = two
    assert areas.remove([["b"]], [newer, "7"]) == [newer]
    assert areas.remove([["b"]], []) == [older]
    assert areas.lookup() == {older: ["a"], newer: ["c"]}


def test_nothing_can_be_removed_where_nothing_is(areas: Told) -> None:
    assert areas.remove(None) == areas.remove(None, []) == areas.remove(None, ["7"]) == areas.remove([["a"]]) == []
    assert areas.told() == []


# --- Release, and look ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ids", [None, []])
def test_all_stagings_are_released(two: tuple[Told, str, str], ids: Any) -> None:
    areas, older, newer = two
    assert areas.release(ids) == {older: ["a", "b"], newer: ["b", "c"]}
    assert areas.lookup() == {}
    assert areas.told() == [(RELEASED, older, ["a", "b"]), (RELEASED, newer, ["b", "c"])]


def test_those_named_are_released_in_the_order_named(two: tuple[Told, str, str]) -> None:
    areas, older, newer = two
    (empty,) = areas.add(None)
    assert list(areas.release([newer, "7", empty, newer]).items()) == [(newer, ["b", "c"]), (empty, [])]
    assert areas.ids() == [older]
    assert areas.records == 2


def test_what_is_open_can_be_listed_and_looked_at(two: tuple[Told, str, str]) -> None:
    areas, older, newer = two
    assert areas.ids() == [older, newer]
    assert areas.ids(newer) == [newer]
    assert areas.lookup(older) == {older: ["a", "b"]}
    assert areas.ids("7") == []
    assert areas.lookup("7") == {}


# --- Limits -----------------------------------------------------------------------------------------------------------


def test_there_may_not_be_too_many_stagings(areas: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(areas_module, "AREAS_LIMIT", 2)
    areas.add(None)
    areas.add(held("a"), [])
    areas.add(None)
    before = areas.lookup()
    areas.told()
    with pytest.raises(StagingFullError, match="'orders': 2 stagings are open, and 2 may be"):
        areas.add(None)
    with pytest.raises(StagingFullError):
        areas.add(held("b", "b"), [])
    assert areas.lookup() == before
    assert areas.told() == []


def test_there_may_not_be_too_many_records(two: tuple[Told, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    areas, older, newer = two
    monkeypatch.setattr(areas_module, "RECORDS_LIMIT", 5)
    with pytest.raises(StagingFullError, match="4 records are staged, and 5 may be, not 2 more"):
        areas.add(held("z"), [older, newer])
    assert areas.lookup() == {older: ["a", "b"], newer: ["b", "c"]}
    areas.remove([["b"]], [])
    areas.add(held("z"), [older, newer])
    assert areas.records == 4


# --- Any calls, in any order ------------------------------------------------------------------------------------------

ITEMS = st.lists(st.sampled_from("abcd"), max_size=3)


class Anything(RuleBasedStateMachine):
    """Areas against lists, changed as the tables say; and against what the changes themselves tell."""

    opened = Bundle("opened")

    def __init__(self) -> None:
        super().__init__()
        self.areas = Told()
        self.model: dict[str, list[str]] = {}
        self.replayed: dict[str, list[str]] = {}

    def open(self, touched: list[str]) -> str:
        (fresh,) = [each for each in touched if each not in self.model]
        self.model[fresh] = []
        return fresh

    def chosen(self, ids: list[str]) -> list[str]:
        return [each for each in dict.fromkeys(ids) if each in self.model] if ids else list(self.model)

    @rule(target=opened, ids=st.sampled_from([None, []]))
    def add_nothing(self, ids: Any) -> str:
        return self.open(self.areas.add(None, ids))

    @rule(items=ITEMS)
    def add_to_newest(self, items: list[str]) -> None:
        touched = self.areas.add(held(*items))
        if items:
            newest = list(self.model)[-1] if self.model else self.open(touched)
            self.model[newest] += items
            assert touched == [newest]

    @rule(item=st.sampled_from("abcd"))
    def add_where_it_lacks(self, item: str) -> None:
        touched = self.areas.add(held(item), [])
        lacking = [each for each, items in self.model.items() if item not in items] or [self.open(touched)]
        for each in lacking:
            self.model[each].append(item)
        assert touched == lacking

    @rule(items=ITEMS, ids=st.lists(opened, min_size=1, max_size=3))
    def add_to_some(self, items: list[str], ids: list[str]) -> None:
        if all(each in self.model for each in ids):
            self.areas.add(held(*items), ids)
            for each in dict.fromkeys(ids):
                self.model[each] += items
        else:
            with pytest.raises(UnknownStagingError):
                self.areas.add(held(*items), ids)

    @rule(item=st.sampled_from("abcd"), ids=st.none() | st.lists(opened, max_size=3))
    def remove(self, item: str, ids: list[str] | None) -> None:
        touched = [each for each in self.chosen(ids or []) if item in self.model[each]]
        touched = touched[-1:] if ids is None else touched
        assert self.areas.remove([[item]], ids) == touched
        for each in touched:
            self.model[each] = [kept for kept in self.model[each] if kept != item]

    @rule(ids=st.none() | st.lists(opened, max_size=3))
    def remove_stagings(self, ids: list[str] | None) -> None:
        touched = list(self.model)[-1:] if ids is None else self.chosen(ids)
        assert self.areas.remove(None, ids) == touched
        for each in touched:
            if ids:
                self.model[each] = []
            else:
                del self.model[each]

    @rule(ids=st.none() | st.lists(opened, max_size=3))
    def release(self, ids: list[str] | None) -> None:
        chosen = self.chosen(ids or [])
        assert self.areas.release(ids) == {each: self.model.pop(each) for each in chosen}

    @invariant()
    def the_stagings_are_as_the_model(self) -> None:
        assert self.areas.lookup() == self.model
        assert self.areas.ids() == list(self.model)
        assert self.areas.records == sum(map(len, self.model.values()))

    @invariant()
    def the_changes_tell_all(self) -> None:
        for action, staging_id, items in self.areas.told():
            if action == CREATED:
                self.replayed[staging_id] = []
            elif action == ADDED:
                self.replayed[staging_id] += items
            elif action == RELEASED:
                assert self.replayed.pop(staging_id) == items
            elif items:
                for item in items:
                    self.replayed[staging_id].remove(item)
            else:
                assert self.replayed.pop(staging_id) == []
        assert {each: sorted(items) for each, items in self.replayed.items()} == {
            each: sorted(items) for each, items in self.model.items()
        }


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
