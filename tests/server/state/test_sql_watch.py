"""Queries that are stopped."""

import threading
import time

from csp_gateway.server.state.sql_watch import Cancellation, Watch


def waited(condition: threading.Event) -> bool:
    return condition.wait(10)


def test_a_query_is_told_to_stop_until_it_does() -> None:
    told = threading.Semaphore(0)
    with Watch().over(told.release, 0.0, None) as watched:
        assert all(told.acquire(timeout=10) for _ in range(3))
    assert watched.stopped == "time"


def test_a_query_that_ends_in_time_is_left_alone() -> None:
    told = threading.Event()
    with Watch().over(told.set, 60.0, None) as watched:
        pass
    assert (watched.stopped, told.is_set()) == (None, False)


def test_a_query_is_cancelled_before_it_begins_and_while_it_runs() -> None:
    before = Cancellation()
    before.cancel()
    told = threading.Event()
    with Watch().over(told.set, 60.0, before) as watched:
        assert waited(told)
    assert watched.stopped == "cancel"
    during, told = Cancellation(), threading.Event()
    with Watch().over(told.set, 60.0, during) as watched:
        during.cancel()
        assert waited(told)
    assert watched.stopped == "cancel"
    assert during.cancelled


def test_who_cancels_afterwards_stops_nothing() -> None:
    told, cancellation = threading.Event(), Cancellation()
    with Watch().over(told.set, 60.0, cancellation) as watched:
        pass
    cancellation.cancel()
    assert (watched.stopped, told.is_set()) == (None, False)


def test_one_thread_watches_all_and_ends_when_there_is_nothing_to_watch() -> None:
    watch = Watch("watch-of-this-test")

    def threads() -> int:
        return sum(each.name == "watch-of-this-test" for each in threading.enumerate())

    assert threads() == 0
    told = [threading.Event() for _ in range(3)]
    with watch.over(told[0].set, 60.0, None), watch.over(told[1].set, 0.0, None), watch.over(told[2].set, 0.01, None):
        assert waited(told[1])
        assert waited(told[2])
        assert threads() == 1
    assert not told[0].is_set()
    deadline = time.monotonic() + 10
    while threads() and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    assert threads() == 0
    again = threading.Event()
    with watch.over(again.set, 0.0, None):
        assert waited(again)


def test_a_query_that_nobody_waits_for_is_told_to_stop() -> None:
    told, gone = threading.Event(), threading.Event()
    with Watch().over(told.set, 60.0, None, gone.is_set) as watched:
        assert watched.stopped is None
        gone.set()
        assert waited(told)
    assert watched.stopped == "cancel"
