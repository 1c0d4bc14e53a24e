"""The web side's own threads."""

import asyncio
import contextvars
import threading
from typing import Any

import pytest

from csp_gateway.server.web.problem import RefusedRequest
from csp_gateway.server.web.workers import LARGE_BODY, Workers


@pytest.fixture
def workers() -> Any:
    made = Workers(threads=1, limit=3)
    yield made
    made.close()


def test_work_is_done_on_a_thread_that_has_a_name(workers: Workers) -> None:
    name = asyncio.run(workers.run(lambda: threading.current_thread().name))
    assert name == "web-worker_0"
    assert workers.statistics() == {"open": 0, "done": 1, "refused": 0}


def test_what_it_raises_is_raised(workers: Workers) -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(workers.run(lambda: 1 // 0))


def test_it_sees_the_context_of_who_asks(workers: Workers) -> None:
    who = contextvars.ContextVar("who", default="nobody")

    async def ask() -> str:
        who.set("somebody")
        return await workers.run(who.get)

    assert asyncio.run(ask()) == "somebody"


def test_more_than_the_limit_is_refused(workers: Workers) -> None:
    go_on = threading.Event()

    async def ask() -> None:
        tasks = [asyncio.ensure_future(workers.run(go_on.wait, 10)) for _ in range(3)]
        await asyncio.sleep(0)
        assert workers.full
        with pytest.raises(RefusedRequest) as refused:
            await workers.run(go_on.wait)
        assert refused.value.status_code == 503
        go_on.set()
        assert await asyncio.gather(*tasks) == [True] * 3

    asyncio.run(ask())
    assert workers.statistics() == {"open": 0, "done": 3, "refused": 1}


def test_who_is_cancelled_leaves_and_what_was_not_begun_never_is(workers: Workers) -> None:
    begun, go_on, done = threading.Event(), threading.Event(), []

    def first() -> None:
        begun.set()
        go_on.wait(10)
        done.append("first")

    async def ask() -> None:
        tasks = [asyncio.ensure_future(workers.run(each)) for each in (first, lambda: done.append("second"))]
        await asyncio.sleep(0)
        begun.wait(10)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with pytest.raises(asyncio.CancelledError):
                await task
        # It is counted until a thread has passed it: the queue is as long as it says.
        assert workers.statistics()["open"] == 2
        go_on.set()
        await workers.run(lambda: done.append("third"))

    asyncio.run(ask())
    assert done == ["first", "third"]


def test_close_joins_its_threads_and_refuses_who_waits(workers: Workers) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def first() -> threading.Thread:
        begun.set()
        go_on.wait(10)
        return threading.current_thread()

    async def ask() -> Any:
        tasks = [asyncio.ensure_future(workers.run(each)) for each in (first, print)]
        await asyncio.sleep(0)
        begun.wait(10)
        closing = threading.Thread(target=workers.close)
        closing.start()
        with pytest.raises(RefusedRequest, match="503"):
            await tasks[1]
        go_on.set()
        thread = await tasks[0]
        closing.join(10)
        assert not thread.is_alive()
        with pytest.raises(RefusedRequest) as refused:
            await workers.run(print)
        return refused.value.detail

    assert asyncio.run(ask()) == "the gateway has stopped"
    assert workers.full


def test_large_bodies_keep_no_thread_from_small_ones_nor_from_other_work() -> None:
    go_on, begun = threading.Event(), threading.Semaphore(0)

    def large() -> bool:
        begun.release()
        return go_on.wait(10)

    async def ask() -> None:
        both = Workers()
        tasks = [asyncio.ensure_future(both.decode(LARGE_BODY + 1, large)) for _ in range(6)]
        await asyncio.sleep(0)
        names = [await both.decode(size, lambda: threading.current_thread().name) for size in (1, LARGE_BODY)]
        assert [name.rpartition("_")[0] for name in names] == ["web-worker-body"] * 2
        assert (await both.run(lambda: threading.current_thread().name)).startswith("web-worker_")
        assert both.statistics()["open"] == 6
        assert begun.acquire(timeout=10)
        assert begun.acquire(timeout=10)
        assert not begun.acquire(blocking=False)  # two at once, and no more
        go_on.set()
        assert await asyncio.gather(*tasks) == [True] * 6
        both.close()

    asyncio.run(ask())
    assert not [each for each in threading.enumerate() if each.name.startswith(("web-worker-body", "web-worker-large"))]
