"""Places: what has been told of a channel since the other gateway was started again."""

from __future__ import annotations

import random

import pytest

from csp_gateway.server.modules.gateway_mirror.places import Places


def told(places: Places, *offsets: int, keys: str = "") -> list[tuple[int, str | None]]:
    messages = [{"offset": offset, "key": key} for offset in offsets for key in keys] or [
        {"offset": offset} for offset in offsets
    ]
    return [(each["offset"], each.get("key")) for each in messages if places.is_new(each)]  # type: ignore[misc]


def test_what_is_told_later_is_passed_over_until_the_earlier_ones_are_told() -> None:
    places = Places(3)
    assert told(places, 3, 4, 0, 1, 2, 3, 4, 5) == [(n, None) for n in range(6)]


def test_without_earlier_ones_what_is_told_again_is_passed_over() -> None:
    assert told(Places(None), 3, 4, 3, 4, 5, 5) == [(3, None), (4, None), (5, None)]


def test_of_a_basket_each_key_of_an_offset_counts() -> None:
    places = Places(None)
    assert told(places, 1, keys="AB") == [(1, "A"), (1, "B")]
    assert told(places, 1, 2, keys="ABC") == [(1, "C"), (2, "A"), (2, "B"), (2, "C")]


def test_earlier_ones_that_are_missing_are_not_waited_for() -> None:
    places = Places(3)
    places.missed(4)
    assert told(places, 4) == []
    places.missed(None)
    assert told(places, 5) == []
    places.missed(0)
    assert told(places, 4, 5) == [(4, None), (5, None)]


@pytest.mark.parametrize("seed", range(20))
def test_wherever_the_telling_begins_again_each_is_told_once_and_in_order(seed: int) -> None:
    drawn = random.Random(seed)
    there = drawn.randrange(1, 10)
    so_far = [(offset, key) for offset in range(there, there + 5) for key in "AB"][: drawn.randrange(10)]
    again = [(offset, key) for offset in range(drawn.randrange(there), there + 9) for key in "AB"]
    places = Places(there)
    passed = [each for each in so_far + again if places.is_new({"offset": each[0], "key": each[1]})]
    assert passed == again
