import threading

from csp_gateway.client.forked import ForkedLock, Origin
from tests.client.forking import forks, in_child


@forks
def test_it_tells_the_child_from_its_parent() -> None:
    origin = Origin()
    assert in_child(lambda: (origin.is_elsewhere, Origin().is_elsewhere)) == "(True, False)"
    assert not origin.is_elsewhere
    origin.check()
    assert in_child(origin.check).startswith("StreamClosedError: it goes on in the process")


@forks
def test_a_child_has_a_lock_of_its_own() -> None:
    lock = ForkedLock()
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lock, lock:
            held.set()
            done.wait(20)

    def take() -> str:
        with lock:
            return "taken"

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(20)
    assert in_child(take) == "taken"
    done.set()
    thread.join(20)
    assert take() == "taken"
