"""One staged channel, used by any thread."""

import logging
import threading
import time
from collections import Counter
from typing import Any

import pytest

from csp_gateway import GatewayStruct
from csp_gateway.errors import NotRunningError, StagingArgumentError, StagingFullError, UnknownStagingError
from csp_gateway.server.channels.kinds import Declaration
from csp_gateway.server.channels.packing import PlainPacking
from csp_gateway.server.staging import staged as staged_module
from csp_gateway.server.staging.events import StagingAction, StagingRequest
from csp_gateway.server.staging.staged import StagedChannel

CREATED, ADDED, REMOVED, RELEASED = StagingAction


class Order(GatewayStruct):
    x: int


def closed_channel() -> StagedChannel:
    return StagedChannel("orders", PlainPacking(Declaration("orders", Order, Order, False)))


@pytest.fixture
def staged() -> StagedChannel:
    """One that is open, as if this were the engine's thread."""
    channel = closed_channel()
    channel.open(lambda: None, realtime=True)
    return channel


def released(staged: StagedChannel) -> list[Order]:
    """What the graph would tick, in order."""
    ticks = []
    while (step := staged.take(rung=True, woken=True)) is not None:
        ticks.append(step.tick)
    return ticks


def in_threads(*jobs: Any) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


# --- When it can be used ----------------------------------------------------------------------------------------------


def calls(staged: StagedChannel) -> list[Any]:
    return [staged.add, staged.remove, staged.release, staged.ids, staged.lookup]


def test_before_the_start_and_after_the_end_everything_is_refused() -> None:
    staged = closed_channel()
    for call in calls(staged):
        with pytest.raises(NotRunningError, match="not running yet: start it first"):
            call()
    staged.open(lambda: None, realtime=True)
    staged.add()
    staged.end()
    for call in calls(staged):
        with pytest.raises(NotRunningError, match="the gateway has stopped"):
            call()
    reason = NotRunningError("the engine stopped: a node raised")
    staged.close(reason)
    with pytest.raises(NotRunningError, match="a node raised"):
        staged.add()


def test_what_is_left_behind_is_said(staged: StagedChannel, caplog: pytest.LogCaptureFixture) -> None:
    staged.add(Order(x=1))
    staged.end()
    assert "channel 'orders': 1 staged records in 1 stagings were not released" in caplog.text


def test_an_end_without_anything_staged_is_silent(staged: StagedChannel, caplog: pytest.LogCaptureFixture) -> None:
    staged.add(Order(x=1))
    staged.release()
    staged.add()
    staged.end()
    assert not caplog.records


def test_simulated_time_is_for_the_engines_thread_alone() -> None:
    staged, refused = closed_channel(), []
    staged.open(lambda: None, realtime=False)
    (mine,) = staged.add(Order(x=1))

    def outside() -> None:
        try:
            staged.release()
        except NotRunningError as error:
            refused.append(str(error))
        assert staged.ids() == [mine]

    in_threads(outside)
    assert len(refused) == 1
    assert "simulated time" in refused[0]


# --- What comes of it -------------------------------------------------------------------------------------------------


def test_what_is_released_comes_out_in_order(staged: StagedChannel) -> None:
    orders = [Order(x=x) for x in range(4)]
    (older,) = staged.add(orders[0])
    (newer,) = staged.add()
    staged.add(orders[1])
    staged.add(orders[2])
    assert staged.release([newer]) == {newer: orders[1:3]}
    staged.add(orders[3], [older])
    assert staged.release() == {older: [orders[0], orders[3]]}
    assert [order.x for order in released(staged)] == [1, 2, 0, 3]


def test_the_graph_is_woken_once_until_it_has_looked() -> None:
    staged, woken = closed_channel(), []
    staged.open(lambda: woken.append(True), realtime=False)
    assert len(woken) == 1  # for what was done before
    assert staged.take(rung=False, woken=True) is None
    for x in range(3):
        staged.add(Order(x=x))
    assert len(woken) == 1  # nobody gets the events
    staged.release()
    staged.add()
    staged.release()
    assert len(woken) == 2
    staged.take(rung=False, woken=True)
    assert len(woken) == 3  # there is more
    staged.take(rung=False, woken=True)
    staged.take(rung=False, woken=True)
    assert len(woken) == 4
    assert staged.take(rung=False, woken=True) is None
    assert len(woken) == 4


class Bell:
    """A bell whose engine hears it before the ringing thread goes on, or which does not hang yet."""

    def __init__(self, staged: StagedChannel, hangs: bool) -> None:
        self.staged, self.hangs, self.heard = staged, hangs, 0

    def push_tick(self, value: bool) -> bool:
        if self.hangs:
            self.heard += 1
            self.staged.take(rung=True, woken=False)
        return self.hangs


def test_the_bell_rings_again_for_an_engine_that_heard_it_at_once(staged: StagedChannel) -> None:
    bell = staged.bell = Bell(staged, hangs=True)

    def outside() -> None:
        for x in range(3):
            staged.add(Order(x=x))
            staged.release()

    in_threads(outside)
    assert bell.heard == 3
    assert staged.journal.pending == 0


def test_a_bell_that_did_not_hang_yet_rings_later(staged: StagedChannel) -> None:
    bell = staged.bell = Bell(staged, hangs=False)

    def outside() -> None:
        for _ in range(2):
            staged.add(Order(x=1))
            staged.release()
            bell.hangs = True

    in_threads(outside)
    assert bell.heard == 2
    assert staged.journal.pending == 0


def test_a_record_is_found_by_its_id_or_by_a_struct_that_has_it(staged: StagedChannel) -> None:
    orders = [Order(x=x) for x in range(3)]
    for order in orders:
        staged.add(order)
    staged.remove(orders[0].id)
    staged.remove(Order(id=orders[1].id))
    assert list(staged.lookup().values()) == [[orders[2]]]
    with pytest.raises(TypeError, match="named by its id or by a struct that has it, got int 3"):
        staged.remove(3)


def test_a_record_of_another_type_changes_nothing(staged: StagedChannel) -> None:
    with pytest.raises(TypeError, match="channel 'orders' takes Order, got str 'x'"):
        staged.add("x")
    assert staged.ids() == []


def test_what_is_looked_up_is_the_callers_own(staged: StagedChannel) -> None:
    (mine,) = staged.add(Order(x=1))
    staged.lookup()[mine].clear()
    assert len(staged.lookup()[mine]) == 1


# --- Requests ---------------------------------------------------------------------------------------------------------


def ask(staged: StagedChannel, action: Any, **how: Any) -> None:
    staged.request(StagingRequest(action=action, **how))


def test_requests_say_what_calls_say(staged: StagedChannel) -> None:
    a, b, c = (Order(x=x) for x in range(3))
    ask(staged, CREATED)
    ask(staged, ADDED, items=[a, b])
    (first,) = staged.ids()
    ask(staged, CREATED, items=[c], staging_ids=[])
    (_, second) = staged.ids()
    assert staged.lookup() == {first: [a, b], second: [c]}
    ask(staged, ADDED, items=[c], staging_ids=[])
    ask(staged, ADDED, items=[a], staging_ids=[second])
    assert staged.lookup() == {first: [a, b, c], second: [c, a]}
    ask(staged, REMOVED, items=[c, a])  # each from the newest staging that holds it
    assert staged.lookup() == {first: [a, b, c], second: []}
    ask(staged, REMOVED, staging_ids=[first])
    assert staged.lookup() == {first: [], second: []}
    ask(staged, RELEASED, staging_ids=[first])
    assert staged.ids() == [second]
    ask(staged, REMOVED)
    assert staged.ids() == []


def test_unset_is_the_newest_and_empty_is_all(staged: StagedChannel) -> None:
    for _ in range(3):
        staged.add()
    ask(staged, REMOVED)
    assert len(staged.ids()) == 2
    ask(staged, REMOVED, staging_ids=[])
    assert staged.ids() == []


@pytest.mark.parametrize("ids", [{}, {"staging_ids": []}])
def test_a_release_without_ids_is_of_all(staged: StagedChannel, ids: Any) -> None:
    staged.add(Order(x=1))
    staged.add()
    ask(staged, RELEASED, **ids)
    assert staged.ids() == []
    assert [order.x for order in released(staged)] == [1]


def test_no_items_in_a_list_are_none_to_remove(staged: StagedChannel) -> None:
    staged.add(Order(x=1))
    ask(staged, REMOVED, items=[])
    ask(staged, ADDED, items=[])
    assert [len(items) for items in staged.lookup().values()] == [1]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"action": ADDED, "items": [Order(x=9)], "staging_ids": ["7"]}, "no open staging '7'"),
        ({"action": ADDED, "items": [Order(x=9), 3]}, "takes Order, got int 3"),
        ({"action": ADDED, "staging_ids": ["7"]}, "a record is wanted to add to staging 7"),
        ({"action": CREATED, "staging_ids": ["7"]}, "an opening no ids"),
        ({"action": RELEASED, "items": [Order(x=9)]}, "a release takes no items"),
        ({"items": [Order(x=9)]}, "every request an action"),
        ({"action": REMOVED, "items": [3]}, "named by its id"),
    ],
)
def test_a_request_that_cannot_be_is_logged_and_changes_nothing(
    staged: StagedChannel, caplog: pytest.LogCaptureFixture, how: Any, said: str
) -> None:
    staged.add(Order(x=1))
    before = staged.lookup()
    staged.request(StagingRequest(**how))
    assert staged.lookup() == before
    assert staged.statistics()["refused"] == 1
    assert "channel 'orders': a staging request was refused: " in caplog.text
    assert said in caplog.text


# --- Limits -----------------------------------------------------------------------------------------------------------


def test_who_is_faster_than_the_engine_is_refused(staged: StagedChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged_module, "PENDING_LIMIT", 2)
    for x in range(3):
        staged.add(Order(x=x))
    staged.release()
    with pytest.raises(StagingFullError, match="3 released records and events wait for the engine; try again later"):
        staged.add(Order(x=3))
    assert staged.statistics() == {
        **{"stagings": 0, "records": 0, "pending": 3, "refused": 1},
        **{"untold": 0, "missed": 0, "listener_errors": 0},
    }
    assert len(released(staged)) == 3
    staged.add(Order(x=3))


def test_what_is_refused_for_its_arguments_raises(staged: StagedChannel) -> None:
    with pytest.raises(UnknownStagingError):
        staged.add(Order(x=1), ["7"])
    with pytest.raises(StagingArgumentError):
        staged.add(None, ["7"])
    assert staged.ids() == []


# --- Listeners --------------------------------------------------------------------------------------------------------


def test_a_listener_is_told_what_one_call_did(staged: StagedChannel) -> None:
    told: list[Any] = []
    staged.listen(told.append)
    order = Order(x=1)
    (mine,) = staged.add(order)
    staged.remove()
    assert told == [[(CREATED, mine, []), (ADDED, mine, [order])], [(REMOVED, mine, [order]), (REMOVED, mine, [])]]
    staged.remove()
    assert len(told) == 2


def test_a_listener_that_raises_breaks_nothing(staged: StagedChannel, caplog: pytest.LogCaptureFixture) -> None:
    told: list[Any] = []

    def broken(_: Any) -> None:
        raise ValueError("of the user's own")

    staged.listen(broken)
    staged.listen(told.append)
    with caplog.at_level(logging.ERROR):
        staged.add()
        ask(staged, CREATED)
    assert len(staged.ids()) == len(told) == 2
    assert staged.statistics()["listener_errors"] == 2
    assert "channel 'orders': a staging listener raised" in caplog.text
    assert "of the user's own" in caplog.text


def test_a_listener_may_change_stagings_itself(staged: StagedChannel) -> None:
    told: list[Any] = []

    def tidy(batch: Any) -> None:
        told.extend(action for action, *_ in batch)
        if batch[-1][0] == ADDED:
            staged.release()

    staged.listen(tidy)
    staged.add(Order(x=1))
    assert told == [CREATED, ADDED, RELEASED]
    assert len(released(staged)) == 1


# --- Threads ----------------------------------------------------------------------------------------------------------


def test_whatever_threads_do_each_record_ends_once(staged: StagedChannel) -> None:
    """Four threads add and remove, two release, and one reads what is released: none is lost, none is doubled."""
    staged.journal.followed = True
    taken, removed, told = [], [], Counter[str]()
    adding = threading.Barrier(4)
    added = threading.Event()

    def listen(batch: Any) -> None:
        for action, _, records in batch:
            told[action.name] += len(records)
            if action == REMOVED:
                removed.extend(record.id for record in records)

    staged.listen(listen)
    orders = [[Order(x=x) for x in range(150)] for _ in range(4)]

    def add(mine: list[Order]) -> None:
        adding.wait(30)
        for number, order in enumerate(mine):
            if number % 7 == 0:
                staged.add()
            staged.add(order)
            if number % 3 == 0:
                staged.remove(order)

    def release() -> None:
        while not added.is_set():
            staged.release(staged.ids()[:2] or None)
            time.sleep(0)

    def take() -> None:
        while not added.is_set() or staged.ids() or staged.journal.pending:
            step = staged.take(rung=True, woken=True)
            if step is not None and step.tick is not None:
                taken.append(step.tick.id)
            time.sleep(0)

    def work() -> None:
        in_threads(*[lambda mine=mine: add(mine) for mine in orders])
        added.set()
        staged.release()

    in_threads(work, release, release, take)
    every = [order.id for each in orders for order in each]
    assert Counter(taken) + Counter(removed) == Counter(every)
    assert (told["ADDED"], told["REMOVED"], told["RELEASED"]) == (600, len(removed), len(taken))
    assert staged.statistics()["records"] == staged.statistics()["pending"] == 0


@pytest.mark.parametrize("action", list(StagingAction))
def test_a_request_with_an_empty_list_asks_for_nothing(staged: StagedChannel, action: Any) -> None:
    staged.add(Order(x=1))
    staged.request(StagingRequest(action=action, items=[]))
    assert len(staged.ids()) == 1
    assert staged.statistics()["refused"] == 0
