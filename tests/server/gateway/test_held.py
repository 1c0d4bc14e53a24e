"""Threads of routes that go on when all else has ended."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from csp_gateway.server.gateway.held import warn_of_held_threads


def test_a_thread_that_works_for_a_route_is_named_and_others_are_not(caplog: pytest.LogCaptureFixture) -> None:
    go_on = threading.Event()
    idle = ThreadPoolExecutor(1, "web-worker_here_idle")
    idle.submit(int).result()

    def hold() -> None:
        while not go_on.wait(0.01):
            pass

    held = threading.Thread(target=hold, name="web-worker_here_0")
    mine = threading.Thread(target=hold, name="mine")
    passing = threading.Thread(target=hold, name="web-worker_here_1", daemon=True)
    for thread in (held, mine, passing):
        thread.start()
    warn_of_held_threads()
    go_on.set()
    for thread in (held, mine, passing):
        thread.join()
    (said,) = here(caplog)
    assert said.startswith("the process ends only when a route has, on web-worker_here_0: ")
    caplog.clear()
    warn_of_held_threads()
    idle.shutdown()
    assert not here(caplog)


def here(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What is told of this test's threads: others may have left some of theirs."""
    return [record.getMessage() for record in caplog.records if "web-worker_here" in record.getMessage()]
