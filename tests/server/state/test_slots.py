"""Slots, against a dict."""

from hypothesis import given
from hypothesis import strategies as st

from csp_gateway.server.state.slots import Slots


def test_a_key_keeps_its_slot_until_it_is_freed_and_then_another_has_it() -> None:
    slots = Slots()
    assert [slots.put("a", 1), slots.put("b", 2), slots.put("a", 3)] == [0, 1, 0]
    assert slots.records == [3, 2]
    assert (slots.record("a"), slots.record("z")) == (3, None)
    assert slots.free("a") == 0
    assert slots.free("a") is None
    assert "a" not in slots
    assert slots.put("c", 4) == 0
    assert (slots.keys, slots.records, len(slots)) == (["c", "b"], [4, 2], 2)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans())))
def test_each_key_has_a_slot_of_its_own_and_none_is_wasted(steps: list[tuple[int, bool]]) -> None:
    slots, kept, most = Slots(), {}, 0
    for number, (key, stays) in enumerate(steps):
        if stays:
            slots.put(key, number)
            kept[key] = number
        else:
            slots.free(key)
            kept.pop(key, None)
        most = max(most, len(kept))
    taken = {slots.keys[slot]: record for slot, record in enumerate(slots.records) if record is not None}
    assert taken == kept
    assert len(slots) == len(kept)
    assert len(slots.records) == most
