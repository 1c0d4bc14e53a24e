"""The newest tick, and those who wait for a newer one."""

import threading
from concurrent.futures import wait
from datetime import datetime, timedelta
from typing import Any

import csp
import pytest
from csp import ts

from csp_gateway import GatewayChannels, GatewayModule, GatewayStruct, NotRunningError
from csp_gateway.server.channels.cells import BasketCell, Cell
from csp_gateway.server.channels.history import History
from csp_gateway.server.channels.limits import HistoryLimits


class Count(GatewayStruct):
    n: int


class Ch(GatewayChannels):
    a: ts[Count] = None
    b: ts[Count] = None


class Doors(GatewayModule):
    def connect(self, channels: Ch) -> None:
        channels.add_send_channel(Ch.a)
        channels.add_send_channel(Ch.b)


def test_who_waits_for_a_tick_shares_one_future() -> None:
    cell = Cell("a")
    first, second = cell.next(), cell.next()
    assert first is second
    assert not first.cancel()
    cell.keep("tick")
    assert first.result(0) == "tick"
    assert cell.next() is not first


def test_it_is_settled_when_all_that_was_sent_has_arrived() -> None:
    cell = Cell("a")
    cell.wake("old")
    assert cell.settled
    cell.sent = 2
    one = cell.settle()
    assert one is cell.settle()
    cell.arrive(1)
    assert not one.done()
    cell.value = "new"
    cell.arrive(2)
    assert one.result(0) == "new"


def test_more_arrivals_than_counted_sends_is_settled() -> None:
    # A value may arrive before its sender has counted it.
    cell = Cell("a")
    cell.wake("old")
    cell.arrive(1)
    assert cell.settled
    assert cell.settle().result(0) == "old"


def test_a_cell_is_rung_once_and_counts_its_ticks(run_gateway: Any) -> None:
    channels = run_gateway(Ch(), Doors()).channels
    for _ in range(1_000):
        channels.outside.next("a")
    cell = channels.outside.cell("a")
    assert not cell.first_to_ring()
    for n in range(5):
        channels.send("a", Count(n=n))
    channels.last("a", timeout=20)
    assert cell.ticks in (5, 6)


def test_of_a_basket_each_key_has_its_newest_and_its_own_answer() -> None:
    cell = BasketCell("legs", dict, ("x", "y"))
    whole, mine = cell.next(), cell.next("y")
    cell.keep({"x": 1})
    assert whole.result(0) == {"x": 1}
    assert not mine.done()
    again = cell.next()
    cell.keep({"y": 2})
    assert mine.result(0) == 2
    assert again.result(0) == {"x": 1, "y": 2}
    assert (cell.read("x"), cell.read("y"), cell.ticks, cell.waited_for) == (1, 2, 2, False)


def test_what_a_basket_gives_out_is_a_copy() -> None:
    cell = BasketCell("legs", dict, ("x", "y"))
    cell.keep({"x": 1})
    cell.read()["y"] = 9
    assert cell.read() == {"x": 1}


def test_a_basket_is_read_in_the_order_of_declaration() -> None:
    cell = BasketCell("legs", dict, ("x", "y", "z"))
    cell.keep({"z": 3})
    cell.keep({"y": 2})
    assert list(cell.read().items()) == [("y", 2), ("z", 3)]
    cell.keep({"x": 1})
    assert list(cell.read().items()) == [("x", 1), ("y", 2), ("z", 3)]
    cell.keep({"z": 4, "y": 5})
    assert list(cell.read().items()) == [("x", 1), ("y", 5), ("z", 4)]


def test_a_basket_by_position_is_read_as_a_list() -> None:
    cell = BasketCell("legs", list, (0, 1, 2))
    cell.keep({2: "c"})
    assert (cell.read(), cell.read(0), cell.read(2)) == ([None, None, "c"], None, "c")


def test_an_arrival_is_known_when_all_that_was_sent_has_been_seen() -> None:
    cell = Cell("a")
    assert cell.arrival() is None
    cell.sent = 2
    waiting = cell.arrival()
    assert waiting is not None
    assert cell.arrival() is waiting
    cell.arrive(1)
    assert not waiting.done()
    cell.arrive(2)
    assert waiting.done()
    cell.sent = 3
    late = cell.arrival()
    cell.close(NotRunningError("over"), failed=False)
    assert late is not None
    with pytest.raises(NotRunningError, match="over"):
        late.result(0)


def test_settled_answers_are_shared_by_key() -> None:
    cell = BasketCell("legs", dict, ("x", "y"))
    cell.wake({"x": 1})
    cell.sent = 1
    whole, mine = cell.settle(), cell.settle("x")
    assert whole is not mine
    cell.keep({"x": 2})
    cell.arrive(1)
    assert (whole.result(0), mine.result(0)) == ({"x": 2}, 2)


def test_acknowledgements_are_known_in_the_order_of_their_counts() -> None:
    cell = Cell("a")
    first, third, fourth = cell.acknowledge(1), cell.acknowledge(3), cell.acknowledge(4)
    assert cell.acknowledging == 3
    cell.arrive(4)
    assert not first.done()  # the cycle is not over
    cell.complete(2)
    assert (first.done(), third.done(), cell.acknowledging) == (True, False, 2)
    cell.forget(third)  # which is not the newest
    cell.forget(fourth)
    assert cell.acknowledging == 1
    cell.complete(3)
    assert (third.result(0), fourth.done(), cell.acknowledging) == (None, False, 0)
    cell.forget(fourth)
    assert cell.acknowledging == 0


def test_closing_refuses_who_waits_for_acknowledgement() -> None:
    cell = Cell("a")
    acknowledged = cell.acknowledge(1)
    cell.close(NotRunningError("over"), failed=False)
    with pytest.raises(NotRunningError, match="over"):
        acknowledged.result(0)
    with pytest.raises(NotRunningError, match="over"):
        cell.acknowledge(2)
    assert cell.acknowledging == 0


def test_closing_well_answers_none_and_refuses_who_comes_later() -> None:
    cell = Cell("a")
    waiting = cell.next()
    cell.close(NotRunningError("over"), failed=False)
    assert waiting.result(0) is None
    with pytest.raises(NotRunningError, match="over"):
        cell.next()
    with pytest.raises(NotRunningError, match="over"):
        cell.settle()


def test_closing_after_a_failure_says_so() -> None:
    cell = Cell("a")
    cell.sent = 1
    waiting, settling = cell.next(), cell.settle()
    cell.close(NotRunningError("a node raised"), failed=True)
    for future in (waiting, settling):
        with pytest.raises(NotRunningError, match="a node raised"):
            future.result(0)


def test_next_asked_just_before_a_send_gets_that_send(run_gateway: Any) -> None:
    for _ in range(5):
        channels = run_gateway(Ch(), Doors()).channels
        # Nobody has asked for either channel yet: the wake and the tick fall in one engine cycle.
        coming = {name: channels.outside.next(name) for name in ("a", "b")}
        for name in coming:
            channels.send(name, Count(n=1))
        assert [future.result(5).n for future in coming.values()] == [1, 1]


def test_a_sleeping_cell_finds_what_ticked_before_it_woke(run_gateway: Any) -> None:
    class Feed(GatewayModule):
        def connect(self, channels: Ch) -> None:
            channels.set_channel(Ch.a, csp.const(Count(n=7)))
            channels.set_channel(Ch.b, csp.null_ts(Count))

    channels = run_gateway(Ch(), Feed()).channels
    assert channels.last("a", timeout=20).n == 7
    assert channels.last("b", timeout=20) is None


def test_ten_thousand_waiters_cost_no_thread_and_one_answer(run_gateway: Any) -> None:
    channels = run_gateway(Ch(), Doors()).channels
    channels.last("a", timeout=20)
    before = threading.active_count()
    waiting = [channels.outside.next("a") for _ in range(10_000)]
    assert threading.active_count() == before
    channels.send("a", Count(n=3))
    assert {future.result(5).n for future in waiting} == {3}
    assert len(set(map(id, waiting))) == 1


def test_a_sender_reads_its_own_writes(run_gateway: Any) -> None:
    channels = run_gateway(Ch(), Doors()).channels
    failures = []

    def write_and_read(name: str) -> None:
        for n in range(300):
            channels.send(name, Count(n=n))
            if channels.last(name, timeout=20).n != n:
                failures.append(n)

    threads = [threading.Thread(target=write_and_read, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_the_end_of_the_engine_answers_everybody(run_gateway: Any) -> None:
    gateway = run_gateway(Ch(), Doors(), endtime=timedelta(seconds=0.3))
    waiting = [gateway.channels.outside.next("a"), gateway.channels.outside.next("b")]
    done, _ = wait(waiting, timeout=10)
    assert len(done) == 2
    assert [future.result() for future in waiting] == [None, None]


# --- Who follows it, and what stands ----------------------------------------------------------------------------------


def kept(cell: Cell) -> History:
    cell.history = History(HistoryLimits(), "run", many=isinstance(cell, BasketCell))
    return cell.history


def test_who_follows_is_told_of_every_tick_once_it_is_kept() -> None:
    for cell, value in ((Cell("a"), "tick"), (BasketCell("legs", dict, ("x",)), {"x": 1})):
        seen: list[Any] = []
        cell.keep(value)
        cell.told = lambda cell=cell, seen=seen: seen.append((cell.ticks, cell.read()))
        cell.keep(value)
        assert seen == [(2, value)]
        cell.told = None
        cell.keep(value)
        assert len(seen) == 1


def test_what_stands_and_the_offset_after_it() -> None:
    cell = Cell("a")
    history = kept(cell)
    assert cell.standing() == (0, {})
    for n in range(3):
        history.append(datetime(2026, 1, 1), n)
        cell.keep(n)
    assert cell.standing() == (3, {None: 2})
    basket = BasketCell("legs", dict, ("x", "y", "z"))
    history = kept(basket)
    for value in ({"z": 1}, {"x": 2}, {"z": 3}):
        history.append(datetime(2026, 1, 1), value)
        basket.keep(value)
    assert basket.standing() == (3, {"x": 2, "z": 3})
    assert list(basket.standing()[1]) == ["x", "z"]  # as they are declared


def test_what_stands_belongs_to_its_offset_while_the_engine_ticks() -> None:
    cell = Cell("a")
    history = kept(cell)
    over = threading.Event()

    def tick() -> None:
        n = 0
        while not over.is_set():
            history.append(datetime(2026, 1, 1), n)
            cell.keep(n)
            n += 1

    ticking = threading.Thread(target=tick)
    ticking.start()
    try:
        for _ in range(2_000):
            coming, stands = cell.standing()
            assert stands == ({None: coming - 1} if coming else {})
    finally:
        over.set()
        ticking.join()
