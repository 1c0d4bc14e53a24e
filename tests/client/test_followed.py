from typing import Any

from csp_gateway.client.followed import Followed, Gap, keys_of
from csp_gateway.wire.commands import Follow, Unsubscribe


def begun(follow: Follow, again: bool = False, **result: Any) -> Followed:
    followed = Followed(follow.channel, follow)
    assert followed.begun(follow, {"epoch": "e", "from": 10, **result}, again=again) is None
    return followed


def tick(offset: int, key: str | None = None, last: bool = True, **more: Any) -> dict[str, Any]:
    keyed = {} if key is None else {"key": key}
    where = {"offset": offset, "next": offset + last, "epoch": "e", "time": "t"}
    return {"channel": "c", **keyed, **where, **more, "data": []}


def asked(followed: Followed) -> list[tuple[Any, ...]]:
    return [(each.keys, each.since, each.epoch, each.snapshot) for each in followed.again()]


def test_where_a_message_is_is_for_us_unless_it_was_asked_for() -> None:
    message = tick(10)
    assert begun(Follow(channel="c")).heard(message)
    assert message == {"channel": "c", "data": []}
    message = tick(10)
    assert begun(Follow(channel="c", positions=True)).heard(message)
    assert message == tick(10)


def test_it_goes_on_from_what_has_arrived() -> None:
    followed = begun(Follow(channel="c"))
    assert asked(followed) == [(None, 10, "e", False)]
    followed.heard(tick(12))
    assert asked(followed) == [(None, 13, "e", False)]
    assert all(each.positions for each in followed.again())


def test_of_a_tick_that_was_cut_off_the_rest_is_new() -> None:
    followed = begun(Follow(channel="c"))
    assert followed.heard(tick(10, "A", last=False))
    assert asked(followed) == [(None, 10, "e", False)]
    followed.begun(followed.again()[0], {"epoch": "e", "from": 10, "recovered": True}, again=True)
    assert not followed.heard(tick(10, "A", last=False))
    assert followed.heard(tick(10, "B"))
    assert followed.heard(tick(11, "A"))


def test_a_snapshot_that_was_cut_off_begins_anew() -> None:
    followed = begun(Follow(channel="c", snapshot="last"), snapshot=2)
    snapshot = {"snapshot": True, "next": 10}
    assert followed.heard(tick(9, "A", **snapshot))
    assert asked(followed) == [(None, None, None, "last")]
    assert followed.heard(tick(9, "B", **snapshot))
    assert asked(followed) == [(None, 10, "e", False)]


def test_keys_that_come_later_have_their_own_beginning() -> None:
    followed = begun(Follow(channel="c", key="A"))
    followed.begun(
        Follow(channel="c", key="B", snapshot="last"), {"epoch": "e", "from": 20, "snapshot": 1}, again=False
    )
    # What A has not been told yet is not in B's snapshot.
    assert asked(followed) == [(["A"], 10, "e", False), (["B"], None, None, "last")]
    followed.heard(tick(19, "B", snapshot=True))
    assert followed.heard(tick(15, "A"))
    assert asked(followed) == [(["A", "B"], 16, "e", False)]
    assert not followed.heard(tick(18, "B")), "it is in the snapshot"
    assert followed.heard(tick(20, "B"))


def test_what_expired_is_a_gap_and_so_is_another_run() -> None:
    followed = begun(Follow(channel="c"))
    (ask,) = followed.again()
    gap = followed.begun(ask, {"epoch": "e", "from": 17, "recovered": False, "reason": "expired"}, again=True)
    assert gap == Gap("c", 10, 17, 7, "expired")
    assert str(gap) == "channel 'c': 7 ticks before offset 17 are missing: expired"
    (ask,) = followed.again()
    assert ask.since == 17
    followed.heard(tick(17))
    gap = followed.begun(ask, {"epoch": "f", "from": 0, "recovered": False, "reason": "epoch_changed"}, again=True)
    assert gap == Gap("c", None, 0, None, "epoch_changed")
    assert "nobody knows how many" in str(gap)
    assert followed.heard(tick(0)), "offsets count anew"


def test_another_run_is_told_of_even_in_the_midst_of_a_snapshot() -> None:
    followed = begun(Follow(channel="c", snapshot="state"), snapshot=3)
    (ask,) = followed.again()
    gap = followed.begun(ask, {"epoch": "f", "from": 4, "snapshot": 1}, again=True)
    assert gap == Gap("c", None, 4, None, "epoch_changed")


def test_until_all_begins_anew_nothing_counts() -> None:
    followed = begun(Follow(channel="c", snapshot="state", state="s"), snapshot=0)
    ask = followed.anew(7)
    assert (ask.snapshot, ask.state, ask.since) == ("state", "s", None)
    assert not followed.heard(tick(10))
    assert asked(followed) == [(None, None, None, "state")]


def test_removals_are_asked_of_their_state_again() -> None:
    followed = begun(Follow(channel="c", snapshot="state", state="s", removals=True), snapshot=0)
    (ask,) = followed.again()
    assert (ask.snapshot, ask.state, ask.removals, ask.since) == (False, "s", True, 10)


def test_ticks_that_were_not_read_in_time_are_not_asked_for_again() -> None:
    followed = begun(Follow(channel="c"))
    assert followed.missed(Gap("c", 10, 90, 80, "overflow"))
    assert asked(followed) == [(None, 90, "e", False)]
    assert followed.missed(Gap("c", 97, 120, 5, "too_many_keys"))
    assert asked(followed) == [(None, 97, "e", False)]


def test_a_tick_that_cannot_be_written_is_told_once_and_its_other_keys_are_told() -> None:
    followed = begun(Follow(channel="c"))
    gap = Gap("c", 12, 13, 1, "unwritable")
    assert followed.missed(gap)
    assert followed.heard(tick(12, "B", last=False))
    assert asked(followed) == [(None, 12, "e", False)]
    assert not followed.missed(gap), "of the key A, as before"
    assert not followed.heard(tick(12, "B", last=False))
    assert followed.missed(gap), "of the key C"
    assert asked(followed) == [(None, 12, "e", False)]
    assert [followed.missed(gap) for _ in range(3)] == [False, False, True]
    assert followed.missed(Gap("c", 13, 14, 1, "unwritable"))
    (ask,) = followed.again()
    followed.begun(ask, {"epoch": "f", "from": 0, "recovered": False, "reason": "epoch_changed"}, again=True)
    assert followed.missed(Gap("c", 13, 14, 1, "unwritable")), "of another run"


def test_what_is_missing_of_what_begins_anew_is_in_what_is_told_then() -> None:
    followed = begun(Follow(channel="c", snapshot="state"), snapshot=0)
    followed.anew(7)
    assert not followed.missed(Gap("c", 12, 20, 8, "overflow"))


def test_who_asks_for_what_he_has_had_has_it_again() -> None:
    followed = begun(Follow(channel="c"))
    followed.heard(tick(10))
    followed.begun(Follow(channel="c", since=10, epoch="e"), {"epoch": "e", "from": 10, "recovered": True}, again=False)
    assert followed.heard(tick(10))


def test_keys_end_one_by_one() -> None:
    some = begun(Follow(channel="c", keys=["A", "B"], snapshot="last"), snapshot=2)
    assert not some.ended(frozenset("A"))
    assert asked(some) == [(["B"], None, None, "last")]
    assert some.ended(frozenset("B"))
    every = begun(Follow(channel="c"))
    assert not every.ended(frozenset("A"))
    assert not every.heard(tick(10, "A"))
    every.begun(Follow(channel="c", key="A"), {"epoch": "e", "from": 12}, again=False)
    assert every.without == frozenset()
    assert not every.heard(tick(11, "A"))
    assert every.heard(tick(12, "A"))
    assert every.ended(None)


def test_keys_are_read_as_they_are_spelled() -> None:
    assert keys_of(Follow(channel="c")) is None
    assert keys_of(Follow(channel="c", key=1, keys=["B"])) == {"1", "B"}
    assert keys_of(Unsubscribe(channel="c", key="A")) == {"A"}
