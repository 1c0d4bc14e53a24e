"""One staging: items held back under an id."""

from csp_gateway.server.staging.area import Area
from csp_gateway.server.structs import get_counter


def test_its_id_comes_from_the_counter_of_all_structs() -> None:
    before = get_counter().current()
    first, second = Area(), Area()
    assert before < int(first.id) < int(second.id) == get_counter().current()


def test_items_stand_in_the_order_they_were_added() -> None:
    area = Area()
    for item in "cab":
        area.add(item, [item])
    assert area.items == ["c", "a", "b"]
    assert len(area) == 3


def test_an_item_is_found_by_any_id_of_its_records() -> None:
    area = Area()
    area.add("pair", ["1", "2"])
    assert area.holds(["0", "2"])
    assert area.remove(["2"]) == ["pair"]
    assert not area.holds(["1"])
    assert not area.holds([])


def test_the_same_record_twice_goes_at_once_and_in_order() -> None:
    area = Area()
    for item, ids in [("a", ["1"]), ("b", ["2"]), ("c", ["1", "3"])]:
        area.add(item, ids)
    assert area.remove(["3", "1"]) == ["a", "c"]
    assert area.items == ["b"]
    assert area.remove(["1"]) == []


def test_what_was_cleared_can_be_added_again() -> None:
    area = Area()
    area.add("a", ["1"])
    assert area.clear() == ["a"]
    assert not area.holds(["1"])
    area.add("b", ["1"])
    assert area.remove(["1"]) == ["b"]
    assert len(area) == 0


def test_what_it_hands_out_is_not_its_own() -> None:
    area = Area()
    area.add("a", ["1"])
    area.items.clear()
    assert area.items == ["a"]
