"""A history keeps the newest ticks within its limits, and says so when it cannot answer from where it is asked."""

import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any

import csp
import pytest
from csp import ts
from hypothesis import given
from hypothesis import strategies as st

from csp_gateway import Gateway, GatewayChannels, GatewayModule, GatewaySettings, Keep
from csp_gateway.server.channels.history import History, Page, Tick
from csp_gateway.server.channels.limits import HistoryLimits
from csp_gateway.server.structs import GatewayStruct

START = datetime(2026, 1, 1)


class Blob(GatewayStruct):
    text: str


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def filled(count: int, *, many: bool = False, value: Any = None, **limits: Any) -> History:
    """A history of ``count`` ticks, one a second; their values are their offsets, unless they are ``value``."""
    history = History(HistoryLimits(**limits), "run", many=many)
    for n in range(count):
        history.append(at(n), n if value is None else value)
    return history


def offsets(page: Page) -> list[int]:
    return [tick.offset for tick in page.ticks]


# --- What is kept ---------------------------------------------------------------------------------------------------


def test_ticks_have_offsets_times_and_values() -> None:
    assert filled(2).since() == Page((Tick(0, at(0), 0), Tick(1, at(1), 1)), "run", next=2)


def test_before_the_first_tick_there_is_nothing() -> None:
    history = filled(0)
    assert history.since() == history.since(0) == history.between(at(0)) == Page((), "run", next=0)
    assert history.statistics() == {
        "kept": 0,
        "first": 0,
        "next": 0,
        "bytes": 0,
        "dropped": {"items": 0, "seconds": 0, "bytes": 0},
        "limits": {"items": 1000, "seconds": 300.0, "bytes": 16 * 2**20},
    }


def test_no_more_than_so_many() -> None:
    history = filled(10, items=4)
    assert offsets(history.since()) == [6, 7, 8, 9]
    told = history.statistics()
    assert (told["kept"], told["first"], told["next"]) == (4, 6, 10)
    assert told["dropped"] == {"items": 6, "seconds": 0, "bytes": 0}


def test_none_older_than_so_much_before_the_newest() -> None:
    history = filled(10, seconds=3.0)
    assert offsets(history.since()) == [6, 7, 8, 9]
    assert history.statistics()["dropped"] == {"items": 0, "seconds": 6, "bytes": 0}


def test_one_tick_lets_go_of_a_few_old_ones_not_of_all_at_once() -> None:
    history = filled(1000, items=5000, seconds=5000.0)
    for n in range(1, 40):
        history.append(at(10_000 + n), n)
        assert history.statistics()["dropped"]["seconds"] == min(1000, 64 * n)
    assert history.statistics()["kept"] == 39


def test_the_age_limit_may_be_longer_than_the_calendar() -> None:
    assert filled(10, seconds=1e300).statistics()["kept"] == 10


def test_no_heavier_than_so_many_bytes() -> None:
    history = filled(50, bytes=100_000, value=Blob(text="x" * 10_000))
    told = history.statistics()
    assert 7 <= told["kept"] <= 10
    assert told["bytes"] <= 100_000
    assert told["dropped"] == {"items": 0, "seconds": 0, "bytes": 50 - told["kept"]}


def test_the_newest_is_kept_however_heavy() -> None:
    history = filled(3, bytes=1, value=Blob(text="x" * 10_000))
    assert offsets(history.since()) == [2]


def test_a_list_weighs_its_records() -> None:
    record = Blob(text="x" * 1000)
    history = filled(0, many=True)
    for n in range(1, 101):
        history.append(at(n), [record] * n)
    assert history.statistics()["bytes"] == pytest.approx(1250 * 5050, rel=0.2)


def test_ticks_that_become_heavier_are_noticed() -> None:
    history = filled(2000, value=Blob(text="x"))
    heavy = Blob(text="x" * 10_000)
    for n in range(600):
        history.append(at(2000 + n), heavy)
    assert history.statistics()["bytes"] > 300 * 10_000


def test_ticks_of_two_sizes_in_turn_are_weighed_as_their_mean() -> None:
    sizes = [Blob(text="x"), Blob(text="x" * 100_000)]
    history = filled(0, items=100_000, bytes=2**40, seconds=1e9)
    for n in range(10_000):
        history.append(at(n), sizes[n % 2])
    assert history.statistics()["bytes"] == pytest.approx(5_000 * 100_000, rel=0.3)


def test_an_empty_list_is_a_tick() -> None:
    history = filled(3, many=True, value=[])
    assert [tick.value for tick in history.since().ticks] == [[], [], []]


# --- Reading by offset ----------------------------------------------------------------------------------------------


def test_from_an_offset_on() -> None:
    page = filled(10).since(7, "run")
    assert (offsets(page), page.next, page.left, page.recovered, page.reason) == ([7, 8, 9], 10, 0, True, None)


def test_nothing_new_is_recovered_too() -> None:
    page = filled(10, items=4).since(10, "run")
    assert (page.ticks, page.next, page.recovered) == ((), 10, True)


def test_an_offset_that_had_to_go() -> None:
    page = filled(10, items=4).since(5)
    assert (page.recovered, page.reason, offsets(page), page.next) == (False, "expired", [6, 7, 8, 9], 10)


def test_an_offset_of_another_run() -> None:
    page = filled(3).since(1, "the run before")
    assert (page.recovered, page.reason, offsets(page), page.epoch) == (False, "epoch_changed", [0, 1, 2], "run")


def test_an_offset_that_this_run_has_not_reached() -> None:
    assert filled(3).since(4).reason == "epoch_changed"
    assert filled(0).since(1).reason == "epoch_changed"


def test_pages_follow_each_other_without_a_hole() -> None:
    history = filled(25)
    read: list[int] = []
    page = history.since(0, "run", limit=10)
    while page.ticks:
        read += offsets(page)
        assert page.left == 25 - len(read)
        page = history.since(page.next, page.epoch, limit=10)
    assert read == list(range(25))


def test_the_pages_after_a_loss_follow_each_other_too() -> None:
    history = filled(25, items=20)
    page = history.since(1, "run", limit=5)
    assert (page.reason, offsets(page), page.left) == ("expired", [5, 6, 7, 8, 9], 15)
    assert offsets(history.since(page.next, page.epoch, limit=2)) == [10, 11]


def test_the_newest_so_many() -> None:
    page = filled(10).since(limit=3)
    assert (offsets(page), page.next, page.left, page.recovered) == ([7, 8, 9], 10, 0, True)
    assert offsets(filled(2).since(limit=3)) == [0, 1]


@pytest.mark.parametrize(("asked", "says"), [({"offset": -1}, "count from 0"), ({"limit": 0}, "1 tick at least")])
def test_what_cannot_be_asked(asked: dict[str, int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        filled(3).since(**asked)


# --- Reading by time ------------------------------------------------------------------------------------------------


def test_between_two_times() -> None:
    page = filled(10).between(at(3), at(6))
    assert (offsets(page), page.next, page.recovered) == ([3, 4, 5], 6, True)
    assert offsets(filled(10).between(until=at(2))) == [0, 1]
    assert offsets(filled(10).between(at(8))) == [8, 9]
    assert offsets(filled(10).between(at(8), at(2))) == []


def test_a_page_of_a_time_tells_what_is_left_of_it() -> None:
    page = filled(10).between(at(2), at(8), limit=4)
    assert (offsets(page), page.next, page.left) == ([2, 3, 4, 5], 6, 2)


def test_aware_times_are_converted() -> None:
    paris = timezone(timedelta(hours=1))
    assert offsets(filled(10).between(at(3).replace(tzinfo=UTC), at(5).replace(tzinfo=UTC).astimezone(paris))) == [3, 4]


def test_a_time_of_which_ticks_had_to_go() -> None:
    history = filled(10, items=4)
    assert (history.between(at(5)).reason, offsets(history.between(at(5)))) == ("expired", [6, 7, 8, 9])
    assert history.between(at(6.5)).recovered
    assert history.between().recovered


def test_ticks_of_one_engine_time_are_several() -> None:
    history = filled(0)
    for n in range(5):
        history.append(at(1), n)
    assert offsets(history.between(at(1), at(2))) == [0, 1, 2, 3, 4]
    assert not history.between(at(0), at(1)).ticks


# --- Both at once ---------------------------------------------------------------------------------------------------


def test_threads_read_while_the_engine_appends() -> None:
    history = filled(1, items=500)
    done = threading.Event()
    wrong: list[str] = []

    def read() -> None:
        upcoming = 0
        while not done.is_set():
            page = history.since(upcoming, "run", limit=100)
            got = offsets(page)
            if got and got != list(range(got[0], got[0] + len(got))):
                wrong.append(f"a hole in {got}")
            if got and page.recovered and got[0] != upcoming:
                wrong.append(f"asked from {upcoming}, got {got[0]} as recovered")
            if got and got[0] < upcoming:
                wrong.append(f"asked from {upcoming}, got {got[0]}")
            upcoming = page.next
            history.statistics()
            history.between(at(0), at(1e9), limit=3)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for n in range(1, 100_000):
        history.append(at(n), n)
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong


@given(
    waits=st.lists(st.sampled_from([0, 0, 1, 2, 50]), max_size=200),
    items=st.integers(1, 50),
    seconds=st.integers(1, 100),
    asked=st.integers(0, 200),
    limit=st.none() | st.integers(1, 30),
)
def test_against_a_list_that_forgets_nothing(
    waits: list[int], items: int, seconds: int, asked: int, limit: int | None
) -> None:
    history = History(HistoryLimits(items=items, seconds=seconds), "run")
    every: list[Tick] = []
    now = 0
    for n, wait in enumerate(waits):
        now += wait
        history.append(at(now), n)
        every.append(Tick(n, at(now), n))
    # Fewer ticks than one tick may let go of: the limits hold exactly.
    kept = [tick for tick in every[-items:] if tick.time >= at(now - seconds)]
    assert list(history.since().ticks) == kept
    first = kept[0].offset if kept else 0
    page = history.since(asked, "run", limit)
    if page.recovered:
        assert first <= asked <= len(every)
        assert list(page.ticks) == every[asked:][:limit]
    else:
        assert page.reason == ("expired" if asked < first else "epoch_changed")
        assert list(page.ticks) == kept[:limit]
    assert page.left == len(every) - page.next
    told = history.statistics()
    assert told["kept"] + sum(told["dropped"].values()) == told["next"] == len(every)


# --- Through the engine ---------------------------------------------------------------------------------------------


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    counts: Annotated[ts[Count], Keep(seconds=3)] = None
    legs: Annotated[list[ts[Count]], Keep()] = None


class Counts(GatewayModule):
    """A count a second, and at the fifth second two of them."""

    @csp.node
    def counted(self, clock: ts[int]) -> ts[Count]:
        if csp.ticked(clock):
            return Count(n=clock)

    def dynamic_keys(self) -> dict[str, Any]:
        return {"legs": 2}

    def connect(self, channels: Ch) -> None:
        counts = self.counted(csp.count(csp.timer(timedelta(seconds=1), True)))
        channels.set_channel("counts", counts)
        channels.set_channel("counts", self.counted(csp.const(50, delay=timedelta(seconds=5))))
        channels.set_channel("legs", [counts, self.counted(csp.const(70, delay=timedelta(seconds=2)))])


def ran(seconds: float) -> Any:
    """The channels after a run in simulated time."""
    gateway = Gateway(modules=[Counts()], channels=Ch(), settings=GatewaySettings(HISTORY_ITEMS=2))
    gateway.start(realtime=False, starttime=START, endtime=timedelta(seconds=seconds))
    return gateway.channels


def test_two_ticks_of_one_engine_time_have_an_offset_each() -> None:
    history = ran(5).outside.history("counts")
    # What Keep leaves out is the settings'.
    assert history.limits == HistoryLimits(items=2, seconds=3, bytes=16 * 2**20)
    kept = history.since().ticks
    assert [(tick.offset, tick.time) for tick in kept] == [(4, at(5)), (5, at(5))]
    assert {tick.value.n for tick in kept} == {5, 50}


def test_of_a_basket_an_entry_has_the_keys_that_ticked_together() -> None:
    kept = ran(3).outside.history("legs").since().ticks
    assert [{key: count.n for key, count in tick.value.items()} for tick in kept] == [{0: 2, 1: 70}, {0: 3}]


def test_every_run_is_an_epoch_of_its_own() -> None:
    one, two = (ran(2).outside.history("counts") for _ in range(2))
    page = one.since()
    assert page.epoch != two.epoch
    assert two.since(page.next, page.epoch).reason == "epoch_changed"


def test_who_follows_a_live_channel_misses_nothing_unsaid() -> None:
    class Live(GatewayChannels):
        counts: Annotated[ts[Count], Keep(items=100)] = None

    class Sends(GatewayModule):
        def connect(self, channels: Live) -> None:
            channels.add_send_channel(Live.counts)

    gateway = Gateway(modules=[Sends()], channels=Live())
    gateway.start(block=False)
    channels, total = gateway.channels, 5_000
    history = channels.outside.history("counts")

    def send() -> None:
        for n in range(total):
            channels.send("counts", Count(n=n))

    sender = threading.Thread(target=send)
    sender.start()
    upcoming, seen, deadline = 0, 0, time.monotonic() + 30
    while upcoming < total:
        page = history.since(upcoming, history.epoch, limit=30)
        assert all(tick.value.n == tick.offset for tick in page.ticks)
        first = page.next - len(page.ticks)
        assert page.recovered == (first == upcoming)
        assert page.recovered or page.reason == "expired"
        seen, upcoming = seen + len(page.ticks), page.next
        assert time.monotonic() < deadline
    sender.join()
    told = history.statistics()
    gateway.stop()
    assert told["kept"] == 100
    assert told["dropped"]["items"] == total - 100
    assert 100 <= seen <= total


# --- For who follows it as it ticks -----------------------------------------------------------------------------------


def test_what_is_new_is_told_as_since_would_tell_it() -> None:
    history = filled(10)
    assert history.next == 10
    for offset in range(11):
        for limit in (1, 3, 100):
            assert history.after(offset, limit) == history.since(offset, limit=limit)


def test_what_had_to_go_before_it_was_told_is_said() -> None:
    history = filled(10, items=3)
    page = history.after(4, 100)
    assert (page.recovered, page.reason, offsets(page), page.next) == (False, "expired", [7, 8, 9], 10)
    assert history.after(7, 2).recovered
    assert (offsets(history.after(7, 2)), history.after(7, 2).left) == ([7, 8], 1)


def test_a_follower_on_another_thread_is_told_each_tick_once() -> None:
    history = History(HistoryLimits(items=100_000), "run")

    def append() -> None:
        for n in range(20_000):
            history.append(at(0), n)

    appending = threading.Thread(target=append)
    appending.start()
    told: list[Any] = []
    place = 0
    while appending.is_alive() or place < history.next:
        page = history.after(place, 7)
        assert page.recovered
        told += [tick.value for tick in page.ticks]
        place = page.next
    appending.join()
    assert told == list(range(20_000))


# --- A page of many ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0, 9, 10, 11, 15, 19, 20, 21])
@pytest.mark.parametrize("limit", [1, 3, 10, 1_000])
def test_a_page_is_the_same_whether_all_is_copied_for_it_or_not(
    offset: int, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = filled(20, items=10)
    page = history.since(offset, limit=limit)
    monkeypatch.setattr("csp_gateway.server.channels.history._FEW", 0)
    assert page == history.since(offset, limit=limit)


def test_who_reads_a_large_history_page_by_page_does_not_pay_for_all_of_it_each_time() -> None:
    history = filled(100_000, items=100_000, seconds=1e6, bytes=2**30)

    class Counted(type(history._ring)):  # type: ignore[misc]
        copies = 0

        def copy(self) -> Any:
            Counted.copies += 1
            return super().copy()

    history._ring = Counted(history._ring)
    read, offset = 0, 0
    while (page := history.since(offset, limit=64)).ticks:
        assert page.ticks[0].offset == offset
        read, offset = read + len(page.ticks), page.next
    assert read == 100_000
    assert Counted.copies == 1  # for the last, which is empty


def test_pages_are_right_while_the_engine_appends_and_lets_go() -> None:
    history = filled(1_000, items=1_000, seconds=1e6)
    over = threading.Event()

    def append() -> None:
        while not over.is_set():
            history.append(at(history.next), history.next)

    appending = threading.Thread(target=append)
    appending.start()
    try:
        for _ in range(2_000):
            wanted = history.next - 990
            page = history.since(wanted, limit=50)
            found = offsets(page)
            assert found == list(range(found[0], found[0] + len(found)))
            assert [tick.value for tick in page.ticks] == found
            assert page.recovered == (found[0] == wanted)
            assert page.next == found[-1] + 1
    finally:
        over.set()
        appending.join()
